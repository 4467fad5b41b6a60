package sink

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

const migrationsTable = `CREATE TABLE IF NOT EXISTS schema_migrations
(
    name       String COMMENT 'File of the change',
    sha256     String COMMENT 'SHA-256 of the file as it was applied, in hex',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied'
)
ENGINE = ReplacingMergeTree ORDER BY name
COMMENT 'Which changes of the schema were applied'`

// applySchema makes the database and applies every schema file that was not applied yet, in order. Every statement can be run
// again, so that two sinks that start at once, or one that was ended in the middle, do no harm. A file that was applied
// and has changed since is an error: changes come as new files.
func applySchema(ctx context.Context, c *client) error {
	if _, err := c.query(ctx, "", "CREATE DATABASE IF NOT EXISTS `"+c.database+"`"); err != nil {
		return fmt.Errorf("making the database %s: %w", c.database, err)
	}
	if _, err := c.query(ctx, c.database, migrationsTable); err != nil {
		return fmt.Errorf("making the table schema_migrations: %w", err)
	}
	answer, err := c.query(ctx, c.database, "SELECT name, sha256 FROM schema_migrations FINAL FORMAT TabSeparated")
	if err != nil {
		return fmt.Errorf("reading which schema files were applied: %w", err)
	}
	applied := map[string]string{}
	for line := range strings.Lines(answer) {
		name, sum, _ := strings.Cut(strings.TrimSpace(line), "\t")
		applied[name] = sum
	}
	files, err := schemaFiles.ReadDir("schema") // sorted by name
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	for _, file := range files {
		text, err := schemaFiles.ReadFile("schema/" + file.Name())
		if err != nil {
			return fmt.Errorf("reading the schema: %w", err)
		}
		if err := applyFile(ctx, c, file.Name(), string(text), applied[file.Name()]); err != nil {
			return err
		}
	}
	return nil
}

func applyFile(ctx context.Context, c *client, name, text, before string) error {
	hash := sha256.Sum256([]byte(text))
	sum := hex.EncodeToString(hash[:])
	switch before {
	case sum:
		return nil
	case "":
	default:
		return fmt.Errorf("schema file %s was applied to database %s as %.12s… and is now %.12s…: put the change into a new file", name, c.database, before, sum)
	}
	for statement := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := c.query(ctx, c.database, statement); err != nil {
			return fmt.Errorf("applying schema file %s: %w", name, err)
		}
	}
	_, err := c.query(ctx, c.database, "INSERT INTO schema_migrations (name, sha256) SELECT {name:String}, {sum:String}", "name", name, "sum", sum)
	if err != nil {
		return fmt.Errorf("noting schema file %s: %w", name, err)
	}
	return nil
}

package schema

import (
	"context"
	"fmt"
	"strings"

	"github.com/weighlock/weighlock/internal/clickhouse"
	"github.com/weighlock/weighlock/internal/reports"
)

const migrationsTable = `CREATE TABLE IF NOT EXISTS schema_migrations
(
    name       String COMMENT 'File of the change',
    sha256     String COMMENT 'SHA-256 of the file as it was applied, in hex',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied'
)
ENGINE = ReplacingMergeTree ORDER BY name
COMMENT 'Which changes of the schema were applied'`

// Apply makes the database and applies every schema file that was not applied yet, in order. Every statement can be run
// again, so that two sinks that start at once, or one that was ended in the middle, do no harm. A file that was applied
// and has changed since is an error: changes come as new files.
func Apply(ctx context.Context, c *clickhouse.Client) error {
	if _, err := c.Query(ctx, "", "CREATE DATABASE IF NOT EXISTS `"+c.Database+"`"); err != nil {
		return fmt.Errorf("making the database %s: %w", c.Database, err)
	}
	if _, err := c.Query(ctx, c.Database, migrationsTable); err != nil {
		return fmt.Errorf("making the table schema_migrations: %w", err)
	}
	answer, err := c.Query(ctx, c.Database, "SELECT name, sha256 FROM schema_migrations FINAL FORMAT TabSeparated")
	if err != nil {
		return fmt.Errorf("reading which schema files were applied: %w", err)
	}
	applied := map[string]string{}
	for line := range strings.Lines(answer) {
		name, sum, _ := strings.Cut(strings.TrimSpace(line), "\t")
		applied[name] = sum
	}
	files, err := migrations()
	if err != nil {
		return err
	}
	for _, file := range files {
		if applied[file.name] == "" && applied[ClusterMark] != "" {
			return fmt.Errorf("database %s was made for the cluster %s and lacks schema file %s: run `weighlock audit schema --cluster %[2]s`, with the options of the first time, and hand its output to clickhouse-client", c.Database, applied[ClusterMark], file.name)
		}
		if err := applyFile(ctx, c, file, applied[file.name]); err != nil {
			return err
		}
	}
	return applyReports(ctx, c, applied)
}

// reportsMark is the name under which schema_migrations has the sum of the reports.
const reportsMark = "reports"

// applyReports makes the views of the reports anew where a version brings other ones. They hold nothing, so nothing is lost.
func applyReports(ctx context.Context, c *clickhouse.Client, applied map[string]string) error {
	sum := reports.Sum()
	if applied[reportsMark] == sum || applied[ClusterMark] != "" {
		return nil
	}
	for _, r := range reports.All() {
		if _, err := c.Query(ctx, c.Database, r.View()); err != nil {
			return fmt.Errorf("making the view of the report %s: %w", r.Name, err)
		}
	}
	return noteApplied(ctx, c, reportsMark, sum)
}

func applyFile(ctx context.Context, c *clickhouse.Client, file migration, before string) error {
	name, sum := file.name, file.sum
	switch before {
	case sum:
		return nil
	case "":
	default:
		return fmt.Errorf("schema file %s was applied to database %s as %.12s… and is now %.12s…: put the change into a new file", name, c.Database, before, sum)
	}
	for _, statement := range file.statements() {
		if _, err := c.Query(ctx, c.Database, statement); err != nil {
			return fmt.Errorf("applying schema file %s: %w", name, err)
		}
		if fill := backfill(statement); fill != "" {
			if _, err := c.Query(ctx, c.Database, fill); err != nil {
				return fmt.Errorf("applying schema file %s to what is stored: %w", name, err)
			}
		}
	}
	return noteApplied(ctx, c, name, sum)
}

func noteApplied(ctx context.Context, c *clickhouse.Client, name, sum string) error {
	_, err := c.Query(ctx, c.Database, "INSERT INTO schema_migrations (name, sha256) SELECT {name:String}, {sum:String}", "name", name, "sum", sum)
	if err != nil {
		return fmt.Errorf("noting schema file %s: %w", name, err)
	}
	return nil
}

// backfill is the statement that puts what is stored already into the table that a materialized view fills from then on; "" for
// other statements. What both put there is the same row, which the table keeps once. What reads or fills the table of rare events took the place of
// a view that has filled its table so far.
func backfill(statement string) string {
	m := createFiller.FindStringSubmatch(statement)
	if m == nil || m[2] == rareTable || strings.Contains(m[4], "FROM "+rareTable) {
		return ""
	}
	return "INSERT INTO " + m[2] + "\n" + m[4]
}

// Package schema is the audit's tables and views in ClickHouse: numbered files, which the sink applies to a single server at its start and
// which are written out for clusters, and the roles of servers with access management.
package schema

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"
)

//go:embed *.sql
var schemaFiles embed.FS

// migration is one numbered file of the schema.
type migration struct {
	name, text string
	sum        string // SHA-256 of text, in hex
}

// statements are those of the file, in order.
func (m migration) statements() []string {
	var out []string
	for s := range strings.SplitSeq(m.text, ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// migrations are all files of the schema, in order.
func migrations() ([]migration, error) {
	files, err := schemaFiles.ReadDir(".") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	all := make([]migration, 0, len(files))
	for _, file := range files {
		text, err := schemaFiles.ReadFile(file.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the schema: %w", err)
		}
		hash := sha256.Sum256(text)
		all = append(all, migration{name: file.Name(), text: string(text), sum: hex.EncodeToString(hash[:])})
	}
	return all, nil
}

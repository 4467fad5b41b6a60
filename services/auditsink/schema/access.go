package schema

import (
	_ "embed"
	"io"
	"slices"
	"strings"
	"text/template"

	"github.com/weighlock/weighlock/internal/reports"
)

//go:embed access.sql.tmpl
var accessText string

var accessTemplate = template.Must(template.New("access").Parse(accessText))

// WriteAccess writes the statements that make the roles, row policies and limits of a server with access management.
func WriteAccess(w io.Writer) error {
	files, err := migrations()
	if err != nil {
		return err
	}
	var cells, readable, columns []string
	for _, file := range files {
		for _, s := range file.statements() {
			if m := createView.FindStringSubmatch(s); m != nil && !slices.Contains(readable, m[1]) {
				readable = append(readable, m[1])
			}
			m := createTable.FindStringSubmatch(s)
			if m == nil {
				continue
			}
			if strings.Contains(s, "\n    cell ") && m[1] != rareTable {
				cells = append(cells, m[1])
			}
			if strings.HasPrefix(m[1], "typed_") {
				readable = append(readable, m[1])
			}
			if m[1] == "events" {
				columns = columnNames(s)
			}
		}
	}
	for _, r := range reports.All() {
		readable = append(readable, r.ViewName())
	}
	exact := []string{"data", "headers_raw", "headers"}
	columns = slices.DeleteFunc(columns, func(c string) bool { return slices.Contains(exact, c) })
	return accessTemplate.Execute(w, map[string]any{"Cells": cells, "Readable": readable, "Columns": strings.Join(columns, ", ")})
}

// columnNames are the columns of a CREATE TABLE as the schema files write it: one a line, four spaces before.
func columnNames(statement string) []string {
	var names []string
	for line := range strings.Lines(statement) {
		if name, ok := strings.CutPrefix(line, "    "); ok && !strings.HasPrefix(name, "INDEX ") {
			name, _, _ = strings.Cut(name, " ")
			names = append(names, name)
		}
	}
	return names
}

// Package reports has the questions that people ask of the audit, each as one query with parameters.
package reports

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed *.sql
var files embed.FS

// Report is one question. Its query has the parameters since, group and agent; the last two may be empty for all.
type Report struct {
	Name     string
	Question string // in one line
	SQL      string
}

// All are all reports, by name.
func All() []Report {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // they are embedded
	}
	all := make([]Report, 0, len(entries))
	for _, entry := range entries {
		text, err := files.ReadFile(entry.Name())
		if err != nil {
			panic(err) // as above
		}
		question, sql, _ := strings.Cut(strings.TrimPrefix(string(text), "-- "), "\n")
		all = append(all, Report{Name: strings.TrimSuffix(entry.Name(), ".sql"), Question: question, SQL: strings.TrimSpace(sql)})
	}
	return all
}

// Find returns the report of that name; the error names those there are.
func Find(name string) (Report, error) {
	all := All()
	i := slices.IndexFunc(all, func(r Report) bool { return r.Name == name })
	if i < 0 {
		names := make([]string, len(all))
		for i, r := range all {
			names[i] = r.Name
		}
		return Report{}, fmt.Errorf("there is no report %q: there are %s", name, strings.Join(names, ", "))
	}
	return all[i], nil
}

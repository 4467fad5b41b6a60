// Package reports has the questions that people ask of the audit, each as one query with parameters.
package reports

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

//go:embed *.sql
var files embed.FS

// findings is a query that several reports stand on: @findings in theirs.
//
//go:embed findings.part
var findings string

// Report is one question. Its query has some of the parameters since, group, agent, action and threshold: group and agent may be empty
// for all, threshold may be 0 for how it is now.
type Report struct {
	Name     string
	Question string // in one line
	SQL      string
}

// Takes says whether the report has the parameter of that name.
func (r Report) Takes(parameter string) bool { return strings.Contains(r.SQL, "{"+parameter+":") }

// ViewName is the view that has the report in a database, with its parameters as arguments.
func (r Report) ViewName() string { return "report_" + r.Name }

// View is the statement that makes that view.
func (r Report) View() string {
	return "CREATE OR REPLACE VIEW " + r.ViewName() + "\nCOMMENT '" + strings.ReplaceAll(r.Question, "'", "''") + "'\nAS " + r.SQL
}

// Sum is a hash over all reports: another one means that the views have to be made anew.
func Sum() string {
	h := sha256.New()
	for _, r := range All() {
		fmt.Fprintf(h, "%s\x00%s\x00%s\x00", r.Name, r.Question, r.SQL)
	}
	return hex.EncodeToString(h.Sum(nil))
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
		all = append(all, Report{Name: strings.TrimSuffix(entry.Name(), ".sql"), Question: question, SQL: strings.ReplaceAll(strings.TrimSpace(sql), "@findings", "\n"+findings)})
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

// Package legacy holds the judgements of the first default policy, which the domains' own
// facts replace one by one.
package legacy

import "github.com/weighlock/weighlock/internal/facts/input"

// Facts are the judgements. All need the arguments parsed.
type Facts struct {
	MailInternal bool `doc:"there are recipients, and all are of the organisation's domains" fact:"mail_internal"`
	ShellFound   bool `doc:"an argument is a command line"                                   fact:"shell_found"`
	ShellReads   bool `doc:"the one command line is clearly read-only"                       fact:"shell_reads"`
	SQLFound     bool `doc:"an argument is SQL"                                              fact:"sql_found"`
	SQLReads     bool `doc:"all SQL is clearly read-only; true where there is none"          fact:"sql_reads"`
	SQLWrites    bool `doc:"some text or key asks a database for a change"                   fact:"sql_writes"`
}

// Of judges the arguments; where they cannot be read it fails.
func Of(a *input.Action) (*Facts, error) {
	parsed, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	sql := sqlTexts(parsed.Texts)
	return &Facts{
		MailInternal: mailInternal(parsed.Texts, a.Org.Domains),
		ShellFound:   len(shellTexts(parsed.Texts)) > 0, ShellReads: shellReadsOnly(parsed),
		SQLFound: len(sql) > 0, SQLReads: allReadOnlySQL(sql), SQLWrites: writesData(parsed),
	}, nil
}

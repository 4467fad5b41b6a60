// Package sql says what the SQL inside an action does.
package sql

import (
	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// Facts is what the SQL of an action does. What is not executed (comments, strings, a plain EXPLAIN) does not count.
type Facts struct {
	Found     bool     `doc:"the arguments contain SQL"                                                                                          fact:"found"`
	Dialect   string   `doc:"postgresql, mysql, sqlite, mssql, oracle, bigquery, snowflake, clickhouse, duckdb, trino; empty when the tool's name does not tell" fact:"dialect"`
	Count     int      `doc:"number of statements"                                                                                               fact:"count"`
	Kinds     []string `doc:"the first word of each statement, without repeats: select, insert, create table, drop index; WITH counts as what follows" fact:"kinds"`
	ReadsOnly bool     `doc:"there is SQL, all of it was understood, and it only reads: no write, lock, setting, file, unknown function or unknown statement" fact:"reads_only"`

	TablesRead    []string `doc:"tables that are read, in lower case, with schema where given"   fact:"tables_read"`
	TablesWritten []string `doc:"tables that are written, altered or dropped"                    fact:"tables_written"`

	Writes     bool `doc:"rows are inserted, updated, merged or deleted, also inside WITH, SELECT INTO, EXPLAIN ANALYZE, COPY FROM"          fact:"writes"`
	Inserts    bool `doc:"rows are inserted"                                                                                              fact:"inserts"`
	Updates    bool `doc:"rows are updated, merged or replaced; an upsert counts"                                                        fact:"updates"`
	Deletes    bool `doc:"rows are deleted; TRUNCATE counts"                                                                             fact:"deletes"`
	Unfiltered bool `doc:"an UPDATE or DELETE meets every row: no WHERE, or one that is always true, or TRUNCATE"                        fact:"unfiltered"`
	Hidden     bool `doc:"a write where a read is expected: inside WITH, SELECT INTO, behind EXPLAIN ANALYZE"                            fact:"hidden_write"`

	DDL       bool `doc:"a statement creates, alters, renames, comments or drops database objects"                      fact:"ddl"`
	Creates   bool `doc:"an object is created"                                                                     fact:"creates"`
	Alters    bool `doc:"an object is altered or renamed"                                                          fact:"alters"`
	Drops     bool `doc:"an object is dropped, of whatever kind, also a column"                                    fact:"drops"`
	DropsData bool `doc:"a table, schema, database, column, partition, materialized view or user with its objects is dropped" fact:"drops_data"`
	Truncates bool `doc:"a table is emptied by TRUNCATE"                                                           fact:"truncates"`

	Privileges bool `doc:"rights, users, roles, passwords, owners or row policies are changed, or another role is taken on (GRANT, REVOKE, ALTER ROLE, SET ROLE)" fact:"privileges"`
	Files      bool `doc:"files, object stores or other databases of the server are read or written (COPY TO, LOAD DATA, INTO OUTFILE, pg_read_file, ATTACH, lo_import, s3())" fact:"files"`
	Programs   bool `doc:"the server starts a program or loads a library (COPY PROGRAM, xp_cmdshell, LOAD, sys_exec, load_extension)"           fact:"programs"`
	Network    bool `doc:"the server connects to elsewhere (dblink, http_get, url(), OPENROWSET, foreign server, subscription)"              fact:"network"`
	Code       bool `doc:"code is run or stored on the server (DO, CREATE FUNCTION, PROCEDURE, TRIGGER, EVENT, RULE, EXTENSION)"              fact:"code"`
	Calls      bool `doc:"a procedure or prepared statement is executed (CALL, EXEC, EXECUTE)"                                         fact:"calls"`
	Dynamic    bool `doc:"SQL is built from text at run time (EXECUTE IMMEDIATE, EXEC('…'), sp_executesql, query_to_xml)"                  fact:"dynamic"`

	Effects     bool `doc:"a function with a side effect is called (setval, set_config, pg_terminate_backend, advisory locks, …)" fact:"effects"`
	Stalls      bool `doc:"it waits on purpose or burns time (pg_sleep, SLEEP, BENCHMARK, WAITFOR)"                        fact:"stalls"`
	Kills       bool `doc:"sessions or queries of others are ended, or the server is stopped"                           fact:"kills"`
	Locks       bool `doc:"rows or tables are locked (FOR UPDATE, FOR SHARE, LOCK TABLE)"                                fact:"locks"`
	Settings    bool `doc:"a setting is changed (SET, ALTER SYSTEM, a PRAGMA with a value, SET GLOBAL)"                      fact:"settings"`
	Global      bool `doc:"a setting of the whole server is changed, or replication, storage or plugins are managed"     fact:"global"`
	Transaction bool `doc:"a transaction is begun, committed or rolled back"                                             fact:"transaction"`
	Maintains   bool `doc:"VACUUM, ANALYZE, REINDEX, CLUSTER, OPTIMIZE and the like"                                       fact:"maintains"`
	Notifies    bool `doc:"LISTEN, NOTIFY and the like"                                                                  fact:"notifies"`
	Executes    bool `doc:"EXPLAIN with ANALYZE, which executes the statement"                                           fact:"explain_executes"`

	Sensitive []string `doc:"names of tables and columns that tell of credentials, payment cards, health, identity documents or salaries" fact:"sensitive"`
	Secrets   bool     `doc:"tables in which the server keeps password hashes (pg_shadow, pg_authid, mysql.user, sys.sql_logins) are touched" fact:"secrets"`
	Unbounded bool     `doc:"a table is read with neither WHERE nor LIMIT nor aggregation"                                        fact:"unbounded"`
	Comments  bool     `doc:"a comment that some servers execute (/*! … */)"                                                      fact:"hidden_comments"`
	Stacked   bool     `doc:"a read is followed by a statement that is none"                                                       fact:"stacked"`
	Tautology bool     `doc:"a condition that is always true is joined by OR, a sign of injection"                                fact:"tautology"`
	Unknown   []string `doc:"functions that are called and not known to be harmless"                                              fact:"unknown_functions"`
	Unparsed  bool     `doc:"some of it could not be understood: broken text, an unknown statement, too large or nested too deeply; the other facts are then a guess that errs on the risky side" fact:"unparsed"`

	Acts []verb.Act // the strongest first

	room int // tokens of nested statements that may still be looked at
}

// Limits of the text that is looked at. Beyond, the rest is not looked at and the text is unparsed.
const (
	maxTexts = 64
	maxBytes = 64 << 10
)

// Of returns the facts of the SQL in a's arguments.
func Of(a *input.Action) (*Facts, error) {
	args, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	dialect, speaks := dialectOf(a.Words)
	return OfTexts(dialect, texts(a, args, speaks)), nil
}

// OfTexts returns the facts of texts that are SQL in a dialect, as [Dialect] names it; "" if it is not known.
func OfTexts(dialect string, texts []string) *Facts {
	f := &Facts{Dialect: dialect, room: maxNestedTokens}
	room := maxBytes
	for i, s := range texts {
		if i == maxTexts || room == 0 {
			f.Unparsed = true
			break
		}
		if len(s) > room {
			s, f.Unparsed = s[:room], true
		}
		room -= len(s)
		f.Found = true
		f.text(dialect, s, 0)
	}
	f.finish()
	return f
}

// finish works out what follows from the rest.
func (f *Facts) finish() {
	for _, t := range f.TablesRead {
		f.Secrets = f.Secrets || secretTables[t]
	}
	f.DDL = f.DDL || f.Creates || f.Alters || f.Drops || f.Truncates
	f.Writes = f.Writes || f.Inserts || f.Updates || f.Deletes || f.Truncates
	f.ReadsOnly = f.Found && f.Count > 0 && !f.Unparsed && len(f.Unknown) == 0 && !f.Writes && !f.DDL && !f.Privileges && !f.Files && !f.Programs && !f.Network && !f.Code &&
		!f.Calls && !f.Dynamic && !f.Effects && !f.Stalls && !f.Kills && !f.Locks && !f.Settings && !f.Global && !f.Transaction && !f.Maintains && !f.Notifies && !f.Executes && !f.Comments
	for _, a := range []struct {
		so  bool
		act verb.Act
	}{
		{f.DropsData || f.Drops || f.Deletes || f.Truncates, verb.Delete},
		{f.Privileges, verb.Grant},
		{f.Programs || f.Code || f.Calls || f.Dynamic || f.Unparsed, verb.Run},
		{f.Kills, verb.Stop},
		{f.Network || f.Notifies, verb.Send},
		{f.Updates || f.Alters || f.Settings || f.Global || f.Effects || f.Maintains || f.Files || len(f.Unknown) > 0, verb.Change},
		{f.Inserts || f.Creates, verb.Create},
		{f.Found, verb.Read},
	} {
		if a.so {
			f.Acts = append(f.Acts, a.act)
		}
	}
}

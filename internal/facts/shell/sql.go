package shell

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// sqlFlags are database clients and the flags that carry SQL; "" means that operands do, too.
var sqlFlags = map[string][]string{
	"psql": {"-c", "--command"}, "mysql": {"-e", "--execute"}, "mariadb": {"-e", "--execute"}, "sqlite3": {""}, "sqlite": {""}, "duckdb": {"-c", "-s", ""}, "sqlcmd": {"-Q", "-q"}, "osql": {"-Q", "-q"}, "isql": {"-Q"}, "clickhouse": {"-q", "--query"}, "clickhouse-client": {"-q", "--query"}, "clickhouse-local": {"-q", "--query"},
	"cockroach": {"-e", "--execute"}, "cqlsh": {"-e", "--execute"}, "snowsql": {"-q", "--query"}, "snow": {"-q", "--query"}, "trino": {"--execute"}, "presto": {"--execute"}, "hive": {"-e"}, "beeline": {"-e"}, "spark-sql": {"-e"}, "impala-shell": {"-q", "--query"}, "influx": {"-execute", "--execute"}, "bq": {""}, "usql": {"-c"}, "pgcli": {"-c", ""}, "mycli": {"-e"}, "ysqlsh": {"-c"}, "sqlplus": nil, "db2": {""}, "wrangler": {"--command"}, "turso": {""}, "osqueryi": {""}, "invoke-sqlcmd": {"-Query"}, "dolt": {"-q"}, "mssql-cli": {"-Q", "-q"}, "mongosh": {"--eval"}, "mongo": {"--eval"}, "cypher-shell": {""}, "edgedb": {"-c", ""}, "redshift": {"-c"}, "tarantool": {"-e"}, "surreal": nil, "pscale": {"--query"}, "rails": nil, "prisma": {"--stdin"}, "ksql": {"--execute", "-e"}, "flyway": nil, "wp": {""}, "supabase": {"--query"},
}

// sqlOf collects the SQL that a database client is given.
func (r *reader) sqlOf(c *command.Command) {
	flags, ok := sqlFlags[c.Name]
	if !ok {
		return
	}
	for _, f := range flags {
		if f == "" {
			for _, w := range c.Operand() {
				if strings.ContainsAny(strings.TrimSpace(w.Text), " ;") {
					r.sql(w.Text)
				}
			}
			continue
		}
		for i, a := range c.Args {
			if (a.Text == f || len(f) == 2 && len(a.Text) < 6 && a.Flag() && a.Text[1] != '-' && strings.HasSuffix(a.Text, f[1:])) && i+1 < len(c.Args) {
				r.sql(c.Args[i+1].Text)
			} else if v, ok := strings.CutPrefix(a.Text, f+"="); ok {
				r.sql(v)
			} else if len(f) == 2 && strings.HasPrefix(a.Text, f) && len(a.Text) > 8 {
				r.sql(a.Text[2:])
			}
		}
	}
	if text, ok := command.Input(c); ok {
		r.sql(text)
		return
	}
	if r.f.HasSQL {
		return
	}
	if len(c.From) > 0 || readsFile(c) || c.Has("-f", "--file") {
		r.f.RunsInput = true
		r.grade(gradeUnknown)
		return
	}
	r.grade(gradeChange)
	r.f.Changes = r.f.Changes || c.Name != "bq" && c.Name != "snow" && c.Name != "wrangler" && !c.Has("-l", "--list", "--version")
}

var (
	sqlReads    = map[string]bool{"select": true, "show": true, "explain": true, "describe": true, "desc": true, "with": true, "values": true, "pragma": true, "use": true, "list": true, "table": true, "help": true, "print": true, "exists": true, "match": true, "set": true, "\\d": true}
	sqlDestroys = []string{"drop ", "truncate ", "delete ", "dropdatabase", ".drop(", "deletemany", "deleteone", "remove(", "dropindex", "detach delete", "flushall", "vacuum full", "purge ", "pg_terminate_backend", "shutdown", "wp db reset"}
)

// sql judges SQL by the first word of each statement; the sql facts look closer.
func (r *reader) sql(text string) {
	r.f.HasSQL = true
	if len(r.f.SQL) < maxList {
		r.f.SQL = append(r.f.SQL, text)
	}
	low := strings.ToLower(text)
	if len(low) > command.MaxBytes {
		low, r.f.Truncated = low[:command.MaxBytes], true
	}
	for statement := range strings.SplitSeq(low, ";") {
		words := strings.Fields(statement)
		if len(words) == 0 || strings.HasPrefix(words[0], "--") {
			continue
		}
		first := strings.TrimLeft(words[0], "(")
		if !sqlReads[first] && !strings.HasPrefix(first, `\`) && !strings.HasPrefix(first, ".") && !strings.Contains(first, ".find(") && !strings.Contains(first, ".count") && !strings.Contains(first, "show") {
			r.f.SQLChanges = true
			r.act(verb.Change)
			r.grade(gradeChange)
		}
	}
	quoted := strings.Contains(low, "'")
	for _, d := range sqlDestroys {
		if i := strings.Index(low, d); i >= 0 && (i == 0 || !letter(low[i-1])) && (!quoted || !sqlReads[firstWord(low)] || strings.Contains(low, ";") || firstWord(low) == "with") {
			r.f.SQLDestroys, r.f.SQLChanges = true, true
			r.act(verb.Delete)
			r.grade(gradeDelete)
		}
	}
	r.grade(gradeRead)
}

func letter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' || b == '_' }

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

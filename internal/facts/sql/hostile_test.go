package sql

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/pkg/events"
)

// hostile are texts made to cost time, stack or memory. All must end as not understood.
var hostile = map[string]string{
	"megabyte of columns": "SELECT " + strings.Repeat("a, ", 350_000) + "b FROM t",
	"megabyte of text":    "SELECT '" + strings.Repeat("x", 1<<20) + "'",
	"parentheses":         "SELECT " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000),
	"subqueries":          strings.Repeat("SELECT (", 10_000) + "1" + strings.Repeat(")", 10_000),
	"operators":           "FOO " + strings.Repeat("a+", 20_000) + "1",
	"doubtful operators":  "SELECT " + strings.Repeat("a+", 20_000) + "1 drop x",
	"explains":            strings.Repeat("EXPLAIN ANALYZE ", 3_000) + "FROB",
	"suspects":            "SELECT 1 " + strings.Repeat("drop table x ", 4_000),
	"prepares":            strings.Repeat("PREPARE p AS ", 4_000) + "DELETE FROM x drop table y",
	"bodies":              "DO $$ " + strings.Repeat("DELETE ", 8_000) + " $$ frob",
	"bodies in bodies":    "SELECT 1 exec('" + strings.Repeat("exec(''", 4_000) + "drop",
	"copies":              strings.Repeat("COPY (", 8_000) + "SELECT 1 DROP TABLE x",
	"comments":            strings.Repeat("/*", 100_000),
	"executed comments":   strings.Repeat("/*! ", 20_000) + "x",
	"statements":          strings.Repeat("frob;", 12_000),
	"quotes":              strings.Repeat("'", 99_999),
	"dollars":             strings.Repeat("$a$b", 16_000),
	"dollar tags":         strings.Repeat("$a", 30_000) + "$",
	"common names":        "WITH " + strings.Repeat("a AS (SELECT 1), ", 4_000) + "b frob",
	"brackets":            "SELECT " + strings.Repeat("[", 60_000),
	"invalid UTF-8":       "SELECT " + strings.Repeat("\xff", 10_000),
	"zeros":               "SELECT 1\x00; DROP TABLE x",
	"grants":              "GRANT " + strings.Repeat("drop table ", 6_000),
	"creates":             strings.Repeat("CREATE TABLE x AS SELECT ", 3_000) + "'",
	"executes":            "SELECT query_to_xml('" + strings.Repeat("select delete ", 4_000) + "')" + strings.Repeat(", query_to_xml('x')", 500) + " frob drop",
}

func TestHostileTextsAreNotUnderstood(t *testing.T) {
	t.Parallel()
	for name, s := range hostile {
		for _, dialect := range []string{"", postgres, mysql, mssql, click} {
			if f := OfTexts(dialect, []string{s}); f.ReadsOnly {
				t.Errorf("%s in %q counts as a plain read", name, dialect)
			}
		}
	}
}

// TestParserIsNeverGivenWhatOverwhelmsIt attacks the cap in front of PostgreSQL's parser, which a chain
// of operators keeps busy for ever or makes overflow its stack.
func TestParserIsNeverGivenWhatOverwhelmsIt(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"a+", "- ", "not ", "(", "f(", "a[", "(select ", "case when ", "select 1 union ", "a in (", "a::int+", "a and b or ", "array[", "row(", "a between b and ", "exists (select "} {
		for _, n := range []int{50, 100, 101, 1000} {
			s := "SELECT " + strings.Repeat(part, n) + "1"
			l := lex(s, modePostgres)
			if levels(l.tokens) <= maxParsedLevels && n > maxParsedLevels {
				t.Errorf("%d times %q is given to the parser", n, part)
			}
			parse(postgres, s, l.tokens, true)
		}
	}
	if postgresParser.lost.Load() {
		t.Error("the parser panicked")
	}
}

// TestTokensAgreeWithParsers holds what the tokens tell against the real parsers: where a parser takes
// the text, the tokens may err on the risky side only.
func TestTokensAgreeWithParsers(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		agree(t, c.sql)
	}
}

func agree(t *testing.T, s string) {
	t.Helper()
	for dialect, read := range map[string]func(string) ([]shape, bool){postgres: parsePostgres, mysql: parseMySQL} {
		first, _ := modes(dialect)
		l := lex(s, first)
		if len(s) > maxParsedBytes || len(l.tokens) > maxParsedTokens || levels(l.tokens) > maxParsedLevels || strings.IndexByte(s, 0) >= 0 {
			continue
		}
		shapes, ok := read(s)
		if !ok {
			continue
		}
		f := OfTexts(dialect, []string{s})
		if f.Unparsed || slices.Contains(f.Kinds, "explain") || f.Code || f.Creates || f.Calls || f.Files {
			continue // closed already, or not executed
		}
		for _, sh := range shapes {
			if sh.inserts && !f.Inserts && !f.Updates || sh.updates && !f.Updates || sh.deletes && !f.Deletes || sh.into && !f.Writes || sh.locks && !f.Locks && !f.Writes {
				t.Errorf("%s %q: the parser tells %+v, the tokens %v", dialect, s, sh, said(f))
			}
		}
	}
}

func FuzzFacts(f *testing.F) {
	for _, c := range cases {
		f.Add(c.dialect, c.sql)
	}
	f.Fuzz(func(t *testing.T, dialect, s string) {
		facts := OfTexts(dialect, []string{s})
		if facts.ReadsOnly && (facts.Writes || facts.DDL || facts.Unparsed || facts.Count == 0) {
			t.Errorf("%q contradicts itself: %+v", s, facts)
		}
	})
}

// FuzzParsers holds the tokens against PostgreSQL's and MySQL's parsers.
func FuzzParsers(f *testing.F) {
	for _, c := range cases {
		f.Add(c.sql)
	}
	f.Fuzz(agree)
}

func action(tool string, arguments map[string]any) *input.Action {
	raw, _ := json.Marshal(arguments)
	return input.New(&events.ActionProposed{Tool: tool, Arguments: raw}, "a", time.Unix(0, 0), nil)
}

func TestWhereSQLIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tool, key, value string
		found            bool
	}{
		{"execute_sql", "sql", "SELECT 1", true},
		{"read_query", "query", "SELECT 1", true},
		{"mysql_query", "query", "SELEC 1 FROM x; drop", true},
		{"snowflake.run", "statement", "SHOW TABLES", true},
		{"anything", "query", "DELETE FROM users", true},
		{"anything", "rawSql", "whatever", true},
		{"run", "code", "DROP TABLE users", true},
		{"search", "query", "select a good restaurant", false},
		{"search", "query", "update on the weather", false},
		{"web_search", "q", "how to drop table in SQL", false},
		{"bash", "command", "ls -l", false},
		{"send_email", "subject", "DELETE FROM users", false},
		{"supabase_search_docs", "query", "auth policies", false},
		{"mongodb_query", "query", `{"a": 1}`, false},
	} {
		f, err := Of(action(c.tool, map[string]any{c.key: c.value}))
		if err != nil || f.Found != c.found {
			t.Errorf("%s %s=%q: found %v, error %v", c.tool, c.key, c.value, f.Found, err)
		}
	}
}

func BenchmarkFacts(b *testing.B) {
	Warm()
	for name, s := range map[string]string{
		"select":  "SELECT u.name, count(*) FROM users u JOIN orders o ON o.user_id=u.id WHERE o.total > 100 AND u.email LIKE '%x' GROUP BY u.name ORDER BY 2 DESC LIMIT 10",
		"delete":  "DELETE FROM users WHERE id = 1",
		"stacked": "SELECT 1; DROP TABLE users",
		"parsed":  "SELECT id drop FROM users WHERE id = 1",
	} {
		for _, dialect := range []string{"", mysql} {
			b.Run(name+dialect, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					OfTexts(dialect, []string{s})
				}
			})
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	Warm()
	for name, s := range hostile {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				OfTexts("", []string{s})
			}
		})
	}
}

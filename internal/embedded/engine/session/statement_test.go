package session

import (
	"strings"
	"testing"
)

func TestSplitFindsWhereDataBegins(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ sql, format, data string }{
		"INSERT INTO t FORMAT CSV\n1,2\n":                                 {"INSERT INTO t ", "CSV", "1,2\n"},
		"INSERT INTO t FORMAT CSV  \r\n\n1":                               {"INSERT INTO t ", "CSV", "\n1"},
		"insert into t (a, b) format JSONEachRow {\"a\":1}":               {"insert into t (a, b) ", "JSONEachRow", "{\"a\":1}"},
		"INSERT INTO t VALUES (1, 'FORMAT x')":                            {"INSERT INTO t ", "Values", " (1, 'FORMAT x')"},
		"INSERT INTO t FORMAT values (1)":                                 {"INSERT INTO t ", "Values", "(1)"},
		"INSERT INTO t FORMAT Native":                                     {"INSERT INTO t ", "Native", ""},
		"INSERT INTO t FORMAT Native ;\n":                                 {"INSERT INTO t ", "Native", ""},
		"INSERT INTO values VALUES (1)":                                   {"INSERT INTO values ", "Values", " (1)"},
		"INSERT INTO format FORMAT CSV\n1":                                {"INSERT INTO format ", "CSV", "1"},
		"INSERT INTO db.format FORMAT CSV\n1":                             {"INSERT INTO db.format ", "CSV", "1"},
		"INSERT INTO \"a b\" FORMAT CSV\n1":                               {"INSERT INTO \"a b\" ", "CSV", "1"},
		"INSERT INTO `select` (`values`) FORMAT CSV\n1":                   {"INSERT INTO `select` (`values`) ", "CSV", "1"},
		"INSERT INTO t (select, format, values) FORMAT CSV\n1":            {"INSERT INTO t (select, format, values) ", "CSV", "1"},
		"/* SELECT */ INSERT -- VALUES\n INTO t /*;*/ FORMAT CSV\n;":      {"/* SELECT */ INSERT -- VALUES\n INTO t /*;*/ ", "CSV", ";"},
		"INSERT INTO t SETTINGS token = 'it''s \\' VALUES' FORMAT CSV\n1": {"INSERT INTO t SETTINGS token = 'it''s \\' VALUES' ", "CSV", "1"},
		"INSERT INTO FUNCTION file('x', 'CSV') VALUES (1)":                {"INSERT INTO FUNCTION file('x', 'CSV') ", "Values", " (1)"},
		"INSERT INTO TABLE t FORMAT RowBinary \x00\n\n\x01":               {"INSERT INTO TABLE t ", "RowBinary", "\x00\n\n\x01"},
		"INSERT INTO t SETTINGS x = $tag$ VALUES $tag$ FORMAT CSV\n1":     {"INSERT INTO t SETTINGS x = $tag$ VALUES $tag$ ", "CSV", "1"},
	} {
		s, err := Split(text)
		if err != nil || !s.Insert || s.SQL != want.sql || s.Format != want.format || text[s.DataAt:] != want.data {
			t.Errorf("%q: %+v, data %q, %v", text, s, text[min(s.DataAt, len(text)):], err)
		}
	}
}

func TestSplitLeavesOtherStatementsWhole(t *testing.T) {
	t.Parallel()
	for text, format := range map[string]string{
		"SELECT 1":                                             "",
		"SELECT 1 FORMAT JSON":                                 "JSON",
		"SELECT 1 FORMAT JSON;":                                "JSON",
		"select 1 format CSV settings x = 1":                   "CSV",
		"SELECT format FROM t":                                 "",
		"SELECT 1 AS format":                                   "",
		"SELECT (SELECT 1 FORMAT JSON)":                        "",
		"SELECT 'x FORMAT JSON'":                               "",
		"SELECT 1 -- FORMAT JSON":                              "",
		"INSERT INTO t SELECT 1":                               "",
		"INSERT INTO t (a) SELECT * FROM values('a UInt8', 1)": "",
		"INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x":   "",
		"INSERT INTO t FROM INFILE 'x' FORMAT CSV":             "CSV",
		"INSERT INTO t (SELECT 1)":                             "",
		"CREATE TABLE t (format String) ENGINE = Memory":       "",
		"WITH 1 AS x SELECT x;  -- the end":                    "",
		"SELECT ';' ; ;":                                       "",
		"":                                                     "",
		"SELECT 'unclosed":                                     "",
		"INSERT":                                               "",
		"CREATE MATERIALIZED VIEW v TO t AS SELECT * FROM u FORMAT Vertical": "Vertical",
	} {
		s, err := Split(text)
		if err != nil || s.Insert || s.SQL != text || s.Format != format {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

func TestSplitRefusesSeveralStatements(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"SELECT 1; SELECT 2", "SELECT 1; DROP TABLE t", "INSERT INTO t SELECT 1; DROP TABLE t", "SET x = 1;\n\nSELECT 1"} {
		if _, err := Split(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"INSERT INTO t FORMAT CSV\n1", "INSERT INTO t VALUES (1)", "SELECT 'a\\'", "/* x", "$a$b$a$", "INSERT INTO `x\\` FORMAT Y", "SELECT 1;;", "INSERT INTO t FORMAT",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Split(text)
		if err != nil {
			return
		}
		if s.DataAt < 0 || s.DataAt > len(text) || len(s.SQL) > s.DataAt || !strings.HasPrefix(text, s.SQL) {
			t.Fatalf("%q: %+v", text, s)
		}
		if !s.Insert {
			if s.SQL != text {
				t.Fatalf("a statement without data lost something: %+v", s)
			}
			return
		}
		// Whatever follows as data must not change where it begins, once the text up to it is the same.
		again, err := Split(text[:s.DataAt] + "'\"`(SELECT; VALUES\n\n")
		if err != nil || !again.Insert || again.SQL != s.SQL || again.DataAt < s.DataAt {
			if s.DataAt < len(text) { // at the very end the data could still join the format's name
				t.Fatalf("%q: %+v, with other data %+v %v", text, s, again, err)
			}
		}
	})
}

func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "'", `\`, "a\x00b", "`x`", "\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, with := range []byte{'\'', '`'} {
			quoted := quote(text, with)
			lex := &lexer{text: quoted + " end"}
			if token := lex.next(); token.end != len(quoted) {
				t.Fatalf("%q becomes %q, which ends early at %d", text, quoted, token.end)
			}
		}
	})
}

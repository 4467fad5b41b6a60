package session

import (
	"slices"
	"testing"
)

func TestInsertTarget(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]struct {
		table   string
		columns []string
	}{
		"INSERT INTO t ":                                    {"t", nil},
		"insert into table db.t":                            {"db.t", nil},
		"INSERT INTO `a b`.\"c\" (x, `y, \\`z`, n.m)":       {"`a b`.\"c\"", []string{"x", "y, `z", "n.m"}},
		"INSERT INTO FUNCTION file('x)', 'CSV', 'a Int8') ": {"file('x)', 'CSV', 'a Int8')", nil},
		"INSERT INTO t SETTINGS x = 1":                      {"t", nil},
	} {
		table, columns, err := insertTarget(sql)
		if err != nil || table != want.table || !slices.Equal(columns, want.columns) {
			t.Errorf("%q: %q %q %v", sql, table, columns, err)
		}
	}
	for _, sql := range []string{"INSERT INTO t (* EXCEPT(a))", "INSERT INTO t (a,)", "INSERT INTO", "INSERT INTO t (a"} {
		if table, columns, err := insertTarget(sql); err == nil {
			t.Errorf("%q: %q %q", sql, table, columns)
		}
	}
}

func TestWithoutFormat(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT 1 FORMAT JSON":                 "SELECT 1 ",
		"SELECT 1 FORMAT JSON SETTINGS a = 1;": "SELECT 1  SETTINGS a = 1;",
		"SELECT format FROM t":                 "SELECT format FROM t",
		"SELECT 'FORMAT x'":                    "SELECT 'FORMAT x'",
	} {
		if got := WithoutFormat(sql); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}

package ask

import (
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const question = "SELECT number + 9007199254740993 AS `n, x`, {s:String} AS s FROM numbers(2) ORDER BY 1;"

func TestBothInterfacesAnswerAlike(t *testing.T) {
	t.Parallel()
	e := enginetest.Engine(t)
	if err := enginetest.Database(t).Open(t).Exec(t.Context(), "CREATE DATABASE IF NOT EXISTS "+Database); err != nil {
		t.Fatal(err)
	}
	web, native := e.URL(), e.NativeURL()
	params := map[string]string{"s": `it's "odd" \\ ; --`}
	for _, format := range []string{"JSONEachRow", "CSV", "CSVWithNames", "TSV", "TSVWithNames", "JSONCompactEachRow"} {
		var a, b strings.Builder
		if err := run(t.Context(), web, question, format, params, &a); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), native, question, format, params, &b); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if a.String() != b.String() || b.Len() == 0 {
			t.Errorf("%s over HTTP is\n%s natively\n%s", format, a.String(), b.String())
		}
	}
	for format, want := range map[string]string{"JSON": `"n, x": "9007199254740993"`, "PrettyCompactMonoBlock": "n, x              s\n9007199254740993  it"} {
		var b strings.Builder
		if err := run(t.Context(), native, question, format, params, &b); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%s: %v\n%s", format, err, b.String())
		}
	}
}

func TestNativeRefusals(t *testing.T) {
	t.Parallel()
	e := enginetest.Engine(t)
	native := e.NativeURL() + "/default"
	for sql, want := range map[string]string{
		"SELECT * FROM nowhere":             "ClickHouse refused the query",
		"SELECT 1) FORMAT x; DROP TABLE t;": "ClickHouse refused the query",
	} {
		if err := run(t.Context(), native, sql, "TSV", nil, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if err := run(t.Context(), native, "SELECT 1", "Parquet", nil, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "http://") {
		t.Errorf("a format that cannot be had: %v", err)
	}
	wrong := strings.Replace(native, e.Password, "s3cret", 1)
	if err := run(t.Context(), wrong, "SELECT 1", "TSV", nil, new(strings.Builder)); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a wrong password: %v", err)
	}
}

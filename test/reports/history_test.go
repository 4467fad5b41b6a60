// Package reports asks the audit's reports of histories whose answers are known, and of a long one.
package reports

import (
	"bytes"
	"embed"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/services/auditsink/schema"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

//go:embed testdata
var testdata embed.FS

// history are the statements that make up a history, with their parts in place.
func history(t testing.TB) string {
	t.Helper()
	read := func(name string) string {
		text, err := testdata.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	parts := strings.NewReplacer("@columns", read("columns.part"), "@derived", read("derived.part"), "@envelope", read("envelope.part"))
	return parts.Replace(read("history.sql"))
}

// database is a fresh one with the audit's schema.
func database(t testing.TB) enginetest.Conn {
	t.Helper()
	db := enginetest.Database(t)
	var ddl bytes.Buffer
	if err := schema.Write(&ddl, schema.Layout{Database: db.Database}); err != nil {
		t.Fatal(err)
	}
	for statement := range strings.SplitSeq(ddl.String(), ";\n\n") {
		if statement != "" && !strings.HasPrefix(statement, "USE ") {
			db.Ask(t, statement, nil)
		}
	}
	return db
}

// span is how long a made-up history takes.
const span = 90 * 24 * time.Hour

// remember writes the history of n actions, the last of them proposed now.
func remember(t testing.TB, db enginetest.Conn, n int, now time.Time) {
	t.Helper()
	params := map[string]string{"n": strconv.Itoa(n), "start": strconv.FormatInt(now.Add(-span).UnixNano(), 10), "step": strconv.Itoa(int(span) / n)}
	for statement := range strings.SplitSeq(history(t), ";\n") {
		if strings.Contains(statement, "INSERT") {
			db.Ask(t, statement, params)
		}
	}
}

// Package reports asks the audit's reports of histories whose answers are known, and of a long one.
package reports

import (
	"bytes"
	_ "embed"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

//go:embed testdata/history.sql
var history string

// database is a fresh one with the audit's schema.
func database(t testing.TB) enginetest.Conn {
	t.Helper()
	db := enginetest.Database(t)
	var schema bytes.Buffer
	if err := sink.WriteSchema(&schema, sink.Layout{Database: db.Database}); err != nil {
		t.Fatal(err)
	}
	for statement := range strings.SplitSeq(schema.String(), ";\n\n") {
		if statement != "" && !strings.HasPrefix(statement, "USE ") {
			ask(t, db, statement, nil)
		}
	}
	return db
}

// ask returns the answer to sql, with its parameters.
func ask(t testing.TB, db enginetest.Conn, sql string, params map[string]string) string {
	t.Helper()
	u, err := url.Parse(db.URL())
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, value := range params {
		q.Set("param_"+name, value)
	}
	u.RawQuery = q.Encode()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.String(), strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s\n%s %v\n%s", sql, response.Status, err, text)
	}
	return string(text)
}

// span is how long a made-up history takes.
const span = 90 * 24 * time.Hour

// remember writes the history of n actions, the last of them proposed now.
func remember(t testing.TB, db enginetest.Conn, n int, now time.Time) {
	t.Helper()
	params := map[string]string{"n": strconv.Itoa(n), "start": strconv.FormatInt(now.Add(-span).UnixNano(), 10), "step": strconv.Itoa(int(span) / n)}
	for statement := range strings.SplitSeq(history, ";\n") {
		if strings.Contains(statement, "INSERT") {
			ask(t, db, statement, params)
		}
	}
}

package reports

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/reports"
)

// actions is how many a long history has; each leads to about 3.5 events.
func actions() int {
	if os.Getenv("WEIGHLOCK_SOAK") != "" {
		return 850_000
	}
	return 6_000
}

// Every report answers over a long history, and `make soak` prints how long each takes with three million events, and what an event costs on disk.
func TestReportsOverALongHistory(t *testing.T) {
	t.Parallel()
	db, now := database(t), time.Now()
	remember(t, db, actions(), now)
	t.Logf("written in %s", time.Since(now))
	t.Logf("events by kind: %s", db.Ask(t, "SELECT kind, event, count(), max(stored_at) FROM events GROUP BY ALL ORDER BY ALL", nil))
	if os.Getenv("WEIGHLOCK_SOAK") != "" {
		for table := range strings.FieldsSeq(db.Ask(t, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'", nil)) {
			db.Ask(t, "OPTIMIZE TABLE "+table, nil)
		}
		// What three million events at once leave behind is no part of a report's time.
		for strings.TrimSpace(db.Ask(t, "SELECT count() FROM system.merges", nil)) != "0" {
			<-time.After(100 * time.Millisecond)
		}
	}
	t.Log(db.Ask(t, `SELECT table, sum(rows) AS n, formatReadableSize(sum(data_compressed_bytes)) AS size, round(sum(data_compressed_bytes) / n, 1) AS bytes_a_row
		FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY sum(data_compressed_bytes) DESC FORMAT PrettyCompactMonoBlock`, nil))
	t.Log(db.Ask(t, `SELECT name, formatReadableSize(data_compressed_bytes) AS size, round(data_compressed_bytes / (SELECT count() FROM events), 1) AS bytes_a_row
		FROM system.columns WHERE database = currentDatabase() AND table = 'events' ORDER BY data_compressed_bytes DESC LIMIT 12 FORMAT PrettyCompactMonoBlock`, nil))
	// An event is its subject, headers and data; all tables together may take 0.4 of that.
	ratio, err := strconv.ParseFloat(strings.TrimSpace(db.Ask(t, `SELECT (SELECT sum(data_compressed_bytes) FROM system.parts WHERE active AND database = currentDatabase())
		/ (SELECT sum(length(subject) + length(headers_raw) + length(data)) FROM events)`, nil)), 64)
	if t.Logf("stored bytes for one of an event: %.2f", ratio); err != nil || ratio > 0.4 {
		t.Errorf("events take %.2f of their size, %v", ratio, err)
	}
	params := map[string]string{"since": "1000000000", "group": "", "agent": "", "action": strings.TrimSpace(db.Ask(t, "SELECT action FROM typed_actions WHERE seq = 60001 OR seq = 6001 ORDER BY seq DESC LIMIT 1", nil)), "threshold": "70"}
	var table [][2]string
	for _, r := range reports.All() {
		var took []time.Duration
		var answer string
		for range 3 {
			began := time.Now()
			answer = db.Ask(t, r.SQL+"\nFORMAT PrettyCompactMonoBlock SETTINGS use_query_condition_cache = 0", params)
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		table = append(table, [2]string{r.Name, took[1].Round(time.Millisecond).String()})
		if len(answer) < 10 {
			t.Errorf("%s answers nothing", r.Name)
		}
		if os.Getenv("SHOW") != "" {
			t.Logf("%s\n%s", r.Name, answer)
		}
	}
	for _, row := range table {
		t.Logf("| `%s` | %s |", row[0], row[1])
	}
}

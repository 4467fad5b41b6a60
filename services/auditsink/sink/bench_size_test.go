package sink

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/engine"
	"github.com/weighlock/weighlock/pkg/events"
)

// BenchmarkSize says what a row costs the engine by the size of its batch, and what of that is making it durable and indexing it:
// every insert has a fixed price of about 30 ms of CPU, so batches have to fill.
func BenchmarkSize(b *testing.B) {
	s, _ := events.NewSubjects("")
	all := sample(b, s, 7000)
	c := benchClient(b, (*engine.Engine).URL)
	views, err := c.Query(b.Context(), c.Database, "SELECT arrayStringConcat(groupArray(name), ', ') FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView'")
	if err != nil {
		b.Fatal(err)
	}
	variants := [][2]string{ // each on top of the one before
		{"as-is", ""},
		{"no-typed-tables", "DROP TABLE " + strings.TrimSpace(views)},
		{"no-fsync", "ALTER TABLE events MODIFY SETTING fsync_after_insert=0, fsync_part_directory=0"},
		{"no-index", "ALTER TABLE events DROP INDEX ix_action, DROP INDEX ix_request, DROP INDEX ix_trace, DROP INDEX ix_kind"},
	}
	for _, v := range variants {
		if v[1] != "" {
			if _, err := c.Query(b.Context(), c.Database, v[1]); err != nil {
				b.Fatal(err)
			}
		}
		for _, size := range []int{1000, 4000, 20000} {
			b.Run(fmt.Sprintf("%s-%d", v[0], size), func(b *testing.B) {
				batch := newBatch(s, "WL_EVENTS", 1)
				n, before := 0, engineCPU(b)
				for b.Loop() {
					batch.reset(Hash{})
					for _, m := range all[:size] {
						batch.add(m, time.Time{})
					}
					if err := c.Insert(b.Context(), &batch.events.Table, batch.rows, insertSettings(rand.Text())); err != nil {
						b.Fatal(err)
					}
					n += size
				}
				b.ReportMetric(float64((engineCPU(b)-before).Microseconds())/float64(n), "engine-us/row")
			})
		}
	}
}

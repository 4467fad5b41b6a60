package sink

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	cfg := Config{BatchRows: 20_000, BatchBytes: 1 << 20, BatchWait: time.Second, IdleWait: 200 * time.Millisecond}
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	const ms = time.Millisecond
	for _, c := range []struct {
		name           string
		took, ended    time.Duration // the last insert, and how long ago that was
		inserted       int           // its rows
		rows, bytes    int
		oldest, newest time.Duration // how long ago
		want           time.Duration
	}{
		{"silence ends it", 0, 0, 1, 10, 10, 300 * ms, 50 * ms, 150 * ms},
		{"it waited long enough", 0, 0, 1, 10, 10, 1000 * ms, 0, 0},
		{"it would soon have waited long enough", 0, 0, 1, 10, 10, 950 * ms, 0, 50 * ms},
		{"a busy stream may take longer", 0, 0, 1, busyRows, 10, 1000 * ms, 0, 200 * ms},
		{"but not for ever", 0, 0, 1, busyRows, 10, 4000 * ms, 0, 0},
		{"rows fill it", 0, 0, 1, 20_000, 10, 0, 0, 0},
		{"bytes fill it", 0, 0, 1, 10, 1 << 20, 0, 0, 0},
		{"after a long insert silence lasts as long", 700 * ms, time.Hour, 1, 10, 10, 100 * ms, 100 * ms, 600 * ms},
		{"and so does a busy stream's", 3000 * ms, time.Hour, 1, busyRows, 10, 2000 * ms, 500 * ms, 2000 * ms},
		{"after a longer one few rows wait as long, too", 3000 * ms, time.Hour, 1, 10, 10, 1000 * ms, 0, 2000 * ms},
		{"but not for ever either", time.Hour, time.Hour, 1, 10, 10, 4000 * ms, 4000 * ms, 0},
		{"an insert just now makes silence wait", 300 * ms, 100 * ms, 1, 10, 10, 50 * ms, 50 * ms, 800 * ms},
		{"but no batch waits longer for it", 2000 * ms, 100 * ms, 1, 10, 10, 900 * ms, 900 * ms, 1100 * ms},
		{"nor a full one at all", 2000 * ms, 100 * ms, 1, 20_000, 10, 900 * ms, 900 * ms, 0},
		{"after a short one nothing changes", 10 * ms, time.Hour, 1, 10, 10, 300 * ms, 50 * ms, 150 * ms},
		{"after many rows there is no rest", 300 * ms, 100 * ms, busyRows, 10, 10, 50 * ms, 50 * ms, 150 * ms},
		{"and few rows wait for the insert that they make", 880 * ms, 100 * ms, 20_000, 5_000, 10, 500 * ms, 0, 280 * ms},
		{"as long as the last one where they are as many", 880 * ms, 100 * ms, 5_000, 6_000, 10, 500 * ms, 0, 880 * ms},
	} {
		p := pace{Config: cfg}
		if c.ended > 0 {
			p.inserted(c.inserted, c.took, now.Add(-c.ended))
		}
		if got := p.left(fill{c.rows, c.bytes, now.Add(-c.oldest), now.Add(-c.newest)}, now); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

package faults

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// auditedOnce checks that ClickHouse holds what the audited streams hold: each event
// once, byte for byte, whether or not it is asked to collapse repetitions.
func (w *world) auditedOnce(ctx context.Context, t *testing.T) {
	t.Helper()
	db := w.db.Open(t)
	dead := 0
	for _, name := range []string{"ACTIONS", "EVENTS", "VERDICTS", "DECISIONS"} {
		stored := w.stored(ctx, t, name)
		type event struct{ subject, digest string }
		want := make(map[uint64]event, len(stored))
		for _, m := range stored {
			want[sequence(t, m)] = event{m.Subject(), events.Digest(m.Data())}
			if _, err := w.Subjects.ParseDead(m.Subject()); err == nil {
				dead++
			}
		}
		for _, table := range []string{"events", "events FINAL"} {
			rows, err := db.Query(ctx, "SELECT seq, subject, data FROM "+table+" WHERE stream = $1", w.Subjects.Stream(name))
			if err != nil {
				t.Fatal(err)
			}
			n, seen := 0, make(map[uint64]bool, len(want))
			for rows.Next() {
				var seq uint64
				var subject, data string
				if err := rows.Scan(&seq, &subject, &data); err != nil {
					t.Fatal(err)
				}
				if got := (event{subject, events.Digest([]byte(data))}); want[seq] != got {
					t.Errorf("%s holds %s %d as %+v, the stream as %+v", table, name, seq, got, want[seq])
				}
				n++
				seen[seq] = true
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			if n != len(want) || len(seen) != len(want) {
				t.Errorf("%s has %d rows of %d events of %s, which has %d", table, n, len(seen), name, len(want))
			}
			t.Logf("%s: %d rows of %s", table, n, name)
		}
	}
	if dead == 0 {
		t.Error("there was no dead letter: the run had malformed actions")
	}
	for _, table := range []string{"dead_letters", "dead_letters FINAL"} {
		var n, different uint64
		if err := db.QueryRow(ctx, "SELECT count(), uniqExact(stream, seq) FROM "+table).Scan(&n, &different); err != nil {
			t.Fatal(err)
		}
		if int(n) != dead || int(different) != dead {
			t.Errorf("%s has %d rows of %d letters, the stream has %d", table, n, different, dead)
		}
	}
}

func sequence(t *testing.T, m jetstream.Msg) uint64 {
	t.Helper()
	meta, err := m.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	return meta.Sequence.Stream
}

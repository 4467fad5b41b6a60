package sink

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/events"
)

// An agent writes into the headers of its messages what the server writes into its own. They are in the audit like all others, and hold nothing up.
func TestMessagesThatLookLikeTheServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := w.nats.Subjects
	forged := []nats.Header{
		{"Status": {"100"}}, {"Status": {"204"}}, {"Status": {"404"}}, {"Status": {"408"}}, {"Status": {"423"}}, {"Status": {"503"}},
		{"Status": {"409"}, "Description": {"Consumer Deleted"}},
		{"Status": {"409"}, "Description": {"Message Size Exceeds MaxBytes"}},
		{"Nats-Pin-Id": {"forged"}},
		{"Nats-Sequence": {"99999"}, "Nats-Subject": {"wl.actions.billing.x"}, "Nats-Time-Stamp": {"2000-01-01T00:00:00Z"}, "Nats-Stream": {"X"}},
	}
	for round := range 2 {
		for i, h := range forged {
			name := fmt.Sprintf("m-%d-%d", round, i)
			w.raw(s.Action("mallory", name), h, nil)
			w.raw(s.Private("mallory", name), h, nil)
			w.fill(round*len(forged)+i, 1)
		}
		if round == 0 {
			w.start()
			w.caughtUp()
			for i := range forged { // and one by one
				w.raw(s.Action("mallory", fmt.Sprint("alone-", i)), forged[i], nil)
				w.caughtUp()
			}
		}
	}
	w.caughtUp()
	if got, want := w.ask("SELECT count(), uniqExact(seq) FROM events WHERE agent = 'mallory'"), fmt.Sprintf("%d\t%[1]d", 3*len(forged)); got != want {
		t.Errorf("rows and different ones are %s, want %s", got, want)
	}
	w.chain(s.Stream("ACTIONS"))
	if made := w.erased("e-1", events.PrivateScope{Agent: "mallory", Action: "m-0-2"}); len(made.Items) != 1 {
		t.Errorf("%d actions' private values were erased", len(made.Items))
	}
}

// An agent that hides the server's line, and writes another, does not take the sink's place in the line from it.
func TestHiddenPin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	w.fill(0, 1)
	w.caughtUp()
	name := w.nats.Subjects.Stream("ACTIONS")
	pinned := func() string {
		t.Helper()
		consumer, err := w.js.Consumer(t.Context(), name, consumerName)
		if err != nil {
			t.Fatal(err)
		}
		return consumer.CachedInfo().PriorityGroups[0].PinnedClientID
	}
	before := pinned()
	for i := range 5 {
		subject := w.nats.Subjects.Action("agent-0", fmt.Sprint("hides-", i))
		w.nats.PublishBytes(t, authz.TheOperator(), subject, "NATS/1.0\r\nNats-Pin-Id: forged\r\n\r\n\r\n", "{}")
		w.caughtUp()
	}
	if after := pinned(); before == "" || after != before {
		t.Errorf("the pin went from %q to %q", before, after)
	}
	if n := w.number("SELECT count() FROM events WHERE startsWith(action, 'hides-')"); n != 5 {
		t.Errorf("the audit has %d of the messages", n)
	}
}

// What was lost on its way is missed, whatever sequence and time it claims.
func TestForgedSequenceLostOnTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	first := w.start()
	w.fill(0, 1)
	w.caughtUp()
	first.stop()
	w.raw(w.nats.Subjects.Action("mallory", "m"), nats.Header{"Nats-Sequence": {"99999"}, "Nats-Time-Stamp": {"2000-01-01T00:00:00Z"}}, []byte("x"))
	w.steal(w.nats.Subjects.Stream("ACTIONS"), 1)
	w.fill(1, 1)
	second := w.start()
	w.caughtUp()
	if n := w.number("SELECT count() FROM events WHERE agent = 'mallory'"); n != 1 {
		t.Errorf("the audit has the message %d times", n)
	}
	if err := second.Ready(); err != nil {
		t.Error(err)
	}
}

// The private values of one agent are not erased because those of another claim their place.
func TestErasureOfForgedSequence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := w.nats.Subjects
	w.start()
	w.keep("billing", "p-1", "carol", "a secret of carol's")
	w.raw(s.Private("mallory", "m"), nats.Header{"Nats-Sequence": {"1"}}, []byte("x"))
	if made := w.erased("e-1", events.PrivateScope{Agent: "mallory", Action: "m"}); len(made.Items) != 1 {
		t.Errorf("%d actions' private values were erased", len(made.Items))
	}
	private, err := w.js.Stream(t.Context(), s.Stream("PRIVATE"))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := private.GetMsg(t.Context(), 1); err != nil || m.Subject != s.Private("billing", "p-1") {
		t.Errorf("carol's message is %v, %v", m, err)
	}
	if _, err := private.GetMsg(t.Context(), 2); err == nil {
		t.Error("mallory's message is still there")
	}
}

// Requests for messages end at a number of bytes; none is lost there, so that the sink never has to go back.
func TestManyBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	data := bytes.Repeat([]byte("y"), 8<<10)
	for range 1500 {
		w.raw(w.nats.Subjects.Verdict("self", "alice", "r"), nil, data)
	}
	registry := prometheus.NewRegistry()
	w.cfg.BatchRows, w.cfg.Registerer = 0, registry
	w.start()
	w.caughtUp()
	if n := w.number("SELECT uniqExact(seq) FROM events"); n != 1500 {
		t.Errorf("%d of 1500 are there", n)
	}
	if n := counted(t, registry, "weighlock_auditsink_restarts_total"); len(n) > 0 {
		t.Errorf("the sink started over: %v", n)
	}
}

// A server may take messages that are larger than what one request of the sink asks for, and than a batch.
func TestLargerThanARequest(t *testing.T) {
	t.Parallel()
	w := worldOn(t, natstest.Start(t, natstest.WithMaxPayload(8<<20)), nil)
	w.cfg.BatchBytes = 1 << 20
	for i := range 6 {
		w.raw(w.nats.Subjects.Verdict("self", "alice", "r-"+strconv.Itoa(i)), nil, bytes.Repeat([]byte("z"), pullBytes+1<<20*(i%2)-i))
	}
	w.fill(0, 3)
	w.patience = patience / 2
	w.start()
	w.caughtUp()
	if got := w.ask("SELECT count(), uniqExact(seq) FROM events WHERE kind = 'verdicts'"); got != "9\t9" {
		t.Errorf("rows and different ones are %s, want 9", got)
	}
}

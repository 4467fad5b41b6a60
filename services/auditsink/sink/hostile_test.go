package sink

import (
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

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

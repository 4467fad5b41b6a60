package routing

import (
	"testing"

	"github.com/weighlock/weighlock/pkg/events"
)

// A router that died between storing a card and telling of it leaves a card that people find in the bucket. Their verdict counts,
// and the card is in the stream before it does.
func TestWhatIsAnsweredIsAnnouncedFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, "50ms", 50)
	o, route := r.dead(t)
	a := assessment("billing", "a")
	r.assess(t, a)
	if _, err := r.save(t, o, "r-dead", route, o.claim(t.Context(), "r-dead", []waiting{held(a)})); err != nil {
		t.Fatal(err)
	}
	s, err := r.store.Load(t.Context(), "r-dead")
	if err != nil {
		t.Fatal(err)
	}
	announce := &announcer{js: o.js, subjects: r.s}
	for range 2 { // the second finds it announced
		if err := announce.ensure(t.Context(), &s, events.Event{ID: "v-1"}); err != nil {
			t.Fatal(err)
		}
	}
	announced, card := r.requested(t)
	if announced.Digest != s.Digest || card.Request != "r-dead" {
		t.Errorf("%+v", announced)
	}
	r.approver(t, "alice").cast(t, "r-dead", events.VerdictCast{Digest: s.Digest, Verdict: events.Approve})
	r.start(t)
	r.approver(t, "bob").cast(t, "r-dead", events.VerdictCast{Digest: s.Digest, Verdict: events.Approve})
	if d := r.decision(t, "billing", "a"); d.Outcome != events.Approved || len(d.DecidedBy.Approvers) != 2 {
		t.Errorf("%+v", d)
	}
	if n := r.count(t, r.s.Approval("ops", events.Requested, "r-dead")); n != 1 {
		t.Errorf("announced %d times", n)
	}
}

package routing

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/attention"
	"github.com/weighlock/weighlock/internal/authz"
	sdk "github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// waving has alice approve cards at once, until she is warned, and returns the warning.
func (r *rig) waving(t *testing.T, alice *approver, cards int) *events.AttentionWarned {
	t.Helper()
	for i := range cards {
		action := "quick-" + string(rune('a'+i))
		r.assess(t, assessment("billing", action))
		announced := r.asksPeople(t, action)
		alice.cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve})
		r.decision(t, "billing", action)
	}
	return as[events.AttentionWarned](t, r.next(t, "EVENTS", r.s.Warning("alice")))
}

// Whoever waves cards through is told, and a second person has to approve for some time.
func TestASecondApproverIsAskedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.setRoutes(t, "  attention: {perItem: 1m, inARow: 3, then: second, for: 1h}\n")
	r.start(t)
	alice := r.approver(t, "alice")
	warned := r.waving(t, alice, 3)
	if warned.Rule != "fast" || warned.Then != "second" || warned.Route != "rest" || !strings.Contains(warned.Detail, "3 approvals in a row") || time.Until(warned.Until) < 59*time.Minute {
		t.Errorf("%+v", warned)
	}
	r.assess(t, assessment("billing", "next"))
	announced := r.asksPeople(t, "next")
	alice.cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve})
	r.waitFor(t, "alice's approval to count", func() bool {
		s, err := r.store.Load(t.Context(), announced.Request)
		return err == nil && len(s.Items[0].Votes) == 1 && s.Items[0].Votes[0].Doubted
	})
	if s, err := r.store.Load(t.Context(), announced.Request); err != nil || s.Resolved != nil {
		t.Fatalf("her approval sufficed: %+v, %v", s, err)
	}
	r.approver(t, "bob").cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve})
	if d := r.decision(t, "billing", "next"); d.Outcome != events.Approved || len(d.DecidedBy.Approvers) != 2 {
		t.Errorf("%+v", d)
	}
	// She can still reject alone, and gives no grants.
	r.assess(t, assessment("billing", "last"))
	announced = r.asksPeople(t, "last")
	alice.cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve, Grant: &events.GrantTerms{Seconds: 60, Uses: 1}})
	if refused := r.refused(t, announced.Request); refused.Code != events.RefusedGrant {
		t.Errorf("%+v", refused)
	}
	alice.cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Reject})
	if d := r.decision(t, "billing", "last"); d.Outcome != events.Rejected {
		t.Errorf("%+v", d)
	}
}

// Whoever is to rest is told so, and their answers do not count meanwhile, also to a router that starts later.
func TestAPersonIsGivenARest(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.setRoutes(t, "  attention: {perHour: 2, then: rest, for: 1h}\n")
	first := r.start(t)
	alice := r.approver(t, "alice")
	if warned := r.waving(t, alice, 3); warned.Rule != "load" || warned.Then != "rest" {
		t.Errorf("%+v", warned)
	}
	first.stop()
	<-first.done
	r.start(t)
	r.assess(t, assessment("billing", "next"))
	announced := r.asksPeople(t, "next")
	alice.cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Reject})
	if refused := r.refused(t, announced.Request); refused.Code != events.RefusedResting || !strings.Contains(refused.Reason, "please take a rest until") {
		t.Errorf("%+v", refused)
	}
	r.approver(t, "bob").cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve})
	if d := r.decision(t, "billing", "next"); d.Outcome != events.Approved || d.DecidedBy.Approvers[0].Approver != "bob" {
		t.Errorf("%+v", d)
	}
}

// The time that counts is from when the card was opened, as was reported: a card that lay there unread was not read for long.
func TestReadingBeginsWhenTheCardIsOpened(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	seed := r.server.Add(t, authz.Identity{Kind: authz.Approver, Name: "alice"})
	client, err := sdk.Connect(t.Context(), sdk.Options{URL: r.server.URL, Approver: "alice", SeedFile: seed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	r.start(t)
	r.assess(t, assessment("billing", "one"))
	announced := r.asksPeople(t, "one")
	js := r.server.JetStream(t, router)
	w := &attentive{js: js, subjects: r.s, store: attention.NewStore(js, r.s), now: time.Now}
	state, err := r.store.Load(t.Context(), announced.Request)
	if err != nil {
		t.Fatal(err)
	}
	state.OpenedAt = state.OpenedAt.Add(-10 * time.Minute) // it lies there since then
	shown := func(at time.Time) time.Time {
		t.Helper()
		from, err := w.shownAt(t.Context(), &state, &approval.Verdict{Channel: "self", Approver: "alice", At: at})
		if err != nil {
			t.Fatal(err)
		}
		return from
	}
	if from := shown(time.Now()); !from.Equal(state.OpenedAt) {
		t.Errorf("unopened, it is read since %s", from)
	}
	seen := sdk.Seen{Request: announced.Request, Digest: announced.Digest}
	before := time.Now().Add(-time.Second)
	for _, report := range []func(context.Context, sdk.Seen) error{client.Delivered, client.Opened, client.EvidenceOpened, client.Opened} {
		if err := report(t.Context(), seen); err != nil {
			t.Fatal(err)
		}
	}
	first := shown(time.Now().Add(time.Minute))
	if first.Before(before) || !first.Equal(shown(time.Now().Add(time.Hour))) {
		t.Errorf("it is read since %s", first)
	}
	if from := shown(before); !from.Equal(state.OpenedAt) {
		t.Errorf("before it was opened, it is read since %s", from)
	}
	if err := client.Opened(t.Context(), sdk.Seen{Request: announced.Request}); err == nil {
		t.Error("a report without the card's digest is stored")
	}
}

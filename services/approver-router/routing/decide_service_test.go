package routing

import (
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestHarmlessAndDeniedAreDecidedAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 50)
	inbox := r.server.Connect(t, authz.Identity{Kind: authz.Agent, Name: "billing"})
	answers, err := inbox.SubscribeSync("_INBOX.billing.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := inbox.Flush(); err != nil {
		t.Fatal(err)
	}
	r.start(t)
	deny := func(a *events.ActionAssessed) { a.Denied = true }
	want := map[string]events.Outcome{"low": events.Approved, "medium": events.Approved, "denied": events.Denied}
	r.assess(t, assessment("billing", "low", level(events.Low)))
	r.assess(t, assessment("billing", "medium", level(events.Medium)))
	r.assess(t, assessment("billing", "denied", deny))
	for range want {
		m, err := answers.NextMsg(within)
		if err != nil {
			t.Fatal(err)
		}
		e, err := events.Decode(events.Header(m.Header), m.Data)
		if err != nil {
			t.Fatal(err)
		}
		d := as[events.DecisionMade](t, e)
		if m.Subject != "_INBOX.billing."+d.Action || d.Outcome != want[d.Action] || d.Review != (d.Action == "medium") {
			t.Errorf("on %s: %+v", m.Subject, d)
		}
		if inLedger := r.decision(t, "billing", d.Action); inLedger.Outcome != d.Outcome || inLedger.Reason != d.Reason {
			t.Errorf("the ledger has %+v", inLedger)
		}
	}
	if cards := r.stored(t); len(cards) != 0 {
		t.Errorf("somebody was asked: %v", cards)
	}
}

// What stands in the ledger stands, and is what the agent is told.
func TestDecisionsAreMadeOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 50)
	inbox := r.server.Connect(t, authz.Identity{Kind: authz.Agent, Name: "billing"})
	answers, err := inbox.SubscribeSync("_INBOX.billing.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := inbox.Flush(); err != nil {
		t.Fatal(err)
	}
	r.start(t)
	r.assess(t, assessment("billing", "a", func(a *events.ActionAssessed) { a.Denied = true }))
	r.assess(t, assessment("billing", "a", level(events.Low)))
	for range 2 {
		m, err := answers.NextMsg(within)
		if err != nil {
			t.Fatal(err)
		}
		e, err := events.Decode(events.Header(m.Header), m.Data)
		if err != nil {
			t.Fatal(err)
		}
		if d := as[events.DecisionMade](t, e); d.Outcome != events.Denied {
			t.Errorf("the agent was told %+v", d)
		}
	}
}

func TestUnreadableAssessmentIsDeniedAndBuried(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 50)
	r.start(t)
	for action, subject := range map[string]string{
		"a": r.s.Assessment("critical", "billing", "a"),
		"b": r.s.Assessment(events.Low, "billing", "b"),
	} {
		h, data, err := events.EncodeBinary(assessedEvent(t, assessment("billing", "a")))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.scorer.PublishMsg(t.Context(), &nats.Msg{Subject: subject, Header: nats.Header(h), Data: data}); err != nil {
			t.Fatal(err)
		}
		if d := r.decision(t, "billing", action); d.Outcome != events.Denied {
			t.Errorf("%s: %+v", subject, d)
		}
		r.next(t, "EVENTS", r.s.Dead(Name))
	}
}

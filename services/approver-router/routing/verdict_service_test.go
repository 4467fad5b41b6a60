package routing

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// open has a card made of new actions with these names.
func (r *rig) open(t *testing.T, actions ...string) *events.ApprovalRequested {
	t.Helper()
	for i, action := range actions {
		r.assess(t, assessment("billing", action, score(99-i)))
	}
	announced, card := r.requested(t)
	if len(card.Items) != len(actions) {
		t.Fatalf("the card has %d items, want %d", len(card.Items), len(actions))
	}
	return announced
}

func TestVerdictDecidesAndAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 2)
	inbox := r.server.Connect(t, authz.Identity{Kind: authz.Agent, Name: "billing"})
	answers, err := inbox.SubscribeSync("_INBOX.billing.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := inbox.Flush(); err != nil {
		t.Fatal(err)
	}
	r.start(t)
	card := r.open(t, "a", "b")
	r.approver(t, "alice").cast(t, card.Request, events.VerdictCast{
		Digest: card.Digest, Verdict: events.Approve, Items: []events.ItemVerdict{{Number: 2, Verdict: events.Reject}}, Comment: "not b",
	})
	want := map[string]events.Outcome{"a": events.Approved, "b": events.Rejected}
	for action, outcome := range want {
		d := r.decision(t, "billing", action)
		if d.Outcome != outcome || d.Request != card.Request || len(d.DecidedBy.Approvers) != 1 || d.DecidedBy.Approvers[0].Approver != "alice" {
			t.Errorf("%s: %+v", action, d)
		}
		m, e := answered(t, answers)
		if d := as[events.DecisionMade](t, e); d.Outcome != want[d.Action] || m.Subject != "_INBOX.billing."+d.Action {
			t.Errorf("on %s the agent was told %+v", m.Subject, d)
		}
	}
	if end := r.resolved(t, card.Request); len(end.Items) != 2 || end.By != events.ByApprovers {
		t.Errorf("%+v", end)
	}
}

func TestVerdictsOnSingleItems(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 2)
	r.start(t)
	card := r.open(t, "a", "b")
	alice, bob := r.approver(t, "alice"), r.approver(t, "bob")
	only := func(n int, kind events.VerdictKind) events.VerdictCast {
		return events.VerdictCast{Digest: card.Digest, Items: []events.ItemVerdict{{Number: n, Verdict: kind}}}
	}
	alice.cast(t, card.Request, only(1, events.Approve))
	if d := r.decision(t, "billing", "a"); d.Outcome != events.Approved {
		t.Errorf("%+v", d)
	}
	bob.cast(t, card.Request, only(1, events.Reject))
	if refused := r.refused(t, card.Request); refused.Code != events.RefusedItemClosed {
		t.Errorf("%+v", refused)
	}
	bob.cast(t, card.Request, only(2, events.Reject))
	if d := r.decision(t, "billing", "b"); d.Outcome != events.Rejected {
		t.Errorf("%+v", d)
	}
	r.resolved(t, card.Request)
}

func TestQuorum(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, "5m", 1)
	run := r.start(t)
	card := r.open(t, "a")
	alice, bob := r.approver(t, "alice"), r.approver(t, "bob")
	yes := events.VerdictCast{Digest: card.Digest, Verdict: events.Approve}
	// The same person twice, and a person of a tier that has not come in, are not two.
	alice.cast(t, card.Request, yes)
	alice.cast(t, card.Request, yes)
	r.approver(t, "dave").cast(t, card.Request, yes)
	if refused := r.refused(t, card.Request); refused.Approver != "dave" || refused.Code != events.RefusedNotEntitled {
		t.Errorf("%+v", refused)
	}
	r.settled(t, "VERDICTS", "approver-router-verdicts")
	if s, err := r.store.Load(t.Context(), card.Request); err != nil || s.Resolved != nil || len(s.Items[0].Votes) != 1 {
		t.Fatalf("after one approver: %+v, %v", s, err)
	}
	bob.cast(t, card.Request, yes)
	if d := r.decision(t, "billing", "a"); d.Outcome != events.Approved || len(d.DecidedBy.Approvers) != 2 {
		t.Errorf("%+v", d)
	}
	if err := run.svc.Ready(); err != nil {
		t.Errorf("a router at work is not ready: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	card, closed := r.open(t, "a"), r.open(t, "b")
	alice, eve := r.approver(t, "alice"), r.approver(t, "eve")
	yes := events.VerdictCast{Digest: card.Digest, Verdict: events.Approve}
	alice.cast(t, closed.Request, events.VerdictCast{Digest: closed.Digest, Verdict: events.Reject})
	r.resolved(t, closed.Request)
	adapter := &approver{r, "alice", r.server.Connect(t, authz.Identity{Kind: authz.Adapter, Name: "slack"})}
	for name, c := range map[string]struct {
		code    events.RefusalCode
		who     *approver
		channel string
		request string
		data    []byte
		dead    bool
	}{
		"stranger":          {events.RefusedNotEntitled, eve, "self", card.Request, marshal(t, yes), false},
		"wrong digest":      {events.RefusedWrongDigest, alice, "self", card.Request, marshal(t, events.VerdictCast{Digest: closed.Digest, Verdict: events.Approve}), false},
		"unknown request":   {events.RefusedUnknownRequest, alice, "self", "r-nobody", marshal(t, yes), false},
		"a claim's key":     {events.RefusedUnknownRequest, alice, "self", "claim", marshal(t, yes), false},
		"closed request":    {events.RefusedClosed, alice, "self", closed.Request, marshal(t, events.VerdictCast{Digest: closed.Digest, Verdict: events.Approve}), false},
		"unknown item":      {events.RefusedUnknownItem, alice, "self", card.Request, marshal(t, events.VerdictCast{Digest: card.Digest, Items: []events.ItemVerdict{{Number: 9, Verdict: events.Approve}}}), false},
		"untrusted channel": {events.RefusedChannel, adapter, "slack", card.Request, marshal(t, yes), false},
		"not JSON":          {events.RefusedMalformed, alice, "self", card.Request, []byte("{"), true},
		"no verdict":        {events.RefusedMalformed, alice, "self", card.Request, marshal(t, events.VerdictCast{Digest: card.Digest}), true},
		"another approver":  {events.RefusedMalformed, alice, "self", card.Request, marshal(t, events.VerdictCast{Digest: card.Digest, Verdict: events.Approve, Approver: "bob"}), true},
		"another request":   {events.RefusedMalformed, alice, "self", card.Request, marshal(t, events.VerdictCast{Digest: card.Digest, Verdict: events.Approve, Request: closed.Request}), true},
	} {
		c.who.castRaw(t, c.channel, c.request, c.data)
		refused := r.refused(t, c.request)
		if refused.Code != c.code || refused.Approver != c.who.name || refused.Channel != c.channel || refused.Request != c.request || refused.Reason == "" {
			t.Errorf("%s: %+v", name, refused)
		}
		if c.dead {
			r.next(t, "EVENTS", r.s.Dead(Name))
		}
	}
	if s, err := r.store.Load(t.Context(), card.Request); err != nil || s.Resolved != nil || len(s.Items[0].Votes) != 0 {
		t.Errorf("a refused verdict counted: %+v, %v", s, err)
	}
	// The same verdict twice: one decision, and the second is told that it came late.
	alice.cast(t, card.Request, yes)
	r.resolved(t, card.Request)
	alice.cast(t, card.Request, yes)
	if refused := r.refused(t, card.Request); refused.Code != events.RefusedClosed {
		t.Errorf("%+v", refused)
	}
}

// Of two people who disagree at the same instant one is heard, and the other is told.
func TestTwoApproversAtTheSameInstant(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	alice, bob := r.approver(t, "alice"), r.approver(t, "bob")
	for i := range 10 {
		action := fmt.Sprintf("a-%d", i)
		card := r.open(t, action)
		var both sync.WaitGroup
		both.Go(func() { alice.cast(t, card.Request, events.VerdictCast{Digest: card.Digest, Verdict: events.Approve}) })
		both.Go(func() { bob.cast(t, card.Request, events.VerdictCast{Digest: card.Digest, Verdict: events.Reject}) })
		both.Wait()
		d := r.decision(t, "billing", action)
		refused := r.refused(t, card.Request)
		heard := map[events.Outcome]string{events.Approved: "alice", events.Rejected: "bob"}[d.Outcome]
		if len(d.DecidedBy.Approvers) != 1 || d.DecidedBy.Approvers[0].Approver != heard || refused.Approver == heard || refused.Code != events.RefusedClosed {
			t.Errorf("decided %+v, refused %+v", d, refused)
		}
	}
}

// What was refused and told stays refused when it is delivered again, although its caster would count by now.
func TestARefusedVerdictStaysRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	before := time.Now()
	announced := r.open(t, "a")
	for range 2 {
		r.approver(t, "dave").cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve})
	}
	r.refused(t, announced.Request)
	second := r.refused(t, announced.Request)
	js := r.server.JetStream(t, router)
	v := &verdicts{subjects: r.s, store: r.store, announce: &announcer{js: js, subjects: r.s}}
	for sequence, want := range map[uint64]bool{second.Sequence: true, second.Sequence + 1: false} {
		m := &stream.Message{Sequence: sequence, StoredAt: before, Deliveries: 2, Subject: r.s.Verdict("self", "dave", announced.Request)}
		if got, err := v.refusedBefore(t.Context(), m, announced.Request); err != nil || got != want {
			t.Errorf("verdict %d was refused: %t, %v", sequence, got, err)
		}
	}
	if _, err := v.refusedBefore(t.Context(), &stream.Message{Sequence: 1, StoredAt: time.Now().Add(time.Hour)}, announced.Request); err != nil {
		t.Error(err)
	}
}

// answered is the next message to an agent that is more than news of what waits.
func answered(t *testing.T, answers *nats.Subscription) (*nats.Msg, events.Event) {
	t.Helper()
	for {
		m, err := answers.NextMsg(within)
		if err != nil {
			t.Fatal(err)
		}
		e, err := events.Decode(events.Header(m.Header), m.Data)
		if err != nil {
			t.Fatal(err)
		}
		if e.Type != events.ApprovalPendingType {
			return m, e
		}
	}
}

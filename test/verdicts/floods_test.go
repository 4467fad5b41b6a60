package verdicts

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

func startFloods(t *testing.T, options ...natstest.Option) *pipeline {
	t.Helper()
	return startWith(t, config{
		policy: file("policy.yaml"), routes: file("floods.yaml"), approvers: file("approvers.yaml"),
		agents: []string{"billing", "bobs-helper"}, people: []string{"alice", "bob"},
	}, options...)
}

// flood proposes n actions one after the other and returns their names and the card about the flood.
func (p *pipeline) flood(t *testing.T, n int, tool string) (actions []string, flood approver.Request) {
	t.Helper()
	for range n {
		actions = append(actions, p.propose(t, "billing", tool, proposed))
	}
	return actions, p.floodCard(t)
}

func (p *pipeline) floodCard(t *testing.T) approver.Request {
	t.Helper()
	return until(t, "a card about the flood", func(ctx context.Context) (approver.Request, bool) {
		list, err := p.people["alice"].Requests(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if r.Card.Flood != nil && r.Open() {
				return r, true
			}
		}
		return approver.Request{}, false
	})
}

// onCards counts the actions that are on a card.
func (p *pipeline) onCards(t *testing.T) (items, cards int) {
	t.Helper()
	list, err := p.people["alice"].Requests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		items += len(r.Items)
	}
	return items, len(list)
}

// approveAll answers every card until all actions are decided.
func (p *pipeline) approveAll(t *testing.T, actions []string) {
	t.Helper()
	for _, action := range actions {
		p.approveOne(t, "billing", action)
	}
}

// approveOne answers the card of an action, should it come onto one before it is decided.
func (p *pipeline) approveOne(t *testing.T, agentName, action string) {
	t.Helper()
	card := until(t, "a card or the decision of "+action, func(ctx context.Context) (*approver.Request, bool) {
		if card, open := p.waitsOn(ctx, agentName, action); open {
			return &card, true
		}
		_, err := p.people["alice"].Decision(ctx, agentName, action)
		return nil, err == nil
	})
	if card == nil {
		return
	}
	if _, err := p.answer(t, "alice", *card, all(events.Approve)); err != nil {
		t.Error(err)
	}
}

func TestAFloodIsOneCard(t *testing.T) {
	t.Parallel()
	p := startFloods(t)
	actions, flood := p.flood(t, 60, "pay")
	if f := flood.Card.Flood; len(flood.Items) != 1 || f.Agent != "billing" || f.Actions != 3 || f.Seconds != 60 || f.Denied {
		t.Errorf("%+v", flood.Card)
	}
	other := p.propose(t, "bobs-helper", "pay", proposed) // is no part of it
	p.card(t, "bobs-helper", other)
	if items, cards := p.onCards(t); items != 5 || cards > 5 {
		t.Errorf("%d items on %d cards", items, cards)
	}
	if _, err := p.answer(t, "alice", flood, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	// Approving the flood approves nothing that waits: it comes onto cards of its own.
	p.card(t, "billing", actions[59])
	p.undecided(t, "billing", actions[59])
	p.approveAll(t, actions)
	p.approveOne(t, "bobs-helper", other)
	if _, cards := p.onCards(t); cards > 20 {
		t.Errorf("%d cards", cards)
	}
	p.drained(t)
	p.agree(t)
}

func TestARejectedFloodIsRejected(t *testing.T) {
	t.Parallel()
	p := startFloods(t)
	actions, flood := p.flood(t, 20, "pay")
	if _, err := p.answer(t, "bob", flood, approver.Verdict{Verdict: events.Respond, Guidance: "one at a time"}); err != nil {
		t.Fatal(err)
	}
	actions = append(actions, p.propose(t, "billing", "pay", proposed)) // it is not over yet
	for _, action := range actions[3:] {
		d := p.decided(t, "billing", action)
		if d.Outcome != events.Rejected || d.Guidance != "one at a time" || d.Request != flood.ID || d.DecidedBy.Approvers[0].Approver != "bob" {
			t.Errorf("%+v", d)
		}
	}
	p.approveAll(t, actions[:3])
	p.drained(t)
	p.agree(t)
}

func TestAFloodIsDenied(t *testing.T) {
	t.Parallel()
	p := startFloods(t)
	actions, flood := p.flood(t, 8, "pay_two")
	for _, action := range actions[4:] {
		if d := p.decided(t, "billing", action); d.Outcome != events.Denied || d.DecidedBy.Kind != events.ByPolicy {
			t.Errorf("%+v", d)
		}
	}
	if _, err := p.answer(t, "alice", flood, all(events.Approve)); err != nil { // and is counted anew
		t.Fatal(err)
	}
	actions = append(actions[:4], p.propose(t, "billing", "pay_two", proposed))
	p.approveAll(t, actions)
	p.drained(t)
	p.agree(t)
}

func TestARejectedFloodGoesOnBeingDenied(t *testing.T) {
	t.Parallel()
	p := startFloods(t)
	actions, flood := p.flood(t, 4, "pay_two")
	if _, err := p.answer(t, "alice", flood, all(events.Reject)); err != nil {
		t.Fatal(err)
	}
	if d := p.decided(t, "billing", p.propose(t, "billing", "pay_two", proposed)); d.Outcome != events.Denied {
		t.Errorf("%+v", d)
	}
	p.approveAll(t, actions)
	p.drained(t)
	p.agree(t)
}

func TestTheFloodsActionIsTakenBack(t *testing.T) {
	t.Parallel()
	p := startFloods(t)
	actions, flood := p.flood(t, 6, "pay")
	p.withdraw(t, flood.Items[0].Action)
	p.decided(t, "billing", flood.Items[0].Action)
	next := p.floodCard(t) // of another action
	if _, err := p.answer(t, "alice", next, all(events.Reject)); err != nil {
		t.Fatal(err)
	}
	p.approveAll(t, actions[:3])
	for _, action := range actions[4:] {
		if d := p.decided(t, "billing", action); d.Outcome != events.Rejected {
			t.Errorf("%+v", d)
		}
	}
	p.drained(t)
	p.agree(t)
}

func TestADeadlineEndsTheWaitBehindAFlood(t *testing.T) {
	t.Parallel()
	p := startFloods(t)
	p.flood(t, 4, "pay")
	soon := time.Now().Add(time.Second)
	action := p.propose(t, "billing", "pay", proposed, func(a *agent.Action) { a.Deadline = &soon })
	if d := p.decided(t, "billing", action); d.Outcome != events.Expired || d.DecidedBy.Kind != events.ByTimeout {
		t.Errorf("%+v", d)
	}
}

// Two routers, killed one after the other, count together and open one card.
func TestAFloodOverDyingRouters(t *testing.T) {
	t.Parallel()
	p := startFloods(t)
	routers := []*running{p.router, p.startRouter(t)}
	const n = 60
	actions := make([]string, n)
	var all60 sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i := range n {
		slots <- struct{}{}
		all60.Go(func() {
			defer func() { <-slots }()
			actions[i] = p.propose(t, "billing", "pay", proposed)
		})
		if i%15 == 7 {
			routers[0].kill()
			routers[0], routers[1] = routers[1], p.startRouter(t)
		}
	}
	all60.Wait()
	flood := p.floodCard(t)
	if _, err := p.answer(t, "alice", flood, all(events.Reject)); err != nil {
		t.Fatal(err)
	}
	outcomes := map[events.Outcome]int{}
	for _, action := range actions {
		p.approveOne(t, "billing", action)
		outcomes[p.decided(t, "billing", action).Outcome]++
	}
	if outcomes[events.Approved] != 3 || outcomes[events.Rejected] != n-3 {
		t.Errorf("%v", outcomes)
	}
	p.drained(t)
	p.agree(t)
}

// What waits for the hour survives everybody, an urgent action does not wait, and one that becomes urgent goes out then.
func TestDeliveryWithTheHour(t *testing.T) {
	t.Parallel()
	p := startFloods(t, natstest.InOwnProcess())
	urgentIn := func(d time.Duration) func(*agent.Action) {
		deadline := time.Now().Add(10*time.Minute + d)
		return func(a *agent.Action) { a.Deadline = &deadline }
	}
	urgent, near := p.propose(t, "billing", "pay_hourly", larger), p.propose(t, "billing", "pay_hourly", proposed, urgentIn(0))
	soon := p.propose(t, "billing", "pay_hourly", proposed, urgentIn(4*time.Second))
	waits, back := p.propose(t, "billing", "pay_hourly", proposed), p.propose(t, "billing", "pay_hourly", proposed)
	p.card(t, "billing", urgent)
	p.card(t, "billing", near)
	p.withdraw(t, back)
	if d := p.decided(t, "billing", back); d.Outcome != events.Withdrawn {
		t.Errorf("%+v", d)
	}
	p.router.kill()
	p.Kill(t)
	p.Restart(t)
	p.startRouter(t)
	p.approveAll(t, []string{soon, urgent, near})
	if d := p.decided(t, "billing", soon); d.Outcome != events.Approved {
		t.Errorf("%+v", d)
	}
	p.undecided(t, "billing", waits)
	consumer, err := p.js.Consumer(t.Context(), p.Subjects.Stream("EVENTS"), "approver-router-assessments")
	if err != nil {
		t.Fatal(err)
	}
	if n := consumer.CachedInfo().NumAckPending; n < 1 {
		t.Errorf("%d assessments are kept: what waits for the hour is lost", n)
	}
}

package verdicts

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// withdraw takes an action of billing's back.
func (p *pipeline) withdraw(t *testing.T, action string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.agents["billing"].Withdraw(ctx, action, "not needed any more"); err != nil {
		t.Error(err)
	}
}

func TestWithdrawalBeforeTheCard(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.scorer.end()
	action := p.propose(t, "billing", "pay", proposed)
	p.withdraw(t, action)
	if d := p.decided(t, "billing", action); d.Outcome != events.Withdrawn || d.DecidedBy.Kind != events.ByAgent {
		t.Errorf("%+v", d)
	}
	p.startScorer(t)
	p.drained(t)
	p.agree(t)
	if list, err := p.people["alice"].Requests(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("people are asked: %+v, %v", list, err)
	}
}

func TestWithdrawalOnTheCard(t *testing.T) {
	t.Parallel()
	p := start(t)
	failed := make(chan error, 1)
	go func() {
		failed <- p.agents["billing"].Guard(t.Context(), agent.Action{ID: "guarded", Tool: "pay_two", Arguments: json.RawMessage(proposed)},
			func(context.Context, json.RawMessage) error {
				t.Error("it ran")
				return nil
			})
	}()
	card := p.card(t, "billing", "guarded")
	p.counts(t, "bob", card, all(events.Approve))
	p.withdraw(t, "guarded")
	p.withdraw(t, "guarded")
	if rejected := mustBe[*agent.RejectedError](t, <-failed); rejected.Outcome != events.Withdrawn {
		t.Errorf("%+v", rejected)
	}
	p.refuses(t, "alice", card, all(events.Approve), events.RefusedClosed)
	p.drained(t)
	p.agree(t)
}

func TestWithdrawalOfOneItem(t *testing.T) {
	t.Parallel()
	p := start(t)
	var actions []string
	for range 3 {
		actions = append(actions, p.propose(t, "billing", "pay_batch", proposed))
	}
	card := p.card(t, "billing", actions[0])
	p.withdraw(t, actions[1])
	p.decided(t, "billing", actions[1])
	if r := p.get(t, card.ID); !r.Open() || r.Digest != card.Digest {
		t.Fatalf("%+v", r)
	}
	cast, err := p.answer(t, "alice", card, all(events.Approve))
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range cast.Resolved.Items {
		if want := map[bool]events.Outcome{true: events.Withdrawn, false: events.Approved}[item.Action == actions[1]]; item.Outcome != want {
			t.Errorf("%+v, want %s", item, want)
		}
	}
	p.drained(t)
	p.agree(t)
}

func TestWithdrawalAfterTheDecision(t *testing.T) {
	t.Parallel()
	p := start(t)
	asked, alone, never := p.propose(t, "billing", "pay", proposed), p.propose(t, "billing", "read", `{}`), "never-proposed"
	if _, err := p.answer(t, "alice", p.card(t, "billing", asked), all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	p.decided(t, "billing", alone)
	for _, action := range []string{asked, alone, never} {
		p.withdraw(t, action)
	}
	p.drained(t)
	for _, action := range []string{asked, alone} {
		if d := p.decided(t, "billing", action); d.Outcome != events.Approved {
			t.Errorf("%+v", d)
		}
	}
	p.undecided(t, "billing", never)
	p.agree(t)
}

func TestWithdrawalAfterAMove(t *testing.T) {
	t.Parallel()
	p := start(t)
	action := p.propose(t, "billing", "pay", proposed)
	first := p.card(t, "billing", action)
	if _, err := p.answer(t, "alice", first, edit(1, larger)); err != nil {
		t.Fatal(err)
	}
	p.withdraw(t, action) // while the new card is being opened
	if d := p.decided(t, "billing", action); d.Outcome != events.Withdrawn {
		t.Errorf("%+v", d)
	}
	p.drained(t)
	p.agree(t)
}

// rounds is how often something races.
func rounds() int {
	if testing.Short() {
		return 40
	}
	return 200
}

func TestWithdrawalsRace(t *testing.T) {
	t.Parallel()
	p := start(t)
	t.Run("with the opening of a card", func(t *testing.T) {
		p.many(t, func() {
			action := p.propose(t, "billing", []string{"pay", "pay_batch", "read"}[rand.IntN(3)], proposed)
			if rand.IntN(2) == 0 { // as the card is being opened, else about when it is scored
				p.claimed(t, action)
			}
			p.withdraw(t, action)
			p.decided(t, "billing", action)
		})
	})
	t.Run("with a verdict", func(t *testing.T) {
		p.many(t, func() {
			action := p.propose(t, "billing", "pay", proposed)
			card := p.card(t, "billing", action)
			v := []approver.Verdict{all(events.Approve), all(events.Reject), edit(1, smaller), edit(1, larger)}[rand.IntN(4)]
			v.Request, v.Digest = card.ID, card.Digest
			var both sync.WaitGroup
			both.Go(func() { p.withdraw(t, action) })
			both.Go(func() {
				if _, err := p.people["alice"].Cast(t.Context(), v); err != nil {
					t.Error(err)
				}
			})
			both.Wait()
			p.decided(t, "billing", action)
		})
	})
}

// many plays rounds, several at a time, and looks at what they left.
func (p *pipeline) many(t *testing.T, round func()) {
	t.Helper()
	var all sync.WaitGroup
	slots := make(chan struct{}, 8)
	for range rounds() {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			round()
		})
	}
	all.Wait()
	p.drained(t)
	p.agree(t)
}

// claimed waits until a router claimed the action for a card, or decided it.
func (p *pipeline) claimed(t *testing.T, action string) {
	t.Helper()
	until(t, "a claim of "+action, func(ctx context.Context) (bool, bool) {
		if _, err := p.requests.Get(ctx, requests.ClaimKey("billing", action)); err == nil {
			return true, true
		}
		_, err := p.people["alice"].Decision(ctx, "billing", action)
		return true, err == nil
	})
}

// drained waits until the services have handled everything that is stored.
func (p *pipeline) drained(t *testing.T) {
	t.Helper()
	until(t, "the services to be idle", func(ctx context.Context) (bool, bool) {
		for _, c := range [][2]string{
			{"ACTIONS", "riskscorer"}, {"ACTIONS", "approver-router-withdrawals"}, {"EVENTS", "approver-router-assessments"},
			{"VERDICTS", "approver-router-verdicts"}, {"EVENTS", "escalator-requests"}, {"ACTIONS", "riskscorer"}, {"EVENTS", "approver-router-assessments"},
		} {
			consumer, err := p.js.Consumer(ctx, p.Subjects.Stream(c[0]), c[1])
			if errors.Is(err, jetstream.ErrConsumerNotFound) {
				return false, false // its service is just starting
			}
			if err != nil {
				t.Fatal(err)
			}
			if info := consumer.CachedInfo(); info.NumPending > 0 || info.NumAckPending > 0 {
				return false, false
			}
		}
		return true, true
	})
}

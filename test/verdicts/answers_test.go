package verdicts

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestGuidanceReachesTheAgent(t *testing.T) {
	t.Parallel()
	p := start(t)
	failed := make(chan error, 1)
	go func() {
		failed <- p.agents["billing"].Guard(t.Context(), agent.Action{ID: "guarded", Tool: "pay", Arguments: json.RawMessage(proposed)},
			func(context.Context, json.RawMessage) error {
				t.Error("it ran")
				return nil
			})
	}()
	card := p.card(t, "billing", "guarded")
	v := approver.Verdict{Verdict: events.Respond, Guidance: "pay it from the other account", Comment: "budget is used up", ReasonCode: "budget"}
	if _, err := p.answer(t, "bob", card, v); err != nil {
		t.Fatal(err)
	}
	rejected := mustBe[*agent.RejectedError](t, <-failed)
	if rejected.Outcome != events.Rejected || rejected.Guidance != v.Guidance || len(rejected.Comments()) != 1 || !strings.Contains(rejected.Error(), v.Guidance) {
		t.Errorf("%+v", rejected)
	}
	p.agree(t)
}

func TestAbstainingCountsNeitherWay(t *testing.T) {
	t.Parallel()
	p := start(t)
	action := p.propose(t, "billing", "pay_two", proposed)
	card := p.card(t, "billing", action)
	p.counts(t, "alice", card, all(events.Approve))
	p.counts(t, "alice", card, all(events.Abstain)) // takes it back
	p.counts(t, "bob", card, all(events.Approve))
	p.undecided(t, "billing", action)
	if _, err := p.answer(t, "carol", card, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	d := p.decided(t, "billing", action)
	for _, by := range d.DecidedBy.Approvers {
		if by.Approver == "alice" {
			t.Errorf("alice abstained: %+v", d.DecidedBy)
		}
	}
}

func TestACommentIsRequired(t *testing.T) {
	t.Parallel()
	p := start(t)
	action := p.propose(t, "billing", "pay_comment", proposed)
	card := p.card(t, "billing", action)
	p.refuses(t, "alice", card, all(events.Approve), events.RefusedNoComment)
	p.refuses(t, "alice", card, all(events.Reject), events.RefusedNoComment)
	if _, err := p.answer(t, "alice", card, approver.Verdict{Verdict: events.Approve, Comment: "as ordered"}); err != nil {
		t.Fatal(err)
	}
	if d := p.decided(t, "billing", action); d.DecidedBy.Approvers[0].Comment != "as ordered" {
		t.Errorf("%+v", d)
	}
}

func TestNobodyApprovesTheirOwn(t *testing.T) {
	t.Parallel()
	p := start(t)
	onBehalf := func(a *agent.Action) { a.Principal = "Alice@Example.com" }
	action := p.propose(t, "billing", "pay", proposed, onBehalf)
	card := p.card(t, "billing", action)
	for _, account := range []string{"alice", "alice-admin"} {
		p.refuses(t, account, card, all(events.Approve), events.RefusedOwnAction)
		p.refuses(t, account, card, edit(1, smaller), events.RefusedOwnAction)
	}
	if _, err := p.answer(t, "alice-admin", card, all(events.Reject)); err != nil { // but may stop it
		t.Fatal(err)
	}
	if d := p.decided(t, "billing", action); d.Outcome != events.Rejected {
		t.Errorf("%+v", d)
	}
	action = p.propose(t, "bobs-helper", "pay", proposed)
	card = p.card(t, "bobs-helper", action)
	p.refuses(t, "bob", card, all(events.Approve), events.RefusedOwnAction)
	if _, err := p.answer(t, "carol", card, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	p.agree(t)
}

func TestTwoAccountsAreOneVoice(t *testing.T) {
	t.Parallel()
	p := start(t)
	action := p.propose(t, "billing", "pay_two", proposed)
	card := p.card(t, "billing", action)
	p.counts(t, "alice", card, all(events.Approve))
	p.counts(t, "alice-admin", card, all(events.Approve))
	p.undecided(t, "billing", action)
	if votes := p.get(t, card.ID).Items[0].Votes; len(votes) != 1 || votes[0].Person != "alice" || votes[0].Approver != "alice-admin" {
		t.Errorf("%+v", votes)
	}
}

func TestSeveralGroupsMustApprove(t *testing.T) {
	t.Parallel()
	p := start(t)
	for name, c := range map[string]struct {
		first, second string
		enough        bool
	}{
		"one of each":           {"carol", "dave", true},
		"both for one":          {"carol", "frank", true},
		"both, other way round": {"frank", "dave", true},
		"one person is one":     {"frank", "frank", false},
	} {
		action := p.propose(t, "billing", "pay_both", proposed)
		card := p.card(t, "billing", action)
		if len(card.Groups) != 2 || len(card.Require) != 2 {
			t.Fatalf("%s: %+v", name, card)
		}
		p.refuses(t, "bob", card, all(events.Approve), events.RefusedNotEntitled)
		p.counts(t, c.first, card, all(events.Approve))
		p.undecided(t, "billing", action)
		if !c.enough {
			p.counts(t, c.second, card, all(events.Approve))
			p.undecided(t, "billing", action)
			continue
		}
		if _, err := p.answer(t, c.second, card, all(events.Approve)); err != nil {
			t.Fatal(err)
		}
		if d := p.decided(t, "billing", action); d.Outcome != events.Approved || len(d.DecidedBy.Approvers) != 2 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestARejectionNeedNotEndIt(t *testing.T) {
	t.Parallel()
	p := start(t)
	passes, fails := p.propose(t, "billing", "pay_votes", proposed), p.propose(t, "billing", "pay_votes", proposed)
	card := p.card(t, "billing", passes)
	p.counts(t, "alice", card, all(events.Reject))
	p.counts(t, "bob", card, all(events.Approve))
	p.undecided(t, "billing", passes)
	if _, err := p.answer(t, "carol", card, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	card = p.card(t, "billing", fails)
	p.counts(t, "alice", card, all(events.Reject))
	if _, err := p.answer(t, "bob", card, approver.Verdict{Verdict: events.Respond, Guidance: "ask again tomorrow"}); err != nil {
		t.Fatal(err)
	}
	if d := p.decided(t, "billing", passes); d.Outcome != events.Approved {
		t.Errorf("%+v", d)
	}
	if d := p.decided(t, "billing", fails); d.Outcome != events.Rejected || d.Guidance != "ask again tomorrow" {
		t.Errorf("%+v", d)
	}
	p.agree(t)
}

func TestMediumWaitsWhereARouteSaysSo(t *testing.T) {
	t.Parallel()
	p := start(t)
	waits, passes := p.propose(t, "billing", "note", `{"text": "hi"}`), p.propose(t, "billing", "memo", `{"text": "hi"}`)
	if d := p.decided(t, "billing", passes); d.Outcome != events.Approved || !d.Review || d.DecidedBy.Kind != events.ByPolicy {
		t.Errorf("%+v", d)
	}
	card := p.card(t, "billing", waits)
	if card.Card.Route != "notes" {
		t.Errorf("%+v", card.Card)
	}
	if _, err := p.answer(t, "alice", card, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	if d := p.decided(t, "billing", waits); d.Outcome != events.Approved || d.DecidedBy.Kind != events.ByApprovers {
		t.Errorf("%+v", d)
	}
}

func TestRoutesThatContinueAreJoined(t *testing.T) {
	t.Parallel()
	p := start(t)
	one, both := p.propose(t, "billing", "pay_joined", smaller), p.propose(t, "billing", "pay_joined", larger)
	card := p.card(t, "billing", one)
	if card.Card.Quorum != 1 || card.Card.Otherwise != events.Expired {
		t.Errorf("%+v", card.Card)
	}
	p.refuses(t, "dave", card, all(events.Approve), events.RefusedNotEntitled)
	card = p.card(t, "billing", both)
	if card.Card.Quorum != 2 || card.Card.Otherwise != events.Rejected || card.Card.Route != "money_large" {
		t.Errorf("%+v", card.Card)
	}
	p.refuses(t, "dave", card, all(events.Reject), events.RefusedNoComment)
	p.counts(t, "dave", card, all(events.Approve))
	if _, err := p.answer(t, "carol", card, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	if d := p.decided(t, "billing", both); d.Outcome != events.Approved {
		t.Errorf("%+v", d)
	}
}

func TestItemsAreAnsweredOneByOne(t *testing.T) {
	t.Parallel()
	p := start(t)
	var actions []string
	for range 3 {
		actions = append(actions, p.propose(t, "billing", "pay_batch", proposed))
	}
	card := p.card(t, "billing", actions[0])
	if len(card.Items) != 3 {
		t.Fatalf("%d items", len(card.Items))
	}
	rest, err := card.AllBut(events.Reject, 2)
	if err != nil {
		t.Fatal(err)
	}
	p.counts(t, "alice", card, approver.Verdict{Items: rest})
	card = p.get(t, card.ID)
	if card.Items[0].Outcome != events.Rejected || !card.Items[1].Open() || card.Items[2].Outcome != events.Rejected {
		t.Fatalf("%+v", card.Items)
	}
	p.refuses(t, "bob", card, approver.Verdict{Items: []events.ItemVerdict{{Number: 1, Verdict: events.Approve}}}, events.RefusedItemClosed)
	if _, err := p.answer(t, "bob", card, edit(2, smaller)); err != nil {
		t.Fatal(err)
	}
	for i, item := range p.get(t, card.ID).Items {
		if d := p.decided(t, "billing", item.Action); (d.Outcome == events.Approved) != (i == 1) {
			t.Errorf("item %d: %+v", i+1, d)
		}
	}
	p.agree(t)
}

package verdicts

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

const (
	proposed = `{"to": "acme", "amount": 500, "lines": [1, 2]}`
	smaller  = `{"to": "acme", "amount": 100, "lines": [1]}`
	larger   = `{"to": "acme", "amount": 5000, "lines": [1, 2]}`
)

func digest(t *testing.T, arguments string) string {
	t.Helper()
	d, err := events.ArgumentsDigest(json.RawMessage(arguments))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func same(t *testing.T, a, b string) bool {
	t.Helper()
	return digest(t, a) == digest(t, b)
}

func TestAnEditIsWhatRuns(t *testing.T) {
	t.Parallel()
	p := start(t)
	ran := make(chan string, 1)
	failed := make(chan error, 1)
	go func() {
		failed <- p.agents["billing"].Guard(t.Context(), agent.Action{ID: "guarded", Tool: "pay", Arguments: json.RawMessage(proposed)},
			func(_ context.Context, arguments json.RawMessage) error {
				ran <- string(arguments)
				return nil
			})
	}()
	card := p.card(t, "billing", "guarded")
	cast, err := p.answer(t, "alice", card, edit(1, smaller))
	if err != nil || cast.Resolved == nil || cast.Resolved.Items[0].Outcome != events.Approved {
		t.Fatalf("%+v, %v", cast, err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if got := <-ran; !same(t, got, smaller) {
		t.Errorf("ran with %s", got)
	}
	d := p.decided(t, "billing", "guarded")
	if d.ArgumentsDigest != digest(t, smaller) || !same(t, string(d.Arguments), smaller) || d.Digest != card.Items[0].Digest {
		t.Errorf("%+v", d)
	}
	if by := d.DecidedBy.Approvers; len(by) != 1 || by[0].Approver != "alice" || by[0].Verdict != events.Edit {
		t.Errorf("decided by %+v", by)
	}
}

func TestAnEditRestartsTheCountOfAQuorum(t *testing.T) {
	t.Parallel()
	p := start(t)
	action := p.propose(t, "billing", "pay_two", proposed)
	first := p.card(t, "billing", action)
	p.counts(t, "bob", first, all(events.Approve))
	cast, err := p.answer(t, "alice", first, edit(1, smaller))
	if err != nil || cast.Revised == nil || cast.Revised.Digest == first.Digest {
		t.Fatalf("%+v, %v", cast, err)
	}
	// The approval that came before is of other arguments: it does not count any more.
	p.undecided(t, "billing", action)
	second := p.get(t, first.ID)
	if second.Version != 2 || second.Digest != cast.Revised.Digest || len(second.Items[0].Votes) != 1 ||
		second.Items[0].EditedBy != "alice" || !same(t, string(second.Items[0].Edited), smaller) {
		t.Fatalf("%+v", second)
	}
	p.refuses(t, "carol", first, all(events.Approve), events.RefusedWrongDigest)
	// The editor's own second account adds nothing.
	p.counts(t, "alice-admin", second, all(events.Approve))
	p.undecided(t, "billing", action)
	if _, err := p.answer(t, "bob", second, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	d := p.decided(t, "billing", action)
	if d.Outcome != events.Approved || d.ArgumentsDigest != digest(t, smaller) || len(d.DecidedBy.Approvers) != 2 {
		t.Errorf("%+v", d)
	}
}

func TestARiskierEditGoesToACardOfItsOwn(t *testing.T) {
	t.Parallel()
	p := start(t)
	action := p.propose(t, "billing", "pay", proposed)
	first := p.card(t, "billing", action)
	cast, err := p.answer(t, "alice", first, edit(1, larger))
	if err != nil || cast.Resolved == nil || !cast.Resolved.Items[0].Moved || cast.Resolved.Items[0].Outcome != "" {
		t.Fatalf("%+v, %v", cast, err)
	}
	second := p.card(t, "billing", action)
	item := second.Items[0]
	if second.ID == first.ID || item.Score <= first.Items[0].Score || !same(t, string(item.Edited), larger) || item.EditedBy != "alice" || len(item.Votes) != 0 {
		t.Fatalf("%+v", second)
	}
	p.undecided(t, "billing", action)
	if left := p.get(t, first.ID); left.Open() || !left.Items[0].Moved {
		t.Errorf("%+v", left)
	}
	p.refuses(t, "bob", first, all(events.Approve), events.RefusedClosed)
	if _, err := p.answer(t, "bob", second, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	if d := p.decided(t, "billing", action); d.Outcome != events.Approved || d.ArgumentsDigest != digest(t, larger) || d.Request != second.ID {
		t.Errorf("%+v", d)
	}
	p.agree(t)
}

func TestMalformedEditsAreRefused(t *testing.T) {
	t.Parallel()
	p := start(t)
	action := p.propose(t, "billing", "pay", proposed)
	card := p.card(t, "billing", action)
	for name, c := range map[string]struct{ arguments, says string }{
		"wrong type":             {`{"to": "acme", "amount": "500", "lines": []}`, `"amount" is a text instead of a number`},
		"null":                   {`{"to": null, "amount": 500, "lines": []}`, `"to" is null instead of a text`},
		"missing argument":       {`{"to": "acme", "amount": 500}`, `"lines" is missing`},
		"added argument":         {`{"to": "acme", "amount": 500, "lines": [], "force": true}`, `"force" is not among`},
		"other case":             {`{"To": "acme", "amount": 500, "lines": []}`, `"to" is missing`},
		"a list":                 {`[1]`, "not a JSON object"},
		"a text":                 {`"acme"`, "item 1"},
		"what policy never lets": {`{"to": "payroll", "amount": 5, "lines": []}`, "never allows"},
	} {
		if reason := p.refuses(t, "alice", card, edit(1, c.arguments), events.RefusedEdit); !strings.Contains(reason, c.says) {
			t.Errorf("%s: %s", name, reason)
		}
	}
	p.refuses(t, "alice", card, edit(2, smaller), events.RefusedUnknownItem)
	// What is no verdict at all is not even sent.
	for name, arguments := range map[string]string{
		"none": ``, "broken": `{"to":`, "too long": `{"to": "` + strings.Repeat("x", events.MaxEditLength) + `"}`,
		"a key twice": `{"to": "acme", "to": "eve", "amount": 500, "lines": []}`,
	} {
		_, err := p.answer(t, "alice", card, edit(1, arguments))
		if refused := (&approver.RefusedError{}); err == nil || errors.As(err, &refused) {
			t.Errorf("%s was sent: %v", name, err)
		}
	}
	p.undecided(t, "billing", action)
	if _, err := p.answer(t, "alice", card, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	if d := p.decided(t, "billing", action); d.ArgumentsDigest != digest(t, proposed) || len(d.Arguments) != 0 {
		t.Errorf("%+v", d)
	}
}

func TestAnEditWaitsForARiskScorer(t *testing.T) {
	t.Parallel()
	p := start(t)
	action := p.propose(t, "billing", "pay", proposed)
	card := p.card(t, "billing", action)
	p.scorer.end()
	v := edit(1, smaller)
	v.Request, v.Digest = card.ID, card.Digest
	cast, err := p.people["alice"].Cast(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	// The router has tried, and will again.
	until(t, "the verdict to be tried more than once", func(ctx context.Context) (bool, bool) {
		c, err := p.js.Consumer(ctx, p.Subjects.Stream("VERDICTS"), "approver-router-verdicts")
		if err != nil {
			t.Fatal(err)
		}
		return true, c.CachedInfo().NumRedelivered > 0
	})
	p.undecided(t, "billing", action)
	if r := p.get(t, card.ID); !r.Open() || r.Digest != card.Digest {
		t.Fatalf("%+v", r)
	}
	p.startScorer(t)
	d := p.decided(t, "billing", action)
	if d.Outcome != events.Approved || d.ArgumentsDigest != digest(t, smaller) {
		t.Errorf("%+v", d)
	}
	if votes := p.get(t, card.ID).Items[0].Votes; len(votes) != 1 || votes[0].Sequence != cast.Sequence {
		t.Errorf("%+v", votes)
	}
}

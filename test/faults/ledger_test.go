package faults

import (
	"context"
	"slices"
	"testing"

	"github.com/weighlock/weighlock/pkg/events"
)

// card is a request as it was announced.
type card struct {
	digest string
	*events.Card
}

// cast is a verdict as it was stored, with who cast it according to its subject.
type cast struct {
	approver string
	events.VerdictCast
}

// oneDecisionEach checks the ledger against what was proposed, the cards and the verdicts.
func (w *world) oneDecisionEach(ctx context.Context, t *testing.T, plans []plan) {
	t.Helper()
	decisions := map[string][]*events.DecisionMade{}
	for _, m := range w.stored(ctx, t, "DECISIONS") {
		d := payload[events.DecisionMade](t, m)
		if want := w.Subjects.Decision(d.Agent, d.Action); m.Subject() != want {
			t.Errorf("the decision on %s stands on %s", want, m.Subject())
		}
		key := d.Agent + "/" + d.Action
		decisions[key] = append(decisions[key], d)
	}
	cards, onCards := w.cards(ctx, t)
	casts := w.casts(ctx, t)
	for _, p := range plans {
		made := decisions[p.key()]
		if len(made) != 1 {
			t.Errorf("%s has %d decisions", p.key(), len(made))
			continue
		}
		delete(decisions, p.key())
		requests := onCards[p.key()]
		if !p.kind.waits() {
			if len(requests) > 0 {
				t.Errorf("%s action %s is on cards %v", p.kind, p.key(), requests)
			}
			continue
		}
		if len(requests) != 1 {
			t.Errorf("%s action %s is on cards %v", p.kind, p.key(), requests)
			continue
		}
		justified(t, made[0], cards[requests[0]], casts[requests[0]])
	}
	for key := range decisions {
		t.Errorf("%s was decided and never proposed", key)
	}
}

// cards are all requests that were announced, and for each action those it is on.
func (w *world) cards(ctx context.Context, t *testing.T) (cards map[string]card, onCards map[string][]string) {
	t.Helper()
	cards, onCards = map[string]card{}, map[string][]string{}
	for _, m := range w.stored(ctx, t, "EVENTS") {
		if _, event, _, err := w.Subjects.ParseApproval(m.Subject()); err != nil || event != events.Requested {
			continue
		}
		announced := payload[events.ApprovalRequested](t, m)
		shown, err := announced.ReadCard()
		if err != nil {
			t.Fatal(err)
		}
		if before, again := cards[announced.Request]; again {
			if before.digest != announced.Digest {
				t.Errorf("request %s was announced with two cards", announced.Request)
			}
			continue
		}
		cards[announced.Request] = card{announced.Digest, shown}
		for _, item := range shown.Items {
			key := item.Agent + "/" + item.Action
			onCards[key] = append(onCards[key], announced.Request)
		}
	}
	return cards, onCards
}

// casts are all verdicts by request, in order.
func (w *world) casts(ctx context.Context, t *testing.T) map[string][]cast {
	t.Helper()
	casts := map[string][]cast{}
	for _, m := range w.stored(ctx, t, "VERDICTS") {
		_, approver, request, err := w.Subjects.ParseVerdict(m.Subject())
		if err != nil {
			t.Fatal(err)
		}
		casts[request] = append(casts[request], cast{approver, *payload[events.VerdictCast](t, m)})
	}
	return casts
}

// justified checks that the decision on a card's item follows from verdicts that were really cast,
// on that card as it was shown, by people who were asked.
func justified(t *testing.T, d *events.DecisionMade, c card, casts []cast) {
	t.Helper()
	i := slices.IndexFunc(c.Items, func(item events.CardItem) bool { return item.Agent == d.Agent && item.Action == d.Action })
	if d.Request != c.Request || d.DecidedBy.Kind != events.ByApprovers || c.Items[i].Digest != d.Digest {
		t.Errorf("%s/%s was decided by %s on request %q, its card is %s", d.Agent, d.Action, d.DecidedBy.Kind, d.Request, c.Request)
		return
	}
	var approved []string
	rejected := false
	for _, a := range d.DecidedBy.Approvers {
		really := slices.ContainsFunc(casts, func(v cast) bool {
			return v.approver == a.Approver && v.Digest == c.digest && answerTo(v.VerdictCast, i+1) == a.Verdict
		})
		if !really || !slices.Contains(groups[c.Group], a.Approver) {
			t.Errorf("%s/%s names the verdict %s by %s (cast: %t)", d.Agent, d.Action, a.Verdict, a.Approver, really)
		}
		if a.Verdict == events.Reject {
			rejected = true
		} else if !slices.Contains(approved, a.Approver) {
			approved = append(approved, a.Approver)
		}
	}
	switch {
	case d.Outcome == events.Approved && !rejected && len(approved) >= quorum[c.Group]:
	case d.Outcome == events.Rejected && rejected:
	default:
		t.Errorf("%s/%s of group %s is %s: %+v", d.Agent, d.Action, c.Group, d.Outcome, d.DecidedBy)
	}
}

// answerTo is what v says of item number n.
func answerTo(v events.VerdictCast, n int) events.VerdictKind {
	for _, item := range v.Items {
		if item.Number == n {
			return item.Verdict
		}
	}
	return v.Verdict
}

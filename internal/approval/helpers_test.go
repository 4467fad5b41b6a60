package approval

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// ref is the n-th action of an agent, from 1.
func ref(n int) events.ActionRef {
	args := events.Digest([]byte(fmt.Sprint("arguments ", n)))
	return events.ActionRef{Agent: "billing", Action: fmt.Sprintf("a-%d", n), Sequence: uint64(n), Digest: events.Digest([]byte(fmt.Sprint(n))), ArgumentsDigest: args}
}

func card(items int) (events.Card, []ItemOrigin) {
	c := events.Card{Request: "r-1", Route: "money", Headline: "Pay <b>invoices</b> & more", Level: events.High, Score: 80}
	origins := make([]ItemOrigin, items)
	for i := range items {
		c.Items = append(c.Items, events.CardItem{ActionRef: ref(i + 1), Tool: "pay", Level: events.High, Score: 80 - i, ProposedAt: noon.Add(-time.Second)})
		origins[i] = ItemOrigin{ReplyTo: fmt.Sprintf("_INBOX.billing.%d", i+1), EventID: fmt.Sprintf("e-%d", i+1), TraceParent: fmt.Sprintf("00-trace-%d", i+1), PolicyVersion: "p-1"}
	}
	return c, origins
}

// twoTiers asks finance, with a reminder at 4 minutes, and after ten the managers for five.
func twoTiers(quorum int) Rules {
	return Rules{Require: []Requirement{{Group: "finance", Count: quorum}}, RejectionEnds: true, Otherwise: events.Expired, Hold: 5 * time.Minute, Stop: 3 * time.Minute, Tiers: []Tier{
		{Group: "finance", Wait: 10 * time.Minute, RemindEvery: 4 * time.Minute},
		{Group: "managers", Wait: 5 * time.Minute},
	}}
}

func mustOpen(t testing.TB, items int, rules Rules) State {
	t.Helper()
	c, origins := card(items)
	s, _, err := Open(c, rules, origins, Duty{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var groupsOf = map[string][]string{
	"alice": {"finance"}, "bob": {"finance", "it"}, "carol": {"managers"}, "dave": {"managers", "finance"}, "eve": {"it"}, "frank": nil,
}

// says makes a verdict on all items, or on those named.
func says(s State, sequence uint64, approver string, kind events.VerdictKind, items ...int) Verdict {
	v := Verdict{
		Sequence: sequence, EventID: fmt.Sprintf("v-%d", sequence), Channel: "self", Approver: approver, Person: personOf(approver), Groups: groupsOf[personOf(approver)],
		Cast: events.VerdictCast{Digest: s.Digest}, At: noon.Add(time.Duration(sequence) * time.Second),
	}
	if len(items) == 0 {
		v.Cast.Verdict = kind
	}
	for _, n := range items {
		v.Cast.Items = append(v.Cast.Items, events.ItemVerdict{Number: n, Verdict: kind})
	}
	return v
}

// hands makes a hand-over with what its kind needs.
func hands(s State, sequence uint64, approver string, kind events.HandOverKind) HandOver {
	at := noon.Add(time.Duration(sequence) * time.Second)
	h := HandOver{
		Sequence: sequence, EventID: fmt.Sprintf("h-%d", sequence), Channel: "self", Approver: approver, Person: personOf(approver), Groups: groupsOf[personOf(approver)],
		Cast: events.HandOverCast{Request: s.Request, Kind: kind}, At: at,
	}
	switch kind {
	case events.Reassign:
		h.Cast.To, h.ToPerson, h.ToGroups = "carol", "carol", groupsOf["carol"]
	case events.Ask:
		h.Cast.Question = "is it due?"
	case events.Snooze:
		until := at.Add(time.Minute)
		h.Cast.Until = &until
	}
	return h
}

func tierEnds(tier int) TimerFired {
	return TimerFired{Tier: tier, Kind: Escalate, At: noon.Add(1000 * time.Hour)}
}

func asJSON(t interface {
	Helper()
	Fatal(args ...any)
}, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// play applies inputs in turn and returns the last step's effects.
func play(t testing.TB, s State, inputs ...Input) (State, []Effect) {
	t.Helper()
	var effects []Effect
	for _, in := range inputs {
		if timer, ok := in.(TimerFired); ok && timer.At.IsZero() {
			timer.At = noon.Add(1000 * time.Hour)
			in = timer
		}
		s, effects = Next(s, in, noon)
	}
	return s, effects
}

func outcomes(s State) (all []events.Outcome) {
	for _, item := range s.Items {
		if item.Outcome == nil {
			all = append(all, "")
		} else {
			all = append(all, item.Outcome.Outcome)
		}
	}
	return all
}

func refusalOf(effects []Effect) events.RefusalCode {
	if len(effects) == 1 {
		if a, ok := effects[0].(Announce); ok && a.Event == events.Refused {
			return a.Payload.(*events.VerdictRefused).Code
		}
	}
	return ""
}

func decisions(effects []Effect) (all []events.DecisionMade) {
	for _, e := range effects {
		if d, ok := e.(Decide); ok {
			all = append(all, d.Decision)
		}
	}
	return all
}

// personOf is who is behind an account: alice-2 is alice.
func personOf(account string) string { return strings.TrimSuffix(account, "-2") }

package routing

import (
	"cmp"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
)

// maxHeadline is the longest headline in characters: what fits a notification's title.
const maxHeadline = 120

// newCard makes the card of a batch, the riskiest item first. It reorders items.
func newCard(request string, route *routes.Route, items []waiting, now time.Time) events.Card {
	slices.SortStableFunc(items, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(b.assessment.Score, a.assessment.Score), cmp.Compare(a.assessment.Sequence, b.assessment.Sequence))
	})
	card := events.Card{
		Request: request, Group: route.Group, Route: route.ID, Quorum: route.Quorum,
		Level: events.High, Score: items[0].assessment.Score,
		Items:    make([]events.CardItem, len(items)),
		OpenedAt: now, EndsAt: endOf(route, items, now), Otherwise: route.Otherwise,
	}
	for i, w := range items {
		a := w.assessment
		card.Items[i] = events.CardItem{
			Number: i + 1, ActionRef: a.ActionRef,
			Tool: a.Tool, Target: a.Target, Principal: a.Principal, Session: a.Session,
			Level: a.Level, Score: a.Score, Reasons: reasons(a),
			ProposedAt: a.ProposedAt, Deadline: a.Deadline,
		}
	}
	card.Headline = headline(items)
	return card
}

// endOf is when the request ends unanswered: the end of its escalation path, or the
// earliest deadline of an action on it.
func endOf(route *routes.Route, items []waiting, now time.Time) time.Time {
	end := now
	for _, tier := range route.Tiers {
		end = end.Add(tier.Wait)
	}
	for _, w := range items {
		if d := w.assessment.Deadline; d != nil && d.Before(end) {
			end = *d
		}
	}
	return end
}

func reasons(a *events.ActionAssessed) []string {
	if len(a.Rules) == 0 {
		return []string{a.Reason}
	}
	out := make([]string, len(a.Rules))
	for i, r := range a.Rules {
		out[i] = r.Reason
	}
	return out
}

// headline says in one line who wants what.
func headline(items []waiting) string {
	a := items[0].assessment
	what := a.Tool
	if what == "" {
		what = string(a.Breakpoint)
	}
	if a.Target != nil {
		switch {
		case a.Target.Name != "":
			what += " on " + a.Target.Name
		case a.Target.Kind != "":
			what += " on a " + a.Target.Kind
		}
		if a.Target.Environment != "" {
			what += " (" + a.Target.Environment + ")"
		}
	}
	agents := map[string]bool{}
	for _, w := range items {
		agents[w.assessment.Agent] = true
	}
	who := a.Agent
	if len(agents) > 1 {
		who = fmt.Sprintf("%d agents", len(agents))
	}
	if n := len(items); n > 1 {
		return clip(fmt.Sprintf("%s: %d × %s", who, n, what), maxHeadline)
	}
	return clip(fmt.Sprintf("%s: %s", who, what), maxHeadline)
}

func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

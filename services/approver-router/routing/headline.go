package routing

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/money"
	"github.com/weighlock/weighlock/internal/grants"
	"github.com/weighlock/weighlock/pkg/events"
)

// headline says in one line who wants what.
func headline(items []waiting) string {
	first := items[0].assessment
	what := subjectOf(items)
	name, place := same(items, func(t *events.Target) string { return t.Name }), same(items, func(t *events.Target) string { return t.Environment })
	switch {
	case name != "":
		what += " on " + name
	case first.Target != nil && first.Target.Kind != "":
		what += " on a " + first.Target.Kind
	}
	if place != "" {
		what += " (" + place + ")"
	}
	agents := map[string]bool{}
	for _, w := range items {
		agents[w.assessment.Agent] = true
	}
	who := first.Agent
	if len(agents) > 1 {
		who = fmt.Sprintf("%d agents", len(agents))
	}
	if n := len(items); n > 1 {
		what = fmt.Sprintf("%d × %s", n, what)
	}
	what += moved(items)
	return clip(oneLine(who+": "+what), maxHeadline)
}

// same is a text of the targets where they all agree, so that a headline never names one
// target for all; else "".
func same(items []waiting, text func(*events.Target) string) string {
	var shared string
	for i, w := range items {
		var t events.Target
		if w.assessment.Target != nil {
			t = *w.assessment.Target
		}
		if i > 0 && text(&t) != shared {
			return ""
		}
		shared = text(&t)
	}
	return shared
}

// subjectOf is what is asked for: the tool, or a plan with the tool it is mostly about.
func subjectOf(items []waiting) string {
	first := items[0]
	if p := first.proposed; p == nil || first.assessment.Breakpoint != events.AtPlan {
		return cmp.Or(first.assessment.Tool, string(first.assessment.Breakpoint))
	}
	count, most := map[string]int{}, ""
	for _, step := range first.proposed.Plan {
		if count[step.Tool]++; step.Tool != "" && (most == "" || count[step.Tool] > count[most]) {
			most = step.Tool
		}
	}
	text := fmt.Sprintf("a plan of %d steps", len(first.proposed.Plan))
	if len(first.proposed.Plan) == 1 {
		text = "a plan of one step"
	}
	if most != "" {
		text += fmt.Sprintf(", %d × %s", count[most], most)
	}
	return text
}

// moved is how much money the items move together; nothing where that is not known for every one of them.
func moved(items []waiting) string {
	var sum int64
	currency := ""
	for _, w := range items {
		if w.proposed == nil || w.assessment.Edited != nil {
			return ""
		}
		f, err := money.Of(input.New(w.proposed, w.assessment.Agent, w.assessment.ProposedAt, nil))
		if err != nil {
			return ""
		}
		amount, unknown := grants.Price(f)
		if unknown || amount == nil || currency != "" && amount.Currency != currency || sum > maxSum-amount.Micros {
			return ""
		}
		sum, currency = sum+amount.Micros, amount.Currency
	}
	text := ", " + strconv.FormatFloat(grants.Amount(sum), 'f', 2, 64) + " " + currency
	if len(items) > 1 {
		text += " in all"
	}
	return text
}

// maxSum keeps sums of amounts from wrapping around.
const maxSum = 1 << 62

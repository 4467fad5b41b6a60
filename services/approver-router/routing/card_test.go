package routing

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/pkg/events"
)

// cardOf is the card as it is published.
func cardOf(t *testing.T, items ...waiting) *events.Card {
	t.Helper()
	sortByRisk(items)
	origins := make([]approval.ItemOrigin, len(items))
	route := testRoute(time.Second, 50)
	s, _, err := approval.Open(newCard("r-1", route, items, mostRoom), rulesOf(route), origins, approval.Duty{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return s.ReadCard()
}

func TestCardDoesNotShowRulesOnTrial(t *testing.T) {
	t.Parallel()
	a := &events.ActionAssessed{Reason: "all", Rules: []events.FiredRule{{ID: "a", Reason: "counts"}, {ID: "b", Reason: "on trial", Shadow: true}}}
	if got := reasons(a); len(got) != 1 || got[0] != "counts" {
		t.Errorf("reasons %q", got)
	}
	if a.Rules = a.Rules[1:]; reasons(a)[0] != "all" {
		t.Errorf("reasons %q", reasons(a))
	}
}

func TestCardShowsTheWorstFirst(t *testing.T) {
	t.Parallel()
	at := func(sequence uint64) func(*events.ActionAssessed) {
		return func(a *events.ActionAssessed) { a.Sequence = sequence }
	}
	card := cardOf(t,
		held(assessment("billing", "mild", score(70), at(1))),
		held(assessment("billing", "worst", score(95), at(4))),
		held(assessment("support", "second", score(80), at(3))),
		held(assessment("support", "first", score(80), at(2))),
	)
	var order []string
	for i, item := range card.Items {
		if item.Number != i+1 {
			t.Errorf("item %d has number %d", i+1, item.Number)
		}
		order = append(order, item.Action)
	}
	if got := strings.Join(order, " "); got != "worst first second mild" {
		t.Errorf("order %s", got)
	}
	if card.Score != 95 || card.Level != events.High || card.Group != "ops" || card.Route != "rest" || card.Quorum != 1 {
		t.Errorf("%+v", card)
	}
}

func TestCardEndsWithThePathOrTheFirstDeadline(t *testing.T) {
	t.Parallel()
	deadline := func(d time.Duration) func(*events.ActionAssessed) {
		return func(a *events.ActionAssessed) { end := noon.Add(d); a.Deadline = &end }
	}
	for name, c := range map[string]struct {
		items []waiting
		end   time.Duration
	}{
		"no deadline":    {[]waiting{held(assessment("b", "a"))}, 30 * time.Minute},
		"late deadline":  {[]waiting{held(assessment("b", "a", deadline(time.Hour)))}, 30 * time.Minute},
		"early deadline": {[]waiting{held(assessment("b", "a")), held(assessment("b", "c", deadline(5*time.Minute))), held(assessment("b", "d", deadline(7*time.Minute)))}, 5 * time.Minute},
		"gone by":        {[]waiting{held(assessment("b", "a", deadline(-time.Hour)))}, 0},
	} {
		if got := cardOf(t, c.items...).EndsAt; !got.Equal(noon.Add(c.end)) {
			t.Errorf("%s: ends at %s, want %s after noon", name, got, c.end)
		}
	}
}

func TestHeadline(t *testing.T) {
	t.Parallel()
	target := func(kind, name, environment string) func(*events.ActionAssessed) {
		return func(a *events.ActionAssessed) {
			a.Target = &events.Target{Kind: kind, Name: name, Environment: environment}
		}
	}
	bare := func(a *events.ActionAssessed) { a.Target, a.Tool = nil, "" }
	for want, items := range map[string][]waiting{
		"billing: drop_table on customers (production)":                   {held(assessment("billing", "a"))},
		"billing: 2 × drop_table on customers (production)":               {held(assessment("billing", "a")), held(assessment("billing", "b"))},
		"2 agents: 2 × drop_table on customers (production)":              {held(assessment("billing", "a")), held(assessment("support", "b"))},
		"billing: 2 × drop_table on a database (production)":              {held(assessment("billing", "a")), held(assessment("billing", "b", target("database", "orders", "production")))},
		"billing: 2 × drop_table on customers":                            {held(assessment("billing", "a")), held(assessment("billing", "b", target("database", "customers", "test")))},
		"billing: drop_table":                                             {held(assessment("billing", "a", target("", "", "")))},
		"billing: tool_call":                                              {held(assessment("billing", "a", bare))},
		"billing: pay approve  everything  on customers (production)":     {held(assessment("billing", "a", tool("pay\napprove \u202eeverything\x1b")))},
		"billing: " + strings.Repeat("ü", maxHeadline-10) + "…":           {held(assessment("billing", "a", tool(strings.Repeat("ü", 500))))},
		"billing: " + strings.Repeat("x", maxHeadline-9):                  {held(assessment("billing", "a", tool(strings.Repeat("x", maxHeadline-9)), target("", "", "")))},
		"billing: " + strings.Repeat("\u4e16", maxHeadline-10) + "\u2026": {held(assessment("billing", "a", tool(strings.Repeat("世", 200))))},
	} {
		got := headline(items)
		if got != want {
			t.Errorf("headline %q\n    want %q", got, want)
		}
		if n := utf8.RuneCountInString(got); n > maxHeadline {
			t.Errorf("%q has %d characters", got, n)
		}
	}
}

// An agent may send texts of any length and any number of rules may fire.
func huge(agent, action string) *events.ActionAssessed {
	long := strings.Repeat("<\"é世\x00", 20_000)
	a := assessment(agent, action, tool(long))
	a.Target = &events.Target{Kind: long, Name: long, Environment: long}
	a.Principal, a.Session, a.Reason = long, long, long
	for i := range 100 {
		a.Rules = append(a.Rules, events.FiredRule{ID: fmt.Sprint(i), Reason: long})
	}
	return a
}

func TestSplitKeepsRequestsSmall(t *testing.T) {
	t.Parallel()
	const most = 256 << 10
	items := make([]waiting, 50)
	for i := range items {
		items[i] = held(huge("billing", fmt.Sprintf("a-%d", i)))
		items[i].cause.TraceParent, items[i].cause.ID = strings.Repeat("t", 64<<10), strings.Repeat("<", 64<<10)
	}
	route := testRoute(time.Second, 50)
	var seen []waiting
	parts := split(items, most)
	for _, part := range parts {
		seen = append(seen, part...)
		origins := make([]approval.ItemOrigin, len(part))
		for i, w := range part {
			origins[i] = originOf(w)
		}
		s, _, err := approval.Open(newCard("r-1", route, part, mostRoom), rulesOf(route), origins, approval.Duty{}, noon)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(marshal(t, s)); n > most {
			t.Errorf("a request of %d items has %d bytes", len(part), n)
		}
	}
	if len(parts) < 2 || len(parts) == len(items) {
		t.Errorf("%d parts of %d items prove nothing", len(parts), len(items))
	}
	if len(seen) != len(items) {
		t.Fatalf("%d items of %d", len(seen), len(items))
	}
	for i := range seen {
		if seen[i].promise != items[i].promise {
			t.Fatalf("item %d is out of order", i)
		}
	}
	if n := len(split(items[:1], 1)); n != 1 {
		t.Errorf("one item that is too large gives %d parts", n)
	}
}

func TestUnique(t *testing.T) {
	t.Parallel()
	again := held(assessment("billing", "a"))
	first, repeated := unique([]waiting{held(assessment("billing", "a")), held(assessment("support", "a")), again, held(assessment("billing", "b"))})
	if len(first) != 3 || len(repeated) != 1 || repeated[0].promise != again.promise {
		t.Errorf("%d first, %d repeated", len(first), len(repeated))
	}
}

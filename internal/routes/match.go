package routes

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// Step is one route that was looked at on the way to the match.
type Step struct {
	Depth   int
	ID      string
	Matched bool
	// Failed is why the condition could not be evaluated; such a route counts as matched, so that a
	// broken condition brings more people in and never fewer.
	Failed error
	// Chosen says that the route's people are asked.
	Chosen bool
}

// Match returns the route of an action: the deepest that matches. Where routes that
// continue match beside each other, it is a route that asks what all of them ask.
func (r *Routes) Match(a Action) *Route {
	route, _ := r.Explain(a)
	return route
}

// Explain is [Routes.Match] with the way through the tree.
func (r *Routes) Explain(a Action) (*Route, []Step) {
	w := walk{action: a}
	w.visit(r.root, 0)
	route := w.chosen[0].Route
	for _, n := range w.chosen[1:] {
		route = join(route, n.Route)
	}
	return &route, w.steps
}

type walk struct {
	action Action
	chosen []*node
	steps  []Step
}

// visit goes down from n, which matched.
func (w *walk) visit(n *node, depth int) {
	at := len(w.steps)
	w.steps = append(w.steps, Step{Depth: depth, ID: n.ID, Matched: true})
	found := false
	for _, child := range n.below {
		holds, err := child.when.Holds(w.action)
		if !holds && err == nil {
			w.steps = append(w.steps, Step{Depth: depth + 1, ID: child.ID})
			continue
		}
		here := len(w.steps)
		w.visit(child, depth+1)
		w.steps[here].Failed = err
		found = true
		if err == nil && !child.goOn {
			break
		}
	}
	if !found {
		w.steps[at].Chosen = true
		w.chosen = append(w.chosen, n)
	}
}

// join is a route that asks what a and b ask: everybody that either needs, under the stricter of their rules.
// The escalation path is that of a, with nobody leaving it: its later tiers may be too few for both.
func join(a, b Route) Route {
	a.ID = joinID(a.ID, b.ID)
	a.EarlierLeave = false
	a.Require = slices.Clone(a.Require)
	for _, r := range b.Require {
		if i := slices.IndexFunc(a.Require, func(have requirement) bool { return have.Group == r.Group }); i >= 0 {
			a.Require[i].Count = max(a.Require[i].Count, r.Count)
		} else {
			a.Require = append(a.Require, r)
		}
	}
	a.RejectionEnds = a.RejectionEnds || b.RejectionEnds
	a.MediumWaits = a.MediumWaits || b.MediumWaits
	a.Mask = both(a.Mask, b.Mask)
	a.Plans = min(a.Plans, b.Plans)
	a.Attention = joinAttention(a.Attention, b.Attention)
	a.Grants = joinGrants(a.Grants, b.Grants)
	for _, kind := range b.CommentOn {
		if !slices.Contains(a.CommentOn, kind) {
			a.CommentOn = append(slices.Clone(a.CommentOn), kind)
		}
	}
	a.Window.First, a.Window.Max = min(a.Window.First, b.Window.First), min(a.Window.Max, b.Window.Max)
	a.MaxItems = min(a.MaxItems, b.MaxItems)
	a.Similar, a.Flood = slices.Concat(a.Similar, b.Similar), joinFloods(a.Flood, b.Flood)
	if rank(b.Delivery) < rank(a.Delivery) {
		a.Delivery = b.Delivery
	}
	a.Urgent.Deadline = max(a.Urgent.Deadline, b.Urgent.Deadline)
	if a.Urgent.Score == 0 || b.Urgent.Score > 0 && b.Urgent.Score < a.Urgent.Score {
		a.Urgent.Score = b.Urgent.Score
	}
	a.Channels = common(a.Channels, b.Channels)
	if b.Otherwise == events.Rejected {
		a.Otherwise = events.Rejected
	}
	return a
}

// maxID is the longest token, see [events.CheckToken].
const maxID = 64

func joinID(a, b string) string {
	id := a + "_" + b
	return strings.TrimRight(id[:min(len(id), maxID)], "_")
}

func rank(d Delivery) int { return slices.Index([]Delivery{Now, Hourly, Daily}, d) }

// none is no channel's name: a route whose parts trust different channels trusts nobody, and ends closed.
const none = "-"

// both is what is in either list, each once.
func both(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func common(a, b []string) []string {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	both := slices.DeleteFunc(slices.Clone(a), func(c string) bool { return !slices.Contains(b, c) })
	if len(both) == 0 {
		return []string{none}
	}
	return both
}

// Package compare says what a change of policy would change for given actions, and why.
package compare

import (
	"fmt"
	"slices"
	"time"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/policy/rows"
	"github.com/weighlock/weighlock/pkg/events"
)

// Side is what one policy says.
type Side struct {
	Level  events.Level `json:"level"`
	Score  int          `json:"score"`
	Denied bool         `json:"denied,omitempty"`
}

// Word is the side in one word or two.
func (s Side) Word() string {
	if s.Denied {
		return "denied"
	}
	return string(s.Level)
}

// Change is an action of which two policies say something else.
type Change struct {
	Name   string   `json:"name"`
	Tool   string   `json:"tool,omitempty"`
	Before Side     `json:"before"`
	After  Side     `json:"after"`
	Why    []string `json:"why"` // each as a sentence
}

// Raised says that the second policy is the stricter one.
func (c *Change) Raised() bool {
	return c.After.Denied && !c.Before.Denied || c.After.Denied == c.Before.Denied && c.After.Score > c.Before.Score
}

// Report is what changes.
type Report struct {
	Actions int      `json:"actions"`
	Changes []Change `json:"changes"` // of level or denial, in the order of the actions
	// Scores is how many more change in their score alone.
	Scores int `json:"scores"`
}

// Policies compares what a and b say of the actions.
func Policies(a, b *policy.Policy, actions []rows.Named, now time.Time) Report {
	out := Report{Actions: len(actions), Changes: []Change{}}
	for _, one := range actions {
		before, after := a.Explain(one.Action, one.Agent, now), b.Explain(one.Action, one.Agent, now)
		c := Change{Name: one.Name, Tool: one.Action.Tool, Before: side(before), After: side(after)}
		switch {
		case c.Before.Word() != c.After.Word():
			c.Why = why(before, after)
			out.Changes = append(out.Changes, c)
		case c.Before.Score != c.After.Score:
			out.Scores++
		}
	}
	return out
}

func side(e policy.Explanation) Side { return Side{e.Level, e.Score, e.Denied} }

// why lists the rules that fire under one policy alone or weigh something else, and thresholds that differ.
func why(before, after policy.Explanation) []string {
	var out []string
	for _, r := range after.Rules {
		i := slices.IndexFunc(before.Rules, func(o events.FiredRule) bool { return o.ID == r.ID })
		if i < 0 {
			out = append(out, "now also "+rule(r))
		} else if o := before.Rules[i]; o.Points != r.Points || o.Cap != r.Cap || o.Shadow != r.Shadow {
			out = append(out, fmt.Sprintf("%s, before %s", rule(r), weight(o)))
		}
	}
	for _, o := range before.Rules {
		if !slices.ContainsFunc(after.Rules, func(r events.FiredRule) bool { return o.ID == r.ID }) {
			out = append(out, "no longer "+rule(o))
		}
	}
	if x, y := before.Parts[0].Thresholds, after.Parts[0].Thresholds; x != y {
		out = append(out, fmt.Sprintf("medium from %d and high from %d, before %d and %d", y.Medium, y.High, x.Medium, x.High))
	}
	if len(out) == 0 {
		out = append(out, "the same rules force another level")
	}
	return out
}

func rule(r events.FiredRule) string { return fmt.Sprintf("%s (%s): %s", r.ID, weight(r), r.Reason) }

func weight(r events.FiredRule) string {
	if r.Shadow {
		return "does not count"
	}
	if r.Cap != 0 {
		return fmt.Sprintf("%d points up to %d", r.Points, r.Cap)
	}
	return fmt.Sprintf("%d points", r.Points)
}

package policy

import (
	"fmt"
	"math"
	"time"

	"cel.dev/cel-go/common/types/ref"

	"github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/pkg/events"
)

// Explanation is an assessment with everything that led to it.
type Explanation struct {
	Version string             `json:"policyVersion"`
	Level   events.Level       `json:"level"`
	Score   int                `json:"score"`
	Denied  bool               `json:"denied,omitempty"`
	Reason  string             `json:"reason"`
	Rules   []events.FiredRule `json:"rules"`
	// Parts are the action itself and each step of its plan that was weighed.
	Parts []Part `json:"parts"`
}

// Part is one thing that was weighed on its own.
type Part struct {
	Name       string       `json:"name"` // "action", "step 1", …
	Tool       string       `json:"tool,omitempty"`
	Facts      []Value      `json:"facts,omitempty"`
	Words      []string     `json:"words,omitempty"` // the word sets that the tool's name is in
	Guards     []Guard      `json:"guards,omitempty"`
	Sums       []Sum        `json:"sums,omitempty"`
	Floors     []Floor      `json:"floors,omitempty"`
	Shadows    []string     `json:"shadows,omitempty"` // rules that fired without counting
	Thresholds Thresholds   `json:"thresholds"`
	Overrides  []string     `json:"overrides,omitempty"` // of thresholds
	Score      int          `json:"score"`
	Level      events.Level `json:"level"`
}

// Value is one fact of the action.
type Value struct {
	Name  string `json:"name"`
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

// Empty says that the fact is false, zero or has nothing in it.
func (v Value) Empty() bool {
	switch x := v.Value.(type) {
	case bool:
		return !x
	case string:
		return x == ""
	case int64:
		return x == 0
	case float64:
		return x == 0
	case []string:
		return len(x) == 0
	}
	return v.Error == ""
}

// Guard is what the applies of a file said.
type Guard struct {
	File    string `json:"file"`
	Applies bool   `json:"applies"`
}

// Sum is one addition on the way to the score, in the order they are made.
type Sum struct {
	Rule   string `json:"rule"`
	Points int    `json:"points"`
	Cap    int    `json:"cap"`
	Before int    `json:"before"`
	After  int    `json:"after"`
	Reason string `json:"reason"`
}

// Floor is a finding that forces a level, or denies.
type Floor struct {
	Rule   string       `json:"rule"`
	Level  events.Level `json:"level"`
	Denies bool         `json:"denies,omitempty"`
	Reason string       `json:"reason"`
}

// Explain weighs the action as [Policy.Assess] does and says how.
func (p *Policy) Explain(a *events.ActionProposed, agent string, now time.Time) Explanation {
	all := []*weighing{p.broken(noAction)}
	if a != nil {
		all = p.weighAll(nil, input.New(a, agent, now, nil), nil, true)
	}
	sum := p.sum(all)
	out := Explanation{Version: p.version, Level: sum.Level, Score: sum.Score, Denied: sum.Denied, Reason: sum.Reason, Rules: sum.Rules}
	for _, w := range all {
		out.Parts = append(out.Parts, w.part())
	}
	return out
}

func (w *weighing) part() Part {
	out := Part{Name: "action", Guards: w.guards, Thresholds: w.thresholds, Overrides: w.noted}
	if w.prefix != "" {
		out.Name = w.prefix[:len(w.prefix)-len(": ")]
	}
	if w.set != nil {
		out.Tool, out.Facts, out.Words = w.set.Action.Tool, Facts(w.set), w.policy.words.named(w.bits)
	}
	combine(w.findings, func(f *finding, before, after int) {
		out.Sums = append(out.Sums, Sum{f.id, f.points, f.limit(), before, after, Shorten(f.reason, maxReason)})
	})
	for i := range w.findings {
		f := &w.findings[i]
		reason := Shorten(f.reason, maxReason)
		switch {
		case f.shadow:
			out.Shadows = append(out.Shadows, f.id+": "+reason)
		case f.deny:
			out.Floors = append(out.Floors, Floor{f.id, events.High, true, reason})
		case f.floor != "" && f.floor != events.Low:
			out.Floors = append(out.Floors, Floor{f.id, f.floor, false, reason})
		}
	}
	out.Score, out.Level = w.outcome()
	return out
}

// Facts are all facts of a set by name, as Go values.
func Facts(set *facts.Set) []Value {
	all := facts.All()
	out := make([]Value, len(all))
	for i, f := range all {
		out[i] = ask(set, f.Name)
	}
	return out
}

// ask asks for one fact. A domain that panics is one that cannot be worked out.
func ask(set *facts.Set, name string) (v Value) {
	defer func() {
		if r := recover(); r != nil {
			v = Value{Name: name, Error: fmt.Sprintf("could not be worked out: %.200v", r)}
		}
	}()
	fact, _ := set.Resolve(name)
	return valueOf(name, fact)
}

func valueOf(name string, v ref.Val) Value {
	if err, failed := v.(error); failed {
		return Value{Name: name, Error: err.Error()}
	}
	if x, ok := v.Value().(float64); ok && (math.IsInf(x, 0) || math.IsNaN(x)) {
		return Value{Name: name, Value: fmt.Sprint(x)} // JSON has no number for it
	}
	return Value{Name: name, Value: v.Value()}
}

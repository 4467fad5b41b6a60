package policy

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/lately"
)

// weighing is one action, or one step of a plan, being weighed. It answers CEL's questions.
type weighing struct {
	policy     *Policy
	set        *facts.Set
	shown      *facts.Set // of the action without its private values; nil where it has none
	bits       uint64     // the word sets that the tool's words are in
	prefix     string     // which part of the action this is, in reasons
	thresholds Thresholds
	changes    map[int]change // by rule number; nil where no override applies
	noted      []string       // overrides of thresholds, for the reason
	findings   []finding
	guards     []Guard // only where somebody asked for an explanation
	explain    bool
}

func (p *Policy) newWeighing(history *lately.State, in *input.Action) *weighing {
	if p.org != nil {
		in.Org = p.org
	}
	set := facts.NewSet(in)
	set.History = history
	w := &weighing{policy: p, set: set, bits: p.words.of(in.Words), thresholds: p.thresholds}
	p.override(w)
	return w
}

// hide keeps what is not in shown out of reasons.
func (w *weighing) hide(shown *input.Action) {
	if shown == nil {
		return
	}
	shown.Org, shown.Sequence = w.set.Action.Org, w.set.Action.Sequence
	w.shown = facts.NewSet(shown)
	w.shown.History = w.set.History
}

// problem is an error as it may be told: it may quote the action.
func (w *weighing) problem(err error) string {
	if w.shown != nil {
		return hidden
	}
	return Neutral(err.Error())
}

// Parent implements interpreter.Activation.
func (*weighing) Parent() interpreter.Activation { return nil }

// ResolveName implements interpreter.Activation.
func (w *weighing) ResolveName(name string) (any, bool) {
	if v, ok := w.set.Resolve(name); ok {
		return v, true
	}
	if bit := w.policy.words.sets[name]; bit != 0 {
		return types.Bool(w.bits&bit != 0), true
	}
	switch name {
	case "now":
		return types.Timestamp{Time: w.set.Action.Now}, true
	case "arguments":
		return w.arguments(), true
	}
	return nil, false
}

// arguments are an error where they cannot be read, and the rule that asked counts as failing.
func (w *weighing) arguments() ref.Val {
	parsed, err := w.set.Action.Parsed()
	if err != nil {
		return types.WrapErr(err)
	}
	return types.NewStringInterfaceMap(types.DefaultTypeAdapter, parsed.Values)
}

package routes

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

// assessed are the facts that routes have beside those of the action itself.
var assessed = []facts.Fact{
	{Name: "score", Type: cel.IntType, Doc: "the assessment's score, 0 to 100"},
	{Name: "level", Type: cel.StringType, Doc: "low, medium or high"},
	{Name: "reason", Type: cel.StringType, Doc: "the assessment's reason in one sentence"},
	{Name: "rules", Type: cel.ListType(cel.StringType), Doc: "the ids of the rules that fired"},
	{Name: "action", Type: cel.StringType, Doc: "the action's id"},
	{Name: "tool", Type: cel.StringType, Doc: "the tool's name"},
}

// conditions declares what a route's condition may ask about: the assessment and every fact
// of the action. A fact named "tool.…" hides the plain "tool" from CEL only where it is spelt out.
func conditions() (*rulefile.Conditions, error) {
	var options []cel.EnvOption
	for _, f := range append(assessed, facts.All()...) {
		options = append(options, cel.Variable(f.Name, f.Type))
	}
	return rulefile.NewConditions(options...)
}

// Action is one assessed action with what can be said about it.
type Action struct {
	Assessed *events.ActionAssessed
	// Facts are those of the proposed action; nil where it is not at hand, and every condition that asks
	// for one fails.
	Facts *facts.Set
}

// Parent implements interpreter.Activation.
func (Action) Parent() interpreter.Activation { return nil }

// ResolveName implements interpreter.Activation.
func (a Action) ResolveName(name string) (any, bool) {
	if v := a.ofAssessment(name); v != nil {
		return v, true
	}
	if a.Facts == nil {
		return types.NewErr("%s is not known: the action could not be read", name), true
	}
	v, ok := a.Facts.Resolve(name)
	return v, ok
}

// ofAssessment answers what the assessment repeats of the action without needing the action.
func (a Action) ofAssessment(name string) ref.Val {
	s := a.Assessed
	switch name {
	case "agent":
		return types.String(s.Agent)
	case "action":
		return types.String(s.Action)
	case "level":
		return types.String(s.Level)
	case "reason":
		return types.String(s.Reason)
	case "breakpoint":
		return types.String(s.Breakpoint)
	case "session":
		return types.String(s.Session)
	case "principal":
		return types.String(s.Principal)
	case "tool", "tool.name":
		return types.String(s.Tool)
	case "score":
		return types.Int(s.Score)
	case "rules":
		return types.NewStringList(types.DefaultTypeAdapter, ruleIDs(s))
	}
	return target(s.Target, name)
}

func target(t *events.Target, name string) ref.Val {
	field, ok := strings.CutPrefix(name, "target.")
	if !ok {
		return nil
	}
	if t == nil {
		t = &events.Target{}
	}
	switch field {
	case "kind":
		return types.String(t.Kind)
	case "name":
		return types.String(t.Name)
	case "environment":
		return types.String(t.Environment)
	}
	return nil
}

func ruleIDs(a *events.ActionAssessed) []string {
	ids := make([]string, len(a.Counted()))
	for i, r := range a.Counted() {
		ids[i] = r.ID
	}
	return ids
}

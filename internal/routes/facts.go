package routes

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"

	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

// conditions declares what a route's condition may ask about.
func conditions() (*rulefile.Conditions, error) {
	texts := []string{"agent", "action", "level", "reason", "breakpoint", "session", "principal", "tool", "target.kind", "target.name", "target.environment"}
	options := []cel.EnvOption{
		cel.Variable("score", cel.IntType),
		cel.Variable("rules", cel.ListType(cel.StringType)),
	}
	for _, name := range texts {
		options = append(options, cel.Variable(name, cel.StringType))
	}
	return rulefile.NewConditions(options...)
}

// facts answers CEL's questions about one assessment; what is missing reads as empty.
type facts struct{ a *events.ActionAssessed }

// Parent implements interpreter.Activation.
func (facts) Parent() interpreter.Activation { return nil }

// ResolveName implements interpreter.Activation.
func (f facts) ResolveName(name string) (any, bool) {
	switch name {
	case "agent":
		return types.String(f.a.Agent), true
	case "action":
		return types.String(f.a.Action), true
	case "level":
		return types.String(f.a.Level), true
	case "reason":
		return types.String(f.a.Reason), true
	case "breakpoint":
		return types.String(f.a.Breakpoint), true
	case "session":
		return types.String(f.a.Session), true
	case "principal":
		return types.String(f.a.Principal), true
	case "tool":
		return types.String(f.a.Tool), true
	case "score":
		return types.Int(f.a.Score), true
	case "rules":
		counted := f.a.Counted()
		ids := make([]string, len(counted))
		for i, r := range counted {
			ids[i] = r.ID
		}
		return types.NewStringList(types.DefaultTypeAdapter, ids), true
	}
	return f.target(name)
}

func (f facts) target(name string) (any, bool) {
	var t events.Target
	if f.a.Target != nil {
		t = *f.a.Target
	}
	switch name {
	case "target.kind":
		return types.String(t.Kind), true
	case "target.name":
		return types.String(t.Name), true
	case "target.environment":
		return types.String(t.Environment), true
	}
	return nil, false
}

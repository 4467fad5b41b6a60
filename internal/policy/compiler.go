package policy

import (
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/rulefile"
)

// newCompiler declares everything a condition may ask: the facts, the arguments as they
// are, the time, and the policy's own words and lists. Each is one qualified name of its own, so
// that a misspelt one is an error when the policy is loaded.
func newCompiler(p *Policy, lists map[string][]string) (*rulefile.Conditions, error) {
	options := []cel.EnvOption{
		cel.Variable("arguments", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("now", cel.TimestampType),
	}
	names := []string{"arguments", "now"}
	for _, f := range facts.All() {
		options = append(options, cel.Variable(f.Name, f.Type))
		names = append(names, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(p.words.sets)) {
		options = append(options, cel.Variable(name, cel.BoolType))
		names = append(names, name)
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		list := types.NewStringList(types.DefaultTypeAdapter, lists[name])
		options = append(options, cel.Constant(name, cel.ListType(cel.StringType), list))
		names = append(names, name)
	}
	c, err := rulefile.NewConditions(append(options, lookups()...)...)
	if err != nil {
		return nil, err
	}
	c.Reserve(names)
	c.Plan(cel.CustomDecoratorV2(p.words.place))
	return c, nil
}

// place puts nodes that know where their value is in the place of those that look it up by
// name, which took most of an assessment's time.
func (w *words) place(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	attribute, ok := i.(interpreter.InterpretableAttribute)
	if !ok {
		return i, nil
	}
	named, ok := attribute.Attr().(interpreter.NamespacedAttribute)
	if !ok || len(named.Qualifiers()) > 0 || len(named.CandidateVariableNames()) != 1 {
		return i, nil
	}
	name := named.CandidateVariableNames()[0]
	if at, ok := facts.Find(name); ok {
		return &factNode{i, at}, nil
	}
	if bit := w.sets[name]; bit != 0 {
		return &wordNode{i, bit}, nil
	}
	return i, nil
}

// factNode answers with a fact.
type factNode struct {
	interpreter.InterpretableV2

	at facts.Place
}

// Exec implements interpreter.InterpretableV2.
func (n *factNode) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	if w := weighingOf(frame); w != nil {
		return w.set.Value(n.at)
	}
	return n.InterpretableV2.Exec(frame)
}

// wordNode answers whether the tool's words are in a set.
type wordNode struct {
	interpreter.InterpretableV2

	bit uint64
}

// Exec implements interpreter.InterpretableV2.
func (n *wordNode) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	if w := weighingOf(frame); w != nil {
		return types.Bool(w.bits&n.bit != 0)
	}
	return n.InterpretableV2.Exec(frame)
}

// weighingOf returns what the condition is evaluated over; nil inside exists, all and the
// like, where the frame holds their variable.
func weighingOf(frame *interpreter.ExecutionFrame) *weighing {
	w, _ := frame.Scope().(*weighing)
	return w
}

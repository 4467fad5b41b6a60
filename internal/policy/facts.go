package policy

import (
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	known "github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/pkg/events"
)

// factTypes declares every fact but the words. Each is one qualified name of its own,
// so that a misspelt one is an error when the policy is loaded, one that the action lacks
// reads as empty, and none costs a map at evaluation.
var factTypes = map[string]*cel.Type{
	"agent": cel.StringType, "breakpoint": cel.StringType, "principal": cel.StringType, "session": cel.StringType,
	"request": cel.StringType, "reasoning": cel.StringType, "now": cel.TimestampType,
	"tool.name": cel.StringType, "tool.words": cel.ListType(cel.StringType), "tool.first": cel.StringType,
	"tool.last": cel.StringType, "tool.plain": cel.BoolType,
	"target.kind": cel.StringType, "target.name": cel.StringType, "target.environment": cel.StringType,
	"impact.summary": cel.StringType, "impact.irreversible": cel.BoolType,
	"memory.texts": cel.ListType(cel.StringType), "memory.untrusted": cel.IntType,
	"plan.steps": cel.IntType, "action.bytes": cel.IntType,
	"arguments": cel.MapType(cel.StringType, cel.DynType), "arguments_texts": cel.ListType(cel.StringType),
	"mail.internal": cel.BoolType, "shell.found": cel.BoolType, "shell.reads": cel.BoolType,
	"sql.found": cel.BoolType, "sql.reads": cel.BoolType, "sql.writes": cel.BoolType,
}

// facts answers CEL's questions about one action; what is expensive is worked out
// when a rule first asks.
type facts struct {
	policy *Policy
	action *events.ActionProposed
	agent  string
	now    time.Time

	sequence uint64
	history  *lately.State
	set      *known.Set // facts of the domains, made when first asked

	words  []string
	bits   uint64 // the word sets that the tool's words are in
	parsed *input.Arguments
	judged [len(judgements)]ref.Val
	err    error // why parsed is nil although it was tried
}

func newFacts(p *Policy, history *lately.State, a *events.ActionProposed, ref events.ActionRef, now time.Time) *facts {
	f := &facts{policy: p, action: a, agent: ref.Agent, sequence: ref.Sequence, history: history, now: now, words: input.SplitWords(a.Tool)}
	for _, w := range f.words {
		f.bits |= p.wordBits[w]
	}
	return f
}

// Parent implements interpreter.Activation.
func (*facts) Parent() interpreter.Activation { return nil }

// ResolveName implements interpreter.Activation.
func (f *facts) ResolveName(name string) (any, bool) {
	if bit, ok := f.policy.setBits[name]; ok {
		return types.Bool(f.bits&bit != 0), true
	}
	if strings.HasPrefix(name, "lately.") {
		return f.domains().Resolve(name)
	}
	switch a := f.action; name {
	case "agent":
		return types.String(f.agent), true
	case "breakpoint":
		return types.String(a.Breakpoint), true
	case "principal":
		return types.String(a.Principal), true
	case "session":
		return types.String(a.Session), true
	case "request":
		return types.String(a.Request), true
	case "reasoning":
		return types.String(a.Reasoning), true
	case "now":
		return types.Timestamp{Time: f.now}, true
	case "impact.summary", "impact.irreversible":
		return f.impact(name), true
	case "memory.texts", "memory.untrusted":
		return f.memory(name), true
	case "target.kind", "target.name", "target.environment":
		return f.target(name), true
	case "plan.steps":
		return types.Int(len(a.Plan)), true
	case "action.bytes":
		return types.Int(len(a.Arguments)), true
	case "tool.name", "tool.words", "tool.first", "tool.last", "tool.plain":
		return f.tool(name), true
	}
	if _, declared := factTypes[name]; !declared {
		return nil, false
	}
	return f.ofArguments(name), true
}

func (f *facts) domains() *known.Set {
	if f.set == nil {
		in := input.New(f.action, f.agent, f.now, nil)
		in.Sequence = f.sequence
		f.set = known.NewSet(in)
		f.set.History = f.history
	}
	return f.set
}

func (f *facts) tool(name string) ref.Val {
	switch {
	case name == "tool.name":
		return types.String(f.action.Tool)
	case name == "tool.words":
		return types.NewStringList(types.DefaultTypeAdapter, f.words)
	case name == "tool.plain":
		return types.Bool(input.PlainName(f.action.Tool))
	case len(f.words) == 0:
		return types.String("")
	case name == "tool.first":
		return types.String(f.words[0])
	}
	return types.String(f.words[len(f.words)-1])
}

func (f *facts) target(name string) ref.Val {
	t := f.action.Target
	switch {
	case t == nil:
		return types.String("")
	case name == "target.kind":
		return types.String(t.Kind)
	case name == "target.name":
		return types.String(t.Name)
	}
	return types.String(t.Environment)
}

func (f *facts) impact(name string) ref.Val {
	i := f.action.Impact
	if name == "impact.irreversible" {
		return types.Bool(i != nil && i.Reversible != nil && !*i.Reversible)
	}
	if i == nil {
		return types.String("")
	}
	return types.String(i.Summary)
}

func (f *facts) memory(name string) ref.Val {
	untrusted, texts := 0, make([]string, len(f.action.Memory))
	for i, m := range f.action.Memory {
		texts[i] = m.Text
		if !m.Trusted {
			untrusted++
		}
	}
	if name == "memory.untrusted" {
		return types.Int(untrusted)
	}
	return types.NewStringList(types.DefaultTypeAdapter, texts)
}

// ofArguments answers what needs the arguments parsed. Where they cannot be, the
// answer is an error, and the rule that asked counts as failing.
func (f *facts) ofArguments(name string) ref.Val {
	if f.parsed == nil && f.err == nil {
		f.parsed, f.err = input.Parse(f.action.Arguments)
	}
	if f.err != nil {
		return types.WrapErr(f.err)
	}
	switch name {
	case "arguments":
		return types.NewStringInterfaceMap(types.DefaultTypeAdapter, f.parsed.Values)
	case "arguments_texts":
		texts := make([]string, len(f.parsed.Texts))
		for i, a := range f.parsed.Texts {
			texts[i] = a.Value
		}
		return types.NewStringList(types.DefaultTypeAdapter, texts)
	}
	return f.judgement(name)
}

// judgement answers what several rules ask about the arguments, and looks only once.
func (f *facts) judgement(name string) ref.Val {
	for i := range judgements {
		if judgements[i].name != name {
			continue
		}
		if f.judged[i] == nil {
			f.judged[i] = types.Bool(judgements[i].of(f.parsed, f.policy))
		}
		return f.judged[i]
	}
	return types.NewErr("no such fact: %s", name)
}

var judgements = [...]struct {
	name string
	of   func(*input.Arguments, *Policy) bool
}{
	{"shell.found", func(a *input.Arguments, _ *Policy) bool { return len(shellTexts(a.Texts)) > 0 }},
	{"shell.reads", func(a *input.Arguments, _ *Policy) bool { return shellReadsOnly(a) }},
	{"sql.found", func(a *input.Arguments, _ *Policy) bool { return len(sqlTexts(a.Texts)) > 0 }},
	{"sql.reads", func(a *input.Arguments, _ *Policy) bool { return allReadOnlySQL(sqlTexts(a.Texts)) }},
	{"sql.writes", func(a *input.Arguments, _ *Policy) bool { return writesData(a) }},
	{"mail.internal", func(a *input.Arguments, p *Policy) bool { return mailInternal(a.Texts, p.domains) }},
}

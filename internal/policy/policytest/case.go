// Package policytest runs the cases that stand beside a policy: actions, and what the policy
// has to say of them.
package policytest

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

// Case is an action and what is expected of it.
type Case struct {
	Name string `yaml:"name"`

	Agent      string            `yaml:"agent"`
	Breakpoint events.Breakpoint `yaml:"breakpoint"` // "" is tool_call
	Tool       string            `yaml:"tool"`
	// Arguments is a mapping, or a text that is taken for JSON as it is.
	Arguments yaml.Node  `yaml:"args"`
	Request   string     `yaml:"request"`
	Reasoning string     `yaml:"reasoning"`
	Principal string     `yaml:"principal"`
	Session   string     `yaml:"session"`
	Target    *Target    `yaml:"target"`
	ToolInfo  *ToolInfo  `yaml:"toolInfo"`
	Impact    *Impact    `yaml:"impact"`
	Memory    []Memory   `yaml:"memory"`
	Plan      []PlanStep `yaml:"plan"`

	Expect Expectation `yaml:"expect"`

	where string // file and line
}

// Where is the case's file and line.
func (c *Case) Where() string { return c.where }

// Target is [events.Target].
type Target struct {
	Kind        string `yaml:"kind"`
	Name        string `yaml:"name"`
	Environment string `yaml:"environment"`
}

// ToolInfo is [events.ToolInfo].
type ToolInfo struct {
	Server          string `yaml:"server"`
	Description     string `yaml:"description"`
	ReadOnlyHint    *bool  `yaml:"readOnlyHint"`
	DestructiveHint *bool  `yaml:"destructiveHint"`
	IdempotentHint  *bool  `yaml:"idempotentHint"`
	OpenWorldHint   *bool  `yaml:"openWorldHint"`
}

// Impact is [events.Impact].
type Impact struct {
	Summary    string `yaml:"summary"`
	Reversible *bool  `yaml:"reversible"`
	Effect     string `yaml:"effect"`
	Count      *int64 `yaml:"count"`
}

// Memory is [events.MemoryItem].
type Memory struct {
	Origin  string `yaml:"origin"`
	Trusted bool   `yaml:"trusted"`
	Text    string `yaml:"text"`
}

// PlanStep is [events.PlanStep].
type PlanStep struct {
	Description string    `yaml:"description"`
	Tool        string    `yaml:"tool"`
	Arguments   yaml.Node `yaml:"args"`
}

// Levels is one level or several that will do.
type Levels []events.Level

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *Levels) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*l = Levels{events.Level(n.Value)}
		return nil
	}
	return n.Decode((*[]events.Level)(l))
}

// Expectation is what a policy has to say of an action. What is not given is not looked at.
type Expectation struct {
	Level  Levels   `yaml:"level"`
	Rules  []string `yaml:"rules"` // have to fire, and to count
	Not    []string `yaml:"not"`   // may not
	Denied *bool    `yaml:"denied"`
	Score  *Range   `yaml:"score"`
}

// Range is the least and the most a score may be.
type Range struct {
	Least int `yaml:"least"`
	Most  int `yaml:"most"` // 0 is 100
}

// Read reads the cases of one file.
func Read(name string, data []byte) ([]Case, error) {
	var in struct {
		Cases []Case `yaml:"cases"`
	}
	f, err := rulefile.Decode(name, data, &in)
	if err != nil {
		return nil, err
	}
	if len(in.Cases) == 0 {
		return nil, f.Errorf([]any{"cases"}, "write a case, or remove the file", "is empty")
	}
	var bad rulefile.Errors
	seen := map[string]bool{}
	for i := range in.Cases {
		c := &in.Cases[i]
		at := f.Errorf([]any{"cases", i}, "", "")
		c.where = fmt.Sprintf("%s:%d", name, at.Line)
		switch {
		case c.Name == "":
			bad = append(bad, f.Errorf([]any{"cases", i}, "say in a few words what it shows", "has no name"))
		case seen[c.Name]:
			bad = append(bad, f.Errorf([]any{"cases", i, "name"}, "give each case a name of its own", "is %q again", c.Name))
		}
		seen[c.Name] = true
		if problem := c.Expect.problem(); problem != "" {
			bad = append(bad, f.Errorf([]any{"cases", i, "expect"}, "see docs/policy.md", "%s", problem))
		}
		if _, err := c.Action(); err != nil {
			bad = append(bad, f.Errorf([]any{"cases", i, "args"}, "write a mapping, or JSON as a text", "cannot be used: %s", err))
		}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return in.Cases, nil
}

func (e *Expectation) problem() string {
	if len(e.Level) == 0 && e.Denied == nil && len(e.Rules)+len(e.Not) == 0 && e.Score == nil {
		return "is missing"
	}
	for _, l := range e.Level {
		if !l.Valid() {
			return fmt.Sprintf("has the level %q", string(l))
		}
	}
	if s := e.Score; s != nil && (s.Least < 0 || s.Most < 0 || s.Least > 100 || s.Most > 100 || s.Most != 0 && s.Most < s.Least) {
		return fmt.Sprintf("has a score from %d to %d", s.Least, s.Most)
	}
	return ""
}

// Action is the action of the case.
func (c *Case) Action() (*events.ActionProposed, error) {
	a := &events.ActionProposed{
		Breakpoint: c.Breakpoint, Tool: c.Tool, Request: c.Request, Reasoning: c.Reasoning, Principal: c.Principal, Session: c.Session,
		Target: (*events.Target)(c.Target), ToolInfo: (*events.ToolInfo)(c.ToolInfo), Impact: (*events.Impact)(c.Impact),
	}
	if a.Breakpoint == "" {
		a.Breakpoint = events.AtToolCall
	}
	for _, m := range c.Memory {
		a.Memory = append(a.Memory, events.MemoryItem(m))
	}
	var err error
	if a.Arguments, err = arguments(&c.Arguments); err != nil {
		return nil, err
	}
	for _, s := range c.Plan {
		step := events.PlanStep{Description: s.Description, Tool: s.Tool}
		if step.Arguments, err = arguments(&s.Arguments); err != nil {
			return nil, err
		}
		a.Plan = append(a.Plan, step)
	}
	return a, nil
}

func arguments(n *yaml.Node) (json.RawMessage, error) {
	if n.Kind == 0 {
		return nil, nil
	}
	if n.Kind == yaml.ScalarNode {
		return json.RawMessage(n.Value), nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

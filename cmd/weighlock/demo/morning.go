package demo

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

//go:embed morning.yaml
var morningYAML []byte

//go:embed routes.yaml
var routesYAML []byte

// work is one session of one agent: what the user asked for, and the actions on the way.
type work struct {
	Agent     string    `yaml:"agent"`
	Principal string    `yaml:"principal"`
	Session   string    `yaml:"session"`
	Request   string    `yaml:"request"`
	Plan      []string  `yaml:"plan"`
	Actions   []planned `yaml:"actions"`
}

type planned struct {
	Tool       string            `yaml:"tool"`
	Breakpoint events.Breakpoint `yaml:"breakpoint"`
	Arguments  map[string]any    `yaml:"arguments"`
	Reasoning  string            `yaml:"reasoning"`
	// Lists are the tools whose later actions the plan lists, for an action at plan.
	Lists  []string `yaml:"lists"`
	Target *struct {
		Kind, Name, Environment string
	} `yaml:"target"`
	Impact *struct {
		Summary    string
		Reversible *bool
	} `yaml:"impact"`
}

// morning reads what the agents do.
func morning() ([]work, error) {
	var all []work
	if err := yaml.Unmarshal(morningYAML, &all); err != nil {
		return nil, fmt.Errorf("reading the morning: %w", err)
	}
	return all, nil
}

// action is the n-th action of w as its agent proposes it.
func (w work) action(n int) (agent.Action, error) {
	p := w.Actions[n]
	arguments, err := json.Marshal(p.Arguments)
	if err != nil {
		return agent.Action{}, fmt.Errorf("encoding the arguments of %s: %w", p.Tool, err)
	}
	a := agent.Action{
		ID:   w.id(n),
		Tool: p.Tool, Breakpoint: p.Breakpoint, Arguments: arguments, Reasoning: p.Reasoning,
		Request: w.Request, Session: w.Session, Principal: w.Principal,
	}
	if a.Breakpoint == "" {
		a.Breakpoint = events.AtToolCall
	}
	for _, step := range w.Plan {
		a.Plan = append(a.Plan, events.PlanStep{Description: step})
	}
	if err := w.listed(n, &a); err != nil {
		return agent.Action{}, err
	}
	if t := p.Target; t != nil {
		a.Target = &events.Target{Kind: t.Kind, Name: t.Name, Environment: t.Environment}
	}
	if i := p.Impact; i != nil {
		a.Impact = &events.Impact{Summary: i.Summary, Reversible: i.Reversible}
	}
	return a, nil
}

// listed makes the n-th action the plan of those that follow, or a step of the plan that lists it.
func (w work) listed(n int, a *agent.Action) error {
	if p := w.Actions[n]; len(p.Lists) > 0 {
		a.Arguments, a.Plan = nil, nil
		for _, later := range w.Actions[n+1:] {
			if !slices.Contains(p.Lists, later.Tool) {
				continue
			}
			arguments, err := json.Marshal(later.Arguments)
			if err != nil {
				return fmt.Errorf("encoding the arguments of %s: %w", later.Tool, err)
			}
			a.Plan = append(a.Plan, events.PlanStep{Description: later.Reasoning, Tool: later.Tool, Arguments: arguments})
		}
		return nil
	}
	for i, earlier := range w.Actions[:n] {
		if slices.Contains(earlier.Lists, w.Actions[n].Tool) {
			a.PlanAction, a.Plan = w.id(i), nil
		}
	}
	return nil
}

func (w work) id(n int) string { return fmt.Sprintf("%s-%02d", w.Session, n+1) }

// agents are the names of all who act, each once.
func agents(all []work) []string {
	var names []string
	seen := map[string]bool{}
	for _, w := range all {
		if !seen[w.Agent] {
			seen[w.Agent] = true
			names = append(names, w.Agent)
		}
	}
	return names
}

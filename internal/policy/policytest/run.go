package policytest

import (
	"cmp"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/pkg/events"
)

// Folder is where cases stand beside a policy's files.
const Folder = "tests"

// defaultAgent proposes what a case does not say who proposes.
const defaultAgent = "agent"

// now is when all cases happen: a Monday at noon.
var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// Load reads the cases of every *.yaml file in the folder tests of fsys, by name; where is the
// name of fsys in errors.
func Load(fsys fs.FS, where string) ([]Case, error) {
	names, err := fs.Glob(fsys, Folder+"/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("looking for cases: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("looking for cases: %s holds no *.yaml file", filepath.Join(where, Folder))
	}
	var all []Case
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading cases: %w", err)
		}
		cases, err := Read(filepath.Join(where, name), data)
		if err != nil {
			return nil, err
		}
		all = append(all, cases...)
	}
	return all, nil
}

// Failure is a case of which the policy says something else.
type Failure struct {
	Case     *Case
	Problems []string // what differs, each as a sentence
	Got      policy.Explanation
}

// Run assesses every case and returns those that differ.
func Run(p *policy.Policy, cases []Case) ([]Failure, error) {
	var failures []Failure
	known := append(p.RuleIDs(), policy.Reserved()...)
	for i := range cases {
		c := &cases[i]
		for _, id := range slices.Concat(c.Expect.Rules, c.Expect.Not) {
			if !slices.Contains(known, id) {
				return nil, fmt.Errorf("%s: expects something of rule %q, which the policy does not have", c.where, id)
			}
		}
		a, err := c.Action()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.where, err)
		}
		agent := c.Agent
		if agent == "" {
			agent = defaultAgent
		}
		if problems := c.Expect.differs(p.Assess(a, events.ActionRef{Agent: agent}, now)); len(problems) > 0 {
			failures = append(failures, Failure{c, problems, p.Explain(a, agent, now)})
		}
	}
	return failures, nil
}

func (e *Expectation) differs(got policy.Assessment) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if len(e.Level) > 0 && !slices.Contains(e.Level, got.Level) {
		words := make([]string, len(e.Level))
		for i, l := range e.Level {
			words[i] = string(l)
		}
		say("the level is %s instead of %s", got.Level, strings.Join(words, " or "))
	}
	if e.Denied != nil && *e.Denied != got.Denied {
		say("denied is %t instead of %t", got.Denied, *e.Denied)
	}
	if s := e.Score; s != nil {
		if most := cmp.Or(s.Most, 100); got.Score < s.Least || got.Score > most {
			say("the score is %d instead of %d to %d", got.Score, s.Least, most)
		}
	}
	fired := map[string]bool{}
	for _, r := range got.Rules {
		fired[r.ID] = fired[r.ID] || !r.Shadow
	}
	for _, id := range e.Rules {
		if !fired[id] {
			say("rule %s does not fire", id)
		}
	}
	for _, id := range e.Not {
		if fired[id] {
			say("rule %s fires", id)
		}
	}
	return problems
}

package policy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/pkg/events"
)

// The findings that no rule makes; a policy's rules may not take these ids.
const (
	unrecognised = "unrecognised"
	unreadable   = "unreadable"
	longPlan     = "long_plan"
)

// maxSteps is the longest plan whose steps are weighed one by one; a longer one is high.
const maxSteps = 50

// maxFired is how many findings an assessment lists.
const maxFired = 20

// maxReason is the longest reason, in bytes.
const maxReason = 256

// Assessment is what a policy says about one action.
type Assessment struct {
	Level events.Level
	// Score is 0 to 100.
	Score int
	// Denied says that nobody may approve the action.
	Denied bool
	// Reason explains the level in one sentence.
	Reason string
	// Rules are the rules that fired, the heaviest first.
	Rules []events.FiredRule
}

// Assess weighs the action. It never panics and always gives a level: whatever
// cannot be evaluated and whatever no rule recognises is high. Time and memory are bounded
// whatever the action holds.
func (p *Policy) Assess(a *events.ActionProposed, ref events.ActionRef, now time.Time) Assessment {
	return p.AssessAfter(nil, a, ref, now)
}

// AssessAfter is Assess where it is known what was before the action, for the facts lately.*.
func (p *Policy) AssessAfter(history *lately.State, a *events.ActionProposed, ref events.ActionRef, now time.Time) (out Assessment) {
	defer func() {
		if r := recover(); r != nil {
			var t tally
			t.add(finding{id: unreadable, reason: fmt.Sprintf("the action could not be assessed: %v", r), floor: events.High})
			out = t.assessment(p)
		}
	}()
	var t tally
	if a == nil {
		t.add(finding{id: unreadable, reason: "there is no action to assess", floor: events.High})
		return t.assessment(p)
	}
	p.weigh(&t, newFacts(p, history, a, ref, now), "")
	p.weighPlan(&t, history, a, ref, now)
	return t.assessment(p)
}

// finding is a rule that fired, or one of this package's own findings.
type finding struct {
	id, reason string
	points     int
	floor      events.Level
	deny       bool
}

// weight orders findings: what denies, then what forces a level, then points.
func (f finding) weight() int {
	w := f.points + 1000*rank(f.floor)
	if f.deny {
		w += 10000
	}
	return w
}

func rank(l events.Level) int {
	switch l {
	case events.High:
		return 3
	case events.Medium:
		return 2
	case events.Low:
		return 1
	}
	return 0
}

// tally sums findings up. Every finding can only raise it.
type tally struct {
	score    int
	findings []finding
}

func (t *tally) add(f finding) {
	t.score = min(100, t.score+f.points)
	t.findings = append(t.findings, f)
}

// merge takes over the findings about a step: a plan is as risky as its riskiest step.
func (t *tally) merge(step tally) {
	t.score = max(t.score, step.score)
	t.findings = append(t.findings, step.findings...)
}

// weigh evaluates every rule. prefix says which part of the action the facts are about.
func (p *Policy) weigh(t *tally, f *facts, prefix string) {
	known := false // or known to be high, which says more than not being recognised
	for i := range p.rules {
		r := &p.rules[i]
		holds, err := r.when.Holds(f)
		switch {
		case err != nil:
			t.add(finding{id: r.id, reason: prefix + "rule " + r.id + " could not be evaluated: " + err.Error(), floor: events.High})
		case holds:
			known = known || r.recognises || r.deny || r.floor == events.High
			t.add(finding{r.id, prefix + r.reason, r.points, r.floor, r.deny})
		}
	}
	if !known {
		t.add(finding{id: unrecognised, reason: prefix + "no rule recognises this " + thing(f.action), floor: events.High})
	}
}

func thing(a *events.ActionProposed) string {
	if a.Tool == "" {
		return "action"
	}
	return fmt.Sprintf("tool %.60q", a.Tool)
}

// weighPlan weighs each step that names a tool or arguments as the tool call it will become.
func (p *Policy) weighPlan(t *tally, history *lately.State, a *events.ActionProposed, ref events.ActionRef, now time.Time) {
	if len(a.Plan) > maxSteps {
		t.add(finding{id: longPlan, reason: fmt.Sprintf("the plan has %d steps; at most %d are weighed", len(a.Plan), maxSteps), floor: events.High})
	}
	for i, step := range a.Plan[:min(len(a.Plan), maxSteps)] {
		if step.Tool == "" && len(step.Arguments) == 0 {
			continue
		}
		call := events.ActionProposed{
			Breakpoint: events.AtToolCall, Tool: step.Tool, Arguments: step.Arguments, Target: a.Target, Request: a.Request,
			Reasoning: a.Reasoning, Session: a.Session, Principal: a.Principal, Memory: a.Memory,
		}
		var st tally
		p.weigh(&st, newFacts(p, history, &call, ref, now), fmt.Sprintf("step %d: ", i+1))
		t.merge(st)
	}
}

// threshold is the least score of a level.
func (p *Policy) threshold(l events.Level) int {
	switch l {
	case events.High:
		return p.high
	case events.Medium:
		return p.medium
	}
	return 0
}

func (p *Policy) level(score int) events.Level {
	switch {
	case score >= p.high:
		return events.High
	case score >= p.medium:
		return events.Medium
	}
	return events.Low
}

// assessment sums up. A floor lifts the score to its level's threshold, so that
// score and level always agree.
func (t *tally) assessment(p *Policy) Assessment {
	var out Assessment
	floor := events.Low
	for _, f := range t.findings {
		out.Denied = out.Denied || f.deny
		if rank(f.floor) > rank(floor) {
			floor = f.floor
		}
	}
	if out.Denied {
		floor = events.High
	}
	out.Score = max(t.score, p.threshold(floor))
	out.Level = p.level(out.Score)
	slices.SortStableFunc(t.findings, func(a, b finding) int { return cmp.Compare(b.weight(), a.weight()) })
	fired := t.findings[:min(len(t.findings), maxFired)]
	out.Rules = make([]events.FiredRule, len(fired))
	for i, f := range fired {
		out.Rules[i] = events.FiredRule{ID: f.id, Points: f.points, Reason: Shorten(f.reason, maxReason)}
	}
	if len(fired) > 0 {
		out.Reason = out.Rules[0].Reason
	}
	return out
}

package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/pkg/events"
)

// maxSteps is the longest plan whose steps are weighed one by one; a longer one is high.
const maxSteps = 50

// maxPlanBytes is how many bytes of arguments the steps that are weighed may have together, so that
// a plan cannot buy more time than an action; one with more is high.
const maxPlanBytes = 128 << 10

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
	// Thresholds are those that applied, overrides included.
	Thresholds Thresholds
	// Rules are the rules that fired, the heaviest first; shadow rules, which do not count, come last.
	Rules []events.FiredRule
}

// Assess weighs the action. It never panics and always gives a level: whatever
// cannot be evaluated and whatever no rule recognises is high. Time and memory are bounded
// whatever the action holds.
func (p *Policy) Assess(a *events.ActionProposed, ref events.ActionRef, now time.Time) Assessment {
	if a == nil {
		return p.sum([]*weighing{p.broken(noAction)})
	}
	in := input.New(a, ref.Agent, now, nil)
	in.Sequence = ref.Sequence
	return p.AssessAfter(nil, in)
}

// AssessAfter is Assess where it is known what was before the action, for the facts lately.*.
func (p *Policy) AssessAfter(history *lately.State, in *input.Action) Assessment {
	return p.AssessHiding(history, in, nil)
}

// AssessHiding is AssessAfter for an action that may have private values. shown is the same action without them, nil where it has none: a fact that
// reads otherwise there is hidden in reasons, so that they tell of the values no more than which rules fired.
func (p *Policy) AssessHiding(history *lately.State, in, shown *input.Action) Assessment {
	return p.sum(p.weighAll(history, in, shown, false))
}

// weighAll weighs the action and the steps of its plan, each on its own.
func (p *Policy) weighAll(history *lately.State, in, shown *input.Action, explain bool) (all []*weighing) {
	defer func() {
		if r := recover(); r != nil {
			if shown != nil {
				r = hidden
			}
			all = append(all, p.broken(fmt.Sprintf("the action could not be assessed: %.200v", r)))
		}
	}()
	a := in.ActionProposed
	w := p.newWeighing(history, in)
	w.explain = explain
	w.hide(shown)
	all = append(all, w)
	w.weigh()
	if len(a.Plan) > maxSteps {
		w.add(finding{id: longPlan, reason: fmt.Sprintf("the plan has %d steps; at most %d are weighed", len(a.Plan), maxSteps), floor: events.High})
	}
	size := 0
	for i, step := range a.Plan[:min(len(a.Plan), maxSteps)] {
		if step.Tool == "" && len(step.Arguments) == 0 {
			continue
		}
		if size += len(step.Arguments); size > maxPlanBytes {
			w.add(finding{id: longPlan, reason: fmt.Sprintf("the plan's arguments are too large for it to be weighed from step %d on", i+1), floor: events.High})
			break
		}
		call := input.New(callOf(a, step), in.Agent, in.Now, nil)
		call.Sequence = in.Sequence
		s := p.newWeighing(history, call)
		s.explain, s.prefix = explain, fmt.Sprintf("step %d: ", i+1)
		if shown != nil && i < len(shown.Plan) {
			s.hide(input.New(callOf(shown.ActionProposed, shown.Plan[i]), in.Agent, in.Now, nil))
		}
		all = append(all, s)
		s.weigh()
	}
	return all
}

// callOf is the tool call that a step of a plan will become.
func callOf(a *events.ActionProposed, step events.PlanStep) *events.ActionProposed {
	call := *a
	call.Breakpoint, call.Tool, call.Arguments, call.Plan, call.ToolInfo, call.Impact = events.AtToolCall, step.Tool, step.Arguments, nil, nil, nil
	return &call
}

// broken stands for what could not be weighed.
func (p *Policy) broken(why string) *weighing {
	return &weighing{policy: p, thresholds: p.thresholds, findings: []finding{{id: unreadable, reason: why, floor: events.High}}}
}

func (w *weighing) add(f finding) {
	f.reason = w.prefix + f.reason
	w.findings = append(w.findings, f)
}

// weigh evaluates what the agent may use, then every rule whose file applies.
func (w *weighing) weigh() {
	a := w.set.Action
	if f, denied := w.policy.permit(a.Agent, a.ActionProposed); denied {
		w.add(f)
		return
	}
	for i := range w.policy.groups {
		g := &w.policy.groups[i]
		if !w.applies(g) {
			continue
		}
		for j := range g.rules {
			w.try(&g.rules[j])
		}
	}
	w.addUnrecognised()
}

// applies evaluates the guard of a file. One that fails is as good as true.
func (w *weighing) applies(g *group) bool {
	if g.guard == nil {
		return true
	}
	holds, err := g.guard.Holds(w)
	if err != nil {
		w.add(finding{id: guardFailed, reason: fmt.Sprintf("applies of %s could not be evaluated: %s", g.file, w.problem(err)), floor: events.High})
	}
	if w.explain {
		w.guards = append(w.guards, Guard{File: g.file, Applies: holds || err != nil})
	}
	return holds || err != nil
}

// try adds what one rule finds.
func (w *weighing) try(r *rule) {
	holds, err := r.when.Holds(w)
	if err == nil && !holds {
		return
	}
	f := finding{id: r.id, shadow: r.shadow, tags: r.tags}
	if err != nil {
		f.reason, f.floor = "rule "+r.id+" could not be evaluated: "+w.problem(err), events.High
		f.shadow = f.shadow || w.changes[r.number].disable
		w.add(f)
		return
	}
	f.reason, f.points, f.cap, f.floor, f.recognises, f.deny = r.reason.fill(w.set, w.shown), r.points, r.cap, r.floor, r.recognises, r.deny
	if c, ok := w.changes[r.number]; ok {
		c.apply(&f)
	}
	w.add(f)
}

// addUnrecognised says that no rule knows the action. A rule that recognises it lowers what
// that means, and is the only thing that lowers anything; a rule that denies it or forces as high a
// level says more.
func (w *weighing) addUnrecognised() {
	level := w.policy.unknown
	for i := range w.findings {
		f := &w.findings[i]
		if f.shadow {
			continue
		}
		if f.deny || rank(f.floor) >= rank(level) {
			return
		}
		if f.recognises != "" && rank(f.recognises) < rank(level) {
			level = f.recognises
		}
	}
	switch {
	case level == events.Low:
	case level != w.policy.unknown:
		w.add(finding{id: unrecognised, reason: "no rule recognises all of this " + thing(w.set.Action.ActionProposed), floor: level})
	default:
		w.add(finding{id: unrecognised, reason: "no rule recognises this " + thing(w.set.Action.ActionProposed), floor: level})
	}
}

// outcome is the score and level of one weighing. A floor lifts the score to its level's
// threshold, so that score and level always agree.
func (w *weighing) outcome() (int, events.Level) {
	score := max(combine(w.findings, nil), w.thresholds.least(floorOf(w.findings)))
	return score, w.thresholds.level(score)
}

// sum is the assessment: a plan is as risky as its riskiest step.
func (p *Policy) sum(all []*weighing) Assessment {
	var out Assessment
	var findings []finding
	first := all[0]
	out.Thresholds = first.thresholds
	for _, w := range all {
		score, level := w.outcome()
		out.Score, out.Level = max(out.Score, score), higher(out.Level, level)
		findings = append(findings, w.findings...)
	}
	out.Level = higher(out.Level, first.thresholds.level(out.Score))
	out.Score = max(out.Score, first.thresholds.least(out.Level))
	for i := range findings {
		out.Denied = out.Denied || findings[i].deny && !findings[i].shadow
	}
	slices.SortStableFunc(findings, func(a, b finding) int { return cmp.Compare(b.weight(), a.weight()) })
	out.Rules = fired(findings[:min(len(findings), maxFired)])
	out.Reason = reasonOf(out.Rules, all)
	return out
}

func fired(findings []finding) []events.FiredRule {
	out := make([]events.FiredRule, len(findings))
	for i := range findings {
		f := &findings[i]
		out[i] = events.FiredRule{ID: f.id, Points: f.points, Reason: Shorten(f.reason, maxReason), Tags: f.tags, Shadow: f.shadow}
		if f.limit() < maxScore {
			out[i].Cap = f.cap
		}
	}
	return out
}

// reasonOf is the heaviest rule's reason and the overrides of thresholds.
func reasonOf(rules []events.FiredRule, all []*weighing) string {
	reason := "nothing was found"
	if len(rules) > 0 && !rules[0].Shadow {
		reason = rules[0].Reason
	}
	if len(all[0].noted) == 0 {
		return reason
	}
	note := Shorten(" ("+strings.Join(all[0].noted, "; ")+")", maxReason/2)
	return Shorten(reason, maxReason-len(note)) + note
}

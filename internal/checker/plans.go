package checker

import (
	"slices"

	"github.com/weighlock/weighlock/pkg/events"
)

// byPlan: an action passes as the step of a plan that people approved before, with what the plan lists, in the plan's own session, and each step
// lets one action pass.
func (r *run) byPlan(d *decision) {
	part, a := d.DecidedBy.Plan, r.actions[d.key]
	if d.Outcome != events.Approved || part == nil || a.proposed == nil || a.proposed.PlanAction != part.Action {
		r.sayf(NoAuthority, d.key, "%s as a step of a plan that it does not name", d.Outcome)
		return
	}
	key := keyOf(d.Agent, part.Action)
	plan, made := r.actions[key], r.decisions[key]
	if plan == nil || plan.proposed == nil || len(made) == 0 {
		r.sayf(NoAuthority, d.key, "plan %s was never decided", key)
		return
	}
	p, by := plan.proposed, made[0]
	switch {
	case p.Breakpoint != events.AtPlan, by.Outcome != events.Approved, by.DecidedBy.Kind != events.ByApprovers, len(by.Arguments) > 0:
		r.sayf(NoAuthority, d.key, "plan %s is %s by %s", key, by.Outcome, by.DecidedBy.Kind)
	case by.At.After(d.At):
		r.sayf(NoAuthority, d.key, "plan %s was approved afterwards", key)
	case p.Session == "" || p.Session != a.proposed.Session || p.Principal != a.proposed.Principal:
		r.sayf(NoAuthority, d.key, "plan %s is for another piece of work", key)
	case d.Score > by.Score:
		r.sayf(NoAuthority, d.key, "its score is %d, and that of plan %s %d", d.Score, key, by.Score)
	case part.Step < 1 || part.Step > len(p.Plan) || p.Plan[part.Step-1].Tool != a.proposed.Tool || !sameArguments(&p.Plan[part.Step-1], d.ArgumentsDigest):
		r.sayf(NoAuthority, d.key, "it is not step %d of plan %s", part.Step, key)
	case !slices.EqualFunc(d.DecidedBy.Approvers, by.DecidedBy.Approvers, func(x, y events.ApproverVerdict) bool { return x.Approver == y.Approver && x.At.Equal(y.At) }):
		r.sayf(InventedVerdict, d.key, "it names others than those who approved plan %s", key)
	}
	r.usedOnce(d, part)
}

// sameArguments compares the arguments of a step with an action's; none are the same as an empty object.
func sameArguments(step *events.PlanStep, digest string) bool {
	listed, err := events.ArgumentsDigest(step.Arguments)
	return err == nil && listed == digest
}

// usedOnce insists that no other action passed as the same step.
func (r *run) usedOnce(d *decision, part *events.PlanPart) {
	for _, made := range r.decisions {
		for i := range made {
			o := &made[i]
			if other := o.DecidedBy.Plan; other != nil && o.key != d.key && o.Agent == d.Agent && *other == *part {
				r.sayf(StepTwice, d.key, "step %d of plan %s let %s pass too", part.Step, part.Action, o.key)
			}
		}
	}
}

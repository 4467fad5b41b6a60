// Package plans says whether an action is a step of a plan that people approved. It is pure: what was stored goes in, and a step or the
// reason why there is none comes out.
package plans

import (
	"fmt"
	"slices"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
)

// Plan is an action at plan and the decision on it.
type Plan struct {
	Action   *events.ActionProposed
	Decision *events.DecisionMade
	// DecidedAt is when the ledger stored the decision.
	DecidedAt time.Time
}

// Step is an action that may be a step of a plan.
type Step struct {
	Assessed *events.ActionAssessed
	Proposed *events.ActionProposed
	// At is when its assessment was stored: a redelivery is judged like the first delivery.
	At time.Time
}

// People say who is behind an account, which groups they are in and which actions are their own.
type People interface {
	PersonOf(account string) string
	GroupsOf(account string) []string
	OwnAction(account, principal, agent string) string
}

// Matching returns the numbers, from 1, of the steps of p that the action is, or why it may be none of them. The people who approved the plan
// must be those whom the route asks about the action itself, so that a plan lets nothing pass that they could not have approved.
func (p *Plan) Matching(s Step, route *routes.Route, people People) (steps []int, why string) {
	for _, refuses := range []func(Step, *routes.Route) string{p.open, p.elsewhere, p.riskier} {
		if why := refuses(s, route); why != "" {
			return nil, why
		}
	}
	if why := p.unentitled(s, route, people); why != "" {
		return nil, why
	}
	for i := range p.Action.Plan {
		if p.Action.Plan[i].Tool == s.Assessed.Tool && sameArguments(&p.Action.Plan[i], s.Assessed.ArgumentsDigest) {
			steps = append(steps, i+1)
		}
	}
	if len(steps) == 0 {
		return nil, "the plan lists no step with this tool and these arguments"
	}
	return steps, ""
}

// sameArguments compares digests, which are of the canonical form: neither order nor white space makes a difference.
func sameArguments(step *events.PlanStep, digest string) bool {
	listed, err := events.ArgumentsDigest(step.Arguments)
	return err == nil && digest != "" && listed == digest
}

// open says why the plan lets nothing pass at that time.
func (p *Plan) open(s Step, route *routes.Route) string {
	d := p.Decision
	switch {
	case route.Plans == 0:
		return "the route lets no plan stand for an answer"
	case p.Action.Breakpoint != events.AtPlan:
		return "it is no plan"
	case d.Outcome != events.Approved:
		return fmt.Sprintf("the plan is %s", d.Outcome)
	case d.DecidedBy.Kind != events.ByApprovers:
		return "no people approved the plan"
	case len(d.Arguments) > 0:
		return "people changed the plan, and its steps are not what they saw"
	case !s.At.Before(p.DecidedAt.Add(route.Plans)):
		return fmt.Sprintf("the plan was approved more than %s ago", route.Plans)
	case d.ValidUntil != nil && !s.At.Before(*d.ValidUntil):
		return "the plan's approval has ended"
	case s.Proposed.Deadline != nil && !s.At.Before(*s.Proposed.Deadline):
		return "the action's deadline has passed"
	}
	return ""
}

// elsewhere says why the action does not belong to the piece of work that was planned.
func (p *Plan) elsewhere(s Step, _ *routes.Route) string {
	at := s.Proposed.Breakpoint
	switch {
	case at != events.AtToolCall && at != events.AtComputerUse && at != events.AtSubtask:
		return fmt.Sprintf("an action at %s is no step", at)
	case p.Action.Session == "" || p.Action.Session != s.Proposed.Session:
		return "the action is not of the plan's session"
	case p.Action.Principal != s.Proposed.Principal:
		return "the action is on behalf of somebody else"
	}
	return ""
}

// riskier says why people have to look again: something has come to light that was not on the plan's card.
func (p *Plan) riskier(s Step, _ *routes.Route) string {
	switch {
	case s.Assessed.Denied:
		return "the policy denies it"
	case s.Assessed.Edited != nil:
		return "people changed it"
	case s.Assessed.Score > p.Decision.Score:
		return fmt.Sprintf("its score is %d and the plan's was %d", s.Assessed.Score, p.Decision.Score)
	}
	return ""
}

// unentitled says why those who approved the plan could not approve the action by themselves.
func (p *Plan) unentitled(s Step, route *routes.Route, people People) string {
	var supporters []approval.Supporter
	for _, v := range p.Decision.DecidedBy.Approvers {
		person := people.PersonOf(v.Approver)
		switch {
		case v.Verdict != events.Approve,
			len(route.Channels) > 0 && !slices.Contains(route.Channels, v.Channel),
			v.Comment == "" && slices.Contains(route.CommentOn, events.Approve),
			people.OwnAction(v.Approver, s.Proposed.Principal, s.Assessed.Agent) != "",
			slices.ContainsFunc(supporters, func(o approval.Supporter) bool { return o.Person == person }):
			continue
		}
		supporters = append(supporters, approval.Supporter{Person: person, Groups: people.GroupsOf(v.Approver)})
	}
	if !approval.Met(route.Require, supporters) {
		return fmt.Sprintf("it needs %s, and those who approved the plan are not", approval.Words(route.Require))
	}
	return ""
}

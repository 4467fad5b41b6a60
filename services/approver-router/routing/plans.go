package routing

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/plans"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// planned lets the steps of plans pass that people approved: they have seen them already. A step that is not exactly as listed is treated
// as if there were no plan.
type planned struct {
	actions *actions
	opener  *opener
	tables  *tables
}

// pass lets the action through where it is a step of an approved plan; passed is false for all others. at is the message with its assessment.
func (p *planned) pass(ctx context.Context, at *stream.Message, route *routes.Route, w waiting) (outcome stream.Outcome, passed bool) {
	a := w.assessment
	if w.proposed.PlanAction == "" {
		return stream.Outcome{}, false
	}
	plan, err := p.load(ctx, a.Agent, w.proposed.PlanAction)
	if err != nil {
		return stream.RetryAfter(retryOpen, err), true
	}
	if plan == nil {
		return stream.Outcome{}, false
	}
	steps, _ := plan.Matching(plans.Step{Assessed: a, Proposed: w.proposed, At: at.StoredAt}, route, p.tables.get().people)
	for _, step := range steps {
		id := requests.PassID("plan", a.Agent, w.proposed.PlanAction, strconv.FormatUint(plan.Decision.Sequence, 10), strconv.Itoa(step))
		mine := requests.Pass{Agent: a.Agent, Action: a.Action, Plan: w.proposed.PlanAction, Step: step}
		given, claimed, err := p.opener.store.TakePass(ctx, id, mine)
		switch {
		case err != nil:
			return stream.RetryAfter(retryOpen, err), true
		case given.Of(a.Agent, a.Action):
			return p.let(ctx, given, w), true
		case claimed.Request != id: // it is on a card, or has another pass
			return p.opener.elsewhere(ctx, claimed, w), true
		}
	}
	return stream.Outcome{}, false
}

// load reads a plan and the decision on it; nil where there is none to be had, as where the plan still waits.
func (p *planned) load(ctx context.Context, agent, action string) (*plans.Plan, error) {
	ledger, err := p.actions.handles.of(ctx, p.actions.js, p.actions.subjects.Stream("DECISIONS"))
	if err != nil {
		return nil, err
	}
	m, err := ledger.GetLastMsgForSubject(ctx, p.actions.subjects.Decision(agent, action))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("looking for the decision on plan %s/%s: %w", agent, action, err)
	}
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return nil, nil //nolint:nilerr // what cannot be read lets nothing pass
	}
	d, err := events.As[events.DecisionMade](e)
	if err != nil {
		return nil, nil //nolint:nilerr // as above
	}
	proposed, err := p.actions.load(ctx, events.ActionRef{Agent: agent, Action: action, Sequence: d.Sequence, Digest: d.Digest})
	switch {
	case errors.Is(err, errNotAtHand):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &plans.Plan{Action: proposed, Decision: d, DecidedAt: m.Time}, nil
}

// let publishes the decision on an action that is a step.
func (p *planned) let(ctx context.Context, given requests.Pass, w waiting) stream.Outcome {
	a := w.assessment
	plan, err := p.load(ctx, a.Agent, given.Plan)
	switch {
	case err != nil:
		return stream.RetryAfter(retryOpen, err)
	case plan == nil:
		return stream.Permanent(fmt.Errorf("plan %s of %s, of which it is step %d, cannot be read any more", given.Plan, a.Agent, given.Step))
	}
	d := decisionOn(a)
	d.Outcome, d.ArgumentsDigest, d.ValidUntil = events.Approved, a.ArgumentsDigest, plan.Decision.ValidUntil
	by := plan.Decision.DecidedBy.Approvers
	d.Reason = fmt.Sprintf("it is step %d of plan %s, which %s approved", given.Step, given.Plan, names(by))
	d.DecidedBy = events.Decider{
		Kind: events.ByPlan, Approvers: by, Plan: &events.PlanPart{Action: given.Plan, Step: given.Step, Request: plan.Decision.Request},
	}
	return p.opener.decide(d, w)
}

// names are the approvers in a sentence.
func names(approvers []events.ApproverVerdict) string {
	all := make([]string, len(approvers))
	for i, v := range approvers {
		all[i] = v.Approver
	}
	return strings.Join(all, " and ")
}

package routing

import (
	"context"
	"errors"

	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
)

// passes let actions through that wait for people, where people have said enough already: by a plan that they approved, or by a grant.
type passes struct {
	opener *opener
	plans  *planned
	grants *granted
}

// pass lets the action through where it may; passed is false for all others, which come before people. at is the message with its assessment.
func (p *passes) pass(ctx context.Context, at *stream.Message, route *routes.Route, about routes.Action, w waiting) (outcome stream.Outcome, passed bool) {
	a := w.assessment
	if at.Deliveries > 1 { // it may have its pass already
		given, err := p.opener.store.PassOf(ctx, a.Agent, a.Action)
		switch {
		case err == nil:
			return p.let(ctx, given, w), true
		case !errors.Is(err, requests.ErrNotFound):
			return stream.RetryAfter(retryOpen, err), true
		}
	}
	if a.Denied || a.Edited != nil || w.proposed == nil {
		return stream.Outcome{}, false
	}
	if outcome, passed = p.plans.pass(ctx, at, route, w); passed {
		return outcome, true
	}
	return p.grants.pass(ctx, at, route, about, w)
}

// let publishes the decision on an action that has a pass. Whoever finds the pass may do so: it is what decides.
func (p *passes) let(ctx context.Context, given requests.Pass, w waiting) stream.Outcome {
	if given.Grant != "" {
		return p.grants.let(ctx, given, w)
	}
	return p.plans.let(ctx, given, w)
}

package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/money"
	"github.com/weighlock/weighlock/internal/grants"
	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// granted lets actions pass by standing approvals.
type granted struct {
	subjects events.Subjects
	store    *grants.Store
	index    *grants.Index
	opener   *opener
	tables   *tables
}

// pass lets the action through where a grant covers it that its giver may still give.
func (g *granted) pass(ctx context.Context, at *stream.Message, route *routes.Route, about routes.Action, w waiting) (outcome stream.Outcome, passed bool) {
	a, t := w.assessment, g.tables.get()
	asked := grants.Action{
		Assessment: a, Arguments: w.proposed.Arguments, Route: route.ID, Group: route.Group(), Key: w.similar,
		Own: func(account string) string { return t.people.OwnAction(account, a.Principal, a.Agent) },
	}
	candidates, err := g.index.For(ctx, asked)
	if err != nil {
		return stream.RetryAfter(retryOpen, err), true
	}
	if len(candidates) == 0 || t.routes.NeverGranted(about) {
		return stream.Outcome{}, false
	}
	if events.Marked(w.proposed.Arguments, w.proposed.Private) { // nobody here knows what stands there
		return stream.Outcome{}, false
	}
	asked.Money, asked.MoneyUnknown = price(w.proposed, a.Agent, at)
	for i := range candidates {
		s := &candidates[i]
		if mayGrant(route, t.people, s.Giver.Approver, s.Giver.Channel) != "" {
			continue
		}
		if _, refusal := grants.Use(*s, asked, at.StoredAt); refusal != nil {
			continue
		}
		if outcome, passed := g.take(ctx, at, s.ID, asked, w); passed {
			return outcome, true
		}
	}
	return stream.Outcome{}, false
}

// take counts a use of the grant and gives the action its pass: first the claim, which fixes the grant, then the use, then the pass.
func (g *granted) take(ctx context.Context, at *stream.Message, grant string, asked grants.Action, w waiting) (outcome stream.Outcome, passed bool) {
	a := w.assessment
	id := requests.GrantPassID(grant, a.Agent, a.Action)
	counted := false
	given, claimed, err := g.opener.store.TakeCounted(ctx, id, requests.Pass{Agent: a.Agent, Action: a.Action, Grant: grant}, func() (bool, error) {
		_, err := g.store.Use(ctx, grant, asked, at.StoredAt)
		if _, refused := errors.AsType[*grants.RefusedError](err); refused || errors.Is(err, grants.ErrNotFound) {
			return false, nil
		}
		counted = err == nil
		return counted, err
	})
	switch {
	case err != nil:
		return stream.RetryAfter(retryOpen, err), true
	case claimed.Request != id: // it is on a card, or has another pass
		return g.opener.elsewhere(ctx, claimed, w), true
	case given.Of(a.Agent, a.Action):
		return g.let(ctx, given, w), true
	case counted: // a router that puts it on a card was faster
		if _, err := g.store.GiveBack(ctx, grant, a.Agent, a.Action, at.StoredAt); err != nil {
			return stream.RetryAfter(retryOpen, err), true
		}
	}
	return stream.Outcome{}, false
}

// let publishes the decision on an action that has a pass by a grant, and that the grant was used.
func (g *granted) let(ctx context.Context, given requests.Pass, w waiting) stream.Outcome {
	a := w.assessment
	s, err := g.store.Load(ctx, given.Grant)
	switch {
	case errors.Is(err, grants.ErrNotFound), errors.Is(err, grants.ErrUnreadable):
		return stream.Permanent(fmt.Errorf("grant %s, by which it passed, cannot be read any more: %w", given.Grant, err))
	case err != nil:
		return stream.RetryAfter(retryOpen, err)
	}
	use := s.Used[a.Agent+"/"+a.Action]
	d := decisionOn(a)
	d.Outcome, d.ArgumentsDigest = events.Approved, a.ArgumentsDigest
	d.Reason = fmt.Sprintf("%s granted it until %s, by grant %s", s.Giver.Approver, s.Expires.UTC().Format("15:04 MST, 2 January"), s.ID)
	d.DecidedBy = events.Decider{Kind: events.ByGrant, Grant: s.ID, Approvers: []events.ApproverVerdict{
		{Approver: s.Giver.Approver, Channel: s.Giver.Channel, Verdict: events.Approve, At: s.Created},
	}}
	decision, err := decisionOutput(g.subjects, d, w.cause, g.opener.now())
	if err != nil {
		return stream.Permanent(err)
	}
	used := &events.GrantUsed{
		Grant: s.ID, Approver: s.Giver.Approver, Agent: a.Agent, Action: a.Action, UsesLeft: s.Left(), Amount: grants.Amount(use.Micros), AmountLeft: grants.Amount(s.AmountLeft()),
	}
	if s.Limit != nil {
		used.Currency = s.Limit.Currency
	}
	told, err := grantOutput(g.subjects, s.ID, events.GrantCounted, used, "grant/"+s.ID+"/used/"+a.Agent+"/"+a.Action, w.cause, g.opener.now())
	if err != nil {
		return stream.Permanent(err)
	}
	return stream.Done(decision, told)
}

// price is what the action moves.
func price(proposed *events.ActionProposed, agent string, at *stream.Message) (amount *grants.Money, unknown bool) {
	f, err := money.Of(input.New(proposed, agent, at.StoredAt, nil))
	if err != nil {
		return nil, true
	}
	return grants.Price(f)
}

// mayGrant says why somebody may give no grant on the route: a grant is limited to what its giver could approve alone. It is asked when a grant
// is given and each time it is used.
func mayGrant(route *routes.Route, d *people.Directory, account, channel string) string {
	switch {
	case route.Grants.For == 0:
		return fmt.Sprintf("route %s lets nothing be granted", route.ID)
	case len(route.Require) != 1 || route.Require[0].Count != 1:
		return fmt.Sprintf("route %s needs %s, and a grant is only for what one person may approve alone", route.ID, approval.Words(route.Require))
	case !slices.Contains(d.GroupsOf(account), route.Group()):
		return fmt.Sprintf("%s is not in %s", account, route.Group())
	case len(route.Channels) > 0 && !slices.Contains(route.Channels, channel):
		return fmt.Sprintf("route %s does not trust %s", route.ID, channel)
	}
	return ""
}

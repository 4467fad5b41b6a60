package routing

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// retryOpen is how long an assessment waits after its request could not be stored.
const retryOpen = 500 * time.Millisecond

// opener turns a batch into a stored request.
type opener struct {
	subjects events.Subjects
	store    *requests.Store
	now      func() time.Time
	opened   func(items int) // counts, for metrics and tests
}

// newRequestID is short enough to type and random enough that two never meet: 60
// bits, and the store refuses a second request of the same id.
func newRequestID() string { return "r-" + strings.ToLower(rand.Text()[:12]) }

// open stores the request of b and settles every item: its assessment is acknowledged
// only once the request it is on is stored and announced.
func (o *opener) open(ctx context.Context, b *batch) {
	id := newRequestID()
	mine := make([]waiting, 0, len(b.items))
	for _, w := range b.items {
		holder, err := o.store.Claim(ctx, w.assessment.Agent, w.assessment.Action, id)
		switch {
		case err != nil:
			w.promise.Resolve(stream.RetryAfter(retryOpen, err))
		case holder != id:
			w.promise.Resolve(o.announceAgain(ctx, holder, w))
		default:
			mine = append(mine, w)
		}
	}
	if len(mine) == 0 {
		return
	}
	announce, err := o.save(ctx, id, b, mine)
	if err != nil {
		for _, w := range mine {
			w.promise.Resolve(stream.RetryAfter(retryOpen, err))
		}
		return
	}
	o.opened(len(mine))
	// The first item carries the announcement. Should it be lost, that item's assessment
	// comes again and announces again.
	mine[0].promise.Resolve(stream.Done(announce...))
	for _, w := range mine[1:] {
		w.promise.Resolve(stream.Done())
	}
}

// save makes the card and the state and stores them under id.
func (o *opener) save(ctx context.Context, id string, b *batch, items []waiting) ([]stream.Output, error) {
	now := o.now()
	card := newCard(id, b.route, items, now)
	origins := make([]approval.ItemOrigin, len(items))
	for i, w := range items {
		origins[i] = approval.ItemOrigin{ReplyTo: w.cause.ReplyTo, TraceParent: w.cause.TraceParent, PolicyVersion: w.cause.PolicyVersion, EventID: w.cause.ID}
	}
	state, effects, err := approval.Open(card, rulesOf(b.route), origins, now)
	if err != nil {
		return nil, fmt.Errorf("opening request %s: %w", id, err)
	}
	if state, err = o.store.Create(ctx, state); err != nil {
		return nil, err
	}
	return requests.Outputs(o.subjects, source, items[0].cause, state, effects)
}

// announceAgain answers an assessment whose action is on a request already: its router may
// have died before the announcement was out, which the first item repairs.
func (o *opener) announceAgain(ctx context.Context, id string, w waiting) stream.Outcome {
	state, err := o.store.Load(ctx, id)
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	first := state.CardItem(1)
	if first.Agent != w.assessment.Agent || first.Action != w.assessment.Action {
		return stream.Done()
	}
	out, err := requests.Outputs(o.subjects, source, w.cause, state, []approval.Effect{approval.Requested(state)})
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	return stream.Done(out...)
}

// rulesOf are the rules a request is opened, and stays, under.
func rulesOf(route *routes.Route) approval.Rules {
	rules := approval.Rules{Quorum: route.Quorum, Channels: route.Channels, Otherwise: route.Otherwise}
	for _, t := range route.Tiers {
		rules.Tiers = append(rules.Tiers, approval.Tier{Group: t.Group, Wait: t.Wait, RemindEvery: t.RemindEvery})
	}
	return rules
}

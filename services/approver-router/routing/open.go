package routing

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/grants"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

const (
	// retryOpen is how long a message waits after its request could not be stored or read.
	retryOpen = 500 * time.Millisecond
	// openTimeout bounds the opening of a batch; then its items are given back.
	openTimeout = 15 * time.Second
	// claimsAtOnce is how many claims of a batch are under way.
	claimsAtOnce = 32
)

// opener turns a batch into stored requests.
type opener struct {
	js       jetstream.JetStream
	subjects events.Subjects
	store    *requests.Store
	handles  handles
	tables   *tables
	load     *load // nil where nobody asks how busy people are
	now      func() time.Time
}

// newRequestID is short enough to type and random enough that two never meet: 60
// bits, and the store refuses a second request of the same id.
func newRequestID() string { return "r-" + strings.ToLower(rand.Text()[:12]) }

// open stores b as one request, or as several where one would be too large, and
// settles every item.
func (o *opener) open(ctx context.Context, b *batch) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	items, repeated := unique(b.items)
	sortByRisk(items)
	for _, part := range split(items, int(o.js.Conn().MaxPayload()/2)-o.room()) {
		o.openOne(ctx, b.route, part)
	}
	// By the time it comes again its action is on a card, or free to be put on one.
	for _, w := range repeated {
		w.promise.Resolve(stream.RetryAfter(retryOpen, errRepeated))
	}
}

var errRepeated = errors.New("another assessment of the same action is being put on a card")

// unique takes out all but the first assessment of every action.
func unique(items []waiting) (first, repeated []waiting) {
	seen := make(map[[2]string]bool, len(items))
	for _, w := range items {
		name := [2]string{w.assessment.Agent, w.assessment.Action}
		if seen[name] {
			repeated = append(repeated, w)
			continue
		}
		seen[name] = true
		first = append(first, w)
	}
	return first, repeated
}

// openOne stores one request. An assessment is acknowledged only once the request it is
// on is stored and announced.
func (o *opener) openOne(ctx context.Context, route *routes.Route, items []waiting) {
	id := newRequestID()
	mine := o.claim(ctx, id, items)
	if len(mine) == 0 {
		return
	}
	announce, err := o.save(ctx, newCard(id, route, mine, o.room()), route, mine)
	if err != nil {
		o.putOff(ctx, route, mine, err)
		return
	}
	// The first item carries the announcement. Should it be lost, that item's assessment
	// comes again and announces again.
	mine[0].promise.Resolve(stream.Done(announce...))
	for _, w := range mine[1:] {
		w.promise.Resolve(stream.Done())
	}
}

// putOff settles items whose request could not be stored. Where that is because of one of them, each goes on a card of its own,
// so that it sinks no other; alone it is buried, which denies it.
func (o *opener) putOff(ctx context.Context, route *routes.Route, items []waiting, err error) {
	_, wrong := errors.AsType[*events.FieldError](err)
	switch bad := wrong || errors.Is(err, nats.ErrMaxPayload); {
	case bad && len(items) > 1:
		for i := range items {
			o.openOne(ctx, route, items[i:i+1])
		}
	case bad:
		items[0].promise.Resolve(stream.Permanent(err))
	default:
		for _, w := range items {
			w.promise.Resolve(stream.RetryAfter(retryOpen, err))
		}
	}
}

// room is what a card may use to show its actions.
func (o *opener) room() int { return room(o.js.Conn().MaxPayload()) }

// claim returns the items that are this request's to show, in order, and settles the
// others.
func (o *opener) claim(ctx context.Context, id string, items []waiting) []waiting {
	free := make([]bool, len(items))
	slots := make(chan struct{}, claimsAtOnce)
	var claims sync.WaitGroup
	for i, w := range items {
		slots <- struct{}{}
		claims.Go(func() {
			defer func() { <-slots }()
			var outcome stream.Outcome
			if free[i], outcome = o.claimOne(ctx, id, w); !free[i] {
				w.promise.Resolve(outcome)
			}
		})
	}
	claims.Wait()
	mine := make([]waiting, 0, len(items))
	for i, w := range items {
		if free[i] {
			mine = append(mine, w)
		}
	}
	return mine
}

// claimOne reports whether the action of w is to be put on request id, and what becomes
// of its assessment otherwise.
func (o *opener) claimOne(ctx context.Context, id string, w waiting) (free bool, otherwise stream.Outcome) {
	a := w.assessment
	// An edit that moved the action to a card of its own has an assessment of its own: any other comes too late.
	from, err := o.store.MovedFrom(ctx, a.Agent, a.Action)
	switch {
	case err != nil:
		return false, stream.RetryAfter(retryOpen, err)
	case from != "" && (a.Edited == nil || a.Edited.Request != from):
		return false, stream.Done()
	}
	claimed, err := o.store.Claim(ctx, a.Agent, a.Action, id)
	if err != nil {
		return false, stream.RetryAfter(retryOpen, err)
	}
	if claimed.Request != id {
		return false, o.elsewhere(ctx, claimed, w)
	}
	// An action may be decided already: withdrawn, or on a request that is long over.
	isDecided, err := decided(ctx, &o.handles, o.js, o.subjects, a.Agent, a.Action)
	if err != nil {
		return false, stream.RetryAfter(retryOpen, err)
	}
	return !isDecided, stream.Done()
}

// elsewhere settles an assessment whose action has its place already: on a request, or with a pass, which its next delivery finds.
func (o *opener) elsewhere(ctx context.Context, claimed requests.Claimed, w waiting) stream.Outcome {
	if claimed.IsPass() {
		return stream.RetryAfter(retryOpen, errPassed)
	}
	state, err := o.store.Load(ctx, claimed.Request)
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	return o.announceAgain(state, w)
}

var errPassed = errors.New("the action has a pass, whose decision is not published yet")

// decide settles an assessment by a decision without a card.
func (o *opener) decide(d *events.DecisionMade, w waiting) stream.Outcome {
	out, err := decisionOutput(o.subjects, d, w.cause, o.now())
	if err != nil {
		return stream.Permanent(err)
	}
	return stream.Done(out)
}

// decided reports whether the action has its decision, so that nobody is asked again.
func decided(ctx context.Context, h *handles, js jetstream.JetStream, s events.Subjects, agent, action string) (bool, error) {
	ledger, err := h.of(ctx, js, s.Stream("DECISIONS"))
	if err == nil {
		_, err = ledger.GetLastMsgForSubject(ctx, s.Decision(agent, action))
	}
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, fmt.Errorf("looking for the decision on %s/%s: %w", agent, action, err)
	}
	return err == nil, nil
}

// save makes the state of the card and stores it, and returns its announcements.
func (o *opener) save(ctx context.Context, card events.Card, route *routes.Route, items []waiting) ([]stream.Output, error) {
	origins := make([]approval.ItemOrigin, len(items))
	for i, w := range items {
		origins[i] = originOf(w)
	}
	if key := items[0].similar; len(key) <= grants.MaxKey { // the same for all
		origins[0].Similar = key
	}
	state, effects, err := approval.Open(card, rulesOf(route), origins, o.duty(route), o.now())
	if err != nil {
		return nil, fmt.Errorf("opening request %s: %w", card.Request, err)
	}
	if state, err = o.store.Create(ctx, state); err != nil {
		return nil, err
	}
	if o.load != nil {
		o.load.opened(route.Group(), state.Request, state.EndsAt)
	}
	return requests.Outputs(o.subjects, source, items[0].cause, state, effects)
}

// duty is who works when, and who is on call for the first tier of a route.
func (o *opener) duty(route *routes.Route) approval.Duty {
	directory := o.tables.get().people
	duty := approval.Duty{Calendar: func(group string) approval.Calendar {
		if c := directory.Calendar(group); c != nil {
			return c
		}
		return nil
	}}
	groups := []string{route.Tiers[0].Group}
	for _, r := range route.Require {
		groups = append(groups, r.Group)
	}
	duty.OnCall = directory.AllOnCall(groups, o.now())
	return duty
}

// again settles a redelivered assessment whose action is on a stored request. It reports
// false where there is none to be found, so that the assessment takes the common way.
func (o *opener) again(ctx context.Context, w waiting) (stream.Outcome, bool) {
	state, err := o.store.Find(ctx, w.assessment.Agent, w.assessment.Action)
	if err != nil {
		return stream.Outcome{}, false
	}
	return o.announceAgain(state, w), true
}

// announceAgain answers an assessment whose action is on a request already: its router may
// have died before the announcement was out, which the first item repairs.
func (o *opener) announceAgain(state approval.State, w waiting) stream.Outcome {
	first := state.CardItem(1)
	if first.Agent != w.assessment.Agent || first.Action != w.assessment.Action {
		return stream.Done()
	}
	out, err := requests.Outputs(o.subjects, source, w.cause, state, approval.Requested(state))
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	return stream.Done(out...)
}

// rulesOf are the rules a request is opened, and stays, under.
func rulesOf(route *routes.Route) approval.Rules {
	return approval.Rules{
		Require: route.Require, RejectionEnds: route.RejectionEnds, CommentOn: route.CommentOn,
		Channels: route.Channels, Otherwise: route.Otherwise, Mask: route.Mask, Attention: route.Attention,
		Tiers: route.Tiers, Repeat: route.Repeat, EarlierLeave: route.EarlierLeave, Hold: route.Hold, Stop: route.Questions,
	}
}

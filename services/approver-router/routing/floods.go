package routing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/internal/flood"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// keepFloods is how long an agent's floods are remembered after the last of its actions: longer than one can wait.
const keepFloods = 31 * 24 * time.Hour

// What waits behind a flood's card is looked at again after a tenth of the time that it has waited, within these bounds.
const (
	shortestWait = time.Second
	longestWait  = 30 * time.Second
)

// floods stops what belongs to a flood before it comes onto cards: one card says that there is one, and people's answer to it
// decides about the rest. The state is in the bucket, changed by compare-and-set, so that several routers
// count together and a restart forgets nothing.
type floods struct {
	subjects events.Subjects
	opener   *opener
	posts    *postponed
	answers  *answers
	now      func() time.Time
}

// stop says what becomes of an action that belongs to a flood; stopped is false for all others, and for those that people let through.
func (f *floods) stop(ctx context.Context, m *stream.Message, route *routes.Route, w waiting) (outcome stream.Outcome, stopped bool) {
	a := w.assessment
	if route.Flood.Actions == 0 || a.Edited != nil { // an edit is a person's doing
		return stream.Outcome{}, false
	}
	mark := flood.Mark{Sequence: m.Sequence, At: m.StoredAt.UTC()}
	limit := flood.Limit{Actions: route.Flood.Actions, Per: route.Flood.Per, For: route.Flood.For}
	for range patience {
		var place flood.Place
		err := f.change(ctx, route, a.Agent, func(s flood.State) (next flood.State) {
			next, place = s.Take(limit, mark, a.Action, newRequestID())
			return next
		})
		switch {
		case err != nil:
			return stream.RetryAfter(retryOpen, err), true
		case place.Trip == nil:
			return stream.Outcome{}, false
		case place.Opens:
			return f.open(ctx, route, w, place.Trip), true
		}
		trip := place.Trip
		answer, err := f.answers.to(ctx, a.Agent, trip.Action, f.now())
		switch {
		case err != nil:
			return stream.RetryAfter(retryOpen, err), true
		case answer == nil:
			return f.behind(m, route, w, trip), true
		case answer.Outcome == events.Withdrawn || answer.Request != trip.Request: // then the card is not what was answered
			err = f.change(ctx, route, a.Agent, func(s flood.State) flood.State {
				return s.Succeed(trip.Request, mark.Sequence, a.Action, newRequestID())
			})
		case answer.Outcome == events.Approved && mark.At.Before(answer.at):
			return stream.Outcome{}, false
		case answer.Outcome == events.Approved:
			err = f.change(ctx, route, a.Agent, func(s flood.State) flood.State { return s.Close(trip.Request, answer.at) })
		case route.Flood.Then == routes.Deny:
			return f.behind(m, route, w, trip), true
		default:
			return f.like(w, trip, answer), true
		}
		if err != nil {
			return stream.RetryAfter(retryOpen, err), true
		}
	}
	return stream.RetryAfter(retryOpen, requests.ErrContended), true
}

// change moves the agent's state on.
func (f *floods) change(ctx context.Context, route *routes.Route, agent string, next func(flood.State) flood.State) error {
	key := requests.FloodKey(route.Flood.Route, agent)
	return f.opener.store.Change(ctx, key, keepFloods, func(value []byte) ([]byte, error) {
		var s flood.State
		if len(value) > 0 && json.Unmarshal(value, &s) != nil {
			s = flood.State{} // what cannot be read is counted anew: people are asked all the same
		}
		return json.Marshal(next(s))
	})
}

// open puts the action that tripped the breaker on the card about the flood.
func (f *floods) open(ctx context.Context, route *routes.Route, w waiting, trip *flood.Trip) stream.Outcome {
	if free, otherwise := f.opener.claimOne(ctx, trip.Request, w); !free {
		return otherwise
	}
	card := newCard(trip.Request, route, []waiting{w}, f.opener.room())
	limit := route.Flood
	card.Flood = &events.Flood{
		Agent: w.assessment.Agent, Actions: limit.Actions, Seconds: int(limit.Per.Seconds()), Denied: limit.Then == routes.Deny, Until: trip.Until,
	}
	card.Headline = clip(oneLine(fmt.Sprintf("flood of %s, above %d actions in %s: %s", w.assessment.Agent, limit.Actions, limit.Per, card.Headline)), maxHeadline)
	announce, err := f.opener.save(ctx, card, route, []waiting{w})
	switch {
	case errors.Is(err, requests.ErrExists): // stored by a router that died then
		state, err := f.opener.store.Load(ctx, trip.Request)
		if err != nil {
			return stream.RetryAfter(retryOpen, err)
		}
		return f.opener.announceAgain(state, w)
	case errors.Is(err, requests.ErrGone): // another router took it for dead: the card needs another id
		err = errors.Join(err, f.change(ctx, route, w.assessment.Agent, func(s flood.State) flood.State {
			return s.Succeed(trip.Request, trip.Sequence, trip.Action, newRequestID())
		}))
		return stream.RetryAfter(retryOpen, err)
	case err != nil:
		return stream.RetryAfter(retryOpen, err)
	}
	return stream.Done(announce...)
}

// behind is for what nobody has said anything about yet: it waits, is denied, or ends with its deadline.
func (f *floods) behind(m *stream.Message, route *routes.Route, w waiting, trip *flood.Trip) stream.Outcome {
	now := f.now()
	limit := route.Flood
	about := fmt.Sprintf("%s put more than %d actions before people within %s", w.assessment.Agent, limit.Actions, limit.Per)
	switch deadline := w.assessment.Deadline; {
	case limit.Then == routes.Deny:
		return f.decide(w, events.Denied, events.ByPolicy, about+"; until "+trip.Until.Format("15:04:05 MST")+" others are denied, unless card "+trip.Request+" is approved before")
	case deadline != nil && !now.Before(*deadline):
		return f.decide(w, route.Otherwise, events.ByTimeout, about+", and nobody answered card "+trip.Request+" before the deadline of this one")
	}
	again := now.Add(min(max(now.Sub(m.StoredAt)/10, shortestWait), longestWait))
	if deadline := w.assessment.Deadline; deadline != nil && deadline.Before(again) {
		again = *deadline
	}
	if d := f.posts.wait(m, again, now); d > 0 {
		return stream.Postpone(d)
	}
	return f.decide(w, events.Denied, events.ByPolicy, about+", and more wait already than can be kept")
}

// decide ends an action without its having been on a card.
func (f *floods) decide(w waiting, outcome events.Outcome, by events.DeciderKind, reason string) stream.Outcome {
	return f.made(w, &events.DecisionMade{Outcome: outcome, Reason: reason, DecidedBy: events.Decider{Kind: by}})
}

// like ends an action as people, or time, ended the card about its flood.
func (f *floods) like(w waiting, trip *flood.Trip, answer *answer) stream.Outcome {
	return f.made(w, &events.DecisionMade{
		Outcome: answer.Outcome, DecidedBy: answer.DecidedBy, Guidance: answer.Guidance, Request: trip.Request,
		Reason: "it belongs to a flood whose card " + trip.Request + " was " + clip(answer.Reason, maxText),
	})
}

func (f *floods) made(w waiting, d *events.DecisionMade) stream.Outcome {
	made := decisionOn(w.assessment)
	made.Outcome, made.Reason, made.DecidedBy, made.Guidance, made.Request = d.Outcome, d.Reason, d.DecidedBy, d.Guidance, d.Request
	return f.opener.decide(made, w)
}

// Package flood decides when one agent puts more before people than they can judge, and what belongs to the flood: a pure
// function of what came when.
package flood

import (
	"slices"
	"time"
)

// Limit is how many actions within Per are no flood yet, and how long a tripped breaker lasts.
type Limit struct {
	Actions  int
	Per, For time.Duration
}

// Mark is one action that came: the place of its assessment in the stream of events, and when that was stored.
type Mark struct {
	Sequence uint64    `json:"sequence"`
	At       time.Time `json:"at"`
}

// Trip is one flood. The action that tripped the breaker is shown on the card about it.
type Trip struct {
	Mark

	Action string `json:"action"`
	// Request is the id of the card about the flood.
	Request string `json:"request"`
	// Until is when the breaker closes again by itself, or was closed by people.
	Until time.Time `json:"until"`
}

// State is what is known of one agent. The zero value is an agent that never did anything.
type State struct {
	Recent []Mark `json:"recent,omitempty"`
	Trips  []Trip `json:"trips,omitempty"` // the newest last
}

// keepTrips is how long a flood is remembered after its end: longer than an action can wait behind it.
const keepTrips = 31 * 24 * time.Hour

// Place is where an action stands. The zero value is outside of any flood.
type Place struct {
	Trip *Trip
	// Opens says that the card about the flood is made of this action.
	Opens bool
}

// Take counts an action and says where it stands. An action that is delivered again is not counted again. Should it trip the
// breaker, the card about the flood gets the id request.
func (s State) Take(limit Limit, m Mark, action, request string) (State, Place) {
	for i := range s.Trips {
		t := s.Trips[i]
		if t.Sequence == m.Sequence {
			return s, Place{&t, true}
		}
	}
	counted := slices.ContainsFunc(s.Recent, func(r Mark) bool { return r.Sequence == m.Sequence })
	for _, t := range slices.Backward(s.Trips) {
		if !counted && !m.At.Before(t.At) && m.At.Before(t.Until) {
			return s, Place{Trip: &t}
		}
	}
	if counted {
		return s, Place{}
	}
	var last *Trip
	var from time.Time // what was before the last flood's end is dealt with
	if n := len(s.Trips); n > 0 {
		last, from = &s.Trips[n-1], s.Trips[n-1].Until
	}
	if last != nil && m.At.Before(from) { // it came before the flood, and was long on its way
		if s.near(limit, m, time.Time{}) >= limit.Actions {
			return s, Place{Trip: last}
		}
		return s.remember(limit, m), Place{}
	}
	near := s.near(limit, m, from)
	next := s.remember(limit, m)
	if near < limit.Actions {
		return next, Place{}
	}
	t := Trip{Mark: m, Action: action, Request: request, Until: m.At.Add(limit.For)}
	next.Trips = append(slices.Clone(s.Trips), t)
	next.Trips = slices.DeleteFunc(next.Trips, func(old Trip) bool { return old.Until.Add(keepTrips).Before(m.At) })
	return next, Place{&t, true}
}

// near counts what came within a time of m, and not before from.
func (s State) near(limit Limit, m Mark, from time.Time) (n int) {
	for _, r := range s.Recent {
		if !r.At.Before(from) && r.At.After(m.At.Add(-limit.Per)) && r.At.Before(m.At.Add(limit.Per)) {
			n++
		}
	}
	return n
}

// remember adds m and lets go of what is too old to be counted with anything to come.
func (s State) remember(limit Limit, m Mark) State {
	recent := append(slices.Clone(s.Recent), m)
	newest := slices.MaxFunc(recent, func(a, b Mark) int { return a.At.Compare(b.At) }).At
	recent = slices.DeleteFunc(recent, func(r Mark) bool { return r.At.Add(2 * limit.Per).Before(newest) })
	return State{Recent: recent, Trips: s.Trips}
}

// Close ends the flood that card request is about, at a time: what comes then is counted anew.
func (s State) Close(request string, at time.Time) State {
	return s.change(request, func(t *Trip) {
		if at.Before(t.Until) {
			t.Until = at
		}
	})
}

// Succeed makes another action of the flood the one that its card shows, under a new id: the one before was taken back, or its
// card was never stored.
func (s State) Succeed(request string, sequence uint64, action, next string) State {
	return s.change(request, func(t *Trip) { t.Sequence, t.Action, t.Request = sequence, action, next })
}

func (s State) change(request string, f func(*Trip)) State {
	next := State{Recent: s.Recent, Trips: slices.Clone(s.Trips)}
	for i := range next.Trips {
		if next.Trips[i].Request == request {
			f(&next.Trips[i])
		}
	}
	return next
}

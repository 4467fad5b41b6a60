// Package calendar says when people work: time zone, hours of the week and holidays, as pure functions of time.
package calendar

import (
	"iter"
	"slices"
	"time"
)

// Calendar is somebody's working time. The nil calendar always works. It does not change and is safe for concurrent use.
type Calendar struct {
	// Zone is where its hours are read off the clock.
	Zone *time.Location
	// Week has the working hours of each day, by [time.Weekday], in order and without overlap.
	Week [7][]Span
	// Holidays are the days without working time.
	Holidays Holidays
}

// Span is a part of a day, in minutes after midnight on the clock: from From to before To, at most 1440. It is whenever the clock shows one of
// its minutes: what the clock leaves out in spring is left out, what it repeats in autumn counts twice.
type Span struct{ From, To int }

// mostDays is how far ahead working time is looked for: more than a year.
const mostDays = 400

// Working reports whether t is in working time.
func (c *Calendar) Working(t time.Time) bool {
	if c == nil {
		return true
	}
	local := t.In(c.Zone)
	if c.Holidays.Has(DateOf(local)) {
		return false
	}
	minute := local.Hour()*60 + local.Minute()
	return slices.ContainsFunc(c.Week[local.Weekday()], func(s Span) bool { return minute >= s.From && minute < s.To })
}

// After is the instant at which so much working time has passed since from. Where there is not so much in 400 days, it is the end of what
// there is, so that whoever waits does not wait for ever.
func (c *Calendar) After(from time.Time, working time.Duration) time.Time {
	if c == nil || working <= 0 {
		return from.Add(max(working, 0))
	}
	end := from
	for s := range c.stretches(from, from.AddDate(0, 0, mostDays)) {
		length := s.to.Sub(s.from)
		if length >= working {
			return s.from.Add(working)
		}
		working -= length
		end = s.to
	}
	return end
}

// Between is the working time from from to before to; 0 where to is not after from.
func (c *Calendar) Between(from, to time.Time) time.Duration {
	if c == nil {
		return max(to.Sub(from), 0)
	}
	var sum time.Duration
	for s := range c.stretches(from, to) {
		sum += s.to.Sub(s.from)
	}
	return sum
}

// Edges are the instants after from and before to at which working time begins or ends, in order.
func (c *Calendar) Edges(from, to time.Time) []time.Time {
	if c == nil {
		return nil
	}
	var edges []time.Time
	for s := range c.stretches(from, to) {
		if n := len(edges); n > 0 && edges[n-1].Equal(s.from) {
			edges[n-1] = s.to // the work goes on, over midnight or a clock that jumps
			continue
		}
		edges = append(edges, s.from, s.to)
	}
	return slices.DeleteFunc(edges, func(t time.Time) bool { return !t.After(from) || !t.Before(to) })
}

// Empty reports whether there is no working time in a whole year from t.
func (c *Calendar) Empty(t time.Time) bool {
	return c != nil && c.Between(t, t.AddDate(1, 0, 0)) == 0
}

type stretch struct{ from, to time.Time }

// stretches are the working time from from to before to, in order. A stretch ends at midnight and where the clock jumps, and the next may
// follow at once: between two jumps, the clock and time differ by the same all along.
func (c *Calendar) stretches(from, to time.Time) iter.Seq[stretch] {
	return func(yield func(stretch) bool) {
		for at := from; at.Before(to); {
			end := to
			if _, jump := at.In(c.Zone).ZoneBounds(); !jump.IsZero() && jump.Before(to) {
				end = jump
			}
			if !c.steady(at, end, yield) {
				return
			}
			at = end
		}
	}
}

// steady yields the stretches of a time in which the clock does not jump, until yield has enough.
func (c *Calendar) steady(from, to time.Time, yield func(stretch) bool) bool {
	ahead := ahead(from.In(c.Zone))
	for d := DateOf(from.In(c.Zone)); ; d = d.next() {
		midnight := d.utc().Add(-ahead)
		if !midnight.Before(to) {
			return true
		}
		if c.Holidays.Has(d) {
			continue
		}
		for _, h := range c.Week[d.weekday()] {
			s := stretch{later(midnight.Add(time.Duration(h.From)*time.Minute), from), midnight.Add(time.Duration(h.To) * time.Minute)}
			if s.to.After(to) {
				s.to = to
			}
			if s.to.After(s.from) && !yield(s) {
				return false
			}
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

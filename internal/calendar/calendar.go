// Package calendar says when people work: time zone, hours of the week and holidays, as pure functions of time.
package calendar

import (
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

// Span is a part of a day, in minutes after midnight on the clock: from From to before To, at most 1440. An hour that the clock leaves out in
// spring is left out here; one that it repeats in autumn counts twice.
type Span struct{ From, To int }

// mostDays is how far ahead working time is looked for: more than a year.
const mostDays = 400

// Working reports whether t is in working time.
func (c *Calendar) Working(t time.Time) bool {
	if c == nil {
		return true
	}
	for _, s := range c.spans(c.day(t)) {
		if !t.Before(s.from) && t.Before(s.to) {
			return true
		}
	}
	return false
}

// After is the instant at which so much working time has passed since from. Where there is not so much in 400 days, it is the end of what
// there is, so that whoever waits does not wait for ever.
func (c *Calendar) After(from time.Time, working time.Duration) time.Time {
	if c == nil || working <= 0 {
		return from.Add(max(working, 0))
	}
	end := from
	for day, n := c.day(from), 0; n < mostDays; day, n = day.next(), n+1 {
		for _, s := range c.spans(day) {
			start := later(s.from, from)
			if !s.to.After(start) {
				continue
			}
			if left := s.to.Sub(start); left < working {
				working -= left
				end = s.to
				continue
			}
			return start.Add(working)
		}
	}
	return end
}

// Between is the working time from from to before to; 0 where to is not after from.
func (c *Calendar) Between(from, to time.Time) time.Duration {
	if !to.After(from) {
		return 0
	}
	if c == nil {
		return to.Sub(from)
	}
	var sum time.Duration
	for day := c.day(from); !c.starts(day).After(to); day = day.next() {
		for _, s := range c.spans(day) {
			start, end := later(s.from, from), s.to
			if end.After(to) {
				end = to
			}
			sum += max(0, end.Sub(start))
		}
	}
	return sum
}

// Edges are the instants from from to before to at which working time begins or ends, in order.
func (c *Calendar) Edges(from, to time.Time) []time.Time {
	var edges []time.Time
	if c == nil {
		return nil
	}
	for day := c.day(from); !c.starts(day).After(to); day = day.next() {
		for _, s := range c.spans(day) {
			for _, t := range []time.Time{s.from, s.to} {
				if !t.Before(from) && t.Before(to) {
					edges = append(edges, t)
				}
			}
		}
	}
	return slices.CompactFunc(edges, time.Time.Equal)
}

// Empty reports whether there is no working time in a whole year from t.
func (c *Calendar) Empty(t time.Time) bool {
	return c != nil && c.Between(t, t.AddDate(1, 0, 0)) == 0
}

// Date is a day of a calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day that t is in, where t is said to be.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

func (d Date) next() Date { return DateOf(time.Date(d.Year, d.Month, d.Day+1, 12, 0, 0, 0, time.UTC)) }

func (d Date) weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Weekday()
}

func (c *Calendar) day(t time.Time) Date { return DateOf(t.In(c.Zone)) }

func (c *Calendar) starts(d Date) time.Time { return c.at(d, 0) }

func (c *Calendar) at(d Date, minute int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, minute, 0, 0, c.Zone)
}

type stretch struct{ from, to time.Time }

// spans are the working hours of a day as instants, in order. A clock that jumps can turn a short one into nothing.
func (c *Calendar) spans(d Date) []stretch {
	if c.Holidays.Has(d) {
		return nil
	}
	hours := c.Week[d.weekday()]
	out := make([]stretch, 0, len(hours))
	var last time.Time
	for _, h := range hours {
		s := stretch{later(c.at(d, h.From), last), c.at(d, h.To)}
		if s.to.After(s.from) {
			out = append(out, s)
			last = s.to
		}
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

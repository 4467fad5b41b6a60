// Package oncall says who is on call: rotations and overrides, as pure functions of time.
package oncall

import (
	"slices"
	"time"

	"github.com/weighlock/weighlock/internal/calendar"
)

// Schedule says who is on call at any time: whoever one of its rotations names, unless an override says otherwise. It does not
// change and is safe for concurrent use.
type Schedule struct {
	Zone      *time.Location
	Rotations []Rotation
	Overrides []Override
}

// Rotation is people who take turns.
type Rotation struct {
	Members []string
	// Start is the day of the first hand-over, At the minute after midnight of every hand-over, both on the clock of the schedule's zone. Where the
	// clock leaves that minute out in spring, the hand-over is when it jumps; where it repeats it in autumn, the first time. See [calendar.Clock].
	Start calendar.Date
	At    int
	// Days is how long a turn is; at least 1.
	Days int
	// Only bounds the rotation to working time; nil means always.
	Only *calendar.Calendar
}

// Override puts a person on call for a stretch of time.
type Override struct {
	From, Until time.Time
	Person      string
	// Instead is whom the person replaces, where that one is on call; "" means everybody.
	Instead string
}

// Shift is a stretch of time with the same people on call; nobody is a gap.
type Shift struct {
	From, Until time.Time
	Persons     []string
}

// At are the persons on call at t, sorted; nil in a gap.
func (s *Schedule) At(t time.Time) []string {
	var on []string
	for i := range s.Rotations {
		if p := s.Rotations[i].at(t, s.Zone); p != "" {
			on = append(on, p)
		}
	}
	for _, o := range s.Overrides {
		if t.Before(o.From) || !t.Before(o.Until) {
			continue
		}
		if o.Instead == "" {
			on = []string{o.Person}
			continue
		}
		for i, p := range on {
			if p == o.Instead {
				on[i] = o.Person
			}
		}
	}
	slices.Sort(on)
	return slices.Compact(on)
}

// Shifts are the stretches from from to until, one after the other.
func (s *Schedule) Shifts(from, until time.Time) []Shift {
	var shifts []Shift
	edges := s.edges(from, until)
	for i, at := range edges {
		end := until
		if i+1 < len(edges) {
			end = edges[i+1]
		}
		on := s.At(at)
		if n := len(shifts); n > 0 && slices.Equal(shifts[n-1].Persons, on) {
			shifts[n-1].Until = end
			continue
		}
		shifts = append(shifts, Shift{From: at, Until: end, Persons: on})
	}
	return shifts
}

// Gaps are the shifts from from to until that have nobody.
func (s *Schedule) Gaps(from, until time.Time) []Shift {
	return slices.DeleteFunc(s.Shifts(from, until), func(s Shift) bool { return len(s.Persons) > 0 })
}

// Members is everybody who can ever be on call, sorted.
func (s *Schedule) Members() []string {
	var all []string
	for _, r := range s.Rotations {
		all = append(all, r.Members...)
	}
	for _, o := range s.Overrides {
		all = append(all, o.Person)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// edges are the instants from from to before until at which who is on call can change, from first.
func (s *Schedule) edges(from, until time.Time) []time.Time {
	if !until.After(from) {
		return nil
	}
	edges := []time.Time{from}
	add := func(t time.Time) {
		if t.After(from) && t.Before(until) {
			edges = append(edges, t)
		}
	}
	for i := range s.Rotations {
		r := &s.Rotations[i]
		for turn := max(0, r.turn(from, s.Zone)); ; turn++ {
			at := r.starts(turn, s.Zone)
			if !at.Before(until) {
				break
			}
			add(at)
		}
		for _, t := range r.Only.Edges(from, until) {
			add(t)
		}
	}
	for _, o := range s.Overrides {
		add(o.From)
		add(o.Until)
	}
	slices.SortFunc(edges, time.Time.Compare)
	return slices.CompactFunc(edges, time.Time.Equal)
}

// at is who has the turn at t; "" for nobody.
func (r *Rotation) at(t time.Time, zone *time.Location) string {
	turn := r.turn(t, zone)
	if turn < 0 || !r.Only.Working(t) {
		return ""
	}
	return r.Members[turn%len(r.Members)]
}

// turn is the number of the turn that t is in, from 0; negative before the first.
func (r *Rotation) turn(t time.Time, zone *time.Location) int {
	local := calendar.DateOf(t.In(zone))
	turn := floor(days(local)-days(r.Start), r.Days)
	// The day tells the turn but for the hours around a hand-over.
	for r.starts(turn, zone).After(t) {
		turn--
	}
	for !r.starts(turn+1, zone).After(t) {
		turn++
	}
	return turn
}

// starts is the hand-over that begins a turn.
func (r *Rotation) starts(turn int, zone *time.Location) time.Time {
	day := calendar.Date{Year: r.Start.Year, Month: r.Start.Month, Day: r.Start.Day + turn*r.Days}
	return calendar.Clock(day, r.At, zone)
}

// days counts days since 1970.
func days(d calendar.Date) int {
	return floor(int(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix()), 24*60*60)
}

func floor(a, b int) int {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

package approval

import (
	"math"
	"slices"
	"time"
)

// Rung is when a tier ends and when it is reminded.
type Rung struct {
	Ends time.Time `json:"ends"`
	// Reminds are the times of its reminders, the first is reminder number 1.
	Reminds []time.Time `json:"reminds,omitempty"`
}

// Pause stops the clock of the path: whatever was planned for later than From comes that much later.
type Pause struct {
	From time.Time     `json:"from"`
	For  time.Duration `json:"for"` // in JSON nanoseconds
}

// Calendar says when people work.
type Calendar interface {
	// After is the instant at which so much working time has passed since from.
	After(from time.Time, working time.Duration) time.Time
}

// Duty is what a request depends on at its opening beside its card and rules.
type Duty struct {
	// Calendar is the working time of a group; nil, or a nil result, means always.
	Calendar func(group string) Calendar
	// OnCall are the persons on call, for each group of the first tier that is a schedule.
	OnCall map[string][]string
}

func (d Duty) calendar(group string) Calendar {
	if d.Calendar == nil {
		return nil
	}
	return d.Calendar(group)
}

// MaxRungs bounds a path with its repetitions.
const MaxRungs = 200

// unroll repeats the path as the rules say, each tier with the number of its round, and plans it. A deadline before
// the end leaves the fewest rounds that reach it, and shortens those in proportion, so that every tier has its part.
func (r *Rules) unroll(duty Duty, opened time.Time, deadline *time.Time) []Rung {
	once := r.Tiers
	var tiers []Tier
	var plan []Rung
	at := opened
	for round := range r.Repeat + 1 {
		for _, t := range once {
			t.Round = round
			rung := t.plan(at, duty.calendar(t.Group))
			tiers, plan = append(tiers, t), append(plan, rung)
			at = rung.Ends
		}
		if deadline != nil && !at.Before(*deadline) {
			break
		}
	}
	r.Tiers, r.Repeat = tiers, 0 // what is kept is the path as it is walked
	if deadline != nil && deadline.Before(at) {
		shorten(plan, opened, *deadline)
	}
	return plan
}

// plan is the tier's time from start: its wait, or the working time of its group, whichever ends first.
func (t *Tier) plan(start time.Time, calendar Calendar) Rung {
	rung := Rung{Ends: start.Add(t.Wait)}
	if t.Working > 0 {
		ends := start.Add(t.Working)
		if calendar != nil {
			ends = calendar.After(start, t.Working)
		}
		if t.Wait == 0 || ends.Before(rung.Ends) {
			rung.Ends = ends
		}
	}
	rung.Ends = rung.Ends.UTC().Round(0)
	distance, passed := t.RemindEvery, t.RemindEvery
	for n := 0; distance > 0 && n < t.mostReminders(); n++ {
		at := start.Add(passed)
		if calendar != nil {
			at = calendar.After(start, passed) // nobody is reminded at night
		}
		if !at.Before(rung.Ends) {
			break
		}
		rung.Reminds = append(rung.Reminds, at.UTC().Round(0))
		distance = t.grown(distance)
		passed += distance
	}
	return rung
}

// grown is the distance of the reminder after one at distance.
func (t *Tier) grown(distance time.Duration) time.Duration {
	if t.RemindGrowth > 1 {
		distance = time.Duration(math.Min(float64(distance)*t.RemindGrowth, float64(maxWait)))
	}
	if t.RemindAtMost > 0 {
		distance = min(distance, max(t.RemindAtMost, t.RemindEvery))
	}
	return distance
}

func (t *Tier) mostReminders() int {
	if t.Reminders == 0 {
		return MaxReminders
	}
	return t.Reminders
}

// shorten moves everything after from towards it, in proportion, so that the plan ends at end, or at from where end is past.
func shorten(plan []Rung, from, end time.Time) {
	if end.Before(from) {
		end = from
	}
	whole, left := plan[len(plan)-1].Ends.Sub(from), end.Sub(from)
	if whole <= left {
		return
	}
	share := float64(left) / float64(whole)
	each(plan, func(t time.Time) time.Time {
		if !t.After(from) {
			return t
		}
		return from.Add(time.Duration(float64(t.Sub(from)) * share))
	})
	plan[len(plan)-1].Ends = end
}

// pause moves everything after p.From by p.For, and shortens what then would pass the limit.
func pause(plan []Rung, p Pause, limit *time.Time) {
	each(plan, func(t time.Time) time.Time {
		if !t.After(p.From) {
			return t
		}
		return t.Add(p.For)
	})
	if limit != nil && limit.Before(plan[len(plan)-1].Ends) {
		shorten(plan, p.From, *limit)
	}
}

func each(plan []Rung, move func(time.Time) time.Time) {
	for i := range plan {
		plan[i].Ends = move(plan[i].Ends)
		for j, t := range plan[i].Reminds {
			plan[i].Reminds[j] = move(t)
		}
	}
}

// planned is the plan with every pause.
func (s *State) planned() []Rung {
	plan := slices.Clone(s.Plan)
	for i := range plan {
		plan[i].Reminds = slices.Clone(plan[i].Reminds)
	}
	for _, p := range s.Pauses {
		pause(plan, p, s.Deadline)
	}
	return plan
}

// rung is what is planned for a tier now.
func (s *State) rung(tier int) Rung {
	if len(s.Pauses) == 0 {
		return s.Plan[tier]
	}
	return s.planned()[tier]
}

// first reports whether a tier is the first of its round.
func (r *Rules) first(tier int) bool {
	return tier == 0 || r.Tiers[tier].Round != r.Tiers[tier-1].Round
}

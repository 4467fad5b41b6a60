package oncall

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weighlock/weighlock/internal/calendar"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestWhoIsOnCall(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	weekly := Rotation{Members: []string{"alice", "bob"}, Start: calendar.Date{Year: 2026, Month: 1, Day: 5}, At: 9 * 60, Days: 7}
	night := Rotation{Members: []string{"carol"}, Start: calendar.Date{Year: 2026, Month: 1, Day: 1}, Days: 1, Only: &calendar.Calendar{Zone: berlin, Week: [7][]calendar.Span{1: {{From: 0, To: 6 * 60}}}}}
	gap := time.Date(2026, 3, 29, 2, 30, 0, 0, berlin) // the clock leaves it out
	atGap := Rotation{Members: []string{"alice", "bob"}, Start: calendar.Date{Year: 2026, Month: 3, Day: 28}, At: 2*60 + 30, Days: 1}
	for name, c := range map[string]struct {
		schedule Schedule
		at       string
		want     string
	}{
		"before it begins":          {Schedule{Rotations: []Rotation{weekly}}, "2026-01-05T08:59:59+01:00", ""},
		"at the hand-over":          {Schedule{Rotations: []Rotation{weekly}}, "2026-01-05T09:00:00+01:00", "alice"},
		"the next week":             {Schedule{Rotations: []Rotation{weekly}}, "2026-01-12T09:00:00+01:00", "bob"},
		"before it, in summer":      {Schedule{Rotations: []Rotation{weekly}}, "2026-07-06T08:59:59+02:00", "bob"},
		"at it, in summer":          {Schedule{Rotations: []Rotation{weekly}}, "2026-07-06T09:00:00+02:00", "alice"},
		"a leap day":                {Schedule{Rotations: []Rotation{weekly}}, "2028-02-29T12:00:00+01:00", "alice"},
		"two rotations":             {Schedule{Rotations: []Rotation{weekly, night}}, "2026-01-12T03:00:00+01:00", "alice carol"},
		"only in working time":      {Schedule{Rotations: []Rotation{night}}, "2026-01-13T03:00:00+01:00", ""},
		"an override":               {Schedule{Rotations: []Rotation{weekly, night}, Overrides: []Override{{From: gap.AddDate(0, -2, -28), Until: gap, Person: "dave", Instead: "alice"}}}, "2026-02-02T10:00:00+01:00", "dave"},
		"an override of everybody":  {Schedule{Rotations: []Rotation{weekly, night}, Overrides: []Override{{From: gap.AddDate(0, -3, 0), Until: gap, Person: "dave"}}}, "2026-01-12T03:00:00+01:00", "dave"},
		"an override of another":    {Schedule{Rotations: []Rotation{weekly}, Overrides: []Override{{From: gap.AddDate(0, -3, 0), Until: gap, Person: "dave", Instead: "bob"}}}, "2026-01-06T03:00:00+01:00", "alice"},
		"before a gap of the clock": {Schedule{Rotations: []Rotation{atGap}}, "2026-03-29T01:29:00+01:00", "alice"},
		"after a gap of the clock":  {Schedule{Rotations: []Rotation{atGap}}, "2026-03-29T03:30:00+02:00", "bob"},
	} {
		c.schedule.Zone = berlin
		when, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.schedule.At(when), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A hand-over that the clock leaves out is when it jumps, one that it repeats is the first, east and west of Greenwich alike.
func TestHandOverWhereTheClockJumps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone   string
		start  calendar.Date // the day before the jump
		minute int
		want   string
	}{
		{"Europe/Berlin", calendar.Date{Year: 2026, Month: 3, Day: 28}, 150, "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", calendar.Date{Year: 2026, Month: 10, Day: 24}, 150, "2026-10-25T02:30:00+02:00"},
		{"America/New_York", calendar.Date{Year: 2026, Month: 3, Day: 7}, 150, "2026-03-08T03:00:00-04:00"},
		{"America/New_York", calendar.Date{Year: 2026, Month: 10, Day: 31}, 90, "2026-11-01T01:30:00-04:00"},
		{"Australia/Lord_Howe", calendar.Date{Year: 2026, Month: 4, Day: 4}, 105, "2026-04-05T01:45:00+11:00"},
		{"America/Havana", calendar.Date{Year: 2026, Month: 3, Day: 7}, 15, "2026-03-08T01:00:00-04:00"},
		{"Asia/Kathmandu", calendar.Date{Year: 2026, Month: 12, Day: 31}, 540, "2027-01-01T09:00:00+05:45"},
		{"Asia/Kolkata", calendar.Date{Year: 2028, Month: 2, Day: 28}, 540, "2028-02-29T09:00:00+05:30"},
	} {
		s := &Schedule{Zone: zone(t, c.zone), Rotations: []Rotation{{Members: []string{"alice", "bob", "carol"}, Start: c.start, At: c.minute, Days: 1}}}
		at, err := time.Parse(time.RFC3339, c.want)
		if err != nil {
			t.Fatal(err)
		}
		if before, after := s.At(at.Add(-time.Second)), s.At(at); !slices.Equal(before, []string{"alice"}) || !slices.Equal(after, []string{"bob"}) {
			t.Errorf("%s: before %s it is %v, then %v", c.zone, c.want, before, after)
		}
		for m := range 12 * 60 { // nobody comes back when the clock shows the time again
			if on := s.At(at.Add(time.Duration(m) * time.Minute)); !slices.Equal(on, []string{"bob"}) {
				t.Fatalf("%s: %d minutes later it is %v", c.zone, m, on)
			}
		}
	}
}

// A week of turns is a week of the clock, so that the weekday stays over a year of 53 weeks and both changes of the clock.
func TestWeeksStayWeeks(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	s := &Schedule{Zone: berlin, Rotations: []Rotation{{Members: []string{"even", "odd"}, Start: calendar.Date{Year: 2026, Month: 1, Day: 5}, At: 9 * 60, Days: 7}}} // week 2
	from := time.Date(2026, 1, 5, 9, 0, 0, 0, berlin)
	shifts := s.Shifts(from, from.AddDate(2, 0, 0))
	for i, shift := range shifts {
		local := shift.From.In(berlin)
		if local.Weekday() != time.Monday || local.Hour() != 9 {
			t.Errorf("hand-over at %s", local)
		}
		_, week := local.ISOWeek()
		if want := []string{"even", "odd"}[week%2]; local.Year() == 2026 && shift.Persons[0] != want {
			t.Errorf("week %d (shift %d) is %v", week, i, shift.Persons)
		}
	}
	if len(shifts) != 105 {
		t.Errorf("%d weeks in two years", len(shifts))
	}
}

func drawSchedule(t *rapid.T) *Schedule {
	z, err := time.LoadLocation(rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"}).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Schedule{Zone: z}
	for range rapid.IntRange(1, 3).Draw(t, "rotations") {
		r := Rotation{
			Members: rapid.SliceOfN(rapid.SampledFrom([]string{"alice", "bob", "carol"}), 1, 3).Draw(t, "members"),
			Start:   calendar.Date{Year: 2026, Month: time.Month(rapid.IntRange(1, 12).Draw(t, "month")), Day: rapid.IntRange(1, 28).Draw(t, "day")},
			At:      rapid.IntRange(0, 1439).Draw(t, "at"), Days: rapid.SampledFrom([]int{1, 2, 7, 14}).Draw(t, "days"),
		}
		if rapid.Bool().Draw(t, "only") {
			c := &calendar.Calendar{Zone: z}
			for day := range c.Week {
				from := rapid.IntRange(0, 1000).Draw(t, "from")
				c.Week[day] = []calendar.Span{{From: from, To: rapid.IntRange(from+1, 1440).Draw(t, "to")}}
			}
			r.Only = c
		}
		s.Rotations = append(s.Rotations, r)
	}
	for range rapid.IntRange(0, 2).Draw(t, "overrides") {
		from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 100*24).Draw(t, "override")) * time.Hour)
		s.Overrides = append(s.Overrides, Override{
			From: from, Until: from.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "hours")) * time.Hour), Person: "dave",
			Instead: rapid.SampledFrom([]string{"", "alice"}).Draw(t, "instead"),
		})
	}
	return s
}

// The shifts tile the time without gap or overlap, and say at every minute what At says: there is never a gap that the checker does not report.
func TestShiftsAreWhatAtSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSchedule(t)
		from := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 250*24*60).Draw(t, "from")) * time.Minute)
		until := from.Add(time.Duration(rapid.IntRange(1, 20*24*60).Draw(t, "minutes")) * time.Minute)
		at := from
		for _, shift := range s.Shifts(from, until) {
			for _, when := range []time.Time{shift.From, shift.Until.Add(-1)} {
				if on := s.At(when); !slices.Equal(on, shift.Persons) {
					t.Fatalf("at %s %v are on call, and the shift has %v", when, on, shift.Persons)
				}
			}
			if !shift.From.Equal(at) || !shift.Until.After(shift.From) {
				t.Fatalf("a shift from %s to %s follows %s", shift.From, shift.Until, at)
			}
			at = shift.Until
		}
		if !at.Equal(until) {
			t.Fatalf("the shifts end at %s, not %s", at, until)
		}
		gaps := s.Gaps(from, until)
		for range 60 {
			when := from.Add(time.Duration(rapid.Int64Range(0, int64(until.Sub(from))-1).Draw(t, "when")))
			in := slices.IndexFunc(gaps, func(g Shift) bool { return !when.Before(g.From) && when.Before(g.Until) })
			if nobody := len(s.At(when)) == 0; nobody != (in >= 0) {
				t.Fatalf("at %s nobody is on call: %t, and the gaps are %v", when, nobody, gaps)
			}
		}
	})
}

func TestAFullRotationHasNoGap(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"} {
		for at := range 24 {
			s := &Schedule{Zone: zone(t, name), Rotations: []Rotation{{Members: []string{"alice", "bob"}, Start: calendar.Date{Year: 2025, Month: 12, Day: 30}, At: at*60 + 30, Days: 1}}}
			if gaps := s.Gaps(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)); len(gaps) > 0 {
				t.Errorf("%s at %d: gaps %v", name, at, gaps)
			}
		}
	}
	if got := fmt.Sprint((&Schedule{}).Gaps(time.Unix(0, 0), time.Unix(10, 0))); !strings.Contains(got, "1970") {
		t.Errorf("an empty schedule has the gaps %s", got)
	}
}

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

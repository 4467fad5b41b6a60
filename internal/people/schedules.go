package people

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/calendar"
	"github.com/weighlock/weighlock/internal/oncall"
	"github.com/weighlock/weighlock/pkg/events"
)

type fileSchedule struct {
	Zone      string         `yaml:"zone"`
	Calendar  string         `yaml:"calendar"`
	Rotations []fileRotation `yaml:"rotations"`
	Overrides []fileOverride `yaml:"overrides"`
}

type fileRotation struct {
	Members []string `yaml:"members"`
	Every   string   `yaml:"every"` // day, week, "3 days", "2 weeks"
	Start   string   `yaml:"start"` // such as 2026-01-05
	At      string   `yaml:"at"`    // such as "09:00"
	Only    string   `yaml:"only"`  // a calendar
}

type fileOverride struct {
	From    string `yaml:"from"` // such as "2026-12-24 09:00", in the schedule's zone
	Until   string `yaml:"until"`
	Person  string `yaml:"person"`
	Instead string `yaml:"instead"`
}

// maxTurn is the longest turn, in days.
const maxTurn = 366

// readSchedules reads who is on call. A schedule is a group of everybody who can be, under its name.
func (r *reader) readSchedules(in map[string]fileSchedule) error {
	for _, name := range sortedKeys(in) {
		file := in[name]
		at := func(path ...any) []any { return append([]any{"schedules", name}, path...) }
		switch {
		case events.CheckToken("schedule", name) != nil:
			return r.file.Errorf(at(), "name schedules with A-Z a-z 0-9 _ -", "is not a safe name")
		case r.out.groups[name] != nil:
			return r.file.Errorf(at(), "give it a name of its own", "has the name of a group")
		case len(file.Rotations) == 0:
			return r.file.Errorf(at("rotations"), "say who takes turns", "is empty")
		}
		s := &oncall.Schedule{}
		var wrong *problem
		if s.Zone, wrong = zone(file.Zone); wrong != nil {
			return r.file.Errorf(at(wrong.field...), wrong.fix, "%s", wrong.problem)
		}
		for i := range file.Rotations {
			rotation, err := r.rotation(at("rotations", i), &file.Rotations[i])
			if err != nil {
				return err
			}
			s.Rotations = append(s.Rotations, rotation)
		}
		for i := range file.Overrides {
			override, err := r.override(at("overrides", i), &file.Overrides[i], s.Zone)
			if err != nil {
				return err
			}
			s.Overrides = append(s.Overrides, override)
		}
		if err := r.assign(at("calendar"), name, file.Calendar); err != nil {
			return err
		}
		r.out.schedules[name], r.out.groups[name] = s, s.Members()
	}
	return nil
}

func (r *reader) rotation(path []any, in *fileRotation) (oncall.Rotation, error) {
	at := func(step ...any) []any { return append(slices.Clone(path), step...) }
	out := oncall.Rotation{Members: in.Members}
	if len(in.Members) == 0 {
		return out, r.file.Errorf(at("members"), "name the people who take turns, in order", "is empty")
	}
	for i, person := range in.Members {
		if err := r.isPerson(at("members", i), person); err != nil {
			return out, err
		}
	}
	var ok bool
	if out.Days, ok = turnDays(in.Every); !ok {
		return out, r.file.Errorf(at("every"), `write day, week, "3 days" or "2 weeks", up to a year`, "is %q", in.Every)
	}
	start, err := time.Parse(time.DateOnly, in.Start)
	if err != nil {
		return out, r.file.Errorf(at("start"), "write the day of the first hand-over, such as 2026-01-05", "is %q", in.Start)
	}
	out.Start = calendar.DateOf(start)
	var wrong *problem
	if out.At, wrong = minutes("at", in.At); wrong != nil || out.At == wholeDay {
		return out, r.file.Errorf(at("at"), `write the time of the hand-over, such as "09:00"`, "is %q", in.At)
	}
	if in.Only != "" {
		if out.Only, ok = r.out.named[in.Only]; !ok {
			return out, r.file.Errorf(at("only"), "name one of the calendars of this file", "is %q, which is no calendar", in.Only)
		}
	}
	return out, nil
}

// turnDays reads how long a turn is.
func turnDays(text string) (days int, ok bool) {
	number, unit, both := strings.Cut(text, " ")
	if !both {
		number, unit = "1", text
	}
	n, err := strconv.Atoi(number)
	switch strings.TrimSuffix(unit, "s") {
	case "day":
	case "week":
		n *= 7
	default:
		return 0, false
	}
	return n, err == nil && n >= 1 && n <= maxTurn
}

func (r *reader) override(path []any, in *fileOverride, zone *time.Location) (oncall.Override, error) {
	at := func(step string) []any { return append(slices.Clone(path), step) }
	out := oncall.Override{Person: in.Person, Instead: in.Instead}
	for _, t := range []struct {
		field, text string
		into        *time.Time
	}{{"from", in.From, &out.From}, {"until", in.Until, &out.Until}} {
		clock, err := time.Parse("2006-01-02 15:04", t.text)
		*t.into = calendar.Clock(calendar.DateOf(clock), clock.Hour()*60+clock.Minute(), zone)
		if err != nil {
			return out, r.file.Errorf(at(t.field), `write such as "2026-12-24 09:00", in the zone of the schedule`, "is %q", t.text)
		}
	}
	if !out.Until.After(out.From) {
		return out, r.file.Errorf(at("until"), "end later than from", "is %s, not after %s", in.Until, in.From)
	}
	if err := r.isPerson(at("person"), in.Person); err != nil {
		return out, err
	}
	if in.Instead != "" {
		return out, r.isPerson(at("instead"), in.Instead)
	}
	return out, nil
}

func (r *reader) isPerson(at []any, person string) error {
	if r.out.persons[person] == nil {
		return r.file.Errorf(at, "add "+person+": {} to people, or correct the name", "is %q, who is not among the people", person)
	}
	return nil
}

// Schedule is who is on call under a name; nil where that is no schedule.
func (d *Directory) Schedule(name string) *oncall.Schedule { return d.schedules[name] }

// Schedules are the names of all schedules, sorted.
func (d *Directory) Schedules() []string { return sortedKeys(d.schedules) }

// OnCall are the persons of a schedule who are asked at t. Where nobody is on call that is everybody who ever is: an unplanned gap brings
// more people in and leaves nobody waiting. It is nil where group is no schedule.
func (d *Directory) OnCall(group string, t time.Time) []string {
	s := d.schedules[group]
	if s == nil {
		return nil
	}
	if on := s.At(t); len(on) > 0 {
		return on
	}
	return s.Members()
}

// AllOnCall is [Directory.OnCall] of each of groups that is a schedule, by its name; nil where none is.
func (d *Directory) AllOnCall(groups []string, t time.Time) map[string][]string {
	var all map[string][]string
	for _, g := range groups {
		if on := d.OnCall(g, t); on != nil {
			if all == nil {
				all = make(map[string][]string, 1)
			}
			all[g] = on
		}
	}
	return all
}

// fileGroup is the members of a group, or those with the calendar they work by.
type fileGroup struct {
	Members  []string `yaml:"members"`
	Calendar string   `yaml:"calendar"`
}

// UnmarshalYAML implements the yaml package's older interface, whose decoder stays strict about keys.
func (g *fileGroup) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(new([]any)) == nil {
		return unmarshal(&g.Members)
	}
	type plain fileGroup
	return unmarshal((*plain)(g))
}

// assign gives a group its calendar.
func (r *reader) assign(at []any, group, name string) error {
	if name == "" {
		return nil
	}
	c, ok := r.out.named[name]
	if !ok {
		return r.file.Errorf(at, "name one of the calendars of this file", "is %q, which is no calendar", name)
	}
	r.out.calendars[group] = c
	return nil
}

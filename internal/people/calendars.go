package people

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/calendar"
)

// fileHours is working hours as a user writes them: the same from and to on each of the days, or several spans in Hours.
type fileHours struct {
	Zone  string   `yaml:"zone"` // such as Europe/Berlin; "" means UTC
	Days  []string `yaml:"days"` // mon … sun; none means mon to fri
	From  string   `yaml:"from"` // such as "09:00"
	To    string   `yaml:"to"`
	Hours []string `yaml:"hours"` // such as "09:00-12:00"; one past midnight ends on the next day
}

// fileCalendar is working hours with the days that have none.
type fileCalendar struct {
	fileHours `yaml:",inline"`

	Holidays string `yaml:"holidays"` // an iCalendar file, from where the approvers file is
}

var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// problem is a field that is wrong, what is wrong with it, and the way out.
type problem struct {
	field        []any
	problem, fix string
}

const wholeDay = 24 * 60

func (f *fileHours) read() (*calendar.Calendar, *problem) {
	c := &calendar.Calendar{}
	var wrong *problem
	if c.Zone, wrong = zone(f.Zone); wrong != nil {
		return nil, wrong
	}
	days, wrong := f.weekdays()
	if wrong != nil {
		return nil, wrong
	}
	spans, wrong := f.spans()
	if wrong != nil {
		return nil, wrong
	}
	for _, day := range days {
		for _, s := range spans {
			if s.To > s.From {
				c.Week[day] = append(c.Week[day], s)
				continue
			}
			c.Week[day] = append(c.Week[day], calendar.Span{From: s.From, To: wholeDay})
			next := (day + 1) % 7
			c.Week[next] = append(c.Week[next], calendar.Span{To: s.To})
		}
	}
	for day := range c.Week {
		slices.SortFunc(c.Week[day], func(a, b calendar.Span) int { return a.From - b.From })
		for i := 1; i < len(c.Week[day]); i++ {
			if c.Week[day][i].From < c.Week[day][i-1].To {
				return nil, &problem{[]any{"hours"}, "overlap on " + time.Weekday(day).String(), "write each hour once"}
			}
		}
	}
	return c, nil
}

func zone(name string) (*time.Location, *problem) {
	z, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, &problem{[]any{"zone"}, fmt.Sprintf("is %q", name), `name a time zone such as "Europe/Berlin"`}
	}
	return z, nil
}

func (f *fileHours) weekdays() ([]time.Weekday, *problem) {
	if len(f.Days) == 0 {
		return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}, nil
	}
	var days []time.Weekday
	for _, name := range f.Days {
		day, ok := weekdays[strings.ToLower(name)]
		if !ok || slices.Contains(days, day) {
			return nil, &problem{[]any{"days"}, fmt.Sprintf("has %q", name), "use mon, tue, wed, thu, fri, sat, sun, each once"}
		}
		days = append(days, day)
	}
	return days, nil
}

// spans are the hours of a day; one whose To is not after its From goes past midnight.
func (f *fileHours) spans() ([]calendar.Span, *problem) {
	if len(f.Hours) == 0 {
		s := calendar.Span{}
		var wrong *problem
		if s.From, wrong = minutes("from", f.From); wrong != nil {
			return nil, wrong
		}
		if s.To, wrong = minutes("to", f.To); wrong != nil {
			return nil, wrong
		}
		if s.From >= s.To {
			return nil, &problem{[]any{"to"}, fmt.Sprintf("is %s, not after %s", f.To, f.From), `end later than from; write a night as hours: ["22:00-06:00"]`}
		}
		return []calendar.Span{s}, nil
	}
	if f.From != "" || f.To != "" {
		return nil, &problem{[]any{"hours"}, "come with from or to", "write one or the other"}
	}
	var spans []calendar.Span
	for i, text := range f.Hours {
		from, to, ok := strings.Cut(text, "-")
		s := calendar.Span{}
		var wrong, wrongTo *problem
		s.From, wrong = minutes("hours", strings.TrimSpace(from))
		s.To, wrongTo = minutes("hours", strings.TrimSpace(to))
		if !ok || wrong != nil || wrongTo != nil || s.From == s.To || s.From == wholeDay {
			return nil, &problem{[]any{"hours", i}, fmt.Sprintf("is %q", text), `write such as "09:00-12:30"`}
		}
		spans = append(spans, s)
	}
	return spans, nil
}

func minutes(field, text string) (int, *problem) {
	if text == "24:00" {
		return wholeDay, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, &problem{[]any{field}, fmt.Sprintf("is %q", text), `write a time such as "09:00"; the day ends at "24:00"`}
	}
	return t.Hour()*60 + t.Minute(), nil
}

func (r *reader) readCalendars(in map[string]fileCalendar) error {
	for _, name := range sortedKeys(in) {
		file := in[name]
		at := func(path ...any) []any { return append([]any{"calendars", name}, path...) }
		c, wrong := file.read()
		if wrong != nil {
			return r.file.Errorf(at(wrong.field...), wrong.fix, "%s", wrong.problem)
		}
		if file.Holidays != "" {
			data, ok := r.holidays[file.Holidays]
			if !ok {
				return r.file.Errorf(at("holidays"), "name an iCalendar file from where this one is", "is %q, which cannot be read", file.Holidays)
			}
			var err error
			if c.Holidays, err = calendar.ReadHolidays(data); err != nil {
				return r.file.Errorf(at("holidays"), "give a file as calendar programs write them", "is %q: %s", file.Holidays, err)
			}
		}
		if c.Empty(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
			return r.file.Errorf(at(), "give it some working time", "has no working time at all")
		}
		r.out.named[name] = c
	}
	return nil
}

// Calendar is the working time of a group; nil means always.
func (d *Directory) Calendar(group string) *calendar.Calendar { return d.calendars[group] }

// Calendars are the calendars of the file, by name. The caller does not change them.
func (d *Directory) Calendars() map[string]*calendar.Calendar { return d.named }

package people

import (
	"fmt"
	"strings"
	"time"
)

// Hours are a person's working hours: the same from and to on each of the days.
type Hours struct {
	Zone *time.Location
	Days [7]bool // by [time.Weekday]
	// From and To are minutes after midnight, From before To; To is the first minute after work.
	From, To int
}

// At reports whether the person works at t.
func (h *Hours) At(t time.Time) bool {
	if h == nil {
		return true
	}
	local := t.In(h.Zone)
	minute := local.Hour()*60 + local.Minute()
	return h.Days[local.Weekday()] && minute >= h.From && minute < h.To
}

// fileHours is working hours as a user writes them.
type fileHours struct {
	Zone string   `yaml:"zone"` // such as Europe/Berlin; "" means UTC
	Days []string `yaml:"days"` // mon … sun; none means mon to fri
	From string   `yaml:"from"` // such as "09:00"
	To   string   `yaml:"to"`
}

var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// problem is a field that is wrong, what is wrong with it, and the way out.
type problem struct{ field, problem, fix string }

func (f *fileHours) read() (*Hours, *problem) {
	h := &Hours{}
	var err error
	if h.Zone, err = time.LoadLocation(f.Zone); err != nil {
		return nil, &problem{"zone", fmt.Sprintf("is %q", f.Zone), `name a time zone such as "Europe/Berlin"`}
	}
	days := f.Days
	if len(days) == 0 {
		days = []string{"mon", "tue", "wed", "thu", "fri"}
	}
	for _, name := range days {
		day, ok := weekdays[strings.ToLower(name)]
		if !ok {
			return nil, &problem{"days", fmt.Sprintf("has %q", name), "use mon, tue, wed, thu, fri, sat, sun"}
		}
		h.Days[day] = true
	}
	for _, t := range []struct {
		field, text string
		into        *int
	}{{"from", f.From, &h.From}, {"to", f.To, &h.To}} {
		if *t.into, err = minutes(t.text); err != nil {
			return nil, &problem{t.field, fmt.Sprintf("is %q", t.text), `write a time such as "09:00"; the day ends at "24:00"`}
		}
	}
	if h.From >= h.To {
		return nil, &problem{"to", fmt.Sprintf("is %s, not after %s", f.To, f.From), "end later than from; write a night as two persons' days"}
	}
	return h, nil
}

func minutes(text string) (int, error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err
}

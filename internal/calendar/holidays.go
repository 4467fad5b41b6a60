package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-ical"
)

// Holidays are days, and what they are called.
type Holidays struct {
	days map[Date]string
	last Date
}

const (
	// mostHolidays is how many days a file can make holidays of, in all the years up to lastYear.
	mostHolidays = 50_000
	lastYear     = 2100
)

// Has reports whether d is a holiday.
func (h Holidays) Has(d Date) bool { _, ok := h.days[d]; return ok }

// Name is what the holiday is called; "" for other days.
func (h Holidays) Name(d Date) string { return h.days[d] }

// Last is the last holiday there is, as midnight UTC; the zero time where there is none. A file of dates ends some day.
func (h Holidays) Last() time.Time {
	if len(h.days) == 0 {
		return time.Time{}
	}
	return h.last.utc()
}

var errTooManyHolidays = fmt.Errorf("it has more than %d holidays up to %d", mostHolidays, lastYear)

// ReadHolidays reads an iCalendar file (RFC 5545): every day that an event touches is a holiday, and events may recur. What is cancelled,
// or marked as transparent ("free"), is none. A day is what the file writes, whatever zone it names with it: a holiday is one on every clock.
func ReadHolidays(data []byte) (h Holidays, err error) {
	h.days = make(map[Date]string)
	defer func() {
		if p := recover(); p != nil { // of the library, on hostile input
			err = fmt.Errorf("it cannot be read: %v", p)
		}
	}()
	decoder := ical.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	for calendars := 0; ; calendars++ {
		cal, err := decoder.Decode()
		switch {
		case errors.Is(err, io.EOF) && calendars > 0:
			return h, nil
		case errors.Is(err, io.EOF):
			return h, errors.New("it has no VCALENDAR")
		case err != nil:
			return h, fmt.Errorf("it cannot be read: %w", err)
		}
		events := cal.Events()
		moved, err := movedDays(events)
		if err != nil {
			return h, err
		}
		for i := range events {
			if err := h.add(&events[i], moved); err != nil {
				return h, fmt.Errorf("event %q: %w", nameOf(&events[i]), err)
			}
		}
	}
}

// instance is one day of an event that recurs.
type instance struct {
	uid string
	day Date
}

// movedDays are the instances that an event of their own takes the place of.
func movedDays(events []ical.Event) (map[instance]bool, error) {
	moved := make(map[instance]bool)
	for i := range events {
		days, err := listed(&events[i], ical.PropRecurrenceID)
		if err != nil {
			return nil, fmt.Errorf("event %q: %w", nameOf(&events[i]), err)
		}
		for _, t := range days {
			moved[instance{uidOf(&events[i]), DateOf(t)}] = true
		}
	}
	return moved, nil
}

func (h *Holidays) add(event *ical.Event, moved map[instance]bool) error {
	if property(event, ical.PropStatus) == string(ical.EventCancelled) || property(event, ical.PropTransparency) == "TRANSPARENT" {
		return nil
	}
	start, length, err := first(event)
	if err != nil {
		return err
	}
	extra, err := listed(event, ical.PropRecurrenceDates)
	if err != nil {
		return err
	}
	except, err := listed(event, ical.PropExceptionDates)
	if err != nil {
		return err
	}
	out := make(map[Date]bool, len(except))
	for _, t := range except {
		out[DateOf(t)] = true
	}
	take := func(t time.Time) error {
		recurs := event.Props.Get(ical.PropRecurrenceID) == nil
		if d := DateOf(t); recurs && (out[d] || moved[instance{uidOf(event), d}]) {
			return nil
		}
		return h.span(t, length, nameOf(event))
	}
	for _, t := range extra {
		if err := take(t); err != nil {
			return err
		}
	}
	return recur(event, start, take)
}

// first is when an event starts, and how long it is.
func first(event *ical.Event) (start time.Time, length time.Duration, err error) {
	for _, name := range []string{ical.PropDateTimeStart, ical.PropDateTimeEnd} {
		p := event.Props.Get(name)
		if p == nil {
			continue
		}
		p.Params.Del(ical.PropTimezoneID)
		if len(p.Value) == len("20060102") {
			p.SetValueType(ical.ValueDate)
		}
	}
	if start, err = event.DateTimeStart(time.UTC); err != nil {
		return start, 0, fmt.Errorf("its start: %w", err)
	}
	if start.IsZero() {
		return start, 0, errors.New("it has no start (DTSTART)")
	}
	end, err := event.DateTimeEnd(time.UTC)
	if err != nil {
		return start, 0, fmt.Errorf("its end: %w", err)
	}
	return start, max(end.Sub(start), 0), nil
}

// recur gives take every start of an event up to lastYear.
func recur(event *ical.Event, start time.Time, take func(time.Time) error) error {
	event.Props.Del(ical.PropRecurrenceDates) // the library reads one day of each list
	event.Props.Del(ical.PropExceptionDates)
	set, err := event.RecurrenceSet(time.UTC)
	if err != nil {
		return fmt.Errorf("its recurrence: %w", err)
	}
	if set == nil {
		return take(start)
	}
	next := set.Iterator()
	for n := 0; ; n++ {
		at, more := next()
		if !more || at.Year() > lastYear {
			return nil
		}
		if n == mostHolidays {
			return errTooManyHolidays
		}
		if err := take(at); err != nil {
			return err
		}
	}
}

// listed are the starts that a property of dates lists; of a period, when it starts.
func listed(event *ical.Event, property string) ([]time.Time, error) {
	var all []time.Time
	for _, p := range event.Props.Values(property) {
		for text := range strings.SplitSeq(p.Value, ",") {
			text, _, _ = strings.Cut(strings.TrimSpace(text), "/")
			one := ical.Prop{Value: text} // its length tells a date from a time
			t, err := one.DateTime(time.UTC)
			if err != nil {
				return nil, fmt.Errorf("its %s: %w", property, err)
			}
			all = append(all, t)
		}
	}
	return all, nil
}

func uidOf(event *ical.Event) string { return property(event, ical.PropUID) }

// nameOf is what an event is called; as it is written, where that is no proper text.
func nameOf(event *ical.Event) string {
	if name, err := event.Props.Text(ical.PropSummary); err == nil {
		return name
	}
	return property(event, ical.PropSummary)
}

func property(event *ical.Event, name string) string {
	if p := event.Props.Get(name); p != nil {
		return p.Value
	}
	return ""
}

// span makes a holiday of each day that the time from start on touches; no length is one day.
func (h *Holidays) span(start time.Time, length time.Duration, name string) error {
	for d, end := DateOf(start), start.Add(length); ; d = d.next() {
		if d != DateOf(start) && !d.utc().Before(end) || d.Year > lastYear {
			return nil
		}
		if _, ok := h.days[d]; !ok && len(h.days) >= mostHolidays {
			return errTooManyHolidays
		}
		h.days[d] = name
		if len(h.days) == 1 || h.last.utc().Before(d.utc()) {
			h.last = d
		}
	}
}

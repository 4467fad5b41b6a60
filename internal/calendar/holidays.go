package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
	return time.Date(h.last.Year, h.last.Month, h.last.Day, 0, 0, 0, 0, time.UTC)
}

var errTooManyHolidays = fmt.Errorf("it has more than %d holidays up to %d", mostHolidays, lastYear)

// ReadHolidays reads an iCalendar file (RFC 5545): every day that an event touches is a holiday, and events may recur. What is cancelled,
// or marked as transparent ("free"), is none.
func ReadHolidays(data []byte) (h Holidays, err error) {
	h.days = make(map[Date]string)
	defer func() {
		if p := recover(); p != nil { // of the library, on hostile input
			err = fmt.Errorf("it cannot be read: %v", p)
		}
	}()
	decoder := ical.NewDecoder(bytes.NewReader(data))
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
		for _, event := range cal.Events() {
			if err := h.add(&event); err != nil {
				name, _ := event.Props.Text(ical.PropSummary)
				return h, fmt.Errorf("event %q: %w", name, err)
			}
		}
	}
}

func (h *Holidays) add(event *ical.Event) error {
	name, err := event.Props.Text(ical.PropSummary)
	if err != nil {
		return err
	}
	if status, err := event.Status(); err == nil && status == ical.EventCancelled {
		return nil
	}
	if p := event.Props.Get(ical.PropTransparency); p != nil && p.Value == "TRANSPARENT" {
		return nil
	}
	start, err := event.DateTimeStart(time.UTC)
	if err != nil {
		return fmt.Errorf("its start: %w", err)
	}
	if start.IsZero() {
		return errors.New("it has no start (DTSTART)")
	}
	end, err := event.DateTimeEnd(time.UTC)
	if err != nil {
		return fmt.Errorf("its end: %w", err)
	}
	length := max(end.Sub(start), 0)
	set, err := event.RecurrenceSet(time.UTC)
	if err != nil {
		return fmt.Errorf("its recurrence: %w", err)
	}
	if set == nil {
		return h.span(start, length, name)
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
		if err := h.span(at, length, name); err != nil {
			return err
		}
	}
}

// span makes a holiday of each day that the time from start on touches; no length is one day.
func (h *Holidays) span(start time.Time, length time.Duration, name string) error {
	for d, end := DateOf(start), start.Add(length); ; d = d.next() {
		midnight := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, start.Location())
		if d != DateOf(start) && !midnight.Before(end) || d.Year > lastYear {
			return nil
		}
		if _, ok := h.days[d]; !ok && len(h.days) >= mostHolidays {
			return errTooManyHolidays
		}
		h.days[d] = name
		if len(h.days) == 1 || before(h.last, d) {
			h.last = d
		}
	}
}

func before(a, b Date) bool {
	return time.Date(a.Year, a.Month, a.Day, 0, 0, 0, 0, time.UTC).Before(time.Date(b.Year, b.Month, b.Day, 0, 0, 0, 0, time.UTC))
}

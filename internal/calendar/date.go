package calendar

import "time"

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

// Clock is the instant at which the clock of zone first shows so many minutes after midnight of d, which may be a day past the end of its
// month. Where the clock leaves them out, it is the instant at which it jumps over them.
//
// [time.Date] takes either side of a jump, depending on the zone.
func Clock(d Date, minute int, zone *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, minute, 0, 0, zone)
	asked := d.utc().Add(time.Duration(minute) * time.Minute)
	begins, ends := t.ZoneBounds()
	switch shown := t.Add(ahead(t)); {
	case shown.After(asked):
		return begins
	case shown.Before(asked):
		return ends
	case begins.IsZero():
		return t
	}
	if first := asked.Add(-ahead(begins.Add(-1))); first.Before(begins) {
		return first.In(zone) // the clock repeats it
	}
	return t
}

// ahead is how much the clock where t is said to be is ahead of UTC at t.
func ahead(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// utc is the day's midnight, were its clock that of UTC.
func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func (d Date) next() Date { return DateOf(d.utc().AddDate(0, 0, 1)) }

func (d Date) weekday() time.Weekday { return d.utc().Weekday() }

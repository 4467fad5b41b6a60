package calendar

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// in is a calendar with these hours on every day of the week but Sunday.
func in(t testing.TB, zone string, spans ...Span) *Calendar {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	c := &Calendar{Zone: z}
	for day := time.Monday; day <= time.Saturday; day++ {
		c.Week[day] = spans
	}
	return c
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

var office = Span{9 * 60, 17 * 60}

func TestWorkingTimePasses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		calendar *Calendar
		from     string
		working  time.Duration
		want     string
	}{
		"within a day":                     {in(t, "Europe/Berlin", office), "2026-11-25T10:00:00+01:00", 2 * time.Hour, "2026-11-25T12:00:00+01:00"},
		"before work":                      {in(t, "Europe/Berlin", office), "2026-11-25T03:00:00+01:00", time.Hour, "2026-11-25T10:00:00+01:00"},
		"to the minute of the end":         {in(t, "Europe/Berlin", office), "2026-11-25T16:00:00+01:00", time.Hour, "2026-11-25T17:00:00+01:00"},
		"over night":                       {in(t, "Europe/Berlin", office), "2026-11-25T16:00:00+01:00", 2 * time.Hour, "2026-11-26T10:00:00+01:00"},
		"over Sunday":                      {in(t, "Europe/Berlin", office), "2026-11-28T16:30:00+01:00", time.Hour, "2026-11-30T09:30:00+01:00"},
		"a zone of half hours":             {in(t, "Asia/Kolkata", office), "2026-11-25T00:00:00Z", time.Hour, "2026-11-25T10:00:00+05:30"},
		"a zone of quarters":               {in(t, "Asia/Kathmandu", office), "2026-11-25T00:00:00Z", time.Hour, "2026-11-25T10:00:00+05:45"},
		"a leap day":                       {in(t, "UTC", office), "2028-02-28T16:00:00Z", 2 * time.Hour, "2028-02-29T10:00:00Z"},
		"no leap day":                      {in(t, "UTC", office), "2026-02-28T16:00:00Z", 2 * time.Hour, "2026-03-02T10:00:00Z"}, // a Saturday
		"a year's end":                     {in(t, "UTC", office), "2026-12-31T16:00:00Z", 2 * time.Hour, "2027-01-01T10:00:00Z"},
		"a night that springs forward":     {in(t, "America/New_York", Span{0, 6 * 60}), "2026-03-06T05:00:00Z", 6*time.Hour + 5*time.Hour, "2026-03-07T05:00:00-05:00"},
		"a clock set forward within hours": {everyDay(t, "Europe/Berlin", Span{60, 4 * 60}), "2026-03-29T01:00:00+01:00", 2 * time.Hour, "2026-03-29T04:00:00+02:00"},
		"a clock set back within hours":    {everyDay(t, "Europe/Berlin", Span{60, 4 * 60}), "2026-10-25T01:00:00+02:00", 4 * time.Hour, "2026-10-25T04:00:00+01:00"},
		"nothing is to pass":               {in(t, "UTC", office), "2026-11-25T03:00:00Z", 0, "2026-11-25T03:00:00Z"},
		"always":                           {nil, "2026-11-25T03:00:00Z", 90 * time.Minute, "2026-11-25T04:30:00Z"},
		"never":                            {&Calendar{Zone: time.UTC}, "2026-11-25T03:00:00Z", time.Hour, "2026-11-25T03:00:00Z"},
	} {
		if got := c.calendar.After(at(t, c.from), c.working); !got.Equal(at(t, c.want)) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func everyDay(t testing.TB, zone string, spans ...Span) *Calendar {
	t.Helper()
	c := in(t, zone, spans...)
	c.Week[time.Sunday] = spans
	return c
}

// A clock that is set back and forth by an hour changes what now is, and nothing else: the functions are of time alone.
func TestAClockSetBackAndForth(t *testing.T) {
	t.Parallel()
	c := in(t, "Europe/Berlin", office)
	now := at(t, "2026-11-25T16:30:00+01:00")
	due := c.After(now, time.Hour)
	for _, set := range []time.Duration{time.Hour, -time.Hour} {
		again := c.After(now.Add(set), time.Hour-c.Between(now, now.Add(set)))
		if set > 0 && !again.Equal(due) {
			t.Errorf("set by %s it is due at %s, was %s", set, again, due)
		}
		if set < 0 && again.After(due) {
			t.Errorf("set by %s it is due at %s, later than %s", set, again, due)
		}
	}
}

func drawCalendar(t *rapid.T) *Calendar {
	zone, err := time.LoadLocation(rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"}).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	c := &Calendar{Zone: zone}
	for day := range c.Week {
		from := 0
		for range rapid.IntRange(0, 2).Draw(t, "spans") {
			if from >= 1400 {
				break
			}
			s := Span{From: rapid.IntRange(from, 1410).Draw(t, "from")}
			s.To = rapid.IntRange(s.From+1, 1440).Draw(t, "to")
			c.Week[day] = append(c.Week[day], s)
			from = s.To
		}
	}
	return c
}

func drawTime(t *rapid.T, name string) time.Time {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return start.Add(time.Duration(rapid.IntRange(0, 3*365*24*3600).Draw(t, name)) * time.Second)
}

// Working time is whenever the clock on the wall shows it, also where that jumps: counted by the minute over the days around each jump.
func TestWorkingTimeIsWhatTheClockShows(t *testing.T) {
	t.Parallel()
	spans := []Span{{0, 30}, {75, 105}, {90, 120}, {120, 150}, {135, 165}, {150, 240}, {0, 24 * 60}, {23*60 + 30, 24 * 60}}
	for _, zone := range []string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca", "Asia/Beirut", "America/Scoresbysund", "Asia/Kathmandu"} {
		for _, span := range spans {
			c := everyDay(t, zone, span)
			for day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2027; day = day.AddDate(0, 0, 1) {
				if ahead(day.In(c.Zone)) == ahead(day.AddDate(0, 0, 1).In(c.Zone)) {
					continue
				}
				checkByMinute(t, c, day.AddDate(0, 0, -1), day.AddDate(0, 0, 3))
			}
		}
	}
}

// The clock of St. John's jumped back a minute after midnight, into the day before: days do not come one after the other.
func TestADayThatComesTwice(t *testing.T) {
	t.Parallel()
	for _, span := range []Span{{0, 1}, {23 * 60, 24 * 60}, {0, 24 * 60}, {0, 60}} {
		checkByMinute(t, everyDay(t, "America/St_Johns", span), at(t, "2010-11-06T00:00:00Z"), at(t, "2010-11-09T00:00:00Z"))
	}
}

// The calendar of Samoa leaves 30 December 2011 out.
func TestADayThatNeverComes(t *testing.T) {
	t.Parallel()
	checkByMinute(t, everyDay(t, "Pacific/Apia", office), at(t, "2011-12-28T00:00:00Z"), at(t, "2012-01-02T00:00:00Z"))
}

func checkByMinute(t *testing.T, c *Calendar, from, to time.Time) {
	t.Helper()
	span := c.Week[time.Monday][0]
	var sum time.Duration
	var edges int
	was := c.Working(from.Add(-time.Minute))
	for m := from; m.Before(to); m = m.Add(time.Minute) {
		local := m.In(c.Zone)
		shown := local.Hour()*60 + local.Minute()
		want := shown >= span.From && shown < span.To
		if c.Working(m) != want {
			t.Fatalf("%s %v: at %s working is %t", c.Zone, span, local, !want)
		}
		if was != want && m.After(from) {
			edges++
		}
		was = want
		if !want {
			continue
		}
		sum += time.Minute
		if end := c.After(from, sum); !end.Equal(m.Add(time.Minute)) {
			t.Fatalf("%s %v: %s after %s is %s, not %s", c.Zone, span, sum, from, end, m.Add(time.Minute))
		}
	}
	if got := c.Between(from, to); got != sum {
		t.Fatalf("%s %v: between %s and %s are %s, by the minute %s", c.Zone, span, from, to, got, sum)
	}
	if got := c.Edges(from, to); len(got) != edges {
		t.Fatalf("%s %v: %d edges, by the minute %d: %v", c.Zone, span, len(got), edges, got)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone   string
		day    Date
		minute int
		want   string
	}{
		{"Europe/Berlin", Date{2026, 3, 29}, 90, "2026-03-29T01:30:00+01:00"},
		{"Europe/Berlin", Date{2026, 3, 29}, 150, "2026-03-29T03:00:00+02:00"}, // left out: when it jumps
		{"Europe/Berlin", Date{2026, 3, 29}, 180, "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", Date{2026, 10, 25}, 150, "2026-10-25T02:30:00+02:00"}, // repeated: the first
		{"Europe/Berlin", Date{2026, 10, 25}, 180, "2026-10-25T03:00:00+01:00"},
		{"America/New_York", Date{2026, 3, 8}, 150, "2026-03-08T03:00:00-04:00"},
		{"America/New_York", Date{2026, 11, 1}, 90, "2026-11-01T01:30:00-04:00"},
		{"Australia/Lord_Howe", Date{2026, 10, 4}, 135, "2026-10-04T02:30:00+11:00"}, // by half an hour
		{"Australia/Lord_Howe", Date{2026, 4, 5}, 105, "2026-04-05T01:45:00+11:00"},
		{"America/Havana", Date{2026, 3, 8}, 15, "2026-03-08T01:00:00-04:00"}, // no midnight
		{"Pacific/Apia", Date{2011, 12, 30}, 540, "2011-12-31T00:00:00+14:00"},
		{"Asia/Kathmandu", Date{2028, 2, 29}, 0, "2028-02-29T00:00:00+05:45"},
		{"UTC", Date{2026, 12, 32}, 0, "2027-01-01T00:00:00Z"},
	} {
		if got := Clock(c.day, c.minute, in(t, c.zone).Zone); !got.Equal(at(t, c.want)) {
			t.Errorf("%s %v %d: %s, want %s", c.zone, c.day, c.minute, got, c.want)
		}
	}
}

// After and Between undo each other, and more working time never ends sooner.
func TestAfterAndBetweenAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, from := drawCalendar(t), drawTime(t, "from")
		if c.Empty(from) {
			return
		}
		working := time.Duration(rapid.IntRange(1, 40*3600).Draw(t, "working")) * time.Second
		end := c.After(from, working)
		if most := from.AddDate(0, 0, mostDays); c.Between(from, most) < working+time.Minute {
			if end.After(most) || c.Between(end, most) > time.Minute {
				t.Fatalf("%s that there are not in %d days come at %s", working, mostDays, end)
			}
			return
		}
		if got := c.Between(from, end); got != working {
			t.Fatalf("after %s come %s at %s, between them are %s", from, working, end, got)
		}
		if later := c.After(from, working+time.Minute); !later.After(end) {
			t.Fatalf("a minute more ends at %s, not after %s", later, end)
		}
		mid := from.Add(time.Duration(rapid.Int64Range(0, int64(end.Sub(from))).Draw(t, "mid")))
		if c.Between(from, mid)+c.Between(mid, end) != working {
			t.Fatal("the parts are not the whole")
		}
		edges := c.Edges(from, end)
		for i := 1; i < len(edges); i++ {
			if !edges[i].After(edges[i-1]) {
				t.Fatalf("edges %v", edges)
			}
		}
	})
}

const ics = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n" +
	"BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Christmas\r\nDTSTART;VALUE=DATE:20201225\r\nDTEND;VALUE=DATE:20201227\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Move\r\nDTSTART;VALUE=DATE:20260504\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:3\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Off\r\nSTATUS:CANCELLED\r\nDTSTART;VALUE=DATE:20260505\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:4\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Birthday\r\nTRANSP:TRANSPARENT\r\nDTSTART;VALUE=DATE:20260506\r\nEND:VEVENT\r\n" +
	"END:VCALENDAR\r\n"

func TestHolidays(t *testing.T) {
	t.Parallel()
	h, err := ReadHolidays([]byte(ics))
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]string{
		"2026-12-25": "Christmas", "2031-12-26": "Christmas", "2026-12-27": "", "2019-12-25": "", "2026-05-04": "Move", "2026-05-05": "", "2026-05-06": "",
	} {
		when, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Name(DateOf(when)); got != want {
			t.Errorf("%s is %q, want %q", day, got, want)
		}
	}
	if h.Last().Year() != lastYear {
		t.Errorf("the last is %s", h.Last())
	}
	c := in(t, "Europe/Berlin", office)
	c.Holidays = h
	if c.Working(at(t, "2026-12-25T10:00:00+01:00")) || !c.Working(at(t, "2026-12-28T10:00:00+01:00")) {
		t.Error("a holiday has working time, or the day after has none")
	}
	for name, data := range map[string]string{"nothing": "", "no calendar": "hello", "no start": "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		"too many": "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nDTSTART;VALUE=DATE:00010101\r\nDTEND;VALUE=DATE:20990101\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"} {
		if _, err := ReadHolidays([]byte(data)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// What files in the wild have beside plain days.
func TestHolidaysOfRealFiles(t *testing.T) {
	t.Parallel()
	const yearly = "UID:1\r\nDTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY;UNTIL=20290101\r\n"
	for name, c := range map[string]struct {
		event string
		want  []string
	}{
		"an exception":             {yearly + "EXDATE;VALUE=DATE:20270101\r\n", []string{"2026-01-01", "2028-01-01", "2029-01-01"}},
		"a list of exceptions":     {yearly + "EXDATE;VALUE=DATE:20270101,20280101\r\n", []string{"2026-01-01", "2029-01-01"}},
		"further dates":            {"DTSTART;VALUE=DATE:20260101\r\nRDATE;VALUE=DATE:20270601,20280101\r\n", []string{"2026-01-01", "2027-06-01", "2028-01-01"}},
		"a moved day":              {yearly + "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;VALUE=DATE:20270101\r\nDTSTART;VALUE=DATE:20270104\r\n", []string{"2026-01-01", "2027-01-04", "2028-01-01", "2029-01-01"}},
		"a cancelled day":          {yearly + "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nSTATUS:CANCELLED\r\nRECURRENCE-ID;VALUE=DATE:20270101\r\nDTSTART;VALUE=DATE:20270101\r\n", []string{"2026-01-01", "2028-01-01", "2029-01-01"}},
		"the last Monday of May":   {"DTSTART;VALUE=DATE:20260525\r\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=3\r\n", []string{"2026-05-25", "2027-05-31", "2028-05-29"}},
		"29 February":              {"DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY;UNTIL=20290101\r\n", []string{"2028-02-29"}},
		"a zone of Windows":        {"DTSTART;TZID=W. Europe Standard Time:20260101T000000\r\nDTEND;TZID=W. Europe Standard Time:20260102T000000\r\n", []string{"2026-01-01"}},
		"a zone":                   {"DTSTART;TZID=Asia/Tokyo:20260101T000000\r\nDTEND;TZID=Asia/Tokyo:20260103T000000\r\n", []string{"2026-01-01", "2026-01-02"}},
		"a length":                 {"DTSTART;VALUE=DATE:20260101\r\nDURATION:P2D\r\n", []string{"2026-01-01", "2026-01-02"}},
		"an end before its start":  {"DTSTART;VALUE=DATE:20260101\r\nDTEND;VALUE=DATE:20251231\r\n", []string{"2026-01-01"}},
		"a date without its type":  {"DTSTART:20260101\r\nDTEND:20260102\r\n", []string{"2026-01-01"}},
		"a name with a bad escape": {"SUMMARY:a\\x\r\nDTSTART;VALUE=DATE:20260101\r\n", []string{"2026-01-01"}},
		"a rule that never holds":  {"DTSTART;VALUE=DATE:20251231\r\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\r\n", nil},
	} {
		h, err := ReadHolidays([]byte("\ufeffBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + c.event + "END:VEVENT\r\nEND:VCALENDAR\r\n"))
		var got []string
		for d := (Date{2025, 12, 25}); d.Year < 2030; d = d.next() {
			if h.Has(d) {
				got = append(got, d.utc().Format(time.DateOnly))
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v (%v), want %v", name, got, err, c.want)
		}
	}
}

func FuzzReadHolidays(f *testing.F) {
	f.Add([]byte(ics))
	f.Add([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if h, err := ReadHolidays(data); err == nil {
			h.Has(DateOf(h.Last()))
		}
	})
}

package calendar

import (
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

func FuzzReadHolidays(f *testing.F) {
	f.Add([]byte(ics))
	f.Add([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if h, err := ReadHolidays(data); err == nil {
			h.Has(DateOf(h.Last()))
		}
	})
}

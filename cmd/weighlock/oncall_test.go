package main

import (
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/people"
)

const onCallFile = `version: 1
people: {alice: {}, bob: {}, carol: {}}
calendars:
  office: {zone: Europe/Berlin, hours: ["09:00-12:00", "13:00-17:00"]}
groups:
  payments: {members: [alice, bob], calendar: office}
schedules:
  payments-oncall:
    zone: Europe/Berlin
    calendar: office
    rotations:
      - {members: [alice, bob], every: week, start: 2026-01-05, at: "09:00"}
    overrides:
      - {from: "2026-03-02 09:00", until: "2026-03-03 09:00", person: carol, instead: bob}
  office-only:
    rotations: [{members: [carol], every: 2 days, start: 2026-01-01, at: "00:00", only: office}]
`

func TestGapsAndUselessOverridesAreFound(t *testing.T) {
	t.Parallel()
	d, err := people.Parse("approvers.yaml", []byte(onCallFile))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 2, 27, 8, 0, 0, 0, time.UTC) // a Friday, 9 in Berlin
	found := check(d, now, 24*time.Hour)
	var b strings.Builder
	if err := printChecked(&b, found); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"office-only: nobody is on call from Fri 2026-02-27 11:00 UTC to Fri 2026-02-27 12:00 UTC (1h0m0s)", "to Sat 2026-02-28 08:00 UTC", "2 schedules, 2 gaps, 1 warnings",
		"payments-oncall: the override for carol from 2026-03-02 09:00:00 until 2026-03-03 09:00:00 changes nothing",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	if on := d.OnCall("office-only", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)); strings.Join(on, " ") != "carol" {
		t.Errorf("in a gap %v are asked", on)
	}
	if d.Calendar("payments") == nil || d.Calendar("payments-oncall") == nil || d.OnCall("payments", now) != nil {
		t.Error("calendars and schedules are not those of the file")
	}
}

func TestOverridesThatChangeNothing(t *testing.T) {
	t.Parallel()
	const old = `{from: "2026-03-02 09:00", until: "2026-03-03 09:00", person: carol, instead: bob}`
	now := time.Date(2026, 2, 27, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		overrides string
		warnings  int
	}{
		"replaces who is on call": {`{from: "2026-03-02 09:00", until: "2026-03-03 09:00", person: carol, instead: alice}`, 0},
		"replaces who came by another": {`{from: "2026-03-02 09:00", until: "2026-03-04 09:00", person: carol}
      - {from: "2026-03-03 09:00", until: "2026-03-04 09:00", person: bob, instead: carol}`, 0},
		"is the person on call": {`{from: "2026-03-02 09:00", until: "2026-03-03 09:00", person: alice}`, 1},
		"another comes after it": {`{from: "2026-03-02 09:00", until: "2026-03-03 09:00", person: bob}
      - {from: "2026-03-01 09:00", until: "2026-03-04 09:00", person: carol}`, 1},
		"has ended":                             {`{from: "2026-01-02 09:00", until: "2026-01-03 09:00", person: bob}`, 1},
		"lasts, but never meets whom it is for": {`{from: "0001-01-02 09:00", until: "9999-01-03 09:00", person: carol, instead: carol}`, 1},
	} {
		d, err := people.Parse("approvers.yaml", []byte(strings.Replace(onCallFile, old, c.overrides, 1)))
		if err != nil {
			t.Fatal(name, err)
		}
		if found := check(d, now, 24*time.Hour); len(found.Warnings) != c.warnings {
			t.Errorf("an override that %s: %q", name, found.Warnings)
		}
	}
}

// Where no time is looked at there are no gaps: that would say all is well.
func TestGapsAreLookedForInSomeTime(t *testing.T) {
	t.Parallel()
	for _, days := range []string{"0", "-1", "200000", "99999999999"} {
		if code := run(t.Context(), []string{"oncall", "check", "--days", days}); code != exitFailed {
			t.Errorf("--days %s: exit code %d", days, code)
		}
	}
	if code := run(t.Context(), []string{"oncall", "show", "--at", "noon"}); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
}

func TestMistakesInSchedulesSayWhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{"zone: Europe/Berlin, hours", "zone: Mars, hours", `calendars.office.zone is "Mars"`},
		{`"09:00-12:00"`, `"09:00"`, `calendars.office.hours[0] is "09:00"`},
		{`"13:00-17:00"`, `"11:00-17:00"`, "calendars.office.hours overlap"},
		{"calendar: office}", "calendar: home}", `groups.payments.calendar is "home", which is no calendar`},
		{"every: week", "every: moon", `rotations[0].every is "moon"`},
		{"[alice, bob], every", "[alice, eve], every", `rotations[0].members[1] is "eve"`},
		{"start: 2026-01-05", "start: soon", `rotations[0].start is "soon"`},
		{"2026-03-03 09:00", "2026-03-01 09:00", "overrides[0].until is"},
		{"person: carol", "person: eve", `overrides[0].person is "eve"`},
		{"only: office", "only: home", `rotations[0].only is "home"`},
		{"  office-only:", "  payments:", "has the name of a group"},
		{"every: 2 days", "evry: 2 days", "evry is not a field"},
		{`["09:00-12:00", "13:00-17:00"]}`, `["09:00-12:00"], holidays: none.ics}`, `calendars.office.holidays is "none.ics", which cannot be read`},
	} {
		text := strings.Replace(onCallFile, c.old, c.new, 1)
		if _, err := people.Parse("approvers.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

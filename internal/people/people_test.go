package people

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/oncall"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/policies"
)

const good = `version: 1
people:
  carol:
    name: Carol Meyer
    accounts: [carol-admin]
    principals: [carol@example.com]
    agents: [billing-*]
    addresses: {slack: U0123}
    hours: {zone: Asia/Kolkata, days: [mon, sun], from: "09:30", to: "17:00"}
  alice: {}
  erin: {}
groups:
  finance: [carol, alice]
  leads: [erin, "group:finance"]
  all: ["group:leads", "group:finance"]
`

func TestErrorsSayWhere(t *testing.T) {
	t.Parallel()
	if _, err := Parse("a.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"version: 1", "version: 2", "a.yaml:1: version is 2"},
		{"alice: {}", "alice: {nam: x}", "a.yaml:10: nam is not a field"},
		{"alice: {}", "'al ice': {}", "a.yaml:10: people.al ice is \"al ice\""},
		{"[carol-admin]", "[Alice]", `a.yaml:5: people.carol.accounts[0] is "Alice", which is an account of alice`},
		{"billing-*", "'*'", "a.yaml:7: people.carol.agents[0]"},
		{"billing-*", "'[a'", "a.yaml:7: people.carol.agents[0]"},
		{"slack: U", "'sl ack': U", "a.yaml:8: people.carol.addresses.sl ack"},
		{"Asia/Kolkata", "Asia/Atlantis", `a.yaml:9: people.carol.hours.zone is "Asia/Atlantis"`},
		{"[mon, sun]", "[moon]", "a.yaml:9: people.carol.hours.days"},
		{`"09:30"`, `"9.30"`, "a.yaml:9: people.carol.hours.from"},
		{`"17:00"`, `"09:30"`, "a.yaml:9: people.carol.hours.to"},
		{"[carol, alice]", "[]", "a.yaml:13: groups.finance has no members"},
		{"[carol, alice]", "[carol, carol]", "a.yaml:13: groups.finance[1] repeats"},
		{"[carol, alice]", "[carol, mallory]", `a.yaml:13: groups.finance[1] is "mallory", who is not among the people`},
		{"[carol, alice]", "[carol, 'group:leads']", "a.yaml:15: groups.all contains itself: all → leads → finance → leads"},
		{"finance: [carol, alice]", "finance: ['group:finance']", "contains itself: "},
		{"[erin, \"group:finance\"]", "['group:nobody']", `a.yaml:14: groups.leads[0] is "nobody", which is no group`},
		{good, "version: 1\npeople: {}\n", "groups is empty"},
	} {
		_, err := Parse("a.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
		var where *rulefile.Error
		if !errors.As(err, &where) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

func TestGroupsNest(t *testing.T) {
	t.Parallel()
	d, err := Parse("a.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	for group, want := range map[string][]string{"finance": {"alice", "carol"}, "leads": {"alice", "carol", "erin"}, "all": {"alice", "carol", "erin"}, "none": nil} {
		if got := d.Members(group); !reflect.DeepEqual(got, want) || d.Has(group) != (want != nil) {
			t.Errorf("%s has %v, want %v", group, got, want)
		}
	}
	if got := d.GroupsOf("Carol-Admin"); !slices.Equal(got, []string{"all", "finance", "leads"}) {
		t.Errorf("carol's other account is in %v", got)
	}
	if got := d.GroupsOf("mallory"); len(got) != 0 {
		t.Errorf("a stranger is in %v", got)
	}
	if d.PersonOf("carol-admin") != "carol" || d.PersonOf("mallory") != "mallory" {
		t.Error("accounts lead to the wrong persons")
	}
}

// Two groups that each contain the two before them: without remembering, this takes 2^60 steps.
func TestDeepNestingEnds(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("version: 1\npeople: {p: {}}\ngroups:\n  a0: [p]\n  b0: [p]\n")
	for i := 1; i < 60; i++ {
		fmt.Fprintf(&b, "  a%d: ['group:a%d', 'group:b%d']\n  b%d: ['group:a%d', 'group:b%d']\n", i, i-1, i-1, i, i-1, i-1)
	}
	d, err := Parse("a.yaml", []byte(b.String()))
	if err != nil || !slices.Equal(d.Members("b59"), []string{"p"}) {
		t.Fatal(err)
	}
}

func TestNobodyJudgesTheirOwn(t *testing.T) {
	t.Parallel()
	d, err := Parse("a.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		account, principal, agent string
		own                       bool
	}{
		{"carol", "carol", "x", true},
		{"carol", "CAROL@example.com", "x", true},
		{"carol-admin", "carol@example.com", "x", true},
		{"carol-admin", "carol", "x", true},
		{"carol", "U0123", "x", true},
		{"carol", "", "billing-2", true},
		{"carol-admin", "alice", "billing-2", true},
		{"carol", "alice", "support", false},
		{"alice", "carol", "billing-2", false},
		{"mallory", "Mallory", "x", true},
		{"alice", "", "x", false},
	} {
		if why := d.OwnAction(c.account, c.principal, c.agent); (why != "") != c.own {
			t.Errorf("%+v: %q", c, why)
		}
	}
}

func TestWorkingHours(t *testing.T) {
	t.Parallel()
	d, err := Parse("a.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	h := d.Person("carol").Hours
	for at, want := range map[string]bool{
		"2026-03-02T04:00:00Z": true,  // Monday, 09:30 in Kolkata
		"2026-03-02T03:59:00Z": false, // 09:29
		"2026-03-02T11:30:00Z": false, // 17:00
		"2026-03-01T20:00:00Z": false, // Monday, 01:30
		"2026-03-01T05:00:00Z": true,  // Sunday
		"2026-03-03T05:00:00Z": false, // Tuesday
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil || h.Working(when) != want {
			t.Errorf("%s: working %v, want %v (%v)", at, h.Working(when), want, err)
		}
	}
	if !d.Person("alice").Hours.Working(time.Time{}) {
		t.Error("who has no hours works always")
	}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	if got := Default().Groups(); !slices.Equal(got, []string{"finance", "operations", "security"}) {
		t.Errorf("groups %v", got)
	}
}

const onCall = `version: 1
people: {alice: {}, bob: {}}
calendars: {nights: {zone: America/Havana, days: [mon, sun], hours: ["22:00-06:00", "12:00-13:00"], holidays: days.ics}}
groups: {payments: {members: [alice], calendar: nights}}
schedules:
  watch:
    zone: Australia/Lord_Howe
    rotations:
      - {members: [alice, bob], every: 3 days, start: 2026-04-03, at: "01:45"}
      - {members: [bob], every: week, start: 2026-01-01, at: "00:00", only: nights}
    overrides: [{from: "2026-04-05 01:45", until: "2026-04-06 00:00", person: bob, instead: alice}]
`

const holidays = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// Whatever the files say, there is never a minute with nobody on call that is in no gap.
func FuzzSchedules(f *testing.F) {
	f.Add([]byte(onCall), []byte(holidays), int64(1775300000))
	f.Add([]byte(onCall), []byte(holidays), int64(-62135596800))
	f.Fuzz(func(t *testing.T, data, ics []byte, at int64) {
		d, err := Source{Name: "fuzz.yaml", Data: data, Holidays: map[string][]byte{"days.ics": ics}}.Parse()
		if err != nil {
			return
		}
		const years = 8000
		from := time.Unix(at%(years*365*24*3600), 0)
		until := from.Add(3 * 24 * time.Hour)
		for _, name := range d.Schedules() {
			s := d.Schedule(name)
			gaps := s.Gaps(from, until)
			for when := from; when.Before(until); when = when.Add(7 * time.Minute) {
				inGap := slices.ContainsFunc(gaps, func(g oncall.Shift) bool { return !when.Before(g.From) && when.Before(g.Until) })
				if inGap != (len(s.At(when)) == 0) {
					t.Fatalf("%s: at %s %v are on call, and the gaps are %v", name, when, s.At(when), gaps)
				}
			}
			if len(d.OnCall(name, from)) == 0 || len(d.Members(name)) == 0 {
				t.Fatalf("%s: nobody can be asked", name)
			}
		}
		for name, c := range d.Calendars() {
			end := c.After(from, time.Hour)
			if end.Before(from) || c.Between(from, end) > time.Hour {
				t.Fatalf("%s: an hour after %s is %s", name, from, end)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add(policies.Approvers)
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse("fuzz.yaml", data)
		if err != nil {
			return
		}
		for _, group := range d.Groups() {
			if len(d.Members(group)) == 0 {
				t.Fatalf("group %s has no members", group)
			}
		}
	})
}

package approval

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// office works from 9 to 17 UTC, every day.
type office struct{}

func (office) After(t time.Time, working time.Duration) time.Time {
	for {
		day := t.Truncate(24 * time.Hour)
		opens, closes := day.Add(9*time.Hour), day.Add(17*time.Hour)
		if t.Before(opens) {
			t = opens
		}
		if left := closes.Sub(t); left >= working && left > 0 {
			return t.Add(working)
		} else if left > 0 {
			working -= left
		}
		t = opens.Add(24 * time.Hour)
	}
}

func minutes(times []time.Time) (all []int) {
	for _, t := range times {
		all = append(all, int(t.Sub(noon).Minutes()))
	}
	return all
}

func TestTiersEndWithTheirWaitOrTheirWorkingTime(t *testing.T) {
	t.Parallel()
	working := Duty{Calendar: func(string) Calendar { return office{} }}
	for name, c := range map[string]struct {
		tier    Tier
		duty    Duty
		ends    int // minutes after noon
		reminds []int
	}{
		"wait":                             {Tier{Wait: time.Hour}, working, 60, nil},
		"working, at noon":                 {Tier{Working: time.Hour}, working, 60, nil},
		"working, over night":              {Tier{Working: 6 * time.Hour}, working, 22 * 60, nil},
		"working, always":                  {Tier{Working: 6 * time.Hour}, Duty{}, 6 * 60, nil},
		"both, the wait is first":          {Tier{Wait: 10 * time.Hour, Working: 6 * time.Hour}, working, 10 * 60, nil},
		"both, the working time is first":  {Tier{Wait: 30 * time.Hour, Working: 6 * time.Hour}, working, 22 * 60, nil},
		"reminders at one distance":        {Tier{Wait: 20 * time.Minute, RemindEvery: 5 * time.Minute}, Duty{}, 20, []int{5, 10, 15}},
		"reminders that grow":              {Tier{Wait: time.Hour, RemindEvery: 5 * time.Minute, RemindGrowth: 2}, Duty{}, 60, []int{5, 15, 35}},
		"reminders that grow up to a cap":  {Tier{Wait: time.Hour, RemindEvery: 5 * time.Minute, RemindGrowth: 2, RemindAtMost: 10 * time.Minute}, Duty{}, 60, []int{5, 15, 25, 35, 45, 55}},
		"reminders, so many and no more":   {Tier{Wait: time.Hour, RemindEvery: 5 * time.Minute, Reminders: 2}, Duty{}, 60, []int{5, 10}},
		"nobody is reminded at night":      {Tier{Wait: 30 * time.Hour, RemindEvery: 4 * time.Hour}, working, 30 * 60, []int{240, 1440, 1680}},
		"a cap below the first is no less": {Tier{Wait: 20 * time.Minute, RemindEvery: 5 * time.Minute, RemindAtMost: time.Minute}, Duty{}, 20, []int{5, 10, 15}},
	} {
		rules := twoTiers(1)
		c.tier.Group = "finance"
		rules.Tiers = []Tier{c.tier}
		crd, origins := card(1)
		s, _, err := Open(crd, rules, origins, c.duty, noon)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := minutes([]time.Time{s.EndsAt}); got[0] != c.ends {
			t.Errorf("%s: ends after %d minutes", name, got[0])
		}
		if got := minutes(s.Plan[0].Reminds); !reflect.DeepEqual(got, c.reminds) {
			t.Errorf("%s: reminds after %v", name, got)
		}
	}
}

// A path is repeated whole; a deadline leaves the fewest rounds that reach it, shortened so that every tier has its part.
func TestARepeatedPathMeetsItsDeadline(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deadline int // minutes; 0 for none
		ends     []int
	}{
		"none":                {0, []int{10, 15, 25, 30, 40, 45}},
		"long after":          {100, []int{10, 15, 25, 30, 40, 45}},
		"in the second round": {24, []int{8, 12, 20, 24}},
		"at the first's end":  {15, []int{10, 15}},
		"in the first round":  {6, []int{4, 6}},
	} {
		rules := twoTiers(1)
		rules.Repeat = 2
		crd, origins := card(1)
		if c.deadline > 0 {
			deadline := noon.Add(time.Duration(c.deadline) * time.Minute)
			crd.Items[0].Deadline = &deadline
		}
		s, _, err := Open(crd, rules, origins, Duty{}, noon)
		if err != nil {
			t.Fatal(err)
		}
		var ends []time.Time
		for i, rung := range s.Plan {
			ends = append(ends, rung.Ends)
			if s.Rules.Tiers[i].Round != i/2 {
				t.Errorf("%s: tier %d is of round %d", name, i, s.Rules.Tiers[i].Round)
			}
		}
		if got := minutes(ends); !reflect.DeepEqual(got, c.ends) {
			t.Errorf("%s: tiers end after %v", name, got)
		}
	}
}

// Whoever is asked first in a later round does not become somebody who stands in for others.
func TestTheFirstTierOfALaterRoundIsNotSenior(t *testing.T) {
	t.Parallel()
	rules := twoTiers(1)
	rules.Require = append(rules.Require, Requirement{Group: "it", Count: 1})
	rules.Repeat = 1
	s, _ := play(t, mustOpen(t, 1, rules), tierEnds(0), tierEnds(1))
	if s.Tier != 2 || s.Group() != "finance" {
		t.Fatalf("tier %d, %s", s.Tier, s.Group())
	}
	if s, _ = play(t, s, says(s, 1, "alice", events.Approve), says(s, 2, "alice-2", events.Approve)); s.Resolved != nil {
		t.Error("finance stood in for it")
	}
	if s, _ = play(t, s, says(s, 3, "carol", events.Approve)); s.Resolved == nil {
		t.Error("the managers, who came in, could not stand in for it")
	}
}

func TestEarlierTiersStayOrLeave(t *testing.T) {
	t.Parallel()
	for _, leave := range []bool{false, true} {
		rules := twoTiers(1)
		rules.EarlierLeave = leave
		s, _ := play(t, mustOpen(t, 1, rules), tierEnds(0))
		next, effects := play(t, s, says(s, 1, "alice", events.Approve))
		if left := refusalOf(effects) == events.RefusedNotEntitled; left != leave || (next.Resolved == nil) != leave {
			t.Errorf("leave %t: %+v", leave, effects)
		}
	}
}

func TestOnlyThoseOnCallCount(t *testing.T) {
	t.Parallel()
	crd, origins := card(1)
	s, effects, err := Open(crd, twoTiers(1), origins, Duty{OnCall: map[string][]string{"finance": {"bob"}}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if told := effects[0].(Announce).Payload.(*events.ApprovalRequested); !reflect.DeepEqual(told.OnCall, []string{"bob"}) {
		t.Errorf("asked %v", told.OnCall)
	}
	alice := says(s, 1, "alice", events.Approve)
	if _, effects := play(t, s, alice); refusalOf(effects) != events.RefusedNotEntitled {
		t.Errorf("alice is not on call: %+v", effects)
	}
	if next, _ := play(t, s, says(s, 1, "bob", events.Approve)); next.Resolved == nil {
		t.Error("bob is on call and was not counted")
	}
	escalate := tierEnds(0)
	escalate.OnCall = map[string][]string{"managers": {"dave"}}
	s, effects = play(t, s, alice, escalate)
	if told := effects[0].(Announce).Payload.(*events.ApprovalEscalated); !reflect.DeepEqual(told.OnCall, []string{"dave"}) {
		t.Errorf("escalated to %v", told.OnCall)
	}
	if _, effects := play(t, s, says(s, 2, "carol", events.Approve)); refusalOf(effects) != events.RefusedNotEntitled {
		t.Errorf("carol is not on call: %+v", effects)
	}
	if s, _ = play(t, s, says(s, 3, "dave", events.Approve)); s.Resolved == nil {
		t.Error("dave is on call and was not counted")
	}
}

// The longest path there may be is stored and read back like any other.
func TestTheLongestPathCanBeReadBack(t *testing.T) {
	t.Parallel()
	rules := twoTiers(1)
	rules.Tiers, rules.Repeat = slices.Repeat(rules.Tiers, 5), MaxRepeat-1
	longer := rules
	longer.Repeat = MaxRepeat
	if err := longer.Validate(); err == nil {
		t.Error("a path that is too long is good")
	}
	s := mustOpen(t, 1, rules)
	if len(s.Plan) != MaxRungs {
		t.Fatalf("%d rungs", len(s.Plan))
	}
	var again State
	if err := json.Unmarshal([]byte(asJSON(t, s)), &again); err != nil || again.Rules.Repeat != 0 {
		t.Errorf("read back: %v, to be repeated %d times", err, again.Rules.Repeat)
	}
}

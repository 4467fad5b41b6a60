package approval

import (
	"reflect"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

func TestRemindersFollowOneAnotherWithinTheTier(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 1, twoTiers(1))
	want := []Effect{
		Arm{Tier: 0, Kind: Escalate, At: noon.Add(10 * time.Minute)},
		Arm{Tier: 0, Kind: Remind, N: 1, At: noon.Add(4 * time.Minute)},
	}
	if got := Timers(s); !reflect.DeepEqual(got, want) {
		t.Fatalf("armed %+v", got)
	}
	s, first := play(t, s, TimerFired{Tier: 0, Kind: Remind, N: 1})
	if len(first) != 2 || first[1] != (Arm{Tier: 0, Kind: Remind, N: 2, At: noon.Add(8 * time.Minute)}) {
		t.Fatalf("reminder led to %+v", first)
	}
	s, second := play(t, s, TimerFired{Tier: 0, Kind: Remind, N: 2})
	if len(second) != 1 || second[0].(Announce).Payload.(*events.ApprovalReminded).Reminder != 2 {
		t.Errorf("the last reminder of the tier led to %+v", second)
	}
	after, again := play(t, s, TimerFired{Tier: 0, Kind: Remind, N: 1, At: noon.Add(time.Hour)})
	if !reflect.DeepEqual(again, first) || !reflect.DeepEqual(after, s) {
		t.Errorf("again %+v\nwas %+v", again, first)
	}
}

func TestTimersThatAreNotOfTheCurrentTierAreDropped(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 1, twoTiers(1))
	second, _ := play(t, s, tierEnds(0))
	resolvedByPeople, _ := play(t, s, says(s, 1, "alice", events.Approve))
	for name, c := range map[string]struct {
		state State
		in    TimerFired
	}{
		"a later tier":                {s, tierEnds(1)},
		"a tier there is not":         {s, tierEnds(2)},
		"a negative tier":             {s, tierEnds(-1)},
		"reminder of a later tier":    {s, TimerFired{Tier: 1, Kind: Remind, N: 1}},
		"reminder of an earlier tier": {second, TimerFired{Tier: 0, Kind: Remind, N: 1}},
		"reminder past the tier":      {s, TimerFired{Tier: 0, Kind: Remind, N: 3}},
		"reminder zero":               {s, TimerFired{Tier: 0, Kind: Remind}},
		"unknown kind":                {s, TimerFired{Tier: 0, Kind: "approve"}},
		"after the decision":          {resolvedByPeople, tierEnds(0)},
		"reminder after the decision": {resolvedByPeople, TimerFired{Tier: 0, Kind: Remind, N: 1}},
		"last tier after it":          {resolvedByPeople, tierEnds(1)},
	} {
		if next, effects := Next(c.state, c.in, noon); len(effects) != 0 || !reflect.DeepEqual(next, c.state) {
			t.Errorf("%s led to %+v", name, effects)
		}
	}
}

func TestTheNextTierComesInWhenTheTimerFired(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 1, twoTiers(1))
	at := noon.Add(11 * time.Minute)
	s, effects := play(t, s, TimerFired{Tier: 0, Kind: Escalate, At: at})
	told := effects[0].(Announce)
	if !told.At.Equal(at) || told.Group != "managers" || s.Group() != "managers" || !s.Due().Equal(noon.Add(15*time.Minute)) {
		t.Errorf("told %+v, due %s", told, s.Due())
	}
	if e := told.Payload.(*events.ApprovalEscalated); e.FromGroup != "finance" || e.ToTier != 1 || !e.EndsAt.Equal(s.EndsAt) {
		t.Errorf("escalated as %+v", e)
	}
	if _, ok := effects[1].(Tell); !ok {
		t.Errorf("the agent is not told: %+v", effects[1])
	}
	if arms := effects[2:]; !reflect.DeepEqual(arms, Timers(s)) || len(arms) != 1 {
		t.Errorf("armed %+v", arms)
	}
}

func TestTheEndIsNeverAnApproval(t *testing.T) {
	t.Parallel()
	for _, otherwise := range []events.Outcome{events.Rejected, events.Expired} {
		rules := twoTiers(2)
		rules.Otherwise = otherwise
		s := mustOpen(t, 1, rules)
		_, effects := play(t, s, says(s, 1, "alice", events.Approve), tierEnds(0), tierEnds(1))
		d := decisions(effects)[0]
		if d.Outcome != otherwise || d.DecidedBy.Kind != events.ByTimeout || d.ArgumentsDigest != "" || d.DecidedBy.Approvers != nil {
			t.Errorf("decided %+v", d)
		}
	}
}

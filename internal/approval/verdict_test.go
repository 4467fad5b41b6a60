package approval

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/weighlock/weighlock/pkg/events"
)

func TestQuorumOfDistinctApprovers(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 2, twoTiers(2))
	s, effects := play(t, s, says(s, 1, "alice", events.Approve), says(s, 2, "alice", events.Approve), says(s, 3, "alice", events.Approve))
	if len(effects) != 0 || s.Resolved != nil {
		t.Fatalf("one approver made a quorum of two: %v", effects)
	}
	s, effects = play(t, s, says(s, 4, "bob", events.Approve, 2))
	made := decisions(effects)
	if len(made) != 1 || made[0].Outcome != events.Approved || made[0].ArgumentsDigest != ref(2).ArgumentsDigest || made[0].Action != "a-2" {
		t.Fatalf("decided %+v", made)
	}
	var who []string
	for _, a := range made[0].DecidedBy.Approvers {
		who = append(who, a.Approver)
	}
	if !slices.Equal(who, []string{"alice", "bob"}) || s.Resolved != nil {
		t.Errorf("decided by %v, resolved %v", who, s.Resolved)
	}
	s, effects = play(t, s, says(s, 5, "bob", events.Reject, 1))
	if !slices.Equal(outcomes(s), []events.Outcome{events.Rejected, events.Approved}) || len(decisions(effects)) != 1 {
		t.Errorf("outcomes are %v by %v", outcomes(s), effects)
	}
	last := effects[len(effects)-1].(Announce).Payload.(*events.ApprovalResolved)
	if last.By != events.ByApprovers || len(last.Items) != 2 || last.Items[0].Outcome != events.Rejected {
		t.Errorf("announced %+v", last)
	}
	if d := decisions(effects)[0]; d.ArgumentsDigest != "" || d.DecidedBy.Approvers[0].Approver != "bob" || d.Validate() != nil {
		t.Errorf("rejected as %+v", d)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	rules := twoTiers(2)
	rules.Channels = []string{"self", "console"}
	fresh := mustOpen(t, 2, rules)
	half, _ := play(t, fresh, says(fresh, 1, "alice", events.Reject, 1))
	closed, _ := play(t, half, says(half, 2, "alice", events.Reject))
	with := func(s State, change func(*Verdict)) Verdict {
		v := says(s, 9, "bob", events.Approve)
		change(&v)
		return v
	}
	for name, c := range map[string]struct {
		state State
		in    Verdict
		code  events.RefusalCode
	}{
		"stranger":       {fresh, says(fresh, 9, "eve", events.Approve), events.RefusedNotEntitled},
		"no groups":      {fresh, says(fresh, 9, "frank", events.Reject), events.RefusedNotEntitled},
		"later tier":     {fresh, says(fresh, 9, "carol", events.Approve), events.RefusedNotEntitled},
		"digest":         {fresh, with(fresh, func(v *Verdict) { v.Cast.Digest = events.Digest(nil) }), events.RefusedWrongDigest},
		"no digest":      {fresh, with(fresh, func(v *Verdict) { v.Cast.Digest = "" }), events.RefusedWrongDigest},
		"channel":        {fresh, with(fresh, func(v *Verdict) { v.Channel = "slack" }), events.RefusedChannel},
		"unknown item":   {fresh, says(fresh, 9, "bob", events.Approve, 3), events.RefusedUnknownItem},
		"item zero":      {fresh, says(fresh, 9, "bob", events.Approve, 0), events.RefusedMalformed},
		"unknown word":   {fresh, says(fresh, 9, "bob", "maybe"), events.RefusedMalformed},
		"empty":          {fresh, says(fresh, 9, "bob", ""), events.RefusedMalformed},
		"item twice":     {fresh, says(fresh, 9, "bob", events.Approve, 2, 2), events.RefusedMalformed},
		"other approver": {fresh, with(fresh, func(v *Verdict) { v.Cast.Approver = "alice" }), events.RefusedMalformed},
		"other request":  {fresh, with(fresh, func(v *Verdict) { v.Cast.Request = "r-2" }), events.RefusedMalformed},
		"closed item":    {half, says(half, 9, "bob", events.Approve, 1, 2), events.RefusedItemClosed},
		"closed":         {closed, says(closed, 9, "bob", events.Approve), events.RefusedClosed},
		"closed, named":  {closed, says(closed, 9, "bob", events.Approve, 1), events.RefusedClosed},
	} {
		next, effects := Next(c.state, c.in, noon)
		if got := refusalOf(effects); got != c.code {
			t.Errorf("%s: refused as %q, want %q", name, got, c.code)
			continue
		}
		refused := effects[0].(Announce)
		if err := refused.Payload.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		next.TooEarly = nil
		if !reflect.DeepEqual(next, c.state) {
			t.Errorf("%s: the state changed", name)
		}
	}
}

// A verdict on everything answers what is still open.
func TestAVerdictOnAllPassesOverClosedItems(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 3, twoTiers(1))
	s, _ = play(t, s, says(s, 1, "alice", events.Reject, 2), says(s, 2, "bob", events.Approve))
	if want := []events.Outcome{events.Approved, events.Rejected, events.Approved}; !slices.Equal(outcomes(s), want) {
		t.Errorf("outcomes are %v", outcomes(s))
	}
}

func TestAnOlderVerdictNeverOverridesANewer(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 2, twoTiers(2))
	older, newer := says(s, 4, "alice", events.Reject), says(s, 7, "alice", events.Approve)
	got, effects := play(t, s, newer, older)
	want, _ := play(t, s, newer)
	if !reflect.DeepEqual(got, want) || len(effects) != 0 {
		t.Errorf("the older verdict had the effects %v", effects)
	}
	// What the newer one left open, the older still answers.
	got, _ = play(t, s, says(s, 7, "alice", events.Approve, 1), says(s, 4, "alice", events.Reject))
	if !slices.Equal(outcomes(got), []events.Outcome{"", events.Rejected}) {
		t.Errorf("outcomes are %v", outcomes(got))
	}
	// A mind may be changed as long as the item is open.
	got, _ = play(t, s, says(s, 1, "alice", events.Approve, 1), says(s, 2, "alice", events.Reject, 1))
	if got.Items[0].Outcome == nil || got.Items[0].Outcome.Outcome != events.Rejected {
		t.Error("a changed mind did not count")
	}
}

// A verdict that came before its tier was told so. Delivered again after the
// tier came in, it is refused again; a new one counts.
func TestARefusedVerdictDoesNotBecomeAnApproval(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 1, twoTiers(1))
	early := says(s, 5, "carol", events.Approve)
	s, first := play(t, s, early)
	s, again := play(t, s, tierEnds(0), early)
	if refusalOf(again) != events.RefusedNotEntitled || !reflect.DeepEqual(first, again) || s.Resolved != nil {
		t.Fatalf("first %+v\nthen %+v", first, again)
	}
	s, _ = play(t, s, says(s, 6, "carol", events.Approve))
	if s.Resolved == nil {
		t.Error("the new verdict does not count")
	}
}

func TestMembersOfEarlierTiersMayStillAnswer(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 1, twoTiers(2))
	s, _ = play(t, s, tierEnds(0), says(s, 1, "carol", events.Approve), says(s, 2, "alice", events.Approve))
	if s.Resolved == nil || s.Items[0].Outcome.Outcome != events.Approved {
		t.Errorf("outcome is %v", outcomes(s))
	}
}

func TestRedeliveryRepeatsTheEffects(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 3, twoTiers(1))
	one, two, end := says(s, 1, "alice", events.Approve, 1), says(s, 2, "bob", events.Reject, 2), tierEnds(1)
	s, first := play(t, s, one)
	s, second := play(t, s, two)
	s, third := play(t, s, tierEnds(0))
	s, last := play(t, s, end)
	if s.Resolved == nil || s.Resolved.By != events.ByTimeout || outcomes(s)[2] != events.Expired {
		t.Fatalf("resolved as %+v: %v", s.Resolved, outcomes(s))
	}
	third = lasting(third)
	for i, c := range []struct {
		in   Input
		want []Effect
	}{{end, last}, {one, first}, {tierEnds(0), third}, {two, second}} {
		next, effects := Next(s, c.in, noon.Add(48*3600e9))
		if !reflect.DeepEqual(effects, c.want) || !reflect.DeepEqual(next, s) {
			t.Errorf("case %d: again %+v\nwas %+v", i, effects, c.want)
		}
	}
	if len(last) != 3 {
		t.Errorf("a decision and an announcement to both groups were due: %+v", fmt.Sprint(last))
	}
}

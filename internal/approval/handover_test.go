package approval

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

func armed(effects []Effect, kind TimerKind) (at time.Time) {
	for _, e := range effects {
		if a, ok := e.(Arm); ok && a.Kind == kind {
			at = a.At
		}
	}
	return at
}

func TestSomebodyWhoLooksHoldsTheNextTierBackOnce(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 1, twoTiers(1))
	short := hands(s, 60, "alice", events.Acknowledge)
	short.Cast.Seconds = 120
	s, effects := play(t, s, short)
	if !s.Due().Equal(noon.Add(12*time.Minute)) || !s.EndsAt.Equal(noon.Add(17*time.Minute)) || !armed(Timers(s), Escalate).Equal(s.Due()) {
		t.Fatalf("due %s, ends %s, %+v", s.Due(), s.EndsAt, effects)
	}
	if got := effects[0].(Announce); got.Event != events.Acknowledged || got.Payload.(*events.ApprovalHanded).Approver != "alice" {
		t.Errorf("told %+v", got)
	}
	again, _ := play(t, s, hands(s, 61, "bob", events.Acknowledge), hands(s, 62, "bob", events.Reassign))
	if !again.Due().Equal(s.Due()) {
		t.Errorf("held twice, until %s", again.Due())
	}
	early, effects := play(t, s, TimerFired{Kind: Escalate, At: noon.Add(10 * time.Minute)})
	if early.Tier != 0 || !armed(effects, Escalate).Equal(s.Due()) {
		t.Errorf("the first timer led to tier %d, %+v", early.Tier, effects)
	}
	s, _ = play(t, s, TimerFired{Kind: Escalate, At: s.Due()})
	if s.Tier != 1 {
		t.Fatal("the next tier did not come in after the hold")
	}
	if s, _ = play(t, s, hands(s, 800, "carol", events.Acknowledge)); !s.Due().Equal(noon.Add(22 * time.Minute)) {
		t.Errorf("the last tier ends at %s", s.Due())
	}
}

func TestAHoldNeverPassesADeadline(t *testing.T) {
	t.Parallel()
	crd, origins := card(1)
	deadline := noon.Add(16 * time.Minute)
	crd.Items[0].Deadline = &deadline
	s, _, err := Open(crd, twoTiers(1), origins, Duty{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	s, _ = play(t, s, hands(s, 60, "alice", events.Acknowledge), hands(s, 70, "alice", events.Ask))
	if s.EndsAt.After(deadline) || !s.Due().Before(s.EndsAt) {
		t.Errorf("due %s, ends %s", s.Due(), s.EndsAt)
	}
}

func TestAQuestionStopsTheClockUntilItsAnswer(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 2, twoTiers(2))
	before := s.Digest
	s, _ = play(t, s, says(s, 1, "alice", events.Approve))
	s, effects := play(t, s, hands(s, 60, "bob", events.Ask))
	if !s.Due().Equal(noon.Add(13 * time.Minute)) {
		t.Errorf("the clock stops until %s", s.Due())
	}
	var asked []events.ApprovalPending
	for _, e := range effects {
		if tell, ok := e.(Tell); ok {
			asked = append(asked, tell.Pending)
		}
	}
	if len(asked) != 2 || asked[0].Question != "is it due?" || asked[0].QuestionID != "q-60" || asked[0].AskedBy != "bob" {
		t.Fatalf("the agents are asked %+v", asked)
	}
	answer := Answered{Agent: "billing", Action: "a-2", Question: "q-60", Sequence: 9, EventID: "x", Text: "on Friday", At: noon.Add(2 * time.Minute)}
	answered, effects := play(t, s, answer)
	switch card := answered.ReadCard(); {
	case !answered.Due().Equal(noon.Add(11 * time.Minute)):
		t.Errorf("the clock goes on to %s", answered.Due())
	case answered.Digest == before || card.Version != 2 || len(card.Questions) != 1 || card.Questions[0].Answer != "on Friday" || !card.EndsAt.Equal(answered.EndsAt):
		t.Errorf("the card is %+v", card)
	case len(answered.Items[0].Votes) != 0:
		t.Error("who approved before the answer still counts")
	case effects[0].(Announce).Event != events.Revised:
		t.Errorf("told %+v", effects)
	}
	if _, effects := play(t, answered, says(s, 100, "alice", events.Approve)); refusalOf(effects) != events.RefusedWrongDigest {
		t.Errorf("a verdict on the card before the answer led to %+v", effects)
	}
	for name, in := range map[string]Answered{
		"another question": {Agent: "billing", Action: "a-2", Question: "q-61"}, "another action": {Agent: "billing", Action: "a-9", Question: "q-60"},
		"another agent": {Agent: "mallory", Action: "a-2", Question: "q-60"}, "a second answer": {Agent: "billing", Action: "a-1", Question: "q-60", Sequence: 10},
	} {
		from := s
		if name == "a second answer" {
			from = answered
		}
		if next, effects := play(t, from, in); len(effects) != 0 || next.Digest != from.Digest {
			t.Errorf("%s led to %+v", name, effects)
		}
	}
}

func TestARequestGoesOnlyToThoseWhoMayAnswerIt(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 1, twoTiers(1))
	carol := says(s, 1, "carol", events.Approve)
	s, effects := play(t, s, carol)
	if refusalOf(effects) != events.RefusedNotEntitled {
		t.Fatalf("carol's tier has not come in: %+v", effects)
	}
	stranger := hands(s, 2, "alice", events.Reassign)
	stranger.Cast.To, stranger.ToPerson, stranger.ToGroups = "eve", "eve", groupsOf["eve"]
	for name, in := range map[string]HandOver{"to a stranger": stranger, "by a stranger": hands(s, 3, "eve", events.Reassign)} {
		if _, effects := play(t, s, in); refusalOf(effects) == "" {
			t.Errorf("%s led to %+v", name, effects)
		}
	}
	s, effects = play(t, s, hands(s, 4, "alice", events.Reassign))
	if told := effects[0].(Announce); told.Event != events.Reassigned || told.Payload.(*events.ApprovalHanded).To != "carol" {
		t.Errorf("told %+v", told)
	}
	if _, effects = play(t, s, carol); refusalOf(effects) != events.RefusedNotEntitled {
		t.Errorf("what was refused counts when it is delivered again: %+v", effects)
	}
	if s, _ = play(t, s, says(s, 5, "carol", events.Approve)); s.Resolved == nil {
		t.Error("carol was handed the request and cannot answer")
	}
}

func TestASnoozeQuietsRemindersForOnePerson(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 1, twoTiers(1))
	snooze := hands(s, 1, "alice", events.Snooze)
	until := noon.Add(5 * time.Minute)
	snooze.Cast.Until = &until
	due := s.Due()
	s, effects := play(t, s, snooze)
	if !s.Due().Equal(due) || !armed(Wakes(s, noon), Wake).Equal(until) || len(Wakes(s, until)) > 0 {
		t.Fatalf("due %s, %+v", s.Due(), effects)
	}
	s, effects = play(t, s, TimerFired{Kind: Remind, N: 1, At: noon.Add(4 * time.Minute)})
	if quiet := effects[0].(Announce).Payload.(*events.ApprovalReminded).Quiet; strings.Join(quiet, " ") != "alice" {
		t.Errorf("quiet %v", quiet)
	}
	s, effects = play(t, s, TimerFired{Kind: Wake, N: 1, At: until})
	if got := effects[0].(Announce).Payload.(*events.ApprovalReminded); got.Person != "alice" {
		t.Errorf("woke %+v", got)
	}
	_, effects = play(t, s, TimerFired{Kind: Remind, N: 2, At: noon.Add(8 * time.Minute)})
	if quiet := effects[0].(Announce).Payload.(*events.ApprovalReminded).Quiet; len(quiet) != 0 {
		t.Errorf("quiet %v", quiet)
	}
	for name, at := range map[string]time.Time{"past": noon, "after the end": s.EndsAt.Add(time.Second)} {
		snooze := hands(s, 2, "alice", events.Snooze)
		snooze.Cast.Until = &at
		if _, effects := play(t, s, snooze); refusalOf(effects) != events.RefusedHandOver {
			t.Errorf("%s led to %+v", name, effects)
		}
	}
}

func TestNobodyPostponesForEver(t *testing.T) {
	t.Parallel()
	rules := twoTiers(1)
	s := mustOpen(t, 1, rules)
	most := s.EndsAt.Add(2*rules.Hold + maxQuestions*rules.Stop)
	sequence := uint64(0)
	for range 200 {
		for _, kind := range []events.HandOverKind{events.Acknowledge, events.Ask, events.Reassign} {
			sequence++
			h := hands(s, sequence, "alice", kind)
			h.At = s.Due().Add(-time.Second)
			s, _ = play(t, s, h)
		}
		if s.Tier == 0 {
			s, _ = play(t, s, TimerFired{Tier: 0, Kind: Escalate, At: s.Due()})
		}
	}
	if s.EndsAt.After(most) || len(s.HandOvers) > maxHandOvers {
		t.Errorf("ends at %s after %d hand-overs, at most %s", s.EndsAt, len(s.HandOvers), most)
	}
	if s, _ = play(t, s, TimerFired{Tier: 1, Kind: Escalate, At: s.Due()}); fmt.Sprint(outcomes(s)) != "[expired]" {
		t.Errorf("ended as %v", outcomes(s))
	}
}

// A time that does not fit into a duration would hold the path back by less than nothing, and so end it.
func TestAHoldIsNeverNegative(t *testing.T) {
	t.Parallel()
	for _, seconds := range []int{-1, events.MaxHoldSeconds + 1, 10_000_000_000, math.MaxInt} {
		s := mustOpen(t, 1, twoTiers(1))
		h := hands(s, 1, "alice", events.Acknowledge)
		h.Cast.Seconds = seconds
		if next, effects := play(t, s, h); refusalOf(effects) != events.RefusedMalformed || !next.EndsAt.Equal(s.EndsAt) {
			t.Errorf("%d seconds led to %+v, and the end to %s", seconds, effects, next.EndsAt)
		}
	}
}

package approval

import (
	"fmt"
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

func applyTimer(s State, in TimerFired) (State, []Effect, transition) {
	if in.Tier < 0 || in.Tier >= len(s.Rules.Tiers) {
		return s, nil, dropped
	}
	switch in.Kind {
	case Remind:
		return applyReminder(s, in)
	case Escalate:
		return applyTierEnd(s, in)
	case Wake:
		return applyWake(s, in)
	}
	return s, nil, dropped
}

// applyReminder reminds the current tier. A number that was announced before is
// announced again as it was: by its key it is the same announcement.
func applyReminder(s State, in TimerFired) (State, []Effect, transition) {
	if s.Resolved != nil || in.Tier != s.Tier || in.N < 1 {
		return s, nil, dropped
	}
	due := s.nextReminder(in.N - 1)
	switch {
	case len(due) == 0:
		return s, nil, dropped
	case in.N > s.Reminders && in.At.Before(due[0].(Arm).At): //nolint:forcetypeassert // nextReminder makes nothing else
		return s, due, postponed
	}
	took := repeated
	if in.N > s.Reminders {
		s.Reminders, took = in.N, reminded
	}
	var effects []Effect
	for i, group := range s.Rules.asked(in.Tier) {
		key := fmt.Sprintf("reminded/%d/%d", in.Tier, in.N)
		if i > 0 {
			key += "/" + group
		}
		effects = append(effects, Announce{
			Event: events.Reminded, Group: group, Key: key, At: s.rung(in.Tier).Reminds[in.N-1],
			Payload: &events.ApprovalReminded{
				Request: s.Request, Group: group, Tier: in.Tier, Reminder: in.N, EndsAt: s.EndsAt, Quiet: s.quiet(in.At), OnCall: s.OnCall[group],
			},
		})
	}
	return s, append(effects, s.nextReminder(in.N)...), took
}

// quiet are the persons whose snooze lasts at t, sorted.
func (s *State) quiet(t time.Time) []string {
	var quiet []string
	for i := range s.HandOvers {
		if h := &s.HandOvers[i]; h.Kind == events.Snooze && t.Before(*h.Until) {
			quiet = append(quiet, h.Person)
		}
	}
	slices.Sort(quiet)
	return slices.Compact(quiet)
}

// applyWake reminds the one whose snooze ends.
func applyWake(s State, in TimerFired) (State, []Effect, transition) {
	i := s.handOver(uint64(max(in.N, 0)))
	if s.Resolved != nil || i < 0 || s.HandOvers[i].Kind != events.Snooze {
		return s, nil, dropped
	}
	h := &s.HandOvers[i]
	return s, []Effect{Announce{
		Event: events.Reminded, Group: s.Group(), Key: fmt.Sprintf("woken/%d", h.Sequence), At: *h.Until,
		Payload: &events.ApprovalReminded{Request: s.Request, Group: s.Group(), Tier: s.Tier, EndsAt: s.EndsAt, Person: h.Person},
	}}, woken
}

// applyTierEnd brings the next tier in, or ends the request.
func applyTierEnd(s State, in TimerFired) (State, []Effect, transition) {
	switch {
	case in.Tier < s.Tier:
		return s, escalated(s, in.Tier), repeated
	case s.Resolved != nil && s.Resolved.Cause == s.tierCause(in.Tier):
		return s, s.consequences(s.Resolved.Cause), repeated
	case s.Resolved != nil || in.Tier > s.Tier:
		return s, nil, dropped
	case in.At.Before(s.Due()): // the clock stood meanwhile
		return s, []Effect{Arm{Tier: s.Tier, Kind: Escalate, At: s.Due()}}, postponed
	case s.last(in.Tier):
		return end(s, in)
	}
	s = s.copied()
	s.Tier, s.Reminders = in.Tier+1, 0
	s.enter(in.At, in.OnCall)
	return s, escalated(s, in.Tier), movedOn
}

// escalated is the effect of the end of tier. The timers of the tier that came in, and what its agents are told, belong to it as long
// as that tier is current.
func escalated(s State, tier int) []Effect {
	from, next := s.Rules.Tiers[tier], s.Rules.Tiers[tier+1]
	came := s.Entered[tier+1]
	var effects []Effect
	for i, group := range s.Rules.asked(tier + 1) {
		key := fmt.Sprintf("escalated/%d", tier+1)
		if i > 0 {
			key += "/" + group
		}
		effects = append(effects, Announce{
			Event: events.Escalated, Group: group, Key: key, At: came.At,
			Payload: &events.ApprovalEscalated{
				Request: s.Request, FromTier: tier, FromGroup: from.Group, ToTier: tier + 1, ToGroup: group, EndsAt: came.EndsAt,
				OnCall: came.OnCall[group], Round: next.Round, Reason: s.why(tier),
			},
		})
	}
	if s.Resolved != nil || s.Tier != tier+1 {
		return effects
	}
	return append(append(effects, s.tell(nil)...), Timers(s)...)
}

// why says why the tier after tier came in.
func (s *State) why(tier int) string {
	within := s.Entered[tier+1].At.Sub(s.Entered[tier].At)
	if within >= time.Second {
		within = within.Round(time.Second)
	}
	return fmt.Sprintf("%s did not answer everything within %s", s.Rules.Tiers[tier].Group, within)
}

// end gives every item without an outcome the one the route ends with.
func end(s State, in TimerFired) (State, []Effect, transition) {
	s = s.copied()
	cause := s.tierCause(in.Tier)
	for i := range s.Items {
		if !s.Items[i].closed() {
			s.Items[i].Outcome = &Outcome{Outcome: s.Rules.Otherwise, By: events.ByTimeout, Cause: cause, At: in.At}
		}
	}
	s.resolve(cause, in.At)
	return s, s.consequences(cause), ended
}

func (s *State) tierCause(tier int) Cause {
	return Cause{EventID: TimerID(s.Request, tier, Escalate, 0), Tier: tier}
}

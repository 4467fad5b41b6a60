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
	}
	return s, nil, dropped
}

// applyReminder reminds the current tier. A number that was announced before is
// announced again as it was: by its key it is the same announcement.
func applyReminder(s State, in TimerFired) (State, []Effect, transition) {
	if s.Resolved != nil || in.Tier != s.Tier || in.N < 1 || len(nextReminder(s, in.Tier, in.N-1)) == 0 {
		return s, nil, dropped
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
			Event: events.Reminded, Group: group, Key: key,
			At:      s.tierStart(in.Tier).Add(s.Rules.Tiers[in.Tier].RemindEvery * time.Duration(in.N)),
			Payload: &events.ApprovalReminded{Request: s.Request, Group: group, Tier: in.Tier, Reminder: in.N, EndsAt: s.EndsAt},
		})
	}
	return s, append(effects, nextReminder(s, in.Tier, in.N)...), took
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
	case s.last(in.Tier):
		return end(s, in)
	}
	s.Entered = append(slices.Clone(s.Entered), in.At)
	s.Tier, s.Reminders = in.Tier+1, 0
	return s, escalated(s, in.Tier), movedOn
}

// escalated is the effect of the end of tier. The timers of the tier that came in
// belong to it as long as that tier is current.
func escalated(s State, tier int) []Effect {
	from, to := s.Rules.Tiers[tier].Group, s.Rules.Tiers[tier+1].Group
	effects := []Effect{Announce{
		Event: events.Escalated, Group: to, Key: fmt.Sprintf("escalated/%d", tier+1), At: s.Entered[tier],
		Payload: &events.ApprovalEscalated{
			Request: s.Request, FromTier: tier, FromGroup: from, ToTier: tier + 1, ToGroup: to, EndsAt: s.EndsAt,
			Reason: fmt.Sprintf("%s did not answer everything within %s", from, s.Rules.Tiers[tier].Wait),
		},
	}}
	if s.Resolved != nil || s.Tier != tier+1 {
		return effects
	}
	return append(effects, Timers(s)...)
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

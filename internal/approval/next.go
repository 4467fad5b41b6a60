package approval

import (
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Next applies one input to a request: the next state, and the effects to carry
// out once that state is stored. It does not change s. Where nothing changes, the
// state returned is equal to s.
//
// An input that was applied before repeats its effects, so that a crash between
// storing and telling is repaired by redelivery. Only timers are not armed again
// once the request has moved past them.
func Next(s State, in Input, now time.Time) (State, []Effect) {
	next, effects, _ := step(s, in, now)
	return next, effects
}

// step is Next and the transition it took, see [transitions].
func step(s State, in Input, now time.Time) (State, []Effect, transition) {
	switch in := in.(type) {
	case Verdict:
		return applyVerdict(s, in)
	case HandOver:
		return applyHandOver(s, in)
	case Answered:
		return applyAnswered(s, in)
	case Withdrawn:
		return applyWithdrawn(s, in)
	case TimerFired:
		if in.At.IsZero() {
			in.At = now
		}
		in.At = in.At.UTC().Round(0)
		return applyTimer(s, in)
	}
	return s, nil, dropped
}

// Timers are the timers the current tier needs: none once the request is resolved.
func Timers(s State) []Effect {
	if s.Resolved != nil {
		return nil
	}
	arms := []Effect{Arm{Tier: s.Tier, Kind: Escalate, At: s.Due()}}
	return append(arms, s.nextReminder(s.Reminders)...)
}

// Wakes are the timers of the snoozes that end after a time: none once the request is resolved.
func Wakes(s State, after time.Time) []Effect {
	if s.Resolved != nil {
		return nil
	}
	var arms []Effect
	for i := range s.HandOvers {
		if h := &s.HandOvers[i]; h.Kind == events.Snooze && h.Until.After(after) {
			arms = append(arms, Arm{Tier: s.Tier, Kind: Wake, N: int(h.Sequence), At: *h.Until})
		}
	}
	return arms
}

// nextReminder is the timer for the reminder of the current tier after n, if there is another.
func (s *State) nextReminder(n int) []Effect {
	reminds := s.rung(s.Tier).Reminds
	if n >= len(reminds) || !reminds[n].Before(s.Due()) {
		return nil
	}
	return []Effect{Arm{Tier: s.Tier, Kind: Remind, N: n + 1, At: reminds[n]}}
}

// resolve closes the request where every item has its outcome.
func (s *State) resolve(cause Cause, at time.Time) {
	by := events.ByApprovers // where the last items moved
	for i := range s.Items {
		item := &s.Items[i]
		if !item.closed() {
			return
		}
		if item.Outcome != nil && item.Outcome.Cause == cause {
			by = item.Outcome.By
		}
	}
	s.Resolved = &Resolution{By: by, Cause: cause, At: at}
}

// consequences are the effects of what cause has led to: a decision for each item
// it completed and, where it resolved the request, the announcement of that to every
// group that was brought in, since each of them shows the card.
func (s *State) consequences(cause Cause) []Effect {
	var effects []Effect
	for i := range s.Items {
		if o := s.Items[i].Outcome; o != nil && o.Cause == cause {
			effects = append(effects, s.decide(i))
		}
		if m := s.Items[i].Moved; m != nil && m.Cause == cause {
			effects = append(effects, Reopen{Assessed: m.Assessed, Cause: m.Cause, At: m.At, ItemOrigin: s.Items[i].ItemOrigin})
		}
	}
	if s.Revised != nil && s.Revised.Cause == cause && s.Resolved == nil {
		effects = append(effects, s.revised()...)
	}
	if s.Resolved != nil && s.Resolved.Cause == cause {
		for _, group := range s.Groups() {
			effects = append(effects, s.resolved(group))
		}
	}
	return effects
}

// accepted finds the verdict that a vote refers to.
func (s *State) accepted(sequence uint64) (Accepted, bool) {
	i, ok := slices.BinarySearchFunc(s.Verdicts, sequence, func(a Accepted, q uint64) int {
		switch {
		case a.Sequence < q:
			return -1
		case a.Sequence > q:
			return 1
		}
		return 0
	})
	if !ok {
		return Accepted{}, false
	}
	return s.Verdicts[i], true
}

package approval

import "github.com/weighlock/weighlock/pkg/events"

// applyWithdrawn gives an item back to its agent, unless it has its outcome.
func applyWithdrawn(s State, in Withdrawn) (State, []Effect, transition) {
	in.At = in.At.UTC().Round(0)
	cause := Cause{EventID: in.EventID, Withdrawal: in.Sequence}
	for i := range s.Items {
		shown := &s.card.Items[i]
		if shown.Agent != in.Agent || shown.Action != in.Action {
			continue
		}
		if o := s.Items[i].Outcome; o != nil && o.Cause == cause {
			return s, s.consequences(cause), repeated
		}
		if s.Items[i].closed() {
			return s, nil, dropped
		}
		next := s.copied()
		next.Items[i].Outcome = &Outcome{Outcome: events.Withdrawn, By: events.ByAgent, Cause: cause, At: in.At}
		next.resolve(cause, in.At)
		if next.Resolved != nil {
			return next, next.consequences(cause), lastGone
		}
		return next, next.consequences(cause), withdrawn
	}
	return s, nil, dropped
}

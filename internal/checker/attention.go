package checker

import (
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// warned is a warning that somebody waves cards through, from when it was told.
type warned struct {
	*events.AttentionWarned

	at time.Time
}

func (r *run) readWarning(rec Record) error {
	if rec.Event.Type != events.AttentionWarnedType {
		return nil
	}
	w, err := events.As[events.AttentionWarned](rec.Event)
	if err == nil {
		r.warnings = append(r.warnings, warned{w, rec.At})
	}
	return err
}

// standing reports whether a warning stood on the route when a verdict was stored. One that was told at the same moment may have come after it.
func (r *run) standing(person, route, then string, at time.Time) bool {
	return slices.ContainsFunc(r.warnings, func(w warned) bool {
		return w.Person == person && w.Route == route && w.Then == then && at.After(w.at) && at.Before(w.Until)
	})
}

// checkAttention insists that nobody counts who is at rest, and that nobody approves alone whose approval does not suffice.
func (b *ballot) checkAttention(counted []*verdict) {
	sure := b.d.Outcome != events.Approved || len(counted) == 0
	for _, v := range counted {
		person := b.people.behind(v.approver).ID
		if b.standing(person, b.card.Route, "rest", v.At) {
			b.sayf(AtRest, b.d.key, "verdict %d by %s", v.Sequence, v.approver)
		}
		sure = sure || !b.standing(person, b.card.Route, "second", v.At)
	}
	if !sure {
		b.sayf(NoSecond, b.d.key, "everybody who approved it had been warned")
	}
}

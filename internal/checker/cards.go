package checker

import (
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// deadline is when the action loses its sense; zero where it never does.
func (a *action) deadline() time.Time {
	if a == nil || a.proposed == nil || a.proposed.Deadline == nil {
		return time.Time{}
	}
	return *a.proposed.Deadline
}

// checkCard looks at the versions of one card.
func (r *run) checkCard(q *request) {
	first := q.versions[0]
	if most := r.rules.Routes[first.Route].MaxItems; most > 0 && len(first.Items) > most {
		r.sayf(OverCap, q.id, "it has %d items, route %s allows %d", len(first.Items), first.Route, most)
	}
	seen := map[string]bool{}
	for i := range first.Items {
		key := keyOf(first.Items[i].Agent, first.Items[i].Action)
		if seen[key] {
			r.sayf(TwoCards, key, "it is on card %s twice", q.id)
		}
		seen[key] = true
	}
	for _, v := range q.versions {
		if !sameMembers(first, v) {
			r.sayf(Thawed, q.id, "version %d shows other actions than version %d", v.Version, first.Version)
		}
		for i := range v.Items {
			r.checkItem(q, v, &v.Items[i])
		}
	}
}

func sameMembers(a, b version) bool {
	return slices.EqualFunc(a.Items, b.Items, func(x, y events.CardItem) bool {
		return x.Number == y.Number && x.Agent == y.Agent && x.Action == y.Action && x.Sequence == y.Sequence && x.Digest == y.Digest
	})
}

// checkItem insists that a card shows what was proposed, with the proposed arguments or an approver's edit of them.
func (r *run) checkItem(q *request, v version, item *events.CardItem) {
	key := keyOf(item.Agent, item.Action)
	a := r.actions[key]
	switch {
	case a == nil:
		r.sayf(NeverProposed, key, "it is on card %s", q.id)
	case a.Sequence != item.Sequence || events.Digest(a.Event.Data) != item.Digest:
		r.sayf(OtherAction, key, "version %d of card %s shows what was stored at %d as %s", v.Version, q.id, item.Sequence, item.Digest)
	case len(item.Edited) == 0 && item.ArgumentsDigest != a.arguments,
		len(item.Edited) > 0 && (digestOf(item.Edited) != item.ArgumentsDigest || !r.editedTo(key, item.ArgumentsDigest)):
		r.sayf(ForeignArguments, key, "version %d of card %s shows %s, proposed were %s", v.Version, q.id, item.ArgumentsDigest, a.arguments)
	}
}

// checkPlaces insists that an action waits on one card at a time: it comes onto another only by an edit that took it off.
func (r *run) checkPlaces() {
	on := map[string]*request{}
	for _, q := range r.opened {
		for i := range q.versions[0].Items {
			item := &q.versions[0].Items[i]
			key := keyOf(item.Agent, item.Action)
			if before := on[key]; before != nil && before != q && !r.moved(key, before.id, q.first.Sequence) {
				r.sayf(TwoCards, key, "it is on %s and on %s", before.id, q.id)
			}
			on[key] = q
		}
	}
}

// moved reports whether an edit on request took the action off it before the event at sequence.
func (r *run) moved(key, request string, sequence uint64) bool {
	return slices.ContainsFunc(r.assessments[key], func(a assessment) bool {
		return a.Edited != nil && a.Edited.Request == request && a.stored < sequence
	})
}

// checkResolutions compares what resolved cards say with the ledger.
func (r *run) checkResolutions() {
	for _, q := range r.opened {
		if q.resolved == nil {
			continue
		}
		for _, item := range q.resolved.Items {
			key := keyOf(item.Agent, item.Action)
			made := r.decisions[key]
			switch {
			case item.Moved && slices.ContainsFunc(made, func(d decision) bool { return d.Request == q.id }):
				r.sayf(CardDisagrees, key, "it was decided on card %s, which it had left", q.id)
			case item.Moved, len(made) == 0 && r.rules.Unfinished:
			case !slices.ContainsFunc(made, func(d decision) bool { return d.Outcome == item.Outcome }):
				r.sayf(CardDisagrees, key, "card %s says %s", q.id, item.Outcome)
			}
		}
	}
}

package checker

import (
	"cmp"
	"slices"

	"github.com/weighlock/weighlock/pkg/events"
)

// Check says every violation in a log, in the order of what they are about; none means that the run kept its guarantees.
func Check(log Log, rules Rules) []Violation {
	r := read(log, rules)
	for _, q := range r.opened {
		r.checkCard(q)
	}
	r.checkPlaces()
	for _, key := range r.order {
		r.checkAction(key)
	}
	for key, made := range r.decisions {
		if r.actions[key] == nil {
			r.sayf(NeverProposed, key, "it is %s", made[0].Outcome)
		}
	}
	r.checkResolutions()
	r.checkReceipts()
	r.checkGrants()
	slices.SortStableFunc(r.found, func(a, b Violation) int { return cmp.Compare(a.About, b.About) })
	return r.found
}

// checkAction looks at the one decision on an action.
func (r *run) checkAction(key string) {
	made := r.decisions[key]
	switch {
	case len(made) == 0 && r.rules.Unfinished:
		return
	case len(made) == 0:
		r.sayf(Undecided, key, "it was stored at %d", r.actions[key].Sequence)
		return
	case len(made) > 1:
		r.sayf(DecidedTwice, key, "%s at %d and %s at %d", made[0].Outcome, made[0].Record.Sequence, made[1].Outcome, made[1].Record.Sequence)
	}
	for i := range made {
		r.checkDecision(&made[i])
	}
}

func (r *run) checkDecision(d *decision) {
	a := r.actions[d.key]
	// One that could not be read has no digest that says anything.
	if a.proposed != nil && (d.DecisionMade.Sequence != a.Sequence || d.Digest != events.Digest(a.Event.Data)) {
		r.sayf(OtherAction, d.key, "the decision is on what was stored at %d as %s", d.DecisionMade.Sequence, d.Digest)
	}
	if d.Outcome != events.Approved && d.Reason == "" {
		r.sayf(Unexplained, d.key, "%s without a reason", d.Outcome)
	}
	if d.Outcome == events.Approved {
		r.checkArguments(d, a)
	}
	if judge, ok := authorities[d.DecidedBy.Kind]; ok {
		judge(r, d)
	} else {
		r.sayf(NoAuthority, d.key, "%s by %q, which is no authority", d.Outcome, d.DecidedBy.Kind)
	}
}

// checkArguments insists that what was approved is what was proposed, or what an approver made of it.
func (r *run) checkArguments(d *decision, a *action) {
	if len(d.Arguments) > 0 && digestOf(d.Arguments) != d.ArgumentsDigest {
		r.sayf(ForeignArguments, d.key, "the decision's arguments are not those that its digest names")
	}
	edited := len(d.Arguments) > 0
	if a.arguments == "" || !edited && d.ArgumentsDigest != a.arguments || edited && !r.editedTo(d.key, d.ArgumentsDigest) {
		r.sayf(ForeignArguments, d.key, "approved with %s, proposed with %s", d.ArgumentsDigest, a.arguments)
	}
}

// editedTo reports whether an approver edited the action's arguments to those of the digest, on any card that showed it.
func (r *run) editedTo(key, digest string) bool {
	for _, q := range r.opened {
		number := q.versions[0].on(key)
		if number == 0 {
			continue
		}
		for i := range q.verdicts {
			if kind, arguments := q.verdicts[i].answer(number); kind == events.Edit && digestOf(arguments) == digest {
				return true
			}
		}
	}
	return false
}

// checkReceipts looks at what agents say they did.
func (r *run) checkReceipts() {
	for _, got := range r.receipts {
		approved := slices.ContainsFunc(r.decisions[got.key], func(d decision) bool {
			return d.Outcome == events.Approved && d.ArgumentsDigest == got.ArgumentsDigest
		})
		if !approved {
			r.sayf(RanUnapproved, got.key, "it ran with %s", got.ArgumentsDigest)
		}
	}
}

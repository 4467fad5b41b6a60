package checker

import (
	"slices"

	"github.com/weighlock/weighlock/pkg/events"
)

// authorities say, for each kind, whether the authority behind a decision could decide so. A kind that is not here has none.
var authorities = map[events.DeciderKind]func(*run, *decision){
	events.ByPolicy:    (*run).byPolicy,
	events.ByApprovers: (*run).byApprovers,
	events.ByTimeout:   (*run).byTimeout,
	events.ByAgent:     (*run).byAgent,
	events.ByPlan:      (*run).byPlan,
	events.ByGrant:     (*run).byGrant,
}

// byPolicy: what policy lets through was assessed as harmless enough, as proposed; what it denies, it may always deny.
func (r *run) byPolicy(d *decision) {
	switch d.Outcome {
	case events.Denied:
	case events.Approved:
		assessed := r.assessments[d.key]
		if len(assessed) == 0 {
			r.sayf(NoAuthority, d.key, "approved by policy and never assessed")
			return
		}
		// The first assessment stands, whatever came after it.
		if a := assessed[0]; a.Denied || a.Level != events.Low && a.Level != events.Medium || a.ArgumentsDigest != d.ArgumentsDigest {
			r.sayf(NoAuthority, d.key, "approved by policy, which found it %s (denied: %t)", a.Level, a.Denied)
		}
		if slices.ContainsFunc(assessed, func(a assessment) bool { return a.Edited != nil }) {
			r.sayf(NoAuthority, d.key, "approved by policy after people had edited it")
		}
	default:
		r.sayf(NoAuthority, d.key, "policy does not make anything %s", d.Outcome)
	}
}

// byTimeout: time ends a card as the card says and not before, or an action without a card at its deadline; it approves nothing.
func (r *run) byTimeout(d *decision) {
	if d.Outcome != events.Rejected && d.Outcome != events.Expired {
		r.sayf(NoAuthority, d.key, "%s because nobody answered", d.Outcome)
		return
	}
	if d.Request == "" {
		deadline := r.actions[d.key].deadline()
		if deadline.IsZero() || d.Event.Time.Before(deadline) {
			r.sayf(EndedEarly, d.key, "%s at %s without a card", d.Outcome, d.Event.Time)
		}
		return
	}
	q, card, _ := r.cardOf(d)
	switch {
	case q == nil:
	case card.Otherwise != d.Outcome:
		r.sayf(NoAuthority, d.key, "%s, where card %s says %s", d.Outcome, q.id, card.Otherwise)
	case d.Event.Time.Before(card.EndsAt):
		r.sayf(EndedEarly, d.key, "%s at %s, where card %s ends at %s", d.Outcome, d.Event.Time, q.id, card.EndsAt)
	}
}

// byAgent: an agent takes its own action back and does nothing else.
func (r *run) byAgent(d *decision) {
	if d.Outcome != events.Withdrawn || !r.withdrawals[d.key] {
		r.sayf(NoAuthority, d.key, "%s by the agent (withdrawn: %t)", d.Outcome, r.withdrawals[d.key])
	}
}

// cardOf finds the card that the decision names, and the number of its action there. What is wrong is said, and q nil.
func (r *run) cardOf(d *decision) (q *request, card version, number int) {
	q = r.requests[d.Request]
	if q == nil || len(q.versions) == 0 {
		r.sayf(NoCard, d.key, "%s on request %q, which was never announced", d.Outcome, d.Request)
		return nil, version{}, 0
	}
	card = q.versions[0]
	if f := card.Flood; f != nil && f.Agent == d.Agent && d.Outcome != events.Approved && !f.Denied && card.on(d.key) == 0 {
		return q, card, 1 // it waited behind the card about a flood, and ended as that did
	}
	if number = card.on(d.key); number == 0 {
		r.sayf(NoCard, d.key, "%s on request %s, which does not show it", d.Outcome, q.id)
		return nil, version{}, 0
	}
	return q, card, number
}

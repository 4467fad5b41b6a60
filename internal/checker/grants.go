package checker

import (
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// standing is a grant as its events tell of it.
type standing struct {
	*events.GrantCreated

	revoked uint64 // sequence in the stream of events of the first revocation; 0 for none
	used    map[string]float64
}

// readGrant takes what is said of grants.
func (r *run) readGrant(rec Record) error {
	switch rec.Event.Type {
	case events.GrantCreatedType:
		e, err := events.As[events.GrantCreated](rec.Event)
		if err != nil {
			return err
		}
		if r.grants[e.Grant] == nil { // after a crash it is said once more
			r.grants[e.Grant] = &standing{GrantCreated: e, used: map[string]float64{}}
		}
	case events.GrantUsedType:
		e, err := events.As[events.GrantUsed](rec.Event)
		if err != nil {
			return err
		}
		if g := r.grants[e.Grant]; g != nil {
			g.used[keyOf(e.Agent, e.Action)] = e.Amount
		}
	case events.GrantRevokedType:
		e, err := events.As[events.GrantRevoked](rec.Event)
		if err != nil {
			return err
		}
		if g := r.grants[e.Grant]; g != nil && g.revoked == 0 {
			g.revoked = rec.Sequence
		}
	}
	return nil
}

// byGrant: an action passes by a grant that was given before, is not over, and is for such actions; its giver could have approved it.
func (r *run) byGrant(d *decision) {
	g, a := r.grants[d.DecidedBy.Grant], r.actions[d.key]
	assessed := r.assessments[d.key]
	if d.Outcome != events.Approved || g == nil || a.proposed == nil || len(assessed) == 0 {
		r.sayf(NoAuthority, d.key, "%s by grant %q, which was never given", d.Outcome, d.DecidedBy.Grant)
		return
	}
	giver := r.people.behind(g.Approver)
	first := assessed[0]
	switch {
	case first.Denied || first.Edited != nil:
		r.sayf(NoAuthority, d.key, "granted although it is denied, or edited")
	case first.at.Before(g.Created):
		r.sayf(NoAuthority, d.key, "grant %s came after it, at %s", g.Grant, g.Created)
	case g.Request != "" && !r.given(g):
		r.sayf(InventedVerdict, d.key, "grant %s was given by no verdict", g.Grant)
	case g.revoked != 0 && first.stored > g.revoked:
		r.sayf(NoAuthority, d.key, "grant %s was revoked before it", g.Grant)
	case first.at.After(g.Expires):
		r.sayf(NoAuthority, d.key, "grant %s ended at %s", g.Grant, g.Expires.Format(time.RFC3339))
	case g.OfAgent != "" && g.OfAgent != d.Agent, g.OnBehalfOf != "" && g.OnBehalfOf != a.proposed.Principal:
		r.sayf(NoAuthority, d.key, "grant %s is for %s on behalf of %s", g.Grant, g.OfAgent, g.OnBehalfOf)
	case !slices.Contains(r.people.groups[giver.ID], g.Group):
		r.sayf(NotEntitled, d.key, "%s, who gave grant %s, is not in %s", g.Approver, g.Grant, g.Group)
	case giver.owns(&events.CardItem{ActionRef: events.ActionRef{Agent: d.Agent}, Principal: a.proposed.Principal}):
		r.sayf(OwnAction, d.key, "%s gave grant %s", g.Approver, g.Grant)
	case len(d.DecidedBy.Approvers) != 1 || d.DecidedBy.Approvers[0].Approver != g.Approver:
		r.sayf(InventedVerdict, d.key, "it names others than %s, who gave grant %s", g.Approver, g.Grant)
	}
}

// given reports whether the grant was given by a verdict of its giver on its card, at its time.
func (r *run) given(g *standing) bool {
	q := r.requests[g.Request]
	return q != nil && slices.ContainsFunc(q.verdicts, func(v verdict) bool {
		return v.Sequence == g.Sequence && v.approver == g.Approver && v.channel == g.Channel && v.Grant != nil && v.At.Equal(g.Created) && !r.refusals[v.Sequence]
	})
}

// checkGrants insists that no grant let more pass than it says.
func (r *run) checkGrants() {
	passed := map[string]int{}
	for _, made := range r.decisions {
		for i := range made {
			if id := made[i].DecidedBy.Grant; id != "" {
				passed[id]++
			}
		}
	}
	for id, g := range r.grants {
		sum := 0.0
		for _, amount := range g.used {
			sum += amount
		}
		if passed[id] > g.Uses {
			r.sayf(OverGranted, id, "%d actions passed by it, it is for %d", passed[id], g.Uses)
		}
		if g.Amount > 0 && sum > g.Amount+1e-6 {
			r.sayf(OverGranted, id, "%v %s were moved by it, it is for %v", sum, g.Currency, g.Amount)
		}
	}
}

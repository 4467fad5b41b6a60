package checker

import (
	"slices"

	"github.com/weighlock/weighlock/pkg/events"
)

func approves(kind events.VerdictKind) bool { return kind == events.Approve || kind == events.Edit }
func rejects(kind events.VerdictKind) bool  { return kind == events.Reject || kind == events.Respond }

// ballot is the verdicts behind one decision.
type ballot struct {
	*run
	d      *decision
	q      *request
	card   version // as it was first shown; what is asked for never changes
	number int     // of the item

	seen   map[string]bool // persons
	voters []voter
	last   uint64 // the verdict that decided
}

// byApprovers: people decide by verdicts that they really cast, on what was decided, in a way that counts.
func (r *run) byApprovers(d *decision) {
	if d.Outcome != events.Approved && d.Outcome != events.Rejected {
		r.sayf(NoAuthority, d.key, "%s by approvers", d.Outcome)
		return
	}
	q, card, number := r.cardOf(d)
	if q == nil {
		return
	}
	b := &ballot{run: r, d: d, q: q, card: card, number: number, seen: map[string]bool{}}
	var counted []*verdict
	for _, named := range d.DecidedBy.Approvers {
		if v := b.behind(named); v != nil {
			b.count(v, named.Verdict)
			counted = append(counted, v)
		}
	}
	b.checkAttention(counted)
	b.checkQuestions(counted)
	b.checkQuorum()
	if r.rules.Undisturbed {
		b.checkOverruled()
	}
}

// checkQuestions: an agent's answer restarts the count, so that everybody who approves has seen the same answers.
func (b *ballot) checkQuestions(counted []*verdict) {
	saw := map[int]bool{}
	for _, v := range counted {
		for _, card := range b.q.versions {
			if card.digest == v.Digest && b.d.Outcome == events.Approved {
				saw[card.questions(b.number)] = true
			}
		}
	}
	if len(saw) > 1 {
		b.sayf(WrongCard, b.d.key, "those who approved it on %s did not see the same answers of the agent", b.q.id)
	}
}

// behind finds the verdict that the decision names, and says where there is none.
func (b *ballot) behind(named events.ApproverVerdict) *verdict {
	for i := range b.q.verdicts {
		v := &b.q.verdicts[i]
		kind, _ := v.answer(b.number)
		if v.approver == named.Approver && v.channel == named.Channel && kind == named.Verdict && v.At.Equal(named.At) {
			return v
		}
	}
	b.sayf(InventedVerdict, b.d.key, "%s by %s on %s was never cast on %s", named.Verdict, named.Approver, named.Channel, b.q.id)
	return nil
}

// count checks one verdict and counts its voice.
func (b *ballot) count(v *verdict, kind events.VerdictKind) {
	b.last = max(b.last, v.Sequence)
	person := b.people.behind(v.approver)
	switch {
	case b.refusals[v.Sequence]:
		b.sayf(RefusedCounted, b.d.key, "verdict %d by %s", v.Sequence, v.approver)
	case b.late(v):
		b.sayf(LateVerdict, b.d.key, "verdict %d by %s came at %s", v.Sequence, v.approver, v.At)
	case !b.saw(v):
		b.sayf(WrongCard, b.d.key, "verdict %d by %s answers %s", v.Sequence, v.approver, v.Digest)
	}
	route := b.rules.Routes[b.card.Route]
	if len(route.Channels) > 0 && !slices.Contains(route.Channels, v.channel) {
		b.sayf(UntrustedChannel, b.d.key, "verdict %d by %s came on %s", v.Sequence, v.approver, v.channel)
	}
	if slices.Contains(b.card.CommentOn, kind) && v.Comment == "" {
		b.sayf(NoComment, b.d.key, "verdict %d by %s", v.Sequence, v.approver)
	}
	if approves(kind) && person.owns(b.card.shows(b.d.key)) {
		b.sayf(OwnAction, b.d.key, "%s is %s, who approved it", v.approver, person.ID)
	}
	if b.seen[person.ID] {
		b.sayf(OneVoice, b.d.key, "%s is counted twice", person.ID)
		return
	}
	b.seen[person.ID] = true
	voter, asked := b.voter(person)
	switch {
	case !asked:
		b.sayf(NotEntitled, b.d.key, "%s is in no group that was asked", v.approver)
	case approves(kind) != (b.d.Outcome == events.Approved), !approves(kind) && !rejects(kind):
		b.sayf(NoAuthority, b.d.key, "%s by a verdict that says %s", b.d.Outcome, kind)
	default:
		b.voters = append(b.voters, voter)
	}
}

// late reports whether a verdict was stored when all was over. After a crash an older verdict may have been counted last, and the end
// bears its time; then only what was stored after the word that it is over is surely late.
func (b *ballot) late(v *verdict) bool {
	ends := []Record{b.d.Record}
	if b.q.resolved != nil {
		ends = append(ends, b.q.ended)
	}
	return slices.ContainsFunc(ends, func(end Record) bool {
		return v.At.After(end.At) || b.rules.Undisturbed && v.At.After(end.Event.Time)
	})
}

// saw reports whether the verdict is about what was decided: a version of the card that shows the item with the arguments that were
// approved, or the very edit that made them. What was rejected needs to have been shown.
func (b *ballot) saw(v *verdict) bool {
	kind, arguments := v.answer(b.number)
	for _, card := range b.q.versions {
		if card.digest != v.Digest {
			continue
		}
		return b.d.Outcome != events.Approved || kind == events.Edit && digestOf(arguments) == b.d.ArgumentsDigest ||
			kind != events.Edit && card.shows(b.d.key).ArgumentsDigest == b.d.ArgumentsDigest
	}
	return false
}

func (b *ballot) voter(person *Person) (v voter, asked bool) {
	to := b.q.handed["@"+person.ID]
	for _, g := range b.people.groups[person.ID] {
		if !b.q.counts(person.ID, g) {
			continue
		}
		v.groups = append(v.groups, g)
		handed := to || b.q.handed[g]
		// Who is handed a request of a later tier stands in for others, as that tier would.
		v.any = v.any || b.q.joined[g] || handed && !b.card.asks(g)
		asked = asked || b.card.asks(g) || handed
	}
	return v, asked || v.any
}

func (b *ballot) checkQuorum() {
	require := b.card.Require
	if len(require) == 0 {
		require = []events.Requirement{{Group: b.card.Group, Count: b.card.Quorum}}
	}
	needed := 1
	if b.rules.Routes[b.card.Route].VotesAgainst {
		needed = 0
		for _, q := range require {
			needed += q.Count
		}
	}
	switch {
	case b.d.Outcome == events.Approved && !enough(require, b.voters):
		b.sayf(NoQuorum, b.d.key, "%d count, card %s asks for %+v", len(b.voters), b.q.id, require)
	case b.d.Outcome == events.Rejected && len(b.voters) < needed:
		b.sayf(NoQuorum, b.d.key, "%d rejections count, card %s asks for %d", len(b.voters), b.q.id, needed)
	}
}

// checkOverruled looks for answers before the last that counted which should have counted and did not.
func (b *ballot) checkOverruled() {
	newest := map[string]*verdict{} // by person
	for i := range b.q.verdicts {
		v := &b.q.verdicts[i]
		kind, _ := v.answer(b.number)
		if v.Sequence < b.last && kind != "" && !b.refusals[v.Sequence] && b.sawSame(v) {
			newest[b.people.behind(v.approver).ID] = v
		}
	}
	for person, v := range newest {
		kind, _ := v.answer(b.number)
		_, route := b.rules.Routes[b.card.Route]
		ends := route && !b.rules.Routes[b.card.Route].VotesAgainst && rejects(kind)
		if b.d.Outcome == events.Approved && (b.seen[person] && !approves(kind) || ends) && !b.named(v) {
			b.sayf(Overruled, b.d.key, "verdict %d by %s said %s", v.Sequence, v.approver, kind)
		}
	}
}

// sawSame reports whether the verdict answers a version that shows the item as it was decided.
func (b *ballot) sawSame(v *verdict) bool {
	return slices.ContainsFunc(b.q.versions, func(c version) bool {
		return c.digest == v.Digest && c.shows(b.d.key).ArgumentsDigest == b.d.ArgumentsDigest
	})
}

func (b *ballot) named(v *verdict) bool {
	return slices.ContainsFunc(b.d.DecidedBy.Approvers, func(a events.ApproverVerdict) bool {
		return a.Approver == v.approver && a.At.Equal(v.At)
	})
}

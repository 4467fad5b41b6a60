package approval

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// refusal says why a verdict does not count.
type refusal struct {
	code   events.RefusalCode
	reason string
}

func applyVerdict(s State, in Verdict) (State, []Effect, transition) {
	in.At = in.At.UTC().Round(0)
	everywhere := in.Groups
	in.Groups = s.counting(in.person(), in.Groups)
	cause := Cause{EventID: in.EventID, Sequence: in.Sequence}
	if s.applied(in.Sequence) {
		a, _ := s.accepted(in.Sequence)
		cause.EventID = a.EventID
		return s, s.consequences(cause), repeated
	}
	if s.Revised != nil && in.Cast.Digest != s.Digest && in.Sequence <= s.Counted[in.person()] {
		return s, nil, superseded // it answered a version of the card that is no more
	}
	if in.Sequence <= s.Counted[in.person()] && !s.entitled(in.person(), in.Groups) {
		return s, nil, superseded // it may have counted before its tier left
	}
	if r := s.mayAnswer(in); r != nil {
		effects := []Effect{s.refused(in, r)}
		if s.Resolved == nil && r.code == events.RefusedNotEntitled {
			return s.rememberTooEarly(in, everywhere), effects, refused
		}
		return s, effects, refused
	}
	answers, r := s.answers(in)
	switch {
	case r != nil:
		return s, []Effect{s.refused(in, r)}, refused
	case len(answers) == 0:
		return s, nil, superseded
	}
	next := s.count(in, answers, cause)
	return next, next.consequences(cause), next.took(cause)
}

// took names the transition that counting a verdict was.
func (s *State) took(cause Cause) transition {
	if s.Resolved != nil {
		return answered
	}
	has := func(is func(*Item) bool) bool {
		return slices.ContainsFunc(s.Items, func(item Item) bool { return is(&item) })
	}
	switch {
	case has(func(item *Item) bool { return item.Outcome != nil && item.Outcome.Cause == cause }):
		return decided
	case s.Revised != nil && s.Revised.Cause == cause:
		return revised
	case has(func(item *Item) bool { return item.Moved != nil && item.Moved.Cause == cause }):
		return moved
	}
	return counted
}

// person is who answers: nobody has two votes, whatever accounts they use.
func (v *Verdict) person() string { return cmp.Or(v.Person, v.Approver) }

// applied reports whether the verdict with this sequence was counted before and
// still matters to some item.
func (s *State) applied(sequence uint64) bool {
	_, ok := s.accepted(sequence)
	return ok
}

// mayAnswer checks what does not depend on single items. What is refused here
// stays refused when the verdict is delivered again: card, rules and channel are
// frozen, and a verdict that came before its tier is remembered.
func (s *State) mayAnswer(in Verdict) *refusal {
	if !s.Rules.trusts(in.Channel) {
		return &refusal{events.RefusedChannel, fmt.Sprintf("verdicts through %s do not count for this request", in.Channel)}
	}
	if !s.entitled(in.person(), in.Groups) || in.Sequence <= s.TooEarly[in.person()] {
		return &refusal{events.RefusedNotEntitled, fmt.Sprintf("%s is in no group that was asked so far", in.Approver)}
	}
	if in.Resting != "" {
		return &refusal{events.RefusedResting, in.Resting}
	}
	if in.Cast.Digest != s.Digest {
		return &refusal{events.RefusedWrongDigest, "the verdict answers another card, or another version of it, than the one that stands"}
	}
	if claim := in.Cast.Approver; claim != "" && claim != in.Approver {
		return &refusal{events.RefusedMalformed, fmt.Sprintf("approver is %q but the verdict was cast by %s", claim, in.Approver)}
	}
	if claim := in.Cast.Request; claim != "" && claim != s.Request {
		return &refusal{events.RefusedMalformed, fmt.Sprintf("request is %q but the verdict was cast on %s", claim, s.Request)}
	}
	if err := in.Cast.Validate(); err != nil {
		return &refusal{events.RefusedMalformed, err.Error()}
	}
	if r := s.checkWords(in.person(), in.Cast.Comment, in.Cast.Guidance); r != nil {
		return r
	}
	for _, kind := range s.Rules.CommentOn {
		if in.Cast.Comment == "" && in.Cast.Uses(kind) {
			return &refusal{events.RefusedNoComment, fmt.Sprintf("this request wants a comment with %s", kind)}
		}
	}
	if r := s.checkOwn(in); r != nil {
		return r
	}
	if r := s.checkLimits(in); r != nil {
		return r
	}
	if in.Cast.Grant != nil && in.GrantRefused != "" {
		return &refusal{events.RefusedGrant, in.GrantRefused}
	}
	return s.checkEdits(in)
}

// checkOwn keeps people from approving what is asked on their own behalf. What has its outcome already counts
// too: a verdict that was refused stays refused.
func (s *State) checkOwn(in Verdict) *refusal {
	named := make(map[int]events.VerdictKind, len(in.Cast.Items))
	for _, item := range in.Cast.Items {
		named[item.Number] = item.Verdict
	}
	for n := 1; n <= len(s.Items); n++ {
		kind, ok := named[n]
		if !ok {
			kind = in.Cast.Verdict
		}
		if approves(kind) && in.Own[n] != "" {
			return &refusal{events.RefusedOwnAction, fmt.Sprintf("%s may not approve item %d: %s", in.Approver, n, in.Own[n])}
		}
	}
	return nil
}

// checkLimits refuses limits that what they are given for does not keep.
func (s *State) checkLimits(in Verdict) *refusal {
	l := in.Cast.Limits
	if l == nil {
		return nil
	}
	if l.ValidUntil != nil && !l.ValidUntil.After(in.At) {
		return &refusal{events.RefusedLimits, fmt.Sprintf("limits.validUntil is %s, which is past: name a later time", l.ValidUntil.UTC().Format(time.RFC3339))}
	}
	named := make(map[int]events.VerdictKind, len(in.Cast.Items))
	for _, item := range in.Cast.Items {
		named[item.Number] = item.Verdict
	}
	for n := 1; n <= len(s.Items); n++ {
		kind, ok := named[n]
		if !ok {
			kind = in.Cast.Verdict
		}
		if why := in.OverLimit[n]; approves(kind) && why != "" && !s.Items[n-1].closed() {
			return &refusal{events.RefusedLimits, fmt.Sprintf("item %d %s", n, why)}
		}
	}
	return nil
}

// answers are the votes the verdict would cast, by index of the item. An item
// that the approver answered later already is left alone, and where that is so for
// every item the verdict names, nothing is left of it.
func (s *State) answers(in Verdict) (map[int]events.VerdictKind, *refusal) {
	named := make(map[int]events.VerdictKind, len(in.Cast.Items))
	for _, item := range in.Cast.Items {
		if item.Number > len(s.Items) {
			return nil, &refusal{events.RefusedUnknownItem, fmt.Sprintf("the card has no item %d", item.Number)}
		}
		named[item.Number-1] = item.Verdict
	}
	answers := make(map[int]events.VerdictKind, len(s.Items))
	// A verdict that a newer one of the same person came before is not refused for having come late, and, as it
	// may have been refused before that, does not count for its other items either.
	newer := in.Sequence <= s.Counted[in.person()]
	overtaken := newer
	for i := range s.Items {
		kind, isNamed := named[i]
		if !isNamed {
			kind = in.Cast.Verdict
		}
		switch {
		case kind == "":
		case s.Items[i].answeredAfter(in):
			overtaken = true
		case s.Items[i].closed() && isNamed && newer:
			return nil, nil
		case s.Items[i].closed() && isNamed:
			return nil, s.closed(i)
		case s.Items[i].closed():
		default:
			answers[i] = kind
		}
	}
	if len(answers) == 0 && !overtaken {
		return nil, s.closed(0)
	}
	return answers, nil
}

// closed refuses an answer to Items[i], which has its outcome.
func (s *State) closed(i int) *refusal {
	if s.Resolved != nil {
		return &refusal{events.RefusedClosed, "every item has its outcome already"}
	}
	if s.Items[i].Moved != nil {
		return &refusal{events.RefusedItemClosed, fmt.Sprintf("item %d went to a card of its own", i+1)}
	}
	return &refusal{events.RefusedItemClosed, fmt.Sprintf("item %d is %s already", i+1, s.Items[i].Outcome.Outcome)}
}

func (item *Item) answeredAfter(in Verdict) bool {
	return slices.ContainsFunc(item.Votes, func(v Vote) bool { return v.Person == in.person() && v.Sequence > in.Sequence })
}

// count casts the votes and gives every item its outcome that has enough of them.
func (s *State) count(in Verdict, answers map[int]events.VerdictKind, cause Cause) State {
	next := s.copied()
	revised := false
	for i := range next.Items {
		kind, ok := answers[i]
		if !ok || kind == events.Edit && !next.edit(i, in, cause) {
			continue
		}
		item := &next.Items[i]
		item.Votes = slices.DeleteFunc(item.Votes, func(v Vote) bool { return v.Person == in.person() })
		item.Votes = append(item.Votes, Vote{Sequence: in.Sequence, Approver: in.Approver, Person: in.person(), Groups: in.Groups, Verdict: kind, Doubted: in.Doubted})
		slices.SortFunc(item.Votes, func(a, b Vote) int { return cmp.Compare(a.Sequence, b.Sequence) })
		if outcome := next.tally(item.Votes); outcome != "" {
			item.Outcome = &Outcome{Outcome: outcome, By: events.ByApprovers, Cause: cause, At: in.At}
		}
		revised = revised || kind == events.Edit
	}
	if revised {
		next.freeze(cause, in.At)
	}
	if next.Counted == nil {
		next.Counted = make(map[string]uint64, 1)
	}
	next.Counted[in.person()] = max(next.Counted[in.person()], in.Sequence)
	next.keep(Accepted{
		Sequence: in.Sequence, EventID: in.EventID, Approver: in.Approver, Channel: in.Channel,
		Comment: in.Cast.Comment, Guidance: in.Cast.Guidance, At: in.At, ValidUntil: in.validUntil(),
	})
	next.resolve(cause, in.At)
	return next
}

// validUntil is when what the verdict approves loses its force; nil for never.
func (v *Verdict) validUntil() *time.Time {
	if v.Cast.Limits == nil || v.Cast.Limits.ValidUntil == nil {
		return nil
	}
	at := v.Cast.Limits.ValidUntil.UTC().Round(0)
	return &at
}

func approves(kind events.VerdictKind) bool { return kind == events.Approve || kind == events.Edit }
func rejects(kind events.VerdictKind) bool  { return kind == events.Reject || kind == events.Respond }

// tally gives the outcome of votes, one per person; "" where they do not suffice.
func (s *State) tally(votes []Vote) events.Outcome {
	var supporters []Supporter
	against, sure := 0, false // somebody approves whose word suffices
	for _, v := range votes {
		switch {
		case approves(v.Verdict):
			sure = sure || !v.Doubted
			supporters = append(supporters, Supporter{Person: v.Person, Groups: v.Groups, Senior: s.senior(v.Person, v.Groups)})
		case rejects(v.Verdict):
			against++
		}
	}
	switch {
	case against > 0 && (s.Rules.RejectionEnds || against >= Total(s.Rules.Require)):
		return events.Rejected
	case Met(s.Rules.Require, supporters) && sure:
		return events.Approved
	}
	return ""
}

// keep adds a verdict and lets go of those that no vote refers to any more, so
// that changing one's mind for ever does not grow the state.
func (s *State) keep(a Accepted) {
	used := make(map[uint64]bool)
	for i := range s.Items {
		item := &s.Items[i]
		if item.Moved != nil {
			used[item.Moved.Cause.Sequence] = true
		}
		for _, v := range item.Votes {
			used[v.Sequence] = true
		}
	}
	s.Verdicts = slices.DeleteFunc(append(s.Verdicts, a), func(a Accepted) bool { return !used[a.Sequence] })
	slices.SortFunc(s.Verdicts, func(a, b Accepted) int { return cmp.Compare(a.Sequence, b.Sequence) })
}

// rememberTooEarly notes a verdict of somebody whose tier has not come in. Others
// are not noted: they stay strangers, and would only grow the state.
func (s *State) rememberTooEarly(in Verdict, groups []string) State {
	next := *s
	if in.Sequence <= s.TooEarly[in.person()] || !s.onPath(groups) {
		return next
	}
	next.TooEarly = maps.Clone(s.TooEarly)
	if next.TooEarly == nil {
		next.TooEarly = make(map[string]uint64, 1)
	}
	next.TooEarly[in.person()] = in.Sequence
	return next
}

func (s *State) refused(in Verdict, r *refusal) Announce {
	return Announce{
		Event: events.Refused, Group: s.card.Group, Key: fmt.Sprintf("refused/%d", in.Sequence), At: in.At,
		Payload: &events.VerdictRefused{
			Request: s.Request, Channel: in.Channel, Approver: in.Approver, Sequence: in.Sequence, Code: r.code, Reason: r.reason,
		},
	}
}

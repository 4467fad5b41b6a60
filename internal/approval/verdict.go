package approval

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/weighlock/weighlock/pkg/events"
)

// refusal says why a verdict does not count.
type refusal struct {
	code   events.RefusalCode
	reason string
}

func applyVerdict(s State, in Verdict) (State, []Effect, transition) {
	in.At = in.At.UTC().Round(0)
	cause := Cause{EventID: in.EventID, Sequence: in.Sequence}
	if s.applied(in.Sequence) {
		a, _ := s.accepted(in.Sequence)
		cause.EventID = a.EventID
		return s, s.consequences(cause), repeated
	}
	if r := s.mayAnswer(in); r != nil {
		effects := []Effect{s.refused(in, r)}
		if s.Resolved == nil && r.code == events.RefusedNotEntitled {
			return s.rememberTooEarly(in), effects, refused
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
	effects := next.consequences(cause)
	switch {
	case next.Resolved != nil:
		return next, effects, answered
	case len(effects) > 0:
		return next, effects, decided
	}
	return next, nil, counted
}

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
	if !s.Rules.entitled(in.Groups, s.Tier) || in.Sequence <= s.TooEarly[in.Approver] {
		return &refusal{events.RefusedNotEntitled, fmt.Sprintf("%s is in no group that was asked so far", in.Approver)}
	}
	if in.Cast.Digest != s.Digest {
		return &refusal{events.RefusedWrongDigest, "the verdict answers another card than the one that was published"}
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
	overtaken := false
	for i := range s.Items {
		kind, isNamed := named[i]
		if !isNamed {
			kind = in.Cast.Verdict
		}
		switch {
		case kind == "":
		case s.Items[i].answeredAfter(in):
			overtaken = true
		case s.Items[i].Outcome == nil:
			answers[i] = kind
		case isNamed:
			return nil, s.closed(i)
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
	return &refusal{events.RefusedItemClosed, fmt.Sprintf("item %d is %s already", i+1, s.Items[i].Outcome.Outcome)}
}

func (item *Item) answeredAfter(in Verdict) bool {
	return slices.ContainsFunc(item.Votes, func(v Vote) bool { return v.Approver == in.Approver && v.Sequence > in.Sequence })
}

// count casts the votes and gives every item its outcome that has enough of them.
func (s *State) count(in Verdict, answers map[int]events.VerdictKind, cause Cause) State {
	next := s.copied()
	for i, kind := range answers {
		item := &next.Items[i]
		item.Votes = slices.DeleteFunc(item.Votes, func(v Vote) bool { return v.Approver == in.Approver })
		item.Votes = append(item.Votes, Vote{Sequence: in.Sequence, Approver: in.Approver, Verdict: kind})
		slices.SortFunc(item.Votes, func(a, b Vote) int { return cmp.Compare(a.Sequence, b.Sequence) })
		if outcome := tally(item.Votes, s.Rules.Quorum); outcome != "" {
			item.Outcome = &Outcome{Outcome: outcome, By: events.ByApprovers, Cause: cause, At: in.At}
		}
	}
	next.keep(Accepted{Sequence: in.Sequence, EventID: in.EventID, Approver: in.Approver, Channel: in.Channel, Comment: in.Cast.Comment, At: in.At})
	next.resolve(cause, in.At)
	return next
}

// tally gives the outcome of votes, one per approver; "" where they do not suffice.
func tally(votes []Vote, quorum int) events.Outcome {
	approvals := 0
	for _, v := range votes {
		if v.Verdict != events.Approve {
			return events.Rejected
		}
		approvals++
	}
	if approvals >= quorum {
		return events.Approved
	}
	return ""
}

// keep adds a verdict and lets go of those that no vote refers to any more, so
// that changing one's mind for ever does not grow the state.
func (s *State) keep(a Accepted) {
	used := make(map[uint64]bool)
	for _, item := range s.Items {
		for _, v := range item.Votes {
			used[v.Sequence] = true
		}
	}
	s.Verdicts = slices.DeleteFunc(append(s.Verdicts, a), func(a Accepted) bool { return !used[a.Sequence] })
	slices.SortFunc(s.Verdicts, func(a, b Accepted) int { return cmp.Compare(a.Sequence, b.Sequence) })
}

// rememberTooEarly notes a verdict of somebody whose tier has not come in. Others
// are not noted: they stay strangers, and would only grow the state.
func (s *State) rememberTooEarly(in Verdict) State {
	next := *s
	if in.Sequence <= s.TooEarly[in.Approver] || !s.Rules.entitled(in.Groups, len(s.Rules.Tiers)-1) {
		return next
	}
	next.TooEarly = maps.Clone(s.TooEarly)
	if next.TooEarly == nil {
		next.TooEarly = make(map[string]uint64, 1)
	}
	next.TooEarly[in.Approver] = in.Sequence
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

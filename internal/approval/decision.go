package approval

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// decide is the effect of the outcome of Items[i]. Everything in it is frozen, so
// it is the same at every repetition.
func (s *State) decide(i int) Decide {
	item, shown := &s.Items[i], s.card.Items[i]
	d := events.DecisionMade{
		Agent: shown.Agent, Action: shown.Action, Outcome: item.Outcome.Outcome,
		Sequence: shown.Sequence, Digest: shown.Digest,
		Level: shown.Level, Score: shown.Score,
		Request: s.Request, ProposedAt: shown.ProposedAt,
		DecidedBy: events.Decider{Kind: item.Outcome.By, Approvers: s.deciders(item)},
	}
	if d.Outcome == events.Approved {
		d.ArgumentsDigest, d.Arguments, d.ValidUntil = shown.ArgumentsDigest, shown.Edited, s.validUntil(item)
	}
	if d.Outcome == events.Rejected {
		d.Guidance = s.guidance(item)
	}
	d.Reason = s.reason(&d)
	return Decide{
		Decision: d, ReplyTo: item.ReplyTo, TraceParent: item.TraceParent, PolicyVersion: item.PolicyVersion,
		CauseID: item.Outcome.Cause.EventID, At: item.Outcome.At,
	}
}

// deciders are the people whose verdicts made the item's outcome.
func (s *State) deciders(item *Item) []events.ApproverVerdict {
	if item.Outcome.By != events.ByApprovers {
		return nil
	}
	approved := item.Outcome.Outcome == events.Approved
	var people []events.ApproverVerdict
	for _, v := range item.Votes {
		if a, ok := s.accepted(v.Sequence); ok && (approved && approves(v.Verdict) || !approved && rejects(v.Verdict)) {
			people = append(people, events.ApproverVerdict{Approver: v.Approver, Channel: a.Channel, Verdict: v.Verdict, Comment: a.Comment, At: a.At})
		}
	}
	return people
}

// validUntil is the earliest time at which one of those who approved lets the approval end; nil for never.
func (s *State) validUntil(item *Item) *time.Time {
	var first *time.Time
	for _, v := range item.Votes {
		a, ok := s.accepted(v.Sequence)
		if ok && approves(v.Verdict) && a.ValidUntil != nil && (first == nil || a.ValidUntil.Before(*first)) {
			first = a.ValidUntil
		}
	}
	return first
}

// guidance is what those who rejected tell the agent, the latest first to be read.
func (s *State) guidance(item *Item) string {
	for _, v := range slices.Backward(item.Votes) {
		if a, ok := s.accepted(v.Sequence); ok && v.Verdict == events.Respond {
			return a.Guidance
		}
	}
	return ""
}

func (s *State) reason(d *events.DecisionMade) string {
	switch d.DecidedBy.Kind {
	case events.ByTimeout:
		return fmt.Sprintf("%s because too few people answered before %s", d.Outcome, s.EndsAt.Format("2006-01-02 15:04:05 MST"))
	case events.ByAgent:
		return "withdrawn by the agent"
	}
	names := make([]string, len(d.DecidedBy.Approvers))
	for i, a := range d.DecidedBy.Approvers {
		names[i] = a.Approver
	}
	reason := string(d.Outcome) + " by " + strings.Join(names, ", ")
	if d.Outcome == events.Rejected && len(d.DecidedBy.Approvers) > 0 {
		if comment := d.DecidedBy.Approvers[0].Comment; comment != "" {
			reason += ": " + comment
		}
	}
	return reason
}

// resolved announces the outcome of every item to one group.
func (s *State) resolved(group string) Announce {
	outcomes := make([]events.ItemOutcome, len(s.Items))
	for i, item := range s.Items {
		shown := s.card.Items[i]
		outcomes[i] = events.ItemOutcome{Number: i + 1, Agent: shown.Agent, Action: shown.Action, Moved: item.Moved != nil}
		if item.Outcome != nil {
			outcomes[i].Outcome = item.Outcome.Outcome
		}
	}
	return Announce{
		Event: events.Resolved, Group: group, Key: "resolved/" + group, At: s.Resolved.At,
		Payload: &events.ApprovalResolved{Request: s.Request, Group: group, By: s.Resolved.By, Items: outcomes},
	}
}

package routing

import (
	"time"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

const source = "/services/approver-router"

// decideAlone gives the decision that needs nobody: denied by policy, low, or
// medium. ok is false where people have to be asked, which includes every level that
// is not known.
func decideAlone(a *events.ActionAssessed) (d *events.DecisionMade, ok bool) {
	d = decisionOn(a)
	d.Outcome, d.Reason, d.DecidedBy = events.Denied, a.Reason, events.Decider{Kind: events.ByPolicy}
	switch {
	case a.Denied:
		return d, true
	case a.Edited != nil: // an edit made it riskier: people look at it whatever its level
		return nil, false
	case a.Level == events.Low, a.Level == events.Medium:
		d.Outcome = events.Approved
		d.ArgumentsDigest = a.ArgumentsDigest
		d.Review = a.Level == events.Medium
		return d, true
	default:
		return nil, false
	}
}

// decisionOn is a decision on the action that does not say yet what it is.
func decisionOn(a *events.ActionAssessed) *events.DecisionMade {
	return &events.DecisionMade{
		Agent: a.Agent, Action: a.Action, Sequence: a.Sequence, Digest: a.Digest, Level: a.Level, Score: a.Score, ProposedAt: a.ProposedAt,
	}
}

// decisionOutput writes d into the ledger, once, and copies what stands there to the
// agent that asked.
func decisionOutput(s events.Subjects, d *events.DecisionMade, cause events.Event, now time.Time) (stream.Output, error) {
	about := d.Agent + "/" + d.Action
	e, err := events.New(d, about+"/decision", source, now)
	if err != nil {
		return stream.Output{}, err
	}
	e = e.Because(cause)
	e.PolicyVersion = cause.PolicyVersion
	e.Subject = about
	return stream.Output{Subject: s.Decision(d.Agent, d.Action), Event: e, Once: true, ReplyTo: replyTo(d.Agent, cause)}, nil
}

// replyTo is where an agent is answered: in its own inbox or not at all.
func replyTo(agent string, cause events.Event) string {
	if events.CheckReplyTo(agent, cause.ReplyTo) != nil {
		return ""
	}
	return cause.ReplyTo
}

package events

import (
	"encoding/json"
	"time"
)

// DecisionMade is the final word on one action. There is exactly one for every
// accepted action.
type DecisionMade struct {
	Agent   string  `json:"agent"`
	Action  string  `json:"action"`
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason"`
	// ArgumentsDigest names the arguments that were approved; empty where nothing was.
	ArgumentsDigest string `json:"argumentsDigest,omitempty"`
	// Arguments are the approved arguments where they differ from the proposed
	// ones; absent means: as proposed.
	Arguments json.RawMessage `json:"arguments,omitempty"`
	// ValidUntil is when an approval loses its force: what was not run before must not be. Nil for never.
	ValidUntil *time.Time `json:"validUntil,omitempty"`
	// Sequence and Digest are those of the proposed action, see [ActionRef].
	Sequence uint64 `json:"sequence"`
	Digest   string `json:"digest"`

	// Guidance is what approvers tell the agent to do instead.
	Guidance string `json:"guidance,omitempty"`

	DecidedBy Decider `json:"decidedBy"`
	Level     Level   `json:"level"`
	Score     int     `json:"score"`
	// Review says that the action went through and is to be looked at afterwards.
	Review bool `json:"review,omitempty"`
	// Request is the approval request that led here; empty where nobody was asked.
	Request    string    `json:"request,omitempty"`
	ProposedAt time.Time `json:"proposedAt"`
}

// Decider is the authority behind a decision.
type Decider struct {
	Kind DeciderKind `json:"kind"`
	// Approvers are the people whose verdicts made the decision, in order of answering.
	Approvers []ApproverVerdict `json:"approvers,omitempty"`
	// Plan is the approved plan of which the action is a step, for [ByPlan]; Approvers are then those who approved the plan.
	Plan *PlanPart `json:"plan,omitempty"`
	// Grant is the standing approval that lets the action pass, for [ByGrant]; its giver is the one approver.
	Grant string `json:"grant,omitempty"`
}

// PlanPart is a step of an approved plan.
type PlanPart struct {
	Action  string `json:"action"`            // the agent's action at plan
	Step    int    `json:"step"`              // from 1
	Request string `json:"request,omitempty"` // on which people approved the plan
}

func (d *Decider) validate() error {
	switch {
	case d.Kind == ByGrant:
		return checkTokens("decidedBy.grant", d.Grant)
	case d.Kind != ByPlan:
		return nil
	case d.Plan == nil:
		return missing("decidedBy.plan", "name the plan and its step")
	}
	return checkTokens("decidedBy.plan.action", d.Plan.Action)
}

// ApproverVerdict is one person's part in a decision.
type ApproverVerdict struct {
	Approver string      `json:"approver"`
	Channel  string      `json:"channel"`
	Verdict  VerdictKind `json:"verdict"`
	Comment  string      `json:"comment,omitempty"`
	At       time.Time   `json:"at"`
}

// DecisionMadeType is the type of [DecisionMade].
const DecisionMadeType = "dev.weighlock.decision.made.v1"

// EventType implements [Payload].
func (*DecisionMade) EventType() string { return DecisionMadeType }

// Validate implements [Payload].
func (d *DecisionMade) Validate() error {
	if d.Outcome == Approved && d.ArgumentsDigest == "" {
		return missing("argumentsDigest", "an approval names what was approved")
	}
	return firstError(
		checkTokens("agent", d.Agent, "action", d.Action),
		oneOf("outcome", d.Outcome, Approved, Rejected, Expired, Withdrawn, Denied),
		oneOf("decidedBy.kind", d.DecidedBy.Kind, ByPolicy, ByApprovers, ByTimeout, ByAgent, ByPlan, ByGrant),
		d.DecidedBy.validate(),
	)
}

package events

import (
	"encoding/json"
	"fmt"
	"time"
)

// ActionRef names one proposed action and binds it to its exact content.
type ActionRef struct {
	Agent  string `json:"agent"`
	Action string `json:"action"`
	// Sequence is the action's place in the stream of actions.
	Sequence uint64 `json:"sequence"`
	// Digest is the digest of the event's data, see [Digest].
	Digest string `json:"digest"`
	// ArgumentsDigest is the digest of the proposed arguments, see [ArgumentsDigest];
	// empty only where they could not be read, which is always denied.
	ArgumentsDigest string `json:"argumentsDigest,omitempty"`
}

// Validate checks the names and digests.
func (r *ActionRef) Validate() error {
	if err := checkTokens("agent", r.Agent, "action", r.Action); err != nil {
		return err
	}
	if r.Sequence == 0 {
		return missing("sequence", "name the action's place in its stream")
	}
	if r.ArgumentsDigest != "" {
		if err := CheckDigest("argumentsDigest", r.ArgumentsDigest); err != nil {
			return err
		}
	}
	return CheckDigest("digest", r.Digest)
}

// ActionAssessed is the risk scorer's answer for one action. It carries what the
// router routes and groups by; the action itself stays where it was stored.
type ActionAssessed struct {
	ActionRef
	Level Level `json:"level"`
	// Score is the risk from 0 (none) to 100.
	Score int `json:"score"`
	// Denied says that policy never allows this action: no one is asked.
	Denied bool `json:"denied,omitempty"`
	// Reason says in one sentence why the level is what it is.
	Reason string `json:"reason"`
	// Rules are the rules that fired, the heaviest first and those on trial last.
	Rules []FiredRule `json:"rules,omitempty"`

	Breakpoint Breakpoint `json:"breakpoint,omitempty"`
	Tool       string     `json:"tool,omitempty"`
	Target     *Target    `json:"target,omitempty"`
	Session    string     `json:"session,omitempty"`
	Principal  string     `json:"principal,omitempty"`
	Deadline   *time.Time `json:"deadline,omitempty"`
	// Edited are the arguments that were assessed where an approver's edit put them in the place of the proposed
	// ones. ArgumentsDigest then names these.
	Edited *EditedArguments `json:"edited,omitempty"`
	// ProposedAt is when the action was stored.
	ProposedAt time.Time `json:"proposedAt"`
}

// Counted are the rules that count: all but those on trial, which come last.
func (a *ActionAssessed) Counted() []FiredRule {
	for i, r := range a.Rules {
		if r.Shadow {
			return a.Rules[:i]
		}
	}
	return a.Rules
}

// EditedArguments are arguments as an approver wants them.
type EditedArguments struct {
	Arguments json.RawMessage `json:"arguments"`
	By        string          `json:"by"` // the person
	// Request is the approval request on which they were edited.
	Request string `json:"request"`
}

// FiredRule is one rule of the policy that matched.
type FiredRule struct {
	ID     string `json:"id"`
	Points int    `json:"points"` // what the rule adds to the score
	Reason string `json:"reason"`
	// Tags name what the rule is about in catalogues such as OWASP's or MITRE ATT&CK.
	Tags []string `json:"tags,omitempty"`
	// Shadow says that the rule is on trial: it counts neither for the score nor for anything else.
	Shadow bool `json:"shadow,omitempty"`
	// Cap is the score above which the rule's points do not lift; 0 means 100.
	Cap int `json:"cap,omitempty"`
}

// ActionAssessedType is the type of [ActionAssessed].
const ActionAssessedType = "dev.weighlock.action.assessed.v1"

// EventType implements [Payload].
func (*ActionAssessed) EventType() string { return ActionAssessedType }

// Validate implements [Payload].
func (a *ActionAssessed) Validate() error {
	if err := a.ActionRef.Validate(); err != nil {
		return err
	}
	if a.Score < 0 || a.Score > 100 {
		return &FieldError{Field: "score", Problem: fmt.Sprintf("is %d", a.Score), Fix: "use 0 to 100"}
	}
	if a.ArgumentsDigest == "" && !a.Denied {
		return missing("argumentsDigest", "only a denied action may lack it")
	}
	if a.Deadline != nil {
		if err := checkTime("deadline", *a.Deadline); err != nil {
			return err
		}
	}
	return oneOf("level", a.Level, Low, Medium, High)
}

package events

import "time"

// ActionExecuted is the agent's receipt: what it did after the decision.
type ActionExecuted struct {
	Agent  string        `json:"agent,omitempty"`
	Action string        `json:"action,omitempty"`
	Status ReceiptStatus `json:"status"`
	// ArgumentsDigest is the digest of the arguments the action ran with.
	ArgumentsDigest string    `json:"argumentsDigest"`
	Error           string    `json:"error,omitempty"`
	StartedAt       time.Time `json:"startedAt"`
	FinishedAt      time.Time `json:"finishedAt"`
}

// ActionExecutedType is the type of [ActionExecuted].
const ActionExecutedType = "dev.weighlock.action.executed.v1"

// EventType implements [Payload].
func (*ActionExecuted) EventType() string { return ActionExecutedType }

// Validate implements [Payload].
func (a *ActionExecuted) Validate() error {
	if err := CheckDigest("argumentsDigest", a.ArgumentsDigest); err != nil {
		return err
	}
	return oneOf("status", a.Status, Succeeded, Failed)
}

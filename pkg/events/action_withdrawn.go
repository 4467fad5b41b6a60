package events

// ActionWithdrawn is an agent taking a proposed action back. Names as in
// [ActionProposed].
type ActionWithdrawn struct {
	Agent  string `json:"agent,omitempty"`
	Action string `json:"action,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// ActionWithdrawnType is the type of [ActionWithdrawn].
const ActionWithdrawnType = "dev.weighlock.action.withdrawn.v1"

// EventType implements [Payload].
func (*ActionWithdrawn) EventType() string { return ActionWithdrawnType }

// Validate implements [Payload].
func (*ActionWithdrawn) Validate() error { return nil }

package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// ActionProposed is one thing an agent wants to do, with what an approver needs
// to judge it.
type ActionProposed struct {
	// Agent and Action may repeat the names in the subject; where they claim others,
	// the action is denied.
	Agent  string `json:"agent,omitempty"`
	Action string `json:"action,omitempty"`
	// Breakpoint is where in its work the agent paused.
	Breakpoint Breakpoint `json:"breakpoint"`
	// Tool is the name of the tool; required at tool_call and computer_use.
	Tool string `json:"tool,omitempty"`
	// ToolInfo is what the tool's server says of the tool.
	ToolInfo *ToolInfo `json:"toolInfo,omitempty"`
	// Arguments is a JSON object: exactly what the tool will be called with.
	Arguments json.RawMessage `json:"arguments,omitempty"`
	// Target is what the action acts on.
	Target *Target `json:"target,omitempty"`
	// Request is what the user asked for, in the user's words.
	Request string `json:"request,omitempty"`
	// Reasoning is why the agent wants to do this.
	Reasoning string `json:"reasoning,omitempty"`
	// Plan is the agent's plan; required at plan.
	Plan []PlanStep `json:"plan,omitempty"`
	// PlanAction names the agent's own action at plan of which this is a step. Where people approved that plan, its steps pass exactly as
	// it lists them.
	PlanAction string `json:"planAction,omitempty"`
	// Impact is what the agent expects to change.
	Impact *Impact `json:"impact,omitempty"`
	// Memory is what the agent remembered or retrieved and used for this action.
	Memory []MemoryItem `json:"memory,omitempty"`
	// Session groups the actions of one piece of work.
	Session string `json:"session,omitempty"`
	// Principal is on whose behalf the agent acts.
	Principal string `json:"principal,omitempty"`
	// Deadline is when the action loses its sense; nil where it does not.
	Deadline *time.Time `json:"deadline,omitempty"`
	// Private are the values that are kept apart from this event: in their places stand marks, see [PrivateField].
	Private []PrivateField `json:"private,omitempty"`
}

// ToolInfo is what the server that offers a tool says of it, as in the Model Context Protocol.
// Whether a claim is believed depends on the policy's list of trusted servers.
type ToolInfo struct {
	// Server is the name of the server or plugin that offers the tool.
	Server      string `json:"server,omitempty"`
	Description string `json:"description,omitempty"`
	// The hints are nil where the server gave none.
	ReadOnlyHint    *bool `json:"readOnlyHint,omitempty"`
	DestructiveHint *bool `json:"destructiveHint,omitempty"`
	IdempotentHint  *bool `json:"idempotentHint,omitempty"`
	OpenWorldHint   *bool `json:"openWorldHint,omitempty"`
}

// Target is what an action acts on.
type Target struct {
	Kind        string `json:"kind,omitempty"`        // such as "database", "mailbox", "account"
	Name        string `json:"name,omitempty"`        // such as "customers"
	Environment string `json:"environment,omitempty"` // such as "production", "test"
}

// PlanStep is one step of an agent's plan.
type PlanStep struct {
	Description string          `json:"description"`
	Tool        string          `json:"tool,omitempty"`
	Arguments   json.RawMessage `json:"arguments,omitempty"`
}

// Impact is what an agent expects its action to change.
type Impact struct {
	Summary    string `json:"summary,omitempty"`
	Reversible *bool  `json:"reversible,omitempty"`
	// Effect is the kind of change in one word, such as "read", "create", "change", "delete" or "send".
	Effect string `json:"effect,omitempty"`
	// Count is how many things are touched; nil where the agent does not know.
	Count *int64 `json:"count,omitempty"`
}

// MemoryItem is a piece of memory or retrieved data, with where it came from.
type MemoryItem struct {
	Origin  string `json:"origin,omitempty"`
	Trusted bool   `json:"trusted,omitempty"` // false unless the agent vouches for the origin
	Text    string `json:"text"`
}

// ActionProposedType is the type of [ActionProposed].
const ActionProposedType = "dev.weighlock.action.proposed.v1"

// EventType implements [Payload].
func (*ActionProposed) EventType() string { return ActionProposedType }

// Validate implements [Payload].
func (a *ActionProposed) Validate() error {
	if err := oneOf("breakpoint", a.Breakpoint, AtPlan, AtToolCall, AtComputerUse, AtSubtask, AtFinalReview); err != nil {
		return err
	}
	if a.Tool == "" && (a.Breakpoint == AtToolCall || a.Breakpoint == AtComputerUse) {
		return missing("tool", "name the tool the agent is about to use")
	}
	if len(a.Plan) == 0 && a.Breakpoint == AtPlan {
		return missing("plan", "list the steps the agent intends to take")
	}
	for i, step := range a.Plan {
		if step.Description == "" && step.Tool == "" {
			return missing(fmt.Sprintf("plan[%d].description", i), "say what the step does")
		}
	}
	if a.PlanAction != "" {
		if err := CheckToken("planAction", a.PlanAction); err != nil {
			return err
		}
	}
	if a.Deadline != nil {
		if err := checkTime("deadline", *a.Deadline); err != nil {
			return err
		}
	}
	if args := bytes.TrimSpace(a.Arguments); len(args) > 0 && args[0] != '{' {
		return &FieldError{Field: "arguments", Problem: "are not a JSON object", Fix: "send an object of named arguments"}
	}
	return validatePrivate(a.Private)
}

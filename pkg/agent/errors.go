package agent

import (
	"errors"
	"fmt"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

var (
	// ErrUndecided says that no decision is known: the context ended, the client was closed,
	// or what was found is not a decision. Nothing was run. The error also wraps the cause.
	ErrUndecided = errors.New("no decision is known")
	// ErrUnconfirmed says that an action may or may not have been accepted. Proposing it
	// again with the same id and content is safe and tells.
	ErrUnconfirmed = errors.New("not known whether the server accepted it; propose it again with the same id")
	// ErrAlreadyExecuted says that the action has its receipt: it ran before, well or not.
	ErrAlreadyExecuted = errors.New("action was executed before: it has a receipt")
	// ErrGuarded says that another call of this client is guarding the same action right now.
	ErrGuarded = errors.New("action is being guarded by another call")
	// ErrTooLate says that the action was approved but its deadline has passed; nothing was run.
	ErrTooLate = errors.New("approved, but the action's deadline has passed")
	// ErrMismatch says that the approval is for other content than what is about to run:
	// the id was used for another action, or the arguments differ. Nothing was run.
	ErrMismatch = errors.New("the approval is for other content")
	// ErrReceipt says that the action ran but its receipt could not be stored.
	ErrReceipt = errors.New("the action ran but its receipt is not stored")
	// ErrNoStream says that nobody took the message: the server has no JetStream, or the
	// pipeline's stream is missing.
	ErrNoStream = errors.New("no stream takes it: JetStream is off, the pipeline's streams are missing or its prefix is another")
	// ErrClosed says that the client is closed.
	ErrClosed = errors.New("agent client is closed")
)

// RejectedError says that an action may not run.
type RejectedError struct {
	Agent, Action string
	// Outcome is rejected, expired, withdrawn or denied.
	Outcome events.Outcome
	Reason  string
	// Guidance is what approvers tell the agent to do instead; "" where they said nothing.
	Guidance string
	// Approvers are the verdicts behind the outcome, with their comments; empty where nobody
	// was asked or nobody answered.
	Approvers []events.ApproverVerdict
}

func (e *RejectedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "action %s/%s is %s", e.Agent, e.Action, e.Outcome)
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	for _, a := range e.Approvers {
		if a.Comment != "" {
			fmt.Fprintf(&b, " (%s: %q)", a.Approver, a.Comment)
		}
	}
	if e.Guidance != "" {
		b.WriteString("; instead: " + e.Guidance)
	}
	return b.String()
}

// Comments lists what approvers wrote, in order of answering.
func (e *RejectedError) Comments() []string {
	var comments []string
	for _, a := range e.Approvers {
		if a.Comment != "" {
			comments = append(comments, a.Comment)
		}
	}
	return comments
}

// PermissionError says that the credentials do not allow what agent asked for: most
// often they belong to an agent of another name.
type PermissionError struct {
	Agent   string
	Verb    string // "publish on" or "subscribe to"
	Subject string
}

func (e *PermissionError) Error() string {
	return fmt.Sprintf("agent %s may not %s %s: the credentials belong to another name, or the pipeline has another prefix", e.Agent, e.Verb, e.Subject)
}

// TooLargeError says that an action is larger than the server takes.
type TooLargeError struct {
	// Size is the message's size in bytes, headers included; Limit the server's maximum payload.
	Size, Limit int64
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("action has %d bytes with its headers, the server takes at most %d: shorten memory, plan or arguments, or refer to them", e.Size, e.Limit)
}

// StoreError says that the stream refused a message, such as one that is full.
type StoreError struct {
	Code        int // JetStream's error code, such as 10077
	Description string
}

func (e *StoreError) Error() string {
	return fmt.Sprintf("the stream refused it: %s (%d)", e.Description, e.Code)
}

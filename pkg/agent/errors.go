package agent

import (
	"errors"
	"fmt"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// ErrUndecided says that no decision came: the time ran out or the connection was
// lost. The action was not approved and must not be done.
var ErrUndecided = errors.New("no decision yet: the action must not be done")

// ErrMismatch says that a decision came that does not fit the action: other arguments
// or another proposal. It never counts as an approval.
var ErrMismatch = errors.New("the decision does not fit the action")

// ErrNotPermitted says that the server does not let these credentials propose under
// this name.
var ErrNotPermitted = errors.New("the credentials do not permit this")

// TooLargeError says that an action outgrows what the server takes.
type TooLargeError struct {
	Size  int64 // bytes of the message with its header
	Limit int64 // the server's maximum payload in bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the action has %d bytes and the server takes at most %d: refer to large data instead of sending it", e.Size, e.Limit)
}

// RejectedError says that the action was decided and not approved.
type RejectedError struct {
	Action  string
	Outcome events.Outcome // rejected, expired, withdrawn, denied, or one this version does not know
	Reason  string
	// Comment is what the approvers wrote, one line each; empty where nobody did.
	Comment  string
	Decision Decision
}

func (e *RejectedError) Error() string {
	s := fmt.Sprintf("action %s is %s: %s", e.Action, e.Outcome, e.Reason)
	if e.Comment != "" {
		s += " (" + strings.ReplaceAll(e.Comment, "\n", "; ") + ")"
	}
	return s
}

func rejected(d Decision) *RejectedError {
	var comments []string
	for _, a := range d.DecidedBy.Approvers {
		if a.Comment != "" {
			comments = append(comments, a.Approver+": "+a.Comment)
		}
	}
	return &RejectedError{Action: d.Action, Outcome: d.Outcome, Reason: d.Reason, Comment: strings.Join(comments, "\n"), Decision: d}
}

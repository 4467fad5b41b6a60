package events

import (
	"fmt"
	"slices"
	"strings"
)

// Level is how risky an action is.
type Level string

// The levels. What is unknown or cannot be assessed is [High].
const (
	Low    Level = "low"    // goes through
	Medium Level = "medium" // goes through and is logged for review
	High   Level = "high"   // waits for people
)

// Valid reports whether l is one of the three levels.
func (l Level) Valid() bool { return l == Low || l == Medium || l == High }

// Breakpoint is where in its work the agent paused.
type Breakpoint string

// The breakpoints.
const (
	AtPlan        Breakpoint = "plan"
	AtToolCall    Breakpoint = "tool_call"
	AtComputerUse Breakpoint = "computer_use"
	AtSubtask     Breakpoint = "subtask"
	AtFinalReview Breakpoint = "final_review"
)

// Outcome is the pipeline's final word on one action.
type Outcome string

// The outcomes. Only [Approved] lets an action run.
const (
	Approved  Outcome = "approved"
	Rejected  Outcome = "rejected"  // by an approver, or by a route's end
	Expired   Outcome = "expired"   // nobody answered
	Withdrawn Outcome = "withdrawn" // the agent took it back
	Denied    Outcome = "denied"    // by policy, or because it could not be read
)

// DeciderKind says what kind of authority made a decision.
type DeciderKind string

// The kinds of decider.
const (
	ByPolicy    DeciderKind = "policy"
	ByApprovers DeciderKind = "approvers"
	ByTimeout   DeciderKind = "timeout"
	ByAgent     DeciderKind = "agent"
	ByPlan      DeciderKind = "plan"  // which people approved
	ByGrant     DeciderKind = "grant" // a standing approval
)

// VerdictKind is one approver's answer to an item.
type VerdictKind string

// The verdicts.
const (
	Approve VerdictKind = "approve"
	Reject  VerdictKind = "reject"
	Edit    VerdictKind = "edit"    // approve, with other arguments
	Respond VerdictKind = "respond" // reject, with guidance for the agent
	Abstain VerdictKind = "abstain" // counts neither way; takes an earlier answer back
)

// VerdictKinds are all verdicts.
func VerdictKinds() []VerdictKind { return []VerdictKind{Approve, Reject, Edit, Respond, Abstain} }

// ApprovalEvent is the token that names a step in a request's life on its subject.
type ApprovalEvent string

// The steps of a request's life.
const (
	Requested ApprovalEvent = "requested"
	Revised   ApprovalEvent = "revised" // an edit, or an agent's answer, made a new version of the card
	Reminded  ApprovalEvent = "reminded"
	Escalated ApprovalEvent = "escalated"
	Resolved  ApprovalEvent = "resolved"
	Refused   ApprovalEvent = "refused" // a verdict or a hand-over was not accepted

	Acknowledged ApprovalEvent = "acknowledged" // somebody looks at it
	Reassigned   ApprovalEvent = "reassigned"
	Asked        ApprovalEvent = "asked" // the agent was asked a question
	Snoozed      ApprovalEvent = "snoozed"
)

// GrantEvent is the token that names a step in a grant's life on its subject.
type GrantEvent string

// The steps of a grant's life.
const (
	GrantGiven   GrantEvent = "created"
	GrantDenied  GrantEvent = "refused"
	GrantCounted GrantEvent = "used"
	GrantEnded   GrantEvent = "revoked"
)

// ReviewEvent is the token that names a step in a review's life on its subject.
type ReviewEvent string

// The steps of a review's life.
const (
	ReviewIsOpen  ReviewEvent = "opened"
	ReviewCounted ReviewEvent = "marked"
	ReviewFlag    ReviewEvent = "flagged"
	ReviewDenied  ReviewEvent = "refused"
)

// Sight is the token that names on a subject what somebody saw of a card.
type Sight string

// What can be seen of a card.
const (
	CardDelivered  Sight = "delivered" // it reached the person's device
	CardOpened     Sight = "opened"    // the person had it before them
	EvidenceOpened Sight = "evidence"  // the person looked behind it
)

// PolicyEvent is the token that names what became of a policy's files on its subject.
type PolicyEvent string

// What becomes of a policy's files.
const (
	Loaded    PolicyEvent = "loaded"
	NotLoaded PolicyEvent = "refused"
)

// ReceiptStatus is what became of an action after its decision.
type ReceiptStatus string

// The receipt's statuses.
const (
	Succeeded ReceiptStatus = "succeeded"
	Failed    ReceiptStatus = "failed"
)

// oneOf checks that v is one of allowed.
func oneOf[T ~string](field string, v T, allowed ...T) error {
	if slices.Contains(allowed, v) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	if v == "" {
		return &FieldError{Field: field, Problem: "is missing", Fix: "use " + strings.Join(names, ", ")}
	}
	return &FieldError{Field: field, Problem: fmt.Sprintf("is %q", string(v)), Fix: "use " + strings.Join(names, ", ")}
}

func missing(field, fix string) error {
	return &FieldError{Field: field, Problem: "is missing", Fix: fix}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

package approval

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Input is what moves a request: a [Verdict], a [HandOver], an [Answered], a [Withdrawn] or a [TimerFired].
type Input interface{ input() }

// Verdict is one approver's answer as it was stored.
type Verdict struct {
	// Sequence is the verdict's place in the stream of verdicts: it tells a
	// redelivered verdict from a new one, and an older from a newer. From 1.
	Sequence uint64
	// EventID is the id of the verdict's event.
	EventID string
	// Channel and Approver are those of the subject, never of the payload.
	Channel  string
	Approver string
	// Person is who is behind the account Approver; "" means the account's own name.
	Person string
	// Groups are the groups the person is in, as configured at the time of the verdict.
	Groups []string
	// OverLimit says, by item number, why it moves more money than the verdict's limits allow, or nobody knows how much.
	OverLimit map[int]string
	// Doubted says that the person's approval does not suffice alone, Resting why no answer of theirs counts for some time; "" where it does.
	Doubted bool
	Resting string
	// GrantRefused says why what the verdict lets pass too is more than the approver may let pass; "" where it is not.
	GrantRefused string
	// Own says, by item number, why the action is the person's own, which nobody may approve.
	Own map[int]string
	// Edits are the edited arguments of Cast by item number, as the risk scorer sees them.
	Edits map[int]Edit
	Cast  events.VerdictCast
	// At is when the verdict was stored.
	At time.Time
}

// Edit is what became of edited arguments before they can count.
type Edit struct {
	// Problem is why they cannot take the place of the proposed ones; "" where they can.
	Problem string
	// Assessed is the assessment of the action with them; its Edited holds them.
	Assessed *events.ActionAssessed
	// Shown are the arguments to be read on the card, Masked where something in them is masked.
	Shown  json.RawMessage
	Masked []string
}

// Withdrawn says that the agent takes an action back.
type Withdrawn struct {
	Agent, Action string
	// Sequence is the withdrawal's place in the stream of actions. From 1.
	Sequence uint64
	EventID  string
	Reason   string
	At       time.Time
}

// TimerKind is what a timer is for.
type TimerKind string

// The kinds of timer.
const (
	Remind   TimerKind = "remind"
	Escalate TimerKind = "escalate" // the tier ends: the next one comes in, or the request ends
	Wake     TimerKind = "wake"     // a snooze ends
)

// TimerFired says that a timer of a tier is due.
type TimerFired struct {
	Tier int
	Kind TimerKind
	N    int // the reminder's number within the tier, from 1; for Wake the sequence of the snooze; 0 for Escalate
	// At is when the timer fired; zero means now.
	At time.Time
	// OnCall are the persons on call now, for each group of the next tier that is a schedule.
	OnCall map[string][]string
}

func (Verdict) input()    {}
func (Withdrawn) input()  {}
func (TimerFired) input() {}

// TimerID is the id of a timer's event, the same for every arming of it.
func TimerID(request string, tier int, kind TimerKind, n int) string {
	return fmt.Sprintf("%s/timer/%d/%s/%d", request, tier, kind, n)
}

// Effect is what the world is told after a step: a [Decide], a [Reopen], an [Announce], a [Tell] or an
// [Arm]. Every effect may be carried out more than once.
type Effect interface{ effect() }

// Decide is the final word on one item, for the ledger.
type Decide struct {
	Decision events.DecisionMade
	// ReplyTo, TraceParent and PolicyVersion are those of the item.
	ReplyTo       string
	TraceParent   string
	PolicyVersion string
	// CauseID is the id of the verdict's or timer's event.
	CauseID string
	At      time.Time
}

// Reopen puts an action with edited arguments on a card of its own.
type Reopen struct {
	Assessed events.ActionAssessed
	Cause    Cause
	At       time.Time
	ItemOrigin
}

// Announce is a step in the request's life, for the group.
type Announce struct {
	Event   events.ApprovalEvent
	Group   string
	Payload events.Payload
	// Key is unique within the request and the same at every repetition.
	Key string
	At  time.Time
}

// Tell tells an agent on its reply subject how its action stands. It is not stored, and nothing depends on it.
type Tell struct {
	Pending     events.ApprovalPending
	ReplyTo     string
	TraceParent string
}

// Arm asks for a timer. Arming twice is harmless: the second to fire repeats the
// first or is dropped.
type Arm struct {
	Tier int
	Kind TimerKind
	N    int
	At   time.Time
}

func (Decide) effect()   {}
func (Reopen) effect()   {}
func (Announce) effect() {}
func (Tell) effect()     {}
func (Arm) effect()      {}

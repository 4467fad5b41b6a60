package events

import "time"

// ApprovalReminded tells the group of a request's tier once more that it waits.
type ApprovalReminded struct {
	Request string `json:"request"`
	Group   string `json:"group"`
	Tier    int    `json:"tier"`
	// Reminder counts the reminders within the tier, from 1.
	Reminder int       `json:"reminder"`
	EndsAt   time.Time `json:"endsAt"`
	// Quiet are persons of the group who want no reminders now. Person, where set, is the only one who is
	// reminded: a snooze ends.
	Quiet  []string `json:"quiet,omitempty"`
	Person string   `json:"person,omitempty"`
	// OnCall are the persons who are asked, where the group is a schedule.
	OnCall []string `json:"onCall,omitempty"`
}

// ApprovalRemindedType is the type of [ApprovalReminded].
const ApprovalRemindedType = "dev.weighlock.approval.reminded.v1"

// EventType implements [Payload].
func (*ApprovalReminded) EventType() string { return ApprovalRemindedType }

// Validate implements [Payload].
func (a *ApprovalReminded) Validate() error {
	return checkTokens("request", a.Request, "group", a.Group)
}

// ApprovalEscalated brings the next tier of a request's escalation path in.
type ApprovalEscalated struct {
	Request   string    `json:"request"`
	FromTier  int       `json:"fromTier"`
	FromGroup string    `json:"fromGroup"`
	ToTier    int       `json:"toTier"`
	ToGroup   string    `json:"toGroup"`
	Reason    string    `json:"reason"`
	EndsAt    time.Time `json:"endsAt"`
	// OnCall are the persons who are asked, where ToGroup is a schedule: who was on call when the tier came in.
	OnCall []string `json:"onCall,omitempty"`
	// Round is how often the whole path had ended before.
	Round int `json:"round,omitempty"`
}

// ApprovalEscalatedType is the type of [ApprovalEscalated].
const ApprovalEscalatedType = "dev.weighlock.approval.escalated.v1"

// EventType implements [Payload].
func (*ApprovalEscalated) EventType() string { return ApprovalEscalatedType }

// Validate implements [Payload].
func (a *ApprovalEscalated) Validate() error {
	return checkTokens("request", a.Request, "fromGroup", a.FromGroup, "toGroup", a.ToGroup)
}

// ApprovalResolved closes a request: every item has its outcome.
type ApprovalResolved struct {
	Request string        `json:"request"`
	Group   string        `json:"group"`
	By      DeciderKind   `json:"by"`
	Items   []ItemOutcome `json:"items"`
}

// ItemOutcome is what became of one item of a card.
type ItemOutcome struct {
	Number  int     `json:"number"`
	Agent   string  `json:"agent"`
	Action  string  `json:"action"`
	Outcome Outcome `json:"outcome"`
	// Moved says that the action went to a new card, because an edit made it riskier; it has no outcome here.
	Moved bool `json:"moved,omitempty"`
}

// ApprovalResolvedType is the type of [ApprovalResolved].
const ApprovalResolvedType = "dev.weighlock.approval.resolved.v1"

// EventType implements [Payload].
func (*ApprovalResolved) EventType() string { return ApprovalResolvedType }

// Validate implements [Payload].
func (a *ApprovalResolved) Validate() error {
	return checkTokens("request", a.Request, "group", a.Group)
}

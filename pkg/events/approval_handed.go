package events

import "time"

// ApprovalHanded says what an approver did with a request beside answering it, once that holds. Its subject
// says which it was: acknowledged, reassigned, asked, snoozed.
type ApprovalHanded struct {
	Request  string       `json:"request"`
	Group    string       `json:"group"`
	Kind     HandOverKind `json:"kind"`
	Channel  string       `json:"channel"`
	Approver string       `json:"approver"`
	Comment  string       `json:"comment,omitempty"`
	// Sequence is the place of the [HandOverCast] in the stream of verdicts.
	Sequence uint64 `json:"sequence"`
	// Tier is the tier that was current, from 0.
	Tier int `json:"tier"`
	// Until is how long the next tier is held back, the clock stands, or the reminders of a snooze; nil where nothing waits.
	Until *time.Time `json:"until,omitempty"`
	// To and ToGroup are who a request was reassigned to.
	To      string `json:"to,omitempty"`
	ToGroup string `json:"toGroup,omitempty"`
	// Question is what the agent is asked, QuestionID what its answer names, Item what it is about; 0 is the whole card.
	Question   string `json:"question,omitempty"`
	QuestionID string `json:"questionId,omitempty"`
	Item       int    `json:"item,omitempty"`
	// EndsAt is when the request now ends unless people answer.
	EndsAt time.Time `json:"endsAt"`
}

// ApprovalHandedType is the type of [ApprovalHanded].
const ApprovalHandedType = "dev.weighlock.approval.handed.v1"

// EventType implements [Payload].
func (*ApprovalHanded) EventType() string { return ApprovalHandedType }

// Validate implements [Payload].
func (a *ApprovalHanded) Validate() error {
	return firstError(
		checkTokens("request", a.Request, "group", a.Group, "channel", a.Channel, "approver", a.Approver),
		oneOf("kind", a.Kind, Acknowledge, Reassign, Ask, Snooze),
	)
}

// ApprovalPending tells an agent, on the reply subject of its action, that it waits for people. It is not stored: the
// steps that it tells of are.
type ApprovalPending struct {
	Agent   string `json:"agent"`
	Action  string `json:"action"`
	Request string `json:"request"`
	// Group is who is asked now, at tier Tier of the escalation path, from 0: so often others were brought in.
	Group string `json:"group"`
	Tier  int    `json:"tier"`
	// EndsAt is when an answer is due; Otherwise is what happens without one.
	EndsAt    time.Time `json:"endsAt"`
	Otherwise Outcome   `json:"otherwise"`
	// Question is what people want to know of the agent, and QuestionID what its answer has to name; "" for nothing.
	Question   string `json:"question,omitempty"`
	QuestionID string `json:"questionId,omitempty"`
	AskedBy    string `json:"askedBy,omitempty"`
}

// ApprovalPendingType is the type of [ApprovalPending].
const ApprovalPendingType = "dev.weighlock.approval.pending.v1"

// EventType implements [Payload].
func (*ApprovalPending) EventType() string { return ApprovalPendingType }

// Validate implements [Payload].
func (a *ApprovalPending) Validate() error {
	return checkTokens("agent", a.Agent, "action", a.Action, "request", a.Request, "group", a.Group)
}

package events

import (
	"encoding/json"
	"fmt"
	"time"
)

// ApprovalRequested puts one or more similar actions before a group as one card.
type ApprovalRequested struct {
	Request string `json:"request"`
	Group   string `json:"group"`
	// Digest names the exact bytes of Card. A verdict repeats it, so that what is
	// approved is what was shown.
	Digest string `json:"digest"`
	// OnCall are the persons who are asked, where Group is a schedule.
	OnCall []string `json:"onCall,omitempty"`
	// Card is the JSON of a [Card], kept as bytes because the digest is over them.
	Card json.RawMessage `json:"card"`
}

// Card is what is shown to an approver. Its membership never changes once published.
type Card struct {
	Request string `json:"request"`
	Group   string `json:"group"`
	Route   string `json:"route"`
	// Version counts the versions of the card, from 1; an edit makes a new one.
	Version int `json:"version,omitempty"`
	// Quorum is how many different people must approve an item; at least 1.
	Quorum int `json:"quorum"`
	// Require says of which groups they must be.
	Require []Requirement `json:"require,omitempty"`
	// CommentOn are the verdicts that need a comment.
	CommentOn []VerdictKind `json:"commentOn,omitempty"`
	// Headline says in at most 120 characters what is asked for.
	Headline string `json:"headline"`
	// Level and Score are those of the riskiest item.
	Level Level `json:"level"`
	Score int   `json:"score"`
	// Context is what all items have in common of what it takes to judge them.
	Context *CardContext `json:"context,omitempty"`
	// Items are the actions, numbered from 1, the riskiest first.
	Items []CardItem `json:"items"`
	// OpenedAt is when the card was made, EndsAt when Otherwise happens unless people answer.
	OpenedAt  time.Time `json:"openedAt"`
	EndsAt    time.Time `json:"endsAt"`
	Otherwise Outcome   `json:"otherwise"`
	// Questions are what approvers asked the agent, and its answers.
	Questions []CardQuestion `json:"questions,omitempty"`
	// Flood says that the card is about more than its item: an agent that puts more before people than they can judge.
	Flood *Flood `json:"flood,omitempty"`
}

// Flood is an agent that opened more actions than its route allows. What comes after the card's item waits for what becomes of it,
// or is denied. Rejecting the item rejects what waits; approving it approves nothing else: what waits then comes onto
// cards of its own.
type Flood struct {
	Agent string `json:"agent"`
	// Actions within Seconds are what the route allows.
	Actions int `json:"actions"`
	Seconds int `json:"seconds"`
	// Denied says that what comes after is denied instead of waiting.
	Denied bool `json:"denied,omitempty"`
	// Until is when the agent is counted anew, unless the item is approved before.
	Until time.Time `json:"until"`
}

// CardQuestion is a question to the agent that it has answered.
type CardQuestion struct {
	// Item is what it is about; 0 is the whole card.
	Item       int       `json:"item,omitempty"`
	AskedBy    string    `json:"askedBy"`
	AskedAt    time.Time `json:"askedAt"`
	Question   string    `json:"question"`
	Agent      string    `json:"agent"`
	Answer     string    `json:"answer"`
	AnsweredAt time.Time `json:"answeredAt"`
}

// Requirement is a part of a quorum: so many different people of a group.
type Requirement struct {
	Group string `json:"group"`
	Count int    `json:"count"` // at least 1
}

// CardItem is one action on a card. It refers to the action instead of copying
// it, so that no card outgrows the server's maximum payload.
type CardItem struct {
	Number int `json:"number"` // from 1
	ActionRef
	Tool       string     `json:"tool,omitempty"`
	Target     *Target    `json:"target,omitempty"`
	Principal  string     `json:"principal,omitempty"`
	Session    string     `json:"session,omitempty"`
	Level      Level      `json:"level"`
	Score      int        `json:"score"`
	Reasons    []string   `json:"reasons,omitempty"`
	ProposedAt time.Time  `json:"proposedAt"`
	Deadline   *time.Time `json:"deadline,omitempty"`
	// Breakpoint is where in its work the agent paused.
	Breakpoint Breakpoint `json:"breakpoint,omitempty"`
	// Arguments are what the tool will be called with, to be read: secrets are masked and long values cut, ArgumentsDigest names the real
	// ones. Masked says where something was masked, as JSON pointers; Cut that not all is shown.
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Masked    []string        `json:"masked,omitempty"`
	Cut       bool            `json:"cut,omitempty"`
	// Context is what the item has for itself of what it takes to judge it.
	Context *CardContext `json:"context,omitempty"`
	// Unseen says that the action was not at hand any more when the card was made, so that it cannot be shown.
	Unseen bool `json:"unseen,omitempty"`
	// Edited are the arguments in the place of the proposed ones, which ArgumentsDigest then names; EditedBy
	// is who put them there.
	Edited   json.RawMessage `json:"edited,omitempty"`
	EditedBy string          `json:"editedBy,omitempty"`
}

// CardContext is what it takes to judge an action beside the action itself, in the agent's words, with secrets masked and long texts cut.
// All of it can be read in full where the action is stored.
type CardContext struct {
	// UserRequest is what the user asked for, Reasoning why the agent wants to do this.
	UserRequest string  `json:"userRequest,omitempty"`
	Reasoning   string  `json:"reasoning,omitempty"`
	Impact      *Impact `json:"impact,omitempty"`
	// Plan is the agent's plan; at the breakpoint plan what is asked for. PlanSteps is how many steps it has in all.
	Plan      []PlanStep `json:"plan,omitempty"`
	PlanSteps int        `json:"planSteps,omitempty"`
	// Memory is what the agent remembered or retrieved, what is not trusted first.
	Memory []MemoryItem `json:"memory,omitempty"`
}

// ReadCard checks the digest and decodes the card.
func (a *ApprovalRequested) ReadCard() (*Card, error) {
	if got := Digest(a.Card); got != a.Digest {
		return nil, &FieldError{Field: "digest", Problem: fmt.Sprintf("is %s but the card's bytes give %s", a.Digest, got)}
	}
	var c Card
	if err := unmarshal(a.Card, &c); err != nil {
		return nil, fmt.Errorf("reading the card: %w", err)
	}
	return &c, nil
}

// ApprovalRequestedType is the type of [ApprovalRequested].
const ApprovalRequestedType = "dev.weighlock.approval.requested.v1"

// EventType implements [Payload].
func (*ApprovalRequested) EventType() string { return ApprovalRequestedType }

// Validate implements [Payload].
func (a *ApprovalRequested) Validate() error {
	if len(a.Card) == 0 {
		return missing("card", "show what is asked for")
	}
	return firstError(checkTokens("request", a.Request, "group", a.Group), CheckDigest("digest", a.Digest))
}

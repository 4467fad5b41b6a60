package events

import (
	"encoding/json"
	"fmt"
	"time"
)

// ReviewOpened puts actions that went through before a group, to be looked at afterwards.
type ReviewOpened struct {
	Review string `json:"review"`
	Group  string `json:"group"`
	// Digest names the exact bytes of Card, the JSON of a [ReviewCard]. Marks repeat it.
	Digest string          `json:"digest"`
	Card   json.RawMessage `json:"card"`
}

// ReviewCard is a digest of medium actions of some time: all of them counted by kind, and some of each to be looked at.
type ReviewCard struct {
	Review string `json:"review"`
	Group  string `json:"group"`
	// From is inclusive, To exclusive, by the time at which the assessments were stored.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Actions is how many there were, Kinds how they divide, the largest first.
	Actions int          `json:"actions"`
	Kinds   []ReviewKind `json:"kinds"`
	// Items are those to be looked at, numbered from 1.
	Items []ReviewItem `json:"items"`
}

// ReviewKind counts similar actions.
type ReviewKind struct {
	Tool    string `json:"tool,omitempty"`
	Reason  string `json:"reason"`
	Actions int    `json:"actions"`
	Agents  int    `json:"agents"`
}

// ReviewItem is one action to be looked at.
type ReviewItem struct {
	Number int `json:"number"` // from 1
	ActionRef
	Tool      string    `json:"tool,omitempty"`
	Target    *Target   `json:"target,omitempty"`
	Principal string    `json:"principal,omitempty"`
	Score     int       `json:"score"`
	Reason    string    `json:"reason,omitempty"`
	At        time.Time `json:"at"`
}

// Mark is what a reviewer says of an item.
type Mark string

// The marks.
const (
	Fine Mark = "fine"
	Flag Mark = "flag" // it should not have gone through like that
)

// ReviewCast is a reviewer's answer. Who answers is in the subject.
type ReviewCast struct {
	Digest string `json:"digest"`
	// Mark is for every item that Items does not name; empty marks only those.
	Mark    Mark       `json:"mark,omitempty"`
	Items   []ItemMark `json:"items,omitempty"`
	Comment string     `json:"comment,omitempty"`
}

// ItemMark is the mark of one item.
type ItemMark struct {
	Number int  `json:"number"`
	Mark   Mark `json:"mark"`
}

// ReviewMarked says that a reviewer's answer counts.
type ReviewMarked struct {
	Review   string `json:"review"`
	Group    string `json:"group"`
	Approver string `json:"approver"`
	Person   string `json:"person"`
	Channel  string `json:"channel"`
	Sequence uint64 `json:"sequence"` // of the answer
	Fine     int    `json:"fine"`     // items that it marks fine
	Flagged  int    `json:"flagged"`
	// Left is how many items of the review nobody has marked yet.
	Left    int    `json:"left"`
	Comment string `json:"comment,omitempty"`
}

// ReviewFlagged says that a reviewer flagged an action: until then, what the agent does with that tool is scored higher.
type ReviewFlagged struct {
	Review   string    `json:"review"`
	Group    string    `json:"group"`
	Agent    string    `json:"agent"`
	Action   string    `json:"action"`
	Tool     string    `json:"tool,omitempty"`
	Approver string    `json:"approver"`
	Person   string    `json:"person"`
	Comment  string    `json:"comment,omitempty"`
	Until    time.Time `json:"until"`
}

// ReviewRefused says why a reviewer's answer does not count.
type ReviewRefused struct {
	Review   string `json:"review"`
	Approver string `json:"approver"`
	Channel  string `json:"channel"`
	Sequence uint64 `json:"sequence"`
	Reason   string `json:"reason"`
}

// The types of events about reviews.
const (
	ReviewOpenedType  = "dev.weighlock.review.opened.v1"
	ReviewCastType    = "dev.weighlock.review.cast.v1"
	ReviewMarkedType  = "dev.weighlock.review.marked.v1"
	ReviewFlaggedType = "dev.weighlock.review.flagged.v1"
	ReviewRefusedType = "dev.weighlock.review.refused.v1"
)

// EventType implements [Payload].
func (*ReviewOpened) EventType() string { return ReviewOpenedType }

// EventType implements [Payload].
func (*ReviewCast) EventType() string { return ReviewCastType }

// EventType implements [Payload].
func (*ReviewMarked) EventType() string { return ReviewMarkedType }

// EventType implements [Payload].
func (*ReviewFlagged) EventType() string { return ReviewFlaggedType }

// EventType implements [Payload].
func (*ReviewRefused) EventType() string { return ReviewRefusedType }

// Validate implements [Payload].
func (r *ReviewOpened) Validate() error {
	return firstError(checkTokens("review", r.Review, "group", r.Group), CheckDigest("digest", r.Digest))
}

// ReadCard checks the digest and decodes the card.
func (r *ReviewOpened) ReadCard() (*ReviewCard, error) {
	if got := Digest(r.Card); got != r.Digest {
		return nil, &FieldError{Field: "digest", Problem: fmt.Sprintf("is %s but the card's bytes give %s", r.Digest, got)}
	}
	var c ReviewCard
	if err := unmarshal(r.Card, &c); err != nil {
		return nil, fmt.Errorf("reading the review: %w", err)
	}
	return &c, nil
}

// Validate implements [Payload].
func (r *ReviewCast) Validate() error {
	if err := firstError(CheckDigest("digest", r.Digest), checkComment(r.Comment)); err != nil {
		return err
	}
	if r.Mark == "" && len(r.Items) == 0 {
		return missing("mark", "mark all items or single ones")
	}
	if r.Mark != "" {
		if err := oneOf("mark", r.Mark, Fine, Flag); err != nil {
			return err
		}
	}
	seen := make(map[int]bool, len(r.Items))
	for i, item := range r.Items {
		field := fmt.Sprintf("items[%d]", i)
		if err := oneOf(field+".mark", item.Mark, Fine, Flag); err != nil {
			return err
		}
		if item.Number < 1 || seen[item.Number] {
			return &FieldError{Field: field + ".number", Problem: fmt.Sprintf("is %d", item.Number), Fix: "number items from 1, each once"}
		}
		seen[item.Number] = true
	}
	return nil
}

// Validate implements [Payload].
func (r *ReviewMarked) Validate() error {
	return checkTokens("review", r.Review, "group", r.Group, "approver", r.Approver)
}

// Validate implements [Payload].
func (r *ReviewFlagged) Validate() error {
	return checkTokens("review", r.Review, "group", r.Group, "agent", r.Agent, "action", r.Action)
}

// Validate implements [Payload].
func (r *ReviewRefused) Validate() error {
	return checkTokens("review", r.Review, "approver", r.Approver, "channel", r.Channel)
}

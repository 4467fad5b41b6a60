package events

import (
	"fmt"
	"time"
)

// AttentionReported says what somebody saw of a card. Who, through which channel, of which request and what is in the subject.
type AttentionReported struct {
	// Digest is that of the card that was seen.
	Digest string `json:"digest"`
	// Item is the item whose evidence was opened, from 1; 0 for the card.
	Item int `json:"item,omitempty"`
	// Evidence names what was opened, such as "action" or "memory".
	Evidence string `json:"evidence,omitempty"`
}

// AttentionWarned says that somebody seems to wave cards through: what follows from that on the route, and until when.
type AttentionWarned struct {
	Person   string `json:"person"`
	Approver string `json:"approver"` // the account that answered last
	Route    string `json:"route"`
	// Rule is which rule of the route was broken: fast or load.
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
	// Then is what follows: warn for nothing but this event, second where the person's approval no longer suffices alone, rest where it does not count.
	Then  string    `json:"then"`
	Until time.Time `json:"until"`
	// Request and Sequence name the verdict that led to it.
	Request  string `json:"request"`
	Sequence uint64 `json:"sequence"`
}

// The types of events about attention.
const (
	AttentionReportedType = "dev.weighlock.attention.reported.v1"
	AttentionWarnedType   = "dev.weighlock.attention.warned.v1"
)

// maxEvidence is the longest name of evidence, in bytes.
const maxEvidence = 64

// EventType implements [Payload].
func (*AttentionReported) EventType() string { return AttentionReportedType }

// EventType implements [Payload].
func (*AttentionWarned) EventType() string { return AttentionWarnedType }

// Validate implements [Payload].
func (a *AttentionReported) Validate() error {
	switch {
	case a.Item < 0:
		return &FieldError{Field: "item", Problem: fmt.Sprintf("is %d", a.Item), Fix: "number items from 1"}
	case len(a.Evidence) > maxEvidence:
		return &FieldError{Field: "evidence", Problem: fmt.Sprintf("has %d bytes", len(a.Evidence)), Fix: fmt.Sprintf("use at most %d", maxEvidence)}
	}
	return CheckDigest("digest", a.Digest)
}

// Validate implements [Payload].
func (a *AttentionWarned) Validate() error {
	return checkTokens("person", a.Person, "approver", a.Approver, "request", a.Request)
}

package events

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// MaxCommentLength is the longest comment of a verdict, in bytes.
const MaxCommentLength = 4096

// MaxEditLength is the longest edited arguments of one item, in bytes: they travel on the card.
const MaxEditLength = 16 << 10

// VerdictCast is one approver's answer to a request. Who answered, and through
// which channel, is in the subject; Request and Approver may repeat it.
type VerdictCast struct {
	Request  string `json:"request,omitempty"`
	Approver string `json:"approver,omitempty"`
	// Digest is that of the card the approver saw.
	Digest string `json:"digest"`
	// Verdict answers every item that Items does not name; empty answers only those.
	// An edit always names its item.
	Verdict VerdictKind `json:"verdict,omitempty"`
	// Items answers single items.
	Items   []ItemVerdict `json:"items,omitempty"`
	Comment string        `json:"comment,omitempty"`
	// Guidance tells the agent what to do instead; required with respond.
	Guidance string `json:"guidance,omitempty"`
	// ReasonCode is a reason to count by, one token of the organisation's own choice.
	ReasonCode string `json:"reasonCode,omitempty"`
	// Limits bound what the verdict approves; nil for no bounds.
	Limits *ApprovalLimits `json:"limits,omitempty"`
	// Grant lets the next actions like those that the verdict approves pass too; nil for these alone.
	Grant *GrantTerms `json:"grant,omitempty"`
}

// ApprovalLimits bound an approval.
type ApprovalLimits struct {
	// ValidUntil is when the approval loses its force: an action that was not run before must not be.
	ValidUntil *time.Time `json:"validUntil,omitempty"`
	// Amount is the most money that one approved action may move, in Currency; 0 for no such bound.
	Amount   float64 `json:"amount,omitempty"`
	Currency string  `json:"currency,omitempty"`
}

func (l *ApprovalLimits) validate() error {
	switch {
	case l.Amount < 0 || math.IsNaN(l.Amount) || math.IsInf(l.Amount, 0):
		return &FieldError{Field: "limits.amount", Problem: fmt.Sprintf("is %v", l.Amount), Fix: "give an amount above zero, or leave it out"}
	case l.Amount > 0 != (l.Currency != ""):
		return &FieldError{Field: "limits.currency", Problem: fmt.Sprintf("is %q", l.Currency), Fix: "give an amount together with its currency, such as 500 EUR"}
	case l.Amount == 0 && l.ValidUntil == nil:
		return missing("limits", "say until when, or up to how much")
	case l.ValidUntil != nil:
		return checkTime("limits.validUntil", *l.ValidUntil)
	}
	return nil
}

// ItemVerdict answers one item of a card.
type ItemVerdict struct {
	Number  int         `json:"number"` // as on the card, from 1
	Verdict VerdictKind `json:"verdict"`
	// Arguments are the whole arguments as edited, a JSON object; only with edit.
	Arguments json.RawMessage `json:"arguments,omitempty"`
}

// VerdictCastType is the type of [VerdictCast].
const VerdictCastType = "dev.weighlock.verdict.cast.v1"

// EventType implements [Payload].
func (*VerdictCast) EventType() string { return VerdictCastType }

// Validate implements [Payload].
func (v *VerdictCast) Validate() error {
	if err := CheckDigest("digest", v.Digest); err != nil {
		return err
	}
	if v.Verdict == "" && len(v.Items) == 0 {
		return missing("verdict", "approve or reject all items or single ones")
	}
	if v.Verdict != "" {
		// Arguments belong to one action, so an edit of all is no answer.
		if err := oneOf("verdict", v.Verdict, Approve, Reject, Respond, Abstain); err != nil {
			return err
		}
	}
	for field, text := range map[string]string{"comment": v.Comment, "guidance": v.Guidance} {
		if len(text) > MaxCommentLength {
			return &FieldError{Field: field, Problem: fmt.Sprintf("has %d bytes", len(text)), Fix: "use at most " + strconv.Itoa(MaxCommentLength)}
		}
	}
	if v.ReasonCode != "" {
		if err := CheckToken("reasonCode", v.ReasonCode); err != nil {
			return err
		}
	}
	if err := v.validateItems(); err != nil {
		return err
	}
	if v.Limits != nil {
		if !v.Uses(Approve) && !v.Uses(Edit) {
			return &FieldError{Field: "limits", Problem: "come with no approval", Fix: "approve what is on the card, or leave the limits out"}
		}
		if err := v.Limits.validate(); err != nil {
			return err
		}
	}
	if v.Grant != nil {
		if !v.Uses(Approve) {
			return &FieldError{Field: "grant", Problem: "comes with no approval", Fix: "approve what is on the card, or leave the grant out"}
		}
		if err := v.Grant.Validate(); err != nil {
			return err
		}
	}
	if v.Guidance == "" && v.Uses(Respond) {
		return missing("guidance", "tell the agent what to do instead, or reject")
	}
	return nil
}

// Uses reports whether the verdict answers any item with kind.
func (v *VerdictCast) Uses(kind VerdictKind) bool {
	return v.Verdict == kind || slices.ContainsFunc(v.Items, func(i ItemVerdict) bool { return i.Verdict == kind })
}

func (v *VerdictCast) validateItems() error {
	seen := make(map[int]bool, len(v.Items))
	for i, item := range v.Items {
		field := fmt.Sprintf("items[%d]", i)
		if err := oneOf(field+".verdict", item.Verdict, VerdictKinds()...); err != nil {
			return err
		}
		switch {
		case item.Number < 1:
			return &FieldError{Field: field + ".number", Problem: fmt.Sprintf("is %d", item.Number), Fix: "items are numbered from 1"}
		case seen[item.Number]:
			return &FieldError{Field: field + ".number", Problem: fmt.Sprintf("repeats item %d", item.Number), Fix: "answer each item once"}
		case item.Verdict == Edit && len(item.Arguments) == 0:
			return missing(field+".arguments", "give the whole arguments as they should be")
		case item.Verdict != Edit && len(item.Arguments) > 0:
			return &FieldError{Field: field + ".arguments", Problem: "come with " + string(item.Verdict), Fix: "use the verdict edit, or leave them out"}
		case len(item.Arguments) > MaxEditLength:
			return &FieldError{Field: field + ".arguments", Problem: fmt.Sprintf("have %d bytes", len(item.Arguments)), Fix: "use at most " + strconv.Itoa(MaxEditLength) + ", or reject with guidance"}
		}
		seen[item.Number] = true
	}
	return nil
}

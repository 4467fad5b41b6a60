package events

import (
	"fmt"
	"strconv"
)

// MaxCommentLength is the longest comment of a verdict, in bytes.
const MaxCommentLength = 4096

// VerdictCast is one approver's answer to a request. Who answered, and through
// which channel, is in the subject; Request and Approver may repeat it.
type VerdictCast struct {
	Request  string `json:"request,omitempty"`
	Approver string `json:"approver,omitempty"`
	// Digest is that of the card the approver saw.
	Digest string `json:"digest"`
	// Verdict answers every item that Items does not name; empty answers only those.
	Verdict VerdictKind `json:"verdict,omitempty"`
	// Items answers single items.
	Items   []ItemVerdict `json:"items,omitempty"`
	Comment string        `json:"comment,omitempty"`
}

// ItemVerdict answers one item of a card.
type ItemVerdict struct {
	Number  int         `json:"number"` // as on the card, from 1
	Verdict VerdictKind `json:"verdict"`
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
		if err := oneOf("verdict", v.Verdict, Approve, Reject); err != nil {
			return err
		}
	}
	if len(v.Comment) > MaxCommentLength {
		return &FieldError{Field: "comment", Problem: fmt.Sprintf("has %d bytes", len(v.Comment)), Fix: "use at most " + strconv.Itoa(MaxCommentLength)}
	}
	seen := make(map[int]bool, len(v.Items))
	for i, item := range v.Items {
		field := fmt.Sprintf("items[%d]", i)
		if err := oneOf(field+".verdict", item.Verdict, Approve, Reject); err != nil {
			return err
		}
		if item.Number < 1 {
			return &FieldError{Field: field + ".number", Problem: fmt.Sprintf("is %d", item.Number), Fix: "items are numbered from 1"}
		}
		if seen[item.Number] {
			return &FieldError{Field: field + ".number", Problem: fmt.Sprintf("repeats item %d", item.Number), Fix: "answer each item once"}
		}
		seen[item.Number] = true
	}
	return nil
}

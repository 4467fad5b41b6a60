package events

import (
	"fmt"
	"time"
)

// PrivateScope says whose private values are meant: of all that is given.
type PrivateScope struct {
	// Principal is the subject of the data.
	Principal string `json:"principal,omitempty"`
	Agent     string `json:"agent,omitempty"`
	Action    string `json:"action,omitempty"`
}

// String names the scope in a sentence.
func (s PrivateScope) String() string {
	text := ""
	for _, part := range [][2]string{{"principal", s.Principal}, {"agent", s.Agent}, {"action", s.Action}} {
		if part[1] == "" {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += part[0] + " " + part[1]
	}
	return text
}

func (s PrivateScope) validate() error {
	if s == (PrivateScope{}) {
		return missing("scope", "name a principal, an agent or an action")
	}
	if s.Action != "" && s.Agent == "" {
		return missing("agent", "an action's name is unique within its agent only")
	}
	for field, name := range map[string]string{"agent": s.Agent, "action": s.Action} {
		if name != "" {
			if err := CheckToken(field, name); err != nil {
				return err
			}
		}
	}
	if len(s.Principal) > MaxCommentLength {
		return &FieldError{Field: "principal", Problem: fmt.Sprintf("has %d bytes", len(s.Principal)), Fix: fmt.Sprintf("use at most %d", MaxCommentLength)}
	}
	return nil
}

// ErasureAsked asks for private values to be erased. Who asks is in the subject.
type ErasureAsked struct {
	PrivateScope

	Reason string `json:"reason"`
}

// ErasureMade says which private values are gone. It never says what they were.
type ErasureMade struct {
	PrivateScope

	Erasure string `json:"erasure"` // the question
	Auditor string `json:"auditor"`
	Reason  string `json:"reason"`
	// Items are the actions whose values are gone; none where there were none.
	Items []ErasedItem `json:"items,omitempty"`
	// Held is how many actions keep their values, Holds because of which legal holds.
	Held  int      `json:"held,omitempty"`
	Holds []string `json:"holds,omitempty"`
	// More says that there are further values: ask again.
	More bool `json:"more,omitempty"`
}

// ErasedItem is an action whose private values are gone.
type ErasedItem struct {
	Agent       string   `json:"agent"`
	Action      string   `json:"action"`
	Commitments []string `json:"commitments,omitempty"`
}

// HoldAsked places or ends a legal hold. Who asks, and the hold's name, are in the subject.
type HoldAsked struct {
	PrivateScope

	// Release ends the hold of this name; the scope is then left out.
	Release bool   `json:"release,omitempty"`
	Reason  string `json:"reason"`
}

// HoldSet says that a legal hold is placed, or has ended: what is under hold is neither erased nor does it expire.
type HoldSet struct {
	PrivateScope

	Hold     string `json:"hold"`
	Auditor  string `json:"auditor"`
	Reason   string `json:"reason"`
	Released bool   `json:"released,omitempty"`
	// Refused is why nothing changed.
	Refused string    `json:"refused,omitempty"`
	At      time.Time `json:"at"`
}

// AuditBehind says that events may leave a stream before the audit has written them.
type AuditBehind struct {
	Stream string `json:"stream"`
	// Behind is how many events are not written, Oldest when the first of them was stored, Expires when the stream lets it go.
	Behind  uint64    `json:"behind"`
	Oldest  time.Time `json:"oldest"`
	Expires time.Time `json:"expires"`
}

// The types of events about private values and the state of the audit.
const (
	ErasureAskedType = "dev.weighlock.erasure.asked.v1"
	ErasureMadeType  = "dev.weighlock.erasure.made.v1"
	HoldAskedType    = "dev.weighlock.hold.asked.v1"
	HoldSetType      = "dev.weighlock.hold.set.v1"
	AuditBehindType  = "dev.weighlock.audit.behind.v1"
)

// EventType implements [Payload].
func (*ErasureAsked) EventType() string { return ErasureAskedType }

// EventType implements [Payload].
func (*ErasureMade) EventType() string { return ErasureMadeType }

// EventType implements [Payload].
func (*HoldAsked) EventType() string { return HoldAskedType }

// EventType implements [Payload].
func (*HoldSet) EventType() string { return HoldSetType }

// EventType implements [Payload].
func (*AuditBehind) EventType() string { return AuditBehindType }

// Validate implements [Payload].
func (e *ErasureAsked) Validate() error {
	if e.Principal == "" && (e.Agent == "" || e.Action == "") {
		return missing("principal", "name the principal whose values are to be erased, or one action of an agent")
	}
	return firstError(e.validate(), checkReason(e.Reason))
}

// Validate implements [Payload].
func (e *ErasureMade) Validate() error {
	return checkTokens("erasure", e.Erasure, "auditor", e.Auditor)
}

// Validate implements [Payload].
func (h *HoldAsked) Validate() error {
	if h.Release {
		return checkReason(h.Reason)
	}
	return firstError(h.validate(), checkReason(h.Reason))
}

// Validate implements [Payload].
func (h *HoldSet) Validate() error { return checkTokens("hold", h.Hold, "auditor", h.Auditor) }

// Validate implements [Payload].
func (a *AuditBehind) Validate() error { return checkTokens("stream", a.Stream) }

func checkReason(text string) error {
	if text == "" {
		return missing("reason", "say why: it stays in the audit")
	}
	return checkComment(text)
}

package events

import (
	"time"
)

// MessageDead keeps a message that a service could not handle, with the reason
// and where it came from.
type MessageDead struct {
	Service string `json:"service"`
	// Stream, Sequence and Subject are where the message is, or was.
	Stream   string `json:"stream"`
	Sequence uint64 `json:"sequence"`
	Subject  string `json:"subject"`
	Reason   string `json:"reason"`
	// Deliveries counts how often the message was tried, from 1.
	Deliveries int       `json:"deliveries"`
	StoredAt   time.Time `json:"storedAt"`
	Header     Header    `json:"header,omitempty"`
	// Data is the message's bytes, base64 in JSON. It is absent where the letter would
	// outgrow the server's maximum payload; Size and Digest still name the bytes, and
	// Stream and Sequence where they are.
	Data   []byte `json:"data,omitempty"`
	Size   int    `json:"size"`
	Digest string `json:"digest"`
}

// MessageDeadType is the type of [MessageDead].
const MessageDeadType = "dev.weighlock.message.dead.v1"

// EventType implements [Payload].
func (*MessageDead) EventType() string { return MessageDeadType }

// Validate implements [Payload].
func (m *MessageDead) Validate() error {
	if m.Reason == "" {
		return missing("reason", "say why the message could not be handled")
	}
	return CheckToken("service", m.Service)
}

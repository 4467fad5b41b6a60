package stream

import (
	"time"

	"github.com/nats-io/nats.go"
)

// PinHeader is put on a message by the server when it hands it to a pinned consumer; it is no part of what was stored.
const PinHeader = "Nats-Pin-Id"

// Pin says to a pinned consumer that this is the one that gets its messages. The zero value has none: it stands by.
type Pin struct {
	id    string
	other string // another id that a message gave meanwhile: ours, if it was given anew, or its publisher's; "" for none
}

// ID is what a request is made with; "" while standing by.
func (p *Pin) ID() string { return p.id }

// Learn takes the pin from a message. The server's line is behind what the publisher may have sent; but a publisher can end its header before that
// line and write one of its own, so a pin that works is not given up for what a message says.
func (p *Pin) Learn(m *nats.Msg) {
	all := m.Header[PinHeader]
	if len(all) == 0 {
		return
	}
	switch id := all[len(all)-1]; {
	case p.id == "":
		p.id = id
	case id != p.id:
		p.other = id
	}
}

// Refused is for status 423: somebody else gets the messages now, or the pin has another id.
func (p *Pin) Refused() { *p = Pin{id: p.other} }

// PullRequest is the body of a pull request.
type PullRequest struct {
	Batch    int           `json:"batch"`
	Expires  time.Duration `json:"expires,omitempty"`
	NoWait   bool          `json:"no_wait,omitempty"`
	MaxBytes int           `json:"max_bytes,omitempty"`
	Group    string        `json:"group,omitempty"`
	Pin      string        `json:"id,omitempty"`
}

package stream

import (
	"context"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Runtime is what a service is given to run on.
type Runtime struct {
	// Conn carries everything but answers to agents.
	Conn *nats.Conn
	// Replier sends copies to [Output.ReplyTo] and may publish nothing but inboxes; nil
	// for a service that never answers.
	Replier  *nats.Conn
	Subjects events.Subjects
	Logger   *slog.Logger     // nil means slog.Default()
	Metrics  *Metrics         // nil means metrics nobody reads
	Now      func() time.Time // nil means time.Now
}

// Message is one stored message on its way through a handler.
type Message struct {
	Subject  string
	Header   nats.Header
	Data     []byte
	Stream   string
	Sequence uint64
	StoredAt time.Time
	// Deliveries counts from 1.
	Deliveries int
	// Event is the decoded message. It is empty for [Config.Key], and for
	// [Burier.Buried] where the message could not be decoded. An id of more than 256 bytes is its digest there,
	// and a trace longer than the standard's is left out.
	Event events.Event
}

// Output is one event to be stored before the input is acknowledged.
type Output struct {
	// Subject is where the event is stored; "" for an answer that is only told on ReplyTo, once the outputs that are stored are.
	Subject string
	Event   events.Event
	// MsgID is the Nats-Msg-Id; "" for none. Give one wherever Once is not set: an input
	// that is redelivered publishes its outputs again.
	MsgID string
	// Once says that the subject takes one message ever (the ledger). What is found there
	// stands, and this output is dropped in its favour.
	Once bool
	// ReplyTo is where the stored message (this one, or the one that stood) is
	// copied in core NATS on [Runtime.Replier]; "" for nowhere. The handler vouches for
	// it (see [events.CheckReplyTo]).
	ReplyTo string
	// Header holds extra headers, such as those of a schedule; nil for none.
	Header nats.Header
	// Stored is called with the event's sequence in its stream once that has stored it, also where it had before; nil for no call. It must not
	// block. Of an output that is Once it is not called where another stands.
	Stored func(sequence uint64)
}

// Handler turns a message into an outcome. It never acknowledges, and is called
// from several goroutines, but for one key from one at a time and in order.
//
// ctx lives until the drain of a shutdown is over. A panic buries the message.
type Handler interface {
	Handle(ctx context.Context, m *Message) Outcome
}

// HandlerFunc is a [Handler].
type HandlerFunc func(ctx context.Context, m *Message) Outcome

// Handle implements [Handler].
func (f HandlerFunc) Handle(ctx context.Context, m *Message) Outcome { return f(ctx, m) }

// Burier is what a [Handler] may implement to publish more than the dead letter
// for a message that cannot be handled, such as a decision that denies.
type Burier interface {
	// Buried returns the extra outputs. m.Event is empty where m could not be decoded.
	Buried(m *Message, reason error) []Output
}

package requests

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// Timer is what travels in a timer: the escalator's note to itself. No other
// service sees it, so it is not part of the contract.
type Timer struct {
	Request string             `json:"request"`
	Tier    int                `json:"tier"`
	Kind    approval.TimerKind `json:"kind"`
	N       int                `json:"n,omitempty"`
	Due     time.Time          `json:"due"`
}

// TimerType is the type of [Timer].
const TimerType = "dev.weighlock.timer.armed.v1"

// EventType implements [events.Payload].
func (*Timer) EventType() string { return TimerType }

// Validate implements [events.Payload].
func (t *Timer) Validate() error {
	if t.Kind != approval.Remind && t.Kind != approval.Escalate && t.Kind != approval.Wake {
		return &events.FieldError{Field: "kind", Problem: fmt.Sprintf("is %q", string(t.Kind)), Fix: "use remind, escalate or wake"}
	}
	return events.CheckToken("request", t.Request)
}

// maxJitter spreads timers that are due at the same instant: a hundred thousand of
// them at once stall the stream for seconds.
const maxJitter = 250 * time.Millisecond

// arm is the output of a timer: a message the server keeps and moves to the due
// subject in time. Each arming has its own subject, because arming a subject again near
// its due time loses the second; the id keeps the server from storing one twice
// that is armed twice for the same time within the stream's window.
func (o *outputs) arm(a approval.Arm) (stream.Output, error) {
	id := fmt.Sprintf("%s/%d", approval.TimerID(o.state.Request, a.Tier, a.Kind, a.N), a.At.UnixMilli())
	e, err := events.New(&Timer{Request: o.state.Request, Tier: a.Tier, Kind: a.Kind, N: a.N, Due: a.At}, id, o.source, a.At)
	if err != nil {
		return stream.Output{}, fmt.Errorf("arming timer %s: %w", id, err)
	}
	e = e.Because(o.cause)
	e.Subject = o.state.Request
	e.TraceParent = o.traceParent()
	generation := rand.Uint64()       //nolint:gosec // it has to differ, not to be secret
	at := a.At.Add(rand.N(maxJitter)) //nolint:gosec // it spreads load
	return stream.Output{
		Subject: o.subjects.Timer(o.state.Request, a.Tier, generation), Event: e, MsgID: id,
		Header: nats.Header{
			"Nats-Schedule":        {"@at " + at.UTC().Format(time.RFC3339Nano)},
			"Nats-Schedule-Target": {o.subjects.Due(o.state.Request, a.Tier, generation)},
		},
	}, nil
}

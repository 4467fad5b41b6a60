package bucket

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Attempts is how often a lost compare-and-set is tried again before whoever asked is told to come again.
const Attempts = 50

// Lost reports whether a compare-and-set failed because somebody else was first, or is just being served.
func Lost(err error) bool {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	const wrongLastSequence, inFlight = 10071, 10164
	return api.ErrorCode == wrongLastSequence || api.ErrorCode == inFlight
}

// BackOff waits up to 5 ms: a lost race on one machine is over sooner, and a
// replica that answered with an old value has caught up.
func BackOff(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(5 * time.Millisecond)): //nolint:gosec // it spreads load
		return nil
	}
}

// IsMarker reports whether an entry only says that something was deleted or aged out.
func IsMarker(m *jetstream.RawStreamMsg) bool {
	e := Entry{Header: m.Header, Data: m.Data}
	return e.IsMarker()
}

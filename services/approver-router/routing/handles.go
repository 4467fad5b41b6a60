package routing

import (
	"context"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// handles are streams that were looked up before: the client asks the server how a stream may be read each time it looks one
// up, which costs more than reading. The zero value is usable.
type handles struct{ known sync.Map }

// of returns the handle of a stream.
func (h *handles) of(ctx context.Context, js jetstream.JetStream, name string) (jetstream.Stream, error) {
	if s, ok := h.known.Load(name); ok {
		return s.(jetstream.Stream), nil //nolint:forcetypeassert // nothing else is stored
	}
	s, err := js.Stream(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	h.known.Store(name, s)
	return s, nil
}

package requests

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/bucket"
)

// FloodKey is the key in the bucket of what is known about an agent's floods under a route.
func FloodKey(route, agent string) string { return "flood." + route + "." + agent }

// Change replaces the value of a key by what change makes of it, by compare-and-set, so that no change is lost; where change
// returns the same bytes nothing is written. The value is nil where there is none. It ages out after keep. An error of change
// is returned as it is.
func (st *Store) Change(ctx context.Context, key string, keep time.Duration, change func(value []byte) ([]byte, error)) error {
	for range bucket.Attempts {
		var value []byte
		revision := uint64(0)
		m, err := st.last(ctx, key)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
		case err != nil:
			return fmt.Errorf("reading %s: %w", key, err)
		case bucket.IsMarker(m):
			revision = m.Sequence
		default:
			value, revision = m.Data, m.Sequence
		}
		next, err := change(value)
		if err != nil {
			return err
		}
		if string(next) == string(value) {
			return nil
		}
		if err := st.write(ctx, key, next, revision, keep); err == nil || !bucket.Lost(err) {
			if err != nil {
				err = fmt.Errorf("writing %s: %w", key, err)
			}
			return err
		}
		if err := bucket.BackOff(ctx); err != nil {
			return fmt.Errorf("writing %s: %w", key, err)
		}
	}
	return fmt.Errorf("writing %s: %w", key, ErrContended)
}

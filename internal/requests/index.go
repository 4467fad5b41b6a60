package requests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
)

// Index knows which requests are open and when their tier ends. It reads only
// what changed since it last looked, so it can look often. It is not safe for concurrent use.
type Index struct {
	store *Store
	seen  uint64 // the last sequence that was read
	open  map[string]approval.State
}

// NewIndex returns an index that has read nothing yet.
func NewIndex(store *Store) *Index {
	return &Index{store: store, open: make(map[string]approval.State)}
}

// Refresh reads what changed. Entries that cannot be read are passed over, and
// are in the error as [ErrUnreadable].
func (x *Index) Refresh(ctx context.Context) error {
	stream, err := x.store.js.Stream(ctx, x.store.name)
	if err != nil {
		return fmt.Errorf("looking through the requests: %w", err)
	}
	if last := stream.CachedInfo().State.LastSeq; last < x.seen {
		// The bucket was made anew; what we know of is no more.
		x.seen, x.open = 0, make(map[string]approval.State)
	}
	var unreadable []error
	for {
		m, err := stream.GetMsg(ctx, x.seen+1, jetstream.WithGetMsgSubject(x.store.subject+"*"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return errors.Join(unreadable...)
		}
		if err != nil {
			return fmt.Errorf("looking through the requests after %d: %w", x.seen, err)
		}
		x.seen = m.Sequence
		if err := x.note(m); err != nil {
			unreadable = append(unreadable, err)
		}
	}
}

func (x *Index) note(m *jetstream.RawStreamMsg) error {
	request := strings.TrimPrefix(m.Subject, x.store.subject)
	delete(x.open, request)
	if isMarker(m) {
		return nil
	}
	var s approval.State
	if err := json.Unmarshal(m.Data, &s); err != nil {
		return fmt.Errorf("reading request %s: %w: %w", request, ErrUnreadable, err)
	}
	if s.Resolved == nil {
		x.open[request] = s
	}
	return nil
}

// Overdue returns the open requests whose current tier ended before now less grace.
func (x *Index) Overdue(now time.Time, grace time.Duration) []approval.State {
	var overdue []approval.State
	for _, s := range x.open {
		if s.Due().Add(grace).Before(now) {
			overdue = append(overdue, s)
		}
	}
	return overdue
}

package requests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/bucket"
)

// Index knows which requests are open and when their tier ends. It reads only
// what changed since it last looked, so it can look often, and keeps little of each. It is not safe for concurrent use.
type Index struct {
	store *Store
	seen  uint64               // the last sequence that was read
	due   map[string]time.Time // open request -> end of its tier
}

// NewIndex returns an index that has read nothing yet.
func NewIndex(store *Store) *Index {
	return &Index{store: store, due: make(map[string]time.Time)}
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
		x.seen, x.due = 0, make(map[string]time.Time)
	}
	var unreadable []error
	for more := true; more; {
		var entries []bucket.Entry
		if entries, more, err = bucket.Page(ctx, x.store.js.Conn(), x.store.name, x.store.subject+"*", x.seen+1); err != nil {
			return errors.Join(append(unreadable, fmt.Errorf("looking through the requests after %d: %w", x.seen, err))...)
		}
		for i := range entries {
			x.seen = entries[i].Sequence
			if err := x.note(&entries[i]); err != nil {
				unreadable = append(unreadable, err)
			}
		}
	}
	return errors.Join(unreadable...)
}

func (x *Index) note(e *bucket.Entry) error {
	request := strings.TrimPrefix(e.Subject, x.store.subject)
	delete(x.due, request)
	if e.IsMarker() {
		return nil
	}
	var s approval.State
	if err := json.Unmarshal(e.Data, &s); err != nil {
		return fmt.Errorf("reading request %s: %w: %w", request, ErrUnreadable, err)
	}
	if s.Resolved == nil {
		x.due[request] = s.Due()
	}
	return nil
}

// Overdue returns the open requests whose current tier ended before now less grace.
func (x *Index) Overdue(now time.Time, grace time.Duration) []string {
	var overdue []string
	for request, due := range x.due {
		if due.Add(grace).Before(now) {
			overdue = append(overdue, request)
		}
	}
	return overdue
}

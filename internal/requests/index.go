package requests

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unique"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/pkg/events"
)

// Index knows which requests are open, for which group, and when their tier ends. It reads only
// what changed since it last looked, so it can look often, and keeps little of each. It is safe for concurrent use.
type Index struct {
	store *Store

	mu     sync.Mutex
	seen   uint64 // the last sequence that was read
	looked time.Time
	open   map[string]opened             // by request
	groups map[unique.Handle[string]]int // how many are open
}

// opened is an open request.
type opened struct {
	due   time.Time // the end of its tier
	group unique.Handle[string]
}

// NewIndex returns an index that has read nothing yet.
func NewIndex(store *Store) *Index {
	x := &Index{store: store}
	x.forget()
	return x
}

func (x *Index) forget() {
	x.seen, x.open, x.groups = 0, make(map[string]opened), make(map[unique.Handle[string]]int)
}

// RefreshWithin is [Index.Refresh] unless it was read less than age ago.
func (x *Index) RefreshWithin(ctx context.Context, age time.Duration) error {
	x.mu.Lock()
	fresh := time.Since(x.looked) < age
	x.mu.Unlock()
	if fresh {
		return nil
	}
	return x.Refresh(ctx)
}

// Refresh reads what changed. Entries that cannot be read are passed over, and
// are in the error as [ErrUnreadable].
func (x *Index) Refresh(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	stream, err := x.store.js.Stream(ctx, x.store.name)
	if err != nil {
		return fmt.Errorf("looking through the requests: %w", err)
	}
	if last := stream.CachedInfo().State.LastSeq; last < x.seen {
		x.forget() // the bucket was made anew; what we know of is no more
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
	x.looked = time.Now()
	return errors.Join(unreadable...)
}

func (x *Index) note(e *bucket.Entry) error {
	request := strings.TrimPrefix(e.Subject, x.store.subject)
	if before, ok := x.open[request]; ok {
		delete(x.open, request)
		if x.groups[before.group]--; x.groups[before.group] == 0 {
			delete(x.groups, before.group)
		}
	}
	if e.IsMarker() {
		return nil
	}
	var s approval.State
	if err := json.Unmarshal(e.Data, &s); err != nil {
		return fmt.Errorf("reading request %s: %w: %w", request, ErrUnreadable, err)
	}
	if s.Resolved == nil {
		group := unique.Make(s.Group())
		x.open[request] = opened{s.Due(), group}
		x.groups[group]++
	}
	return nil
}

// Overdue returns the open requests whose current tier ended before now less grace.
func (x *Index) Overdue(now time.Time, grace time.Duration) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var overdue []string
	for request, o := range x.open {
		if o.due.Add(grace).Before(now) {
			overdue = append(overdue, request)
		}
	}
	return overdue
}

// Open is how many requests wait for a group.
func (x *Index) Open(group string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.groups[unique.Make(group)]
}

// Soonest are the open requests of a group whose tier ends first, at most most. It looks at every open request.
func (x *Index) Soonest(group string, most int) (soonest []events.StormRequest) {
	x.mu.Lock()
	defer x.mu.Unlock()
	wanted := unique.Make(group)
	for request, o := range x.open {
		if o.group != wanted {
			continue
		}
		r := events.StormRequest{Request: request, Due: o.due}
		at, _ := slices.BinarySearchFunc(soonest, r, func(a, b events.StormRequest) int {
			return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.Request, b.Request))
		})
		if at < most {
			soonest = slices.Insert(soonest, at, r)
			soonest = soonest[:min(len(soonest), most)]
		}
	}
	return soonest
}

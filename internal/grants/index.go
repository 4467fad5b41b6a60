package grants

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/weighlock/weighlock/internal/bucket"
)

// Index finds the grants that may be for an action. It reads only what changed since it last looked, so every question sees everything that
// was stored before it. It is safe for concurrent use.
type Index struct {
	store *Store

	mu    sync.Mutex
	seen  uint64           // the last sequence that was read
	known map[string]State // by id, without those that are over
}

// NewIndex returns an index that has read nothing yet.
func NewIndex(store *Store) *Index { return &Index{store: store, known: map[string]State{}} }

// For returns the grants for actions with this route, group and key that are not revoked: first those that the action has used already, then
// those that end soonest. What is left of them only [Store.Use] tells.
func (x *Index) For(ctx context.Context, a Action) ([]State, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.refresh(ctx); err != nil {
		return nil, err
	}
	name := a.Assessment.Agent + "/" + a.Assessment.Action
	var out []State
	for _, s := range x.known {
		_, used := s.Used[name]
		if s.Route == a.Route && s.Group == a.Group && s.Key == a.Key && (used || s.Revoked == nil) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(s, o State) int {
		_, usedS := s.Used[name]
		_, usedO := o.Used[name]
		if usedS != usedO {
			if usedS {
				return -1
			}
			return 1
		}
		return cmp.Or(s.Expires.Compare(o.Expires), cmp.Compare(s.ID, o.ID))
	})
	return out, nil
}

// All returns every grant that is stored, those that end soonest first.
func (x *Index) All(ctx context.Context) ([]State, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.refresh(ctx); err != nil {
		return nil, err
	}
	out := make([]State, 0, len(x.known))
	for _, s := range x.known {
		out = append(out, s)
	}
	slices.SortFunc(out, func(s, o State) int { return cmp.Or(s.Expires.Compare(o.Expires), cmp.Compare(s.ID, o.ID)) })
	return out, nil
}

func (x *Index) refresh(ctx context.Context) error {
	for more := true; more; {
		entries, left, err := bucket.Page(ctx, x.store.js.Conn(), x.store.name, x.store.subject+"*", x.seen+1)
		if err != nil {
			return fmt.Errorf("looking through the grants after %d: %w", x.seen, err)
		}
		for i := range entries {
			x.note(&entries[i])
		}
		more = left
	}
	return nil
}

// note takes an entry. One that cannot be read grants nothing.
func (x *Index) note(e *bucket.Entry) {
	x.seen = e.Sequence
	id := strings.TrimPrefix(e.Subject, x.store.subject)
	var s State
	if e.IsMarker() || json.Unmarshal(e.Data, &s) != nil || s.ID != id {
		delete(x.known, id)
		return
	}
	x.known[id] = s
}

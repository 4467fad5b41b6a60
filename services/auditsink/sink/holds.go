package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// PrivacyBucket keeps legal holds, and erasures that were begun; holdKey starts the keys of holds.
const (
	PrivacyBucket = "PRIVACY"
	holdKey       = "hold."
	// holdsBytes is how long the condition that a row is under a hold may become: ClickHouse takes statements of 256 KiB.
	holdsBytes = 128 << 10
)

// Hold is a legal hold as it is kept in the bucket. It stays there when it has ended, so that its name is not used twice.
type Hold struct {
	events.HoldSet

	// Placed and Ended are the sequences of the questions that did it.
	Placed uint64 `json:"placed"`
	Ended  uint64 `json:"ended,omitempty"`
}

// holds are the legal holds.
type holds struct {
	s *Service

	mu   sync.Mutex
	mine map[string]Hold // what this sink wrote: a replica may not show it yet
}

// standing are those in force, by name.
func (h *holds) standing(ctx context.Context) (map[string]Hold, error) {
	all, err := ReadHolds(ctx, h.s.rt.Conn, h.s.rt.Subjects)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	maps.Copy(all, h.mine)
	h.mu.Unlock()
	maps.DeleteFunc(all, func(_ string, one Hold) bool { return one.Released })
	return all, nil
}

// ReadHolds reads all legal holds from their bucket, by name, those that have ended as well.
func ReadHolds(ctx context.Context, conn *nats.Conn, s events.Subjects) (map[string]Hold, error) {
	name := s.Stream(PrivacyBucket)
	all := make(map[string]Hold)
	for next, more := uint64(1), true; more; {
		var page []bucket.Entry
		var err error
		if page, more, err = bucket.Page(ctx, conn, "KV_"+name, "$KV."+name+"."+holdKey+"*", next); err != nil {
			return nil, fmt.Errorf("reading the legal holds: %w", err)
		}
		for i := range page {
			next = page[i].Sequence + 1
			if page[i].IsMarker() {
				continue
			}
			var one Hold
			if err := json.Unmarshal(page[i].Data, &one); err != nil {
				return nil, fmt.Errorf("reading the legal hold %s: %w", page[i].Subject, err)
			}
			all[one.Hold] = one
		}
	}
	return all, nil
}

// held is the condition that a row is under a hold.
func (h *holds) held(ctx context.Context) (string, map[string]Hold, error) {
	all, err := h.standing(ctx)
	if err != nil {
		return "", nil, err
	}
	parts := []string{"0"}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, scopeSQL(all[name].PrivateScope))
	}
	return "(" + strings.Join(parts, " OR ") + ")", all, nil
}

// change places or ends a hold. The same question twice changes nothing more.
func (h *holds) change(ctx context.Context, m *stream.Message, auditor, name string, ask *events.HoldAsked) stream.Outcome {
	kv, err := h.s.js.KeyValue(ctx, h.s.rt.Subjects.Stream(PrivacyBucket))
	if err != nil {
		return stream.RetryAfter(privacyRetry, fmt.Errorf("opening the bucket of holds: %w", err))
	}
	var was Hold
	revision := uint64(0)
	entry, err := kv.Get(ctx, holdKey+name)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
	case err != nil:
		return stream.RetryAfter(privacyRetry, fmt.Errorf("reading hold %s: %w", name, err))
	default:
		if err := json.Unmarshal(entry.Value(), &was); err != nil {
			return stream.Permanent(fmt.Errorf("reading hold %s: %w", name, err))
		}
		revision = entry.Revision()
	}
	next, changed, refused := was.next(m, auditor, name, ask)
	if changed && !ask.Release {
		switch held, all, err := h.held(ctx); {
		case err != nil:
			return stream.RetryAfter(privacyRetry, err)
		case len(held)+len(scopeSQL(ask.PrivateScope)) > holdsBytes:
			next, changed, refused = was, false, fmt.Sprintf("%d holds are in force, and ClickHouse takes no more: remove some, or widen one", len(all))
		}
	}
	if changed {
		data, err := json.Marshal(next)
		if err == nil {
			_, err = kv.Update(ctx, holdKey+name, data, revision)
		}
		if err != nil {
			return stream.RetryAfter(privacyRetry, fmt.Errorf("writing hold %s: %w", name, err))
		}
		h.mu.Lock()
		h.mine[name] = next
		h.mu.Unlock()
	}
	set := next.HoldSet
	set.Hold, set.Auditor, set.Reason, set.Released, set.Refused = name, auditor, ask.Reason, ask.Release, refused
	if set.At.IsZero() {
		set.At = m.StoredAt
	}
	return h.s.say(m, h.s.rt.Subjects.Hold(auditor, name), &set, fmt.Sprintf("hold/%d", m.Sequence))
}

// next is what a question makes of a hold; the zero hold is none.
func (was Hold) next(m *stream.Message, auditor, name string, ask *events.HoldAsked) (is Hold, changed bool, refused string) {
	is = was
	switch {
	case was.Placed == m.Sequence || was.Ended == m.Sequence: // done before
	case !ask.Release && was.Placed != 0:
		return was, false, "the name was used before: take another"
	case ask.Release && was.Placed == 0:
		return was, false, "there is no hold of this name"
	case ask.Release && was.Released:
		return was, false, "the hold has ended before"
	case ask.Release:
		is.Ended, is.Released, is.At, changed = m.Sequence, true, m.StoredAt, true
	default:
		is = Hold{Placed: m.Sequence, HoldSet: events.HoldSet{PrivateScope: ask.PrivateScope, Hold: name, Auditor: auditor, Reason: ask.Reason, At: m.StoredAt}}
		changed = true
	}
	return is, changed, ""
}

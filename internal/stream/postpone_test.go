package stream_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
)

// What is put off takes no place in the worker, comes back when it is time, and not before.
func TestPostponedComesBack(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	good := assess(r.Subjects)
	var early atomic.Int64
	const wait = 200 * time.Millisecond
	start(t, r, stream.HandlerFunc(func(ctx context.Context, m *stream.Message) stream.Outcome {
		if m.Deliveries == 1 {
			return stream.Postpone(wait)
		}
		if time.Since(m.StoredAt) < wait {
			early.Add(1)
		}
		return good(ctx, m)
	}))
	feed(t, r, 0, 100)
	settled(t, r)
	counts, err := r.Counts(r.Subjects.Stream("EVENTS"), ">")
	if err != nil || len(counts) != 100 || early.Load() != 0 {
		t.Fatalf("outputs: %d, %v; %d came early", len(counts), err, early.Load())
	}
}

package stream_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
	"github.com/weighlock/weighlock/internal/topology"
)

// TestStreamMadeAnew makes the stream anew while a message of the old one is held: the message that has its place now is handled like any other.
func TestStreamMadeAnew(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	var mu sync.Mutex
	held := make(map[string]*stream.Promise)
	handled := func(id string) error {
		mu.Lock()
		defer mu.Unlock()
		if held[id] == nil {
			return fmt.Errorf("%s is not handled", id)
		}
		return nil
	}
	start(t, r, stream.HandlerFunc(func(_ context.Context, m *stream.Message) stream.Outcome {
		mu.Lock()
		defer mu.Unlock()
		held[m.Event.ID] = stream.NewPromise()
		return stream.Later(held[m.Event.ID])
	}))
	feed(t, r, 0, 1)
	streamtest.Eventually(t, "waiting for the first message", func() error { return handled("a0") })
	if err := r.JS.DeleteStream(t.Context(), r.Subjects.Stream("ACTIONS")); err != nil {
		t.Fatal(err)
	}
	if err := topology.Ensure(t.Context(), r.JS, r.Settings); err != nil {
		t.Fatal(err)
	}
	feed(t, r, 1, 2)
	streamtest.Eventually(t, "waiting for the message at its place", func() error { return handled("a1") })
	held["a0"].Resolve(stream.Done())
	feed(t, r, 2, 3)
	streamtest.Eventually(t, "waiting for the message after it", func() error { return handled("a2") })
	c, err := r.JS.Consumer(t.Context(), r.Subjects.Stream("ACTIONS"), "forwarder")
	if err != nil {
		t.Fatal(err)
	}
	if n := c.CachedInfo().NumAckPending; n != 2 {
		t.Errorf("%d messages are unacknowledged, want 2: the old one has taken the new one's acknowledgement", n)
	}
}

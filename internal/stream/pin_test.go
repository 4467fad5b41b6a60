package stream_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
	"github.com/weighlock/weighlock/pkg/events"
)

// pinned returns the id of the active worker's pin and since when it has it.
func pinned(t *testing.T, r *streamtest.Rig) (string, time.Time) {
	t.Helper()
	c, err := r.JS.Consumer(t.Context(), r.Subjects.Stream("ACTIONS"), "forwarder")
	if err != nil {
		t.Fatal(err)
	}
	groups := c.CachedInfo().PriorityGroups
	if len(groups) != 1 {
		t.Fatalf("priority groups: %+v", groups)
	}
	return groups[0].PinnedClientID, groups[0].PinnedTS
}

// TestPinIsKept has a worker that is full, and one that has nothing to do, beside a
// standby: neither may lose its pin while it lives.
func TestPinIsKept(t *testing.T) {
	t.Parallel()
	for name, held := range map[string]int{"full": 8, "idle": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := streamtest.NewRig(t)
			sh := newShelf(assess(r.Subjects), func(id string) bool { return id != "a0" })
			small := func(_ *stream.Runtime, c *stream.Config) { c.MaxInFlight, c.PinnedTTL = 8, time.Second }
			start(t, r, sh, small)
			feed(t, r, 0, 1)
			settled(t, r)
			var others atomic.Int64
			start(t, r, stream.HandlerFunc(func(context.Context, *stream.Message) stream.Outcome {
				others.Add(1)
				return stream.Done()
			}), small)
			before, since := pinned(t, r)
			if held > 0 {
				feed(t, r, 1, 31)
				streamtest.Eventually(t, "waiting for the holds", func() error { return sh.holding(held) })
			}
			streamtest.Eventually(t, "waiting for several lives of a pin to pass", func() error {
				if age := time.Since(since); age < 5*time.Second {
					return fmt.Errorf("pinned for %s", age)
				}
				return nil
			})
			if after, _ := pinned(t, r); after != before || others.Load() > 0 {
				t.Errorf("the pin went from %q to %q, the standby handled %d", before, after, others.Load())
			}
			if err := sh.holding(held + 1); err == nil {
				t.Errorf("more than MaxInFlight messages are held")
			}
		})
	}
}

// TestStandbyTakesOverAfterDrain does not wait for a pin of ten minutes to run out.
func TestStandbyTakesOverAfterDrain(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	long := func(_ *stream.Runtime, c *stream.Config) { c.PinnedTTL = 10 * time.Minute }
	_, first := start(t, r, assess(r.Subjects), long)
	feed(t, r, 0, 10)
	settled(t, r)
	start(t, r, assess(r.Subjects), long)
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	feed(t, r, 10, 20)
	settled(t, r)
	if counts, err := r.Counts(r.Subjects.Stream("EVENTS"), ">"); err != nil || len(counts) != 20 {
		t.Fatalf("%d outputs, %v; want 20", len(counts), err)
	}
}

// TestForgedPin has a publisher that writes the header by which the server says who is active.
func TestForgedPin(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	const life = 500 * time.Millisecond
	start(t, r, assess(r.Subjects), func(_ *stream.Runtime, c *stream.Config) { c.PinnedTTL = life })
	feed(t, r, 0, 1)
	settled(t, r)
	before, since := pinned(t, r)
	for n := 1; time.Since(since) < 4*life; n++ {
		subject, e := input(r.Subjects, n)
		header, data, err := events.EncodeBinary(e)
		if err != nil {
			t.Fatal(err)
		}
		header["Nats-Pin-Id"] = []string{"forged"}
		if _, err := r.JS.PublishMsg(t.Context(), &nats.Msg{Subject: subject, Header: nats.Header(header), Data: data}); err != nil {
			t.Fatal(err)
		}
		settled(t, r)
	}
	if after, at := pinned(t, r); after != before || !at.Equal(since) {
		t.Errorf("the pin went from %q to %q: the worker asked with the forged one", before, after)
	}
}

// TestHiddenPin has a publisher whose header ends before the one that the server adds, and says its own.
func TestHiddenPin(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	const life = 500 * time.Millisecond
	start(t, r, assess(r.Subjects), func(_ *stream.Runtime, c *stream.Config) { c.PinnedTTL = life })
	feed(t, r, 0, 1)
	settled(t, r)
	before, since := pinned(t, r)
	for n := 1; time.Since(since) < 4*life; n++ {
		subject, _ := input(r.Subjects, n)
		r.PublishBytes(t, authz.TheOperator(), subject, "NATS/1.0\r\nNats-Pin-Id: forged\r\n\r\n\r\n", "{}")
		settled(t, r)
	}
	if after, at := pinned(t, r); after != before || !at.Equal(since) {
		t.Errorf("the pin went from %q to %q: the worker asked with the forged one", before, after)
	}
}

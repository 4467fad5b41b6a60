package stream_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
	"github.com/weighlock/weighlock/pkg/events"
)

// TestLargeMessages has a publisher fill the memory of a worker that is slow, and then has all of them handled.
func TestLargeMessages(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	const large, count, most = 900_000, 60, 16 << 20
	for i := range count {
		subject, e := input(r.Subjects, i)
		e.Data = []byte(`{"a":"` + strings.Repeat("x", large) + `"}`)
		h, data, err := events.EncodeBinary(e)
		if err != nil {
			t.Fatal(err)
		}
		r.PublishRaw(t, subject, nats.Header(h), data)
	}
	open := make(chan struct{})
	var handled atomic.Int64
	start(t, r, stream.HandlerFunc(func(context.Context, *stream.Message) stream.Outcome {
		handled.Add(1)
		<-open
		return stream.Done()
	}), func(_ *stream.Runtime, c *stream.Config) { c.MaxBytes = most })
	var n, looks int
	streamtest.Eventually(t, "waiting until no more come", func() error {
		c, err := r.JS.Consumer(t.Context(), r.Subjects.Stream("ACTIONS"), "forwarder")
		if err != nil {
			return err
		}
		if now := c.CachedInfo().NumAckPending; now != n {
			n, looks = now, 0
		}
		if looks++; n == 0 || looks < 20 {
			return fmt.Errorf("%d are in flight", n)
		}
		return nil
	})
	if n*large > most {
		t.Errorf("%d messages of %d bytes are in flight, with room for %d bytes", n, large, most)
	}
	close(open)
	settled(t, r)
	if n := handled.Load(); n != count {
		t.Errorf("%d of %d were handled", n, count)
	}
}

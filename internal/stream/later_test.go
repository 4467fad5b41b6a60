package stream_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
	"github.com/weighlock/weighlock/pkg/events"
)

// shelf holds messages until the test lets them go.
type shelf struct {
	mu       sync.Mutex
	promises map[string]*stream.Promise
	calls    map[string]int
	hold     func(id string) bool
	next     stream.HandlerFunc
}

func newShelf(next stream.HandlerFunc, hold func(string) bool) *shelf {
	return &shelf{promises: make(map[string]*stream.Promise), calls: make(map[string]int), hold: hold, next: next}
}

func (s *shelf) Handle(ctx context.Context, m *stream.Message) stream.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[m.Event.ID]++
	if !s.hold(m.Event.ID) {
		return s.next(ctx, m)
	}
	p := stream.NewPromise()
	s.promises[m.Event.ID] = p
	return stream.Later(p)
}

func (s *shelf) holding(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.promises) < n {
		return fmt.Errorf("%d held, want %d", len(s.promises), n)
	}
	return nil
}

func everything(string) bool { return true }

// output is what the n-th input leads to.
func output(r *streamtest.Rig, n int) stream.Output {
	subject, e := input(r.Subjects, n)
	_, agent, action, _ := r.Subjects.ParseAction(subject)
	e.ID = "as-" + e.ID
	return stream.Output{Subject: r.Subjects.Assessment(events.Low, agent, action), Event: e, MsgID: e.ID}
}

func TestHeldMessagesDoNotStopTheirKey(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	// More are held than a worker pulls ahead, and for several times AckWait.
	sh := newShelf(assess(r.Subjects), func(id string) bool { var n int; fmt.Sscanf(id, "a%d", &n); return n < 300 })
	start(t, r, sh, func(_ *stream.Runtime, c *stream.Config) { c.Batch, c.AckWait = 32, 2*time.Second })
	feed(t, r, 0, 300)
	streamtest.Eventually(t, "waiting for the holds", func() error { return sh.holding(300) })
	feed(t, r, 300, 340)
	streamtest.Eventually(t, "waiting for the others", func() error {
		counts, err := r.Counts(r.Subjects.Stream("EVENTS"), ">")
		if err == nil && len(counts) < 40 {
			err = fmt.Errorf("%d outputs, want 40", len(counts))
		}
		return err
	})
	held := time.Now()
	streamtest.Eventually(t, "waiting for several times AckWait", func() error {
		if d := time.Since(held); d < 5*time.Second {
			return fmt.Errorf("held for %s", d)
		}
		return nil
	})
	if n := redelivered(t, r); n > 0 {
		t.Errorf("%d messages were redelivered: heartbeats did not keep them", n)
	}
	for n := 1; n <= 10; n++ { // redelivered all the same: they are in flight already
		ack := fmt.Sprintf("$JS.ACK.%s.forwarder.1.%d.%d.%d.0", r.Subjects.Stream("ACTIONS"), n, n, time.Now().UnixNano())
		if err := r.JS.Conn().Publish(ack, []byte("-NAK")); err != nil {
			t.Fatal(err)
		}
	}
	streamtest.Eventually(t, "waiting for redeliveries", func() error {
		if n := redelivered(t, r); n < 10 {
			return fmt.Errorf("%d redelivered", n)
		}
		return nil
	})
	for n := range 300 {
		sh.mu.Lock()
		p := sh.promises[fmt.Sprintf("a%d", n)]
		sh.mu.Unlock()
		p.Resolve(stream.Done(output(r, n)))
		p.Resolve(stream.Permanent(errors.New("a second resolution counts for nothing")))
	}
	settled(t, r)
	counts, err := r.Counts(r.Subjects.Stream("EVENTS"), ">")
	if err != nil || len(counts) != 340 {
		t.Errorf("%d outputs, %v; want 340", len(counts), err)
	}
	for id, n := range sh.calls {
		if n != 1 {
			t.Errorf("%s was handled %d times", id, n)
		}
	}
}

// redelivered is how many messages in flight the server has delivered more than once.
func redelivered(t *testing.T, r *streamtest.Rig) int {
	t.Helper()
	c, err := r.JS.Consumer(t.Context(), r.Subjects.Stream("ACTIONS"), "forwarder")
	if err != nil {
		t.Fatal(err)
	}
	return c.CachedInfo().NumRedelivered
}

func TestHeldMessagesSurviveTheirWorker(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	first := newShelf(assess(r.Subjects), everything)
	rt := r.Runtime(t, r.URL)
	w, err := stream.NewWorker(rt, quick(r.Subjects), first)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- w.Run(context.Background()) }()
	feed(t, r, 0, 20)
	streamtest.Eventually(t, "waiting for the holds", func() error { return first.holding(20) })
	rt.Conn.Close() // as a crash looks to everybody else
	if err := <-ran; err == nil {
		t.Error("Run returned nil on a closed connection")
	}
	for n := range 20 { // too late
		first.promises[fmt.Sprintf("a%d", n)].Resolve(stream.Done(stream.Output{}))
	}
	start(t, r, assess(r.Subjects))
	settled(t, r)
	if counts, err := r.Counts(r.Subjects.Stream("EVENTS"), ">"); err != nil || len(counts) != 20 {
		t.Fatalf("%d outputs, %v; want 20", len(counts), err)
	}
}

func TestDrainHandsHeldMessagesOver(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	sh := newShelf(assess(r.Subjects), everything)
	// With this AckWait the test ends only if the messages are handed back.
	long := func(_ *stream.Runtime, c *stream.Config) { c.AckWait, c.Drain = 10*time.Minute, 200*time.Millisecond }
	_, g := start(t, r, sh, long)
	feed(t, r, 0, 20)
	streamtest.Eventually(t, "waiting for the holds", func() error { return sh.holding(20) })
	if err := g.Stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	start(t, r, assess(r.Subjects), long)
	settled(t, r)
	if counts, err := r.Counts(r.Subjects.Stream("EVENTS"), ">"); err != nil || len(counts) != 20 {
		t.Fatalf("%d outputs, %v; want 20", len(counts), err)
	}
}

func TestDrainWaitsForPromises(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	sh := newShelf(assess(r.Subjects), everything)
	_, g := start(t, r, sh)
	feed(t, r, 0, 5)
	streamtest.Eventually(t, "waiting for the holds", func() error { return sh.holding(5) })
	time.AfterFunc(300*time.Millisecond, func() {
		for n := range 5 {
			sh.promises[fmt.Sprintf("a%d", n)].Resolve(stream.Done(output(r, n)))
		}
	})
	if err := g.Stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	settled(t, r)
	if counts, err := r.Counts(r.Subjects.Stream("EVENTS"), ">"); err != nil || len(counts) != 5 {
		t.Fatalf("%d outputs, %v; want 5", len(counts), err)
	}
}

func TestDrainLeavesAStuckHandlerBehind(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	release, entered := make(chan struct{}), make(chan struct{}, 1)
	defer close(release)
	var late atomic.Bool
	_, g := start(t, r, stream.HandlerFunc(func(context.Context, *stream.Message) stream.Outcome {
		entered <- struct{}{}
		<-release
		late.Store(true)
		return stream.Done(output(r, 0))
	}), func(_ *stream.Runtime, c *stream.Config) { c.Drain = 100 * time.Millisecond })
	feed(t, r, 0, 1)
	<-entered
	if err := g.Stop(); err != nil || late.Load() {
		t.Fatalf("Run: %v, handler returned: %v", err, late.Load())
	}
	start(t, r, assess(r.Subjects)) // the message is redelivered after AckWait
	settled(t, r)
	if counts, err := r.Counts(r.Subjects.Stream("EVENTS"), ">"); err != nil || len(counts) != 1 {
		t.Fatalf("%d outputs, %v; want 1", len(counts), err)
	}
}

// TestServerKilled kills the server's process with work in flight.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t, natstest.InOwnProcess())
	start(t, r, decide(r.Subjects))
	feed(t, r, 0, 200)
	r.Kill(t)
	r.Restart(t)
	r.WaitConnected(t, r.JS.Conn())
	feed(t, r, 200, 220)
	streamtest.Eventually(t, "waiting for the decisions", func() error {
		counts, err := r.Counts(r.Subjects.Stream("DECISIONS"), ">")
		if err == nil && len(counts) != 220 {
			err = fmt.Errorf("%d decisions, want 220", len(counts))
		}
		return err
	})
	settled(t, r)
}

// TestServiceIdentity runs under a service's own rights, not an operator's.
func TestServiceIdentity(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	consumer := authz.Consumers()[0]
	conn := r.Connect(t, authz.Identity{Kind: authz.Service, Name: consumer.Service})
	good := assess(r.Subjects)
	_, g := start(t, r, good, func(rt *stream.Runtime, c *stream.Config) {
		rt.Conn = conn
		c.Service, c.Consumer = consumer.Service, consumer.Name
	})
	feed(t, r, 0, 10)
	streamtest.Eventually(t, "waiting for the outputs", func() error {
		counts, err := r.Counts(r.Subjects.Stream("EVENTS"), ">")
		if err == nil && len(counts) != 10 {
			err = fmt.Errorf("%d outputs, want 10", len(counts))
		}
		return err
	})
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := conn.LastError(); err != nil {
		t.Errorf("the service lacks a right: %v", err)
	}
}

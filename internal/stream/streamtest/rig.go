package streamtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// patience bounds every wait; it is reached only by a failing test.
const patience = 60 * time.Second

// Rig is one test's server with an operator's connection that sees everything.
type Rig struct {
	*natstest.Server
	JS jetstream.JetStream
}

// NewRig starts a server.
func NewRig(t testing.TB, options ...natstest.Option) *Rig {
	t.Helper()
	s := natstest.Start(t, options...)
	return &Rig{Server: s, JS: s.JetStream(t, authz.TheOperator())}
}

// ConnectTo connects with full rights to url: the server's own, or a proxy's.
func (r *Rig) ConnectTo(t testing.TB, url string) *nats.Conn {
	t.Helper()
	id := authz.TheOperator()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := authz.Connect(ctx, url, r.Add(t, id), id, nats.ReconnectWait(20*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// Runtime is a runtime whose connections go to url.
func (r *Rig) Runtime(t testing.TB, url string) stream.Runtime {
	t.Helper()
	return stream.Runtime{
		Conn: r.ConnectTo(t, url), Replier: r.ConnectTo(t, url), Subjects: r.Subjects, Logger: slog.New(slog.DiscardHandler),
	}
}

// Runner is a worker or a whole service.
type Runner interface {
	Run(ctx context.Context) error
	Ready() error
}

// Running is a Runner in a goroutine.
type Running struct {
	stop context.CancelFunc
	done chan struct{}
	err  error
}

// Go runs r until Stop, or the end of the test.
func Go(t testing.TB, r Runner) *Running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	g := &Running{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(g.done)
		g.err = r.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-g.done
	})
	return g
}

// Stop cancels the runner, waits and returns what Run returned.
func (g *Running) Stop() error {
	g.stop()
	<-g.done
	return g.err
}

// Eventually waits until check returns nil, and fails with its last error.
func Eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

// Publish stores e on subject.
func (r *Rig) Publish(t testing.TB, subject string, e events.Event) {
	t.Helper()
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		t.Fatal(err)
	}
	r.PublishRaw(t, subject, nats.Header(h), data)
}

// PublishRaw stores any message on subject.
func (r *Rig) PublishRaw(t testing.TB, subject string, h nats.Header, data []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := r.JS.PublishMsg(ctx, &nats.Msg{Subject: subject, Header: h, Data: data}); err != nil {
		t.Fatalf("publishing %s: %v", subject, err)
	}
}

// Counts returns how many messages each subject of a stream has.
func (r *Rig) Counts(streamName, filter string) (map[string]uint64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s, err := r.JS.Stream(ctx, streamName)
	if err != nil {
		return nil, err
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, err
	}
	return info.State.Subjects, nil
}

// Stored checks that a stream has at least one message on each subject.
func (r *Rig) Stored(streamName string, subjects []string) error {
	counts, err := r.Counts(streamName, ">")
	if err != nil {
		return err
	}
	missing := 0
	for _, s := range subjects {
		if counts[s] == 0 {
			missing++
		}
	}
	if missing > 0 {
		return fmt.Errorf("%d of %d outputs are missing in %s", missing, len(subjects), streamName)
	}
	return nil
}

// Settled checks that a consumer has neither messages to deliver nor to acknowledge.
func (r *Rig) Settled(streamName, consumer string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := r.JS.Consumer(ctx, streamName, consumer)
	if err != nil {
		return err
	}
	i := c.CachedInfo()
	if i.NumPending > 0 || i.NumAckPending > 0 {
		return fmt.Errorf("consumer %s: %d to deliver, %d to acknowledge", consumer, i.NumPending, i.NumAckPending)
	}
	if i.Delivered.Consumer > 0 {
		return nil
	}
	// A consumer that is just being made says for a moment that nothing is to be delivered.
	filters := append([]string(nil), i.Config.FilterSubjects...)
	if len(filters) == 0 {
		filters = []string{cmp.Or(i.Config.FilterSubject, ">")}
	}
	for _, f := range filters {
		if counts, err := r.Counts(streamName, f); err != nil || len(counts) > 0 {
			return errors.Join(fmt.Errorf("consumer %s has delivered nothing yet", consumer), err)
		}
	}
	return nil
}

// Dead returns the dead letters of a service, in order.
func (r *Rig) Dead(service string) ([]*events.MessageDead, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s, err := r.JS.Stream(ctx, r.Subjects.Stream("EVENTS"))
	if err != nil {
		return nil, err
	}
	var letters []*events.MessageDead
	for next := uint64(1); ; {
		m, err := s.GetMsg(ctx, next, jetstream.WithGetMsgSubject(r.Subjects.Dead(service)))
		if err != nil {
			return letters, nil // no more
		}
		e, err := events.Decode(events.Header(m.Header), m.Data)
		if err != nil {
			return nil, err
		}
		letter, err := events.As[events.MessageDead](e)
		if err != nil {
			return nil, err
		}
		letters, next = append(letters, letter), m.Sequence+1
	}
}

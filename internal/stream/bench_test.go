package stream_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// BenchmarkHop moves 1 KiB events from one stream to another: through the runtime, and by a
// raw loop of the same server and client, which is the ceiling.
func BenchmarkHop(b *testing.B) {
	b.Run("raw", func(b *testing.B) { benchmarkHop(b, rawHop) })
	b.Run("runtime", func(b *testing.B) { benchmarkHop(b, runtimeHop) })
}

func benchmarkHop(b *testing.B, hop func(*testing.B, *natstest.Server, context.Context, *atomic.Int64)) {
	s := natstest.Start(b)
	js := s.JetStream(b, authz.TheOperator())
	data := make([]byte, 1024)
	for i := range data {
		data[i] = 'x'
	}
	data[0], data[1023] = '"', '"'
	for i := range b.N {
		e := events.Event{
			ID: fmt.Sprintf("e%d", i), Source: "/agents/a", Type: events.ActionProposedType, Subject: "a/1", Time: time.Now(),
			DataContentType: events.ContentTypeJSON, Data: data, ReplyTo: "_INBOX.a.x", TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		}
		h, body, err := events.EncodeBinary(e)
		if err != nil {
			b.Fatal(err)
		}
		m := &nats.Msg{Subject: s.Subjects.Action(fmt.Sprintf("agent%d", i%64), fmt.Sprintf("a%d", i)), Header: nats.Header(h), Data: body}
		if _, err := js.PublishMsgAsync(m, jetstream.WithStallWait(10*time.Second)); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var done atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	hop(b, s, ctx, &done)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msgs/s")
}

func runtimeHop(b *testing.B, s *natstest.Server, ctx context.Context, done *atomic.Int64) {
	conn := s.Connect(b, authz.TheOperator())
	all := make(chan struct{})
	h := stream.HandlerFunc(func(_ context.Context, m *stream.Message) stream.Outcome {
		e := m.Event
		e.ID, e.Source = "as-"+m.Event.ID, "/services/forward"
		_, agent, action, err := s.Subjects.ParseAction(m.Subject)
		if err != nil {
			return stream.Permanent(err)
		}
		if done.Add(1) == int64(b.N) {
			close(all)
		}
		return stream.Done(stream.Output{Subject: s.Subjects.Assessment("low", agent, action), Event: e.Because(m.Event), MsgID: e.ID})
	})
	w, err := stream.NewWorker(stream.Runtime{Conn: conn, Subjects: s.Subjects}, stream.Config{Service: "forward", Stream: s.Subjects.Stream("ACTIONS"), Consumer: "forward"}, h)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- w.Run(ctx) }()
	<-all
	cancel()
	if err := <-ran; err != nil {
		b.Fatal(err)
	}
}

func rawHop(b *testing.B, s *natstest.Server, ctx context.Context, _ *atomic.Int64) {
	js := s.JetStream(b, authz.TheOperator())
	pub, err := jetstream.New(s.Connect(b, authz.TheOperator()), jetstream.WithPublishAsyncMaxPending(1024))
	if err != nil {
		b.Fatal(err)
	}
	c, err := js.CreateOrUpdateConsumer(ctx, s.Subjects.Stream("ACTIONS"), jetstream.ConsumerConfig{Durable: "raw", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 50000})
	if err != nil {
		b.Fatal(err)
	}
	type pair struct {
		m jetstream.Msg
		f jetstream.PubAckFuture
	}
	flight := make(chan pair, 1024)
	prefix := s.Subjects.Prefix() + ".assessments.low."
	skip := len(s.Subjects.Prefix() + ".actions.")
	cc, err := c.Consume(func(m jetstream.Msg) {
		f, err := pub.PublishMsgAsync(&nats.Msg{Subject: prefix + m.Subject()[skip:], Header: m.Headers(), Data: m.Data()}, jetstream.WithStallWait(10*time.Second))
		if err != nil {
			b.Error(err)
		}
		flight <- pair{m, f}
	}, jetstream.PullMaxMessages(2000))
	if err != nil {
		b.Fatal(err)
	}
	defer cc.Stop()
	for range b.N {
		p := <-flight
		select {
		case <-p.f.Ok():
		case err := <-p.f.Err():
			b.Fatal(err)
		}
		if err := p.m.Ack(); err != nil {
			b.Fatal(err)
		}
	}
}

package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The raw ceiling: the same three durable stores as an action's way (actions,
// assessments, decisions) and a reply, with the same client library, acknowledgements and
// batch sizes, and no logic in between.
const (
	rawPull    = 2000
	rawPending = 1024
)

// stall lets a publisher wait for room instead of failing.
var stall = jetstream.WithStallWait(time.Minute)

type rawHops struct {
	js      jetstream.JetStream
	nc      *nats.Conn
	streams []jetstream.Stream
	stop    []jetstream.ConsumeContext
	failed  atomic.Pointer[error]
}

// startRaw makes three streams beside the pipeline's and forwards between them.
func startRaw(ctx context.Context, nc *nats.Conn) (*rawHops, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(rawPending))
	if err != nil {
		return nil, err
	}
	r := &rawHops{js: js, nc: nc}
	for i := range 3 {
		stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: fmt.Sprintf("RAW_%d", i), Subjects: []string{fmt.Sprintf("raw.%d.*", i)}})
		if err != nil {
			return nil, fmt.Errorf("making a raw stream: %w", err)
		}
		r.streams = append(r.streams, stream)
	}
	for i := range 2 {
		if err := r.forward(ctx, i); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// forward carries every message of stream i to stream i+1 and acknowledges it once that
// has stored it; after the last stream the sender gets its reply.
func (r *rawHops) forward(ctx context.Context, i int) error {
	consumer, err := r.streams[i].CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: "forward", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 50_000})
	if err != nil {
		return fmt.Errorf("making a raw consumer: %w", err)
	}
	type flight struct {
		in   jetstream.Msg
		done jetstream.PubAckFuture
	}
	flights := make(chan flight, rawPending)
	go func() {
		for f := range flights {
			select {
			case <-f.done.Ok():
			case err := <-f.done.Err():
				r.failed.Store(&err)
				return
			}
			if i == 1 {
				reply := f.in.Headers().Get("replyto")
				if err := r.nc.Publish(reply, f.in.Data()); err != nil {
					r.failed.Store(&err)
				}
			}
			_ = f.in.Ack()
		}
	}()
	consume, err := consumer.Consume(func(m jetstream.Msg) {
		out := &nats.Msg{Subject: fmt.Sprintf("raw.%d.x", i+1), Header: m.Headers(), Data: m.Data()}
		done, err := r.js.PublishMsgAsync(out, stall)
		if err != nil {
			r.failed.Store(&err)
			return
		}
		flights <- flight{m, done}
	}, jetstream.PullMaxMessages(rawPull))
	if err != nil {
		return fmt.Errorf("consuming a raw stream: %w", err)
	}
	r.stop = append(r.stop, consume)
	return nil
}

// close ends the forwarding and deletes the streams.
func (r *rawHops) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, c := range r.stop {
		c.Stop()
	}
	for _, s := range r.streams {
		_ = r.js.DeleteStream(ctx, s.CachedInfo().Config.Name)
	}
}

// throughput sends n messages and returns once n replies are back.
func (r *rawHops) throughput(ctx context.Context, n int, payload rawPayload) (time.Duration, error) {
	inbox := r.nc.NewRespInbox()
	replies := make(chan struct{})
	var got atomic.Int64
	sub, err := r.nc.Subscribe(inbox, func(*nats.Msg) {
		if got.Add(1) == int64(n) {
			close(replies)
		}
	})
	if err != nil {
		return 0, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	_ = sub.SetPendingLimits(-1, -1)
	start := time.Now()
	for range n {
		if _, err := r.js.PublishMsgAsync(payload.message("raw.0.x", inbox), stall); err != nil {
			return 0, fmt.Errorf("publishing raw: %w", err)
		}
	}
	select {
	case <-replies:
		return time.Since(start), nil
	case <-ctx.Done():
		if err := r.failed.Load(); err != nil {
			return 0, *err
		}
		return 0, fmt.Errorf("%d of %d raw replies: %w", got.Load(), n, ctx.Err())
	}
}

// latency sends n messages at rate per second and returns how long each reply took.
func (r *rawHops) latency(ctx context.Context, n int, rate float64, payload rawPayload) ([]time.Duration, error) {
	return paced(ctx, n, rate, func(ctx context.Context) error {
		inbox := r.nc.NewRespInbox()
		sub, err := r.nc.SubscribeSync(inbox)
		if err != nil {
			return err
		}
		defer func() { _ = sub.Unsubscribe() }()
		if _, err := r.js.PublishMsgAsync(payload.message("raw.0.x", inbox), stall); err != nil {
			return err
		}
		_, err = sub.NextMsgWithContext(ctx)
		return err
	})
}

// rawPayload is an action as it goes over the wire.
type rawPayload struct {
	header nats.Header
	data   []byte
}

func (p rawPayload) message(subject, replyTo string) *nats.Msg {
	h := make(nats.Header, len(p.header)+1)
	for k, v := range p.header {
		h[k] = v
	}
	h["replyto"] = []string{replyTo}
	return &nats.Msg{Subject: subject, Header: h, Data: p.data}
}

package bench

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"golang.org/x/sync/errgroup"
)

// The raw ceiling: the same three durable stores as an action's way (actions,
// assessments, decisions) and a reply, with as many senders and a connection for each hop as
// separate services have, a subject for each message as each action has, the same
// acknowledgements and batch sizes, and no logic in between.
const (
	rawPull    = 2000
	rawPending = 1024
)

// stall lets a publisher wait for room instead of failing.
var stall = jetstream.WithStallWait(time.Minute)

type rawHops struct {
	conns   []*nats.Conn // one a hop, then the senders
	streams []jetstream.Stream
	stop    []jetstream.ConsumeContext
	failed  atomic.Pointer[error]
}

// hops is how many times a message is carried from one stream to the next.
const hops = 2

// startRaw makes three streams beside the pipeline's and forwards between them.
func startRaw(ctx context.Context, senders int, connect func() (*nats.Conn, error)) (r *rawHops, err error) {
	r = &rawHops{}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	for range hops + senders {
		nc, err := connect()
		if err != nil {
			return nil, err
		}
		r.conns = append(r.conns, nc)
	}
	js, err := jetstream.New(r.conns[0])
	if err != nil {
		return nil, err
	}
	for i := range hops + 1 {
		stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: rawStream(i), Subjects: []string{fmt.Sprintf("raw.%d.*.*", i)}})
		if err != nil {
			return nil, fmt.Errorf("making a raw stream: %w", err)
		}
		r.streams = append(r.streams, stream)
	}
	for i := range hops {
		if err := r.forward(ctx, i); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// forward carries every message of stream i to stream i+1 and acknowledges it once that
// has stored it; after the last stream the sender gets its reply.
func (r *rawHops) forward(ctx context.Context, i int) error {
	nc := r.conns[i]
	here, next := fmt.Sprintf("raw.%d.", i), fmt.Sprintf("raw.%d.", i+1)
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(rawPending))
	if err != nil {
		return err
	}
	stream, err := js.Stream(ctx, rawStream(i))
	if err != nil {
		return fmt.Errorf("opening a raw stream: %w", err)
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: "forward", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 50_000})
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
			if i == hops-1 {
				reply := f.in.Headers().Get("replyto")
				if err := nc.Publish(reply, f.in.Data()); err != nil {
					r.failed.Store(&err)
				}
			}
			_ = f.in.Ack()
		}
	}()
	consume, err := consumer.Consume(func(m jetstream.Msg) {
		out := &nats.Msg{Subject: next + strings.TrimPrefix(m.Subject(), here), Header: m.Headers(), Data: m.Data()}
		done, err := js.PublishMsgAsync(out, stall)
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

func rawStream(i int) string { return fmt.Sprintf("RAW_%d", i) }

// close ends the forwarding and deletes the streams.
func (r *rawHops) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, c := range r.stop {
		c.Stop()
	}
	if js, err := jetstream.New(r.conns[0]); err == nil {
		for i := range r.streams {
			_ = js.DeleteStream(ctx, rawStream(i))
		}
	}
	for _, nc := range r.conns {
		nc.Close()
	}
}

// throughput sends n messages and returns once n replies are back.
func (r *rawHops) throughput(ctx context.Context, n int, payload rawPayload) (time.Duration, error) {
	start := time.Now()
	senders := r.conns[hops:]
	all, ctx := errgroup.WithContext(ctx)
	for i, nc := range senders {
		all.Go(func() error { return r.sendAll(ctx, nc, share(n, i, len(senders)), payload) })
	}
	err := all.Wait()
	return time.Since(start), err
}

func (r *rawHops) sendAll(ctx context.Context, nc *nats.Conn, n int, payload rawPayload) error {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(rawPending))
	if err != nil {
		return err
	}
	inbox, sender := nc.NewRespInbox(), nuid.Next()
	back := make(chan struct{})
	var got atomic.Int64
	sub, err := nc.Subscribe(inbox, func(*nats.Msg) {
		if got.Add(1) == int64(n) {
			close(back)
		}
	})
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	_ = sub.SetPendingLimits(-1, -1)
	for i := range n {
		if _, err := js.PublishMsgAsync(payload.message("raw.0."+sender+"."+strconv.Itoa(i), inbox), stall); err != nil {
			return fmt.Errorf("publishing raw: %w", err)
		}
	}
	select {
	case <-back:
		return nil
	case <-ctx.Done():
		if err := r.failed.Load(); err != nil {
			return *err
		}
		return fmt.Errorf("%d of %d raw replies: %w", got.Load(), n, ctx.Err())
	}
}

// latency sends n messages at rate per second and returns how long each reply took.
func (r *rawHops) latency(ctx context.Context, n int, rate float64, payload rawPayload) ([]time.Duration, error) {
	nc := r.conns[hops]
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	return paced(ctx, n, rate, func(ctx context.Context) error {
		inbox := nc.NewRespInbox()
		sub, err := nc.SubscribeSync(inbox)
		if err != nil {
			return err
		}
		defer func() { _ = sub.Unsubscribe() }()
		if _, err := js.PublishMsgAsync(payload.message("raw.0.latency."+nuid.Next(), inbox), stall); err != nil {
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
	maps.Copy(h, p.header)
	h["replyto"] = []string{replyTo}
	return &nats.Msg{Subject: subject, Header: h, Data: p.data}
}

package stream

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Worker runs one handler on one consumer. Make it with [NewWorker]; it runs once.
type Worker struct {
	rt      Runtime
	cfg     Config
	handler Handler
	logger  *slog.Logger
	meter   meter

	flight    inFlight
	draining  atomic.Bool
	unsettled atomic.Int64 // see [Worker.Unsettled]
	lanes     []*lane
	seed      maphash.Seed
	publisher *publisher
	puller    *puller

	mu    sync.Mutex
	ready error
}

var errStarting = errors.New("not started")

// NewWorker checks cfg and makes a worker; it touches no server yet.
func NewWorker(rt Runtime, cfg Config, h Handler) (*Worker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("worker %s: %w", cfg.Service, err)
	}
	if rt.Conn == nil || h == nil || rt.Subjects.Prefix() == "" {
		return nil, fmt.Errorf("worker %s: a connection, subjects and a handler are required", cfg.Service)
	}
	if rt.Logger == nil {
		rt.Logger = slog.Default()
	}
	if rt.Now == nil {
		rt.Now = time.Now
	}
	w := &Worker{
		rt: rt, cfg: cfg.withDefaults(), handler: h, seed: maphash.MakeSeed(), ready: errStarting,
		logger: rt.Logger.With("service", cfg.Service, "consumer", cfg.Consumer),
		meter:  rt.Metrics.of(cfg.Service, cfg.Consumer),
		flight: inFlight{jobs: make(map[uint64]*job)},
	}
	return w, nil
}

// Run works until ctx is cancelled, then drains: what is in flight is finished for at
// most [Config.Drain], the rest is left for redelivery, and a standby takes over. It
// returns nil then, and an error only where Conn was closed under it. Everything else is
// tried again for ever; [Worker.Ready] says what is wrong meanwhile.
func (w *Worker) Run(ctx context.Context) error {
	var err error
	if w.publisher, err = newPublisher(w.rt.Conn, w.cfg.PublishTimeout); err != nil {
		return fmt.Errorf("worker %s: %w", w.cfg.Service, err)
	}
	if w.puller, err = newPuller(w.rt.Conn, w.cfg, &w.flight, w.dispatch); err != nil {
		w.publisher.close()
		return fmt.Errorf("worker %s: %w", w.cfg.Service, err)
	}
	handling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	quit := make(chan struct{})
	ended := w.startLanes(handling, quit)
	if w.untilEnsured(ctx) {
		sampling := w.sampleLag(ctx)
		w.loop(ctx)
		sampling()
	}
	w.setReady(errors.New("shutting down"))
	w.drain(cancel, quit, ended)
	return w.closed()
}

// closed is the one error that Run cannot repair.
func (w *Worker) closed() error {
	if w.rt.Conn.IsClosed() {
		return fmt.Errorf("worker %s: %w", w.cfg.Service, nats.ErrConnectionClosed)
	}
	return nil
}

func (w *Worker) startLanes(ctx context.Context, quit <-chan struct{}) *sync.WaitGroup {
	ended := new(sync.WaitGroup)
	w.lanes = make([]*lane, w.cfg.Workers)
	for i := range w.lanes {
		l := &lane{w: w, in: make(chan *job, 2*w.cfg.Batch), settle: make(chan *job, maxOutstanding), wake: make(chan struct{}, 1)}
		w.lanes[i] = l
		ended.Go(func() { l.run(ctx, quit) })
		ended.Go(l.complete)
	}
	return ended
}

// dispatch puts a delivery on the lane of its key.
func (w *Worker) dispatch(m *nats.Msg) {
	d, err := parseDelivery(m.Reply)
	if err != nil {
		w.logger.Error("delivery was ignored", "subject", m.Subject, "error", err)
		return
	}
	w.meter.lag.Set(float64(d.pending))
	j := &job{msg: newMessage(m, d), reply: m.Reply, size: m.Size(), arrived: time.Now()}
	if !w.flight.add(j) {
		return
	}
	j.lane = w.lanes[maphash.String(w.seed, w.key(&j.msg))%uint64(len(w.lanes))]
	j.lane.in <- j
}

// key is the order key; a Key that panics gives all such messages one key.
func (w *Worker) key(m *Message) (key string) {
	defer func() {
		if recover() != nil {
			key = ""
		}
	}()
	return w.cfg.Key(m)
}

func (w *Worker) publish(s *send) { w.publisher.publish(s) }

// loop pulls, beats and repairs until ctx is cancelled or the connection is closed.
func (w *Worker) loop(ctx context.Context) {
	status := w.rt.Conn.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer w.rt.Conn.RemoveStatusListener(status)
	tick := time.NewTicker(min(w.cfg.PinnedTTL/20, 50*time.Millisecond))
	defer tick.Stop()
	beat := time.NewTicker(w.cfg.AckWait / 4)
	defer beat.Stop()
	w.puller.tick(time.Now())
	for !w.rt.Conn.IsClosed() {
		select {
		case <-ctx.Done():
			return
		case <-status:
			w.puller.forget()
		case <-w.puller.kick:
			w.puller.pull()
		case now := <-tick.C:
			if err := w.puller.trouble(); err != nil {
				w.logger.Warn("consumer has to be looked after", "error", err)
				if !w.untilEnsured(ctx) {
					return
				}
				w.puller.repaired()
			}
			w.puller.tick(now)
			all, _ := w.flight.counts()
			w.meter.inFlight.Set(float64(all))
		case <-beat.C:
			w.flight.beat(w.rt.Conn, w.cfg.AckWait/4)
		}
	}
}

// untilEnsured creates or updates the consumer, however long that takes. It reports
// false where ctx was cancelled or the connection closed first.
func (w *Worker) untilEnsured(ctx context.Context) bool {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := w.ensure(ctx)
		w.setReady(err)
		if err == nil {
			return true
		}
		if w.rt.Conn.IsClosed() {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
		w.flight.beat(w.rt.Conn, w.cfg.AckWait/4)
	}
}

func (w *Worker) ensure(ctx context.Context) error {
	js, err := jetstream.New(w.rt.Conn)
	if err != nil {
		return fmt.Errorf("opening JetStream: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := js.CreateOrUpdateConsumer(ctx, w.cfg.Stream, w.cfg.consumer()); err != nil {
		return fmt.Errorf("ensuring consumer %s of stream %s: %w", w.cfg.Consumer, w.cfg.Stream, err)
	}
	return nil
}

func (w *Worker) setReady(err error) {
	w.mu.Lock()
	w.ready = err
	w.mu.Unlock()
}

// Ready returns why the worker cannot work, nil where it can. A standby is ready.
func (w *Worker) Ready() error {
	if s := w.rt.Conn.Status(); s != nats.CONNECTED {
		return fmt.Errorf("worker %s: connection to NATS is %s", w.cfg.Service, s)
	}
	w.mu.Lock()
	err := w.ready
	w.mu.Unlock()
	if err != nil {
		return fmt.Errorf("worker %s: %w", w.cfg.Service, err)
	}
	if err := w.puller.trouble(); err != nil {
		return fmt.Errorf("worker %s: %w", w.cfg.Service, err)
	}
	if err := w.publisher.trouble(); err != nil {
		return fmt.Errorf("worker %s: last publish failed: %w", w.cfg.Service, err)
	}
	return nil
}

package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/clickhouse"
	"github.com/weighlock/weighlock/internal/safekeeping"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/services/auditsink/schema"
)

// auditedStreams are the streams whose every event is written, by the part of their name after the prefix.
var auditedStreams = [...]string{"ACTIONS", "EVENTS", "VERDICTS", "DECISIONS"}

// Service is the audit sink.
type Service struct {
	rt      stream.Runtime
	cfg     Config
	log     *slog.Logger
	js      jetstream.JetStream
	client  *clickhouse.Client
	metrics *metrics
	eraser  *eraser
	privacy *stream.Worker

	attester *attester // nil where nothing is signed
	keeper   *keeper   // nil where no bucket gets digests

	inHand atomic.Int64 // bytes of all batches

	mu     sync.Mutex
	schema error                           // nil once the tables are there
	late   map[string]*overdue             // streams whose events may be lost
	states map[string]error                // what each stream's loop waits for; nil while it works
	reach  func(stream, step string) error // test hook: an error ends the loop there as a kill would
}

var (
	errNotStarted = errors.New("not started")
	errKilled     = errors.New("ended by a test")
)

// New makes a sink on a connection as service/auditsink. Nothing is done before Run.
func New(rt stream.Runtime, cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("auditsink: %w", err)
	}
	cfg = cfg.withDefaults()
	js, err := jetstream.New(rt.Conn)
	if err != nil {
		return nil, fmt.Errorf("auditsink: using JetStream: %w", err)
	}
	c, err := newClient(cfg)
	if err != nil {
		return nil, fmt.Errorf("auditsink: %w", err)
	}
	a, err := newAttester(cfg)
	if err != nil {
		return nil, fmt.Errorf("auditsink: %w", err)
	}
	if cfg.Registerer == nil {
		cfg.Registerer = rt.Metrics.Registerer()
	}
	m, err := newMetrics(cfg.Registerer)
	if err != nil {
		return nil, fmt.Errorf("auditsink: registering metrics: %w", err)
	}
	if rt.Logger == nil {
		rt.Logger = slog.New(slog.DiscardHandler)
	}
	if rt.Now == nil {
		rt.Now = time.Now
	}
	s := &Service{
		rt: rt, cfg: cfg, js: js, client: c, metrics: m, attester: a, log: rt.Logger.With("service", Name),
		schema: errNotStarted, states: map[string]error{}, late: map[string]*overdue{}, reach: func(string, string) error { return nil },
	}
	for _, name := range auditedStreams {
		s.states[rt.Subjects.Stream(name)] = errNotStarted
	}
	if cfg.ProofBucket != "" {
		bucket, err := safekeeping.OpenBucket(cfg.ProofBucket)
		if err != nil {
			return nil, fmt.Errorf("auditsink: %w", err)
		}
		s.keeper = &keeper{s: s, bucket: bucket, stream: rt.Subjects.Stream(proofsStream)}
	}
	s.eraser = &eraser{s, &holds{s: s, mine: map[string]Hold{}}}
	if s.privacy, err = stream.NewWorker(rt, s.privacyWorker(), s.eraser); err != nil {
		return nil, fmt.Errorf("auditsink: %w", err)
	}
	return s, nil
}

// Run writes until ctx ends, then writes the batches in hand (for Config.Drain at most) and returns nil. It does not return
// because NATS or ClickHouse is away; Ready says so.
func (s *Service) Run(ctx context.Context) error {
	defer s.client.CloseIdle()
	ctx, cancel := context.WithCancel(ctx)
	var loops, audited sync.WaitGroup
	defer loops.Wait()
	defer cancel()
	loops.Go(func() { s.watcher(ctx) })
	if !s.prepareSchema(ctx) {
		return nil
	}
	for _, name := range auditedStreams {
		l := newLoop(s, s.rt.Subjects.Stream(name))
		audited.Go(func() { l.run(ctx) })
	}
	loops.Go(func() { audited.Wait(); cancel() }) // before ctx ends, only a test ends them
	private := &privateLoop{s, s.rt.Subjects.Stream("PRIVATE"), s.log.With("stream", s.rt.Subjects.Stream("PRIVATE"))}
	loops.Go(func() { s.follow(ctx, private.stream, private.session) })
	loops.Go(func() { s.sweeper(ctx) })
	if s.keeper != nil {
		loops.Go(func() { s.follow(ctx, s.keeper.stream, s.keeper.session) })
	}
	return s.privacy.Run(ctx)
}

// privacyWorker takes what auditors ask for, one after the other: what is placed under hold before it is to be erased stays.
func (s *Service) privacyWorker() stream.Config {
	return stream.Config{
		Service: Name, Stream: s.rt.Subjects.Stream("VERDICTS"), Consumer: privacyConsumer, Filters: []string{s.rt.Subjects.All("privacy", 2)},
		Key: func(*stream.Message) string { return Name }, Workers: 1, Drain: s.cfg.Drain,
	}
}

// prepareSchema waits for ClickHouse. Until it is there nothing is pulled, so the streams keep everything.
func (s *Service) prepareSchema(ctx context.Context) bool {
	for wait := firstBackoff; ; wait = min(2*wait, lastBackoff) {
		err := schema.Apply(ctx, s.client)
		if ctx.Err() != nil {
			return false
		}
		s.mu.Lock()
		s.schema = err
		s.mu.Unlock()
		if err == nil {
			return true
		}
		s.log.Warn("the audit's tables are not ready", "error", err, "again_in", wait)
		if !pause(ctx, wait) {
			return false
		}
	}
}

// Ready is nil while every stream is followed, ClickHouse takes what comes, and nothing is about to be lost. A hot standby is ready too.
func (s *Service) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range s.followed() { // first: it is the worst that can be said
		if o := s.late[name]; o != nil {
			return fmt.Errorf("auditsink: %s: %w", name, o)
		}
	}
	if s.schema != nil {
		return fmt.Errorf("auditsink: preparing ClickHouse: %w", s.schema)
	}
	for _, name := range append(s.followed(), s.rt.Subjects.Stream(proofsStream)) {
		if err := s.states[name]; err != nil {
			return fmt.Errorf("auditsink: %s: %w", name, err)
		}
	}
	if err := s.privacy.Ready(); err != nil {
		return fmt.Errorf("auditsink: what auditors ask: %w", err)
	}
	return nil
}

// followed are the names of all streams that go into ClickHouse.
func (s *Service) followed() []string {
	names := []string{s.rt.Subjects.Stream("PRIVATE")}
	for _, name := range auditedStreams {
		names = append(names, s.rt.Subjects.Stream(name))
	}
	return names
}

// follow runs a session on a stream beside the audited ones, again and again until ctx ends.
func (s *Service) follow(ctx context.Context, stream string, session func(context.Context) error) {
	for wait := firstBackoff; ctx.Err() == nil; wait = min(2*wait, lastBackoff) {
		began := time.Now()
		err := session(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > lastBackoff {
			wait = firstBackoff
		}
		s.setState(stream, err)
		s.log.Warn("following the stream failed", "stream", stream, "error", err, "again_in", wait)
		pause(ctx, wait)
	}
}

func (s *Service) setState(stream string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states[stream] = err
}

// pause waits for d; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

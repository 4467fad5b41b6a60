// Package escalation keeps requests from waiting for ever: it reminds, brings the
// next tier in, and at the end applies the outcome the route ends with.
package escalation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// Name is the service's name, of its identity, dead letters and metrics.
const Name = "escalator"

const source = "/services/" + Name

// Service is the escalator. Make it with [New].
type Service struct {
	cfg      Config
	js       jetstream.JetStream
	subjects events.Subjects
	now      func() time.Time
	logger   *slog.Logger
	store    *requests.Store
	index    *requests.Index
	people   *people.Current
	storms   *storms
	workers  []*stream.Worker
}

// New checks cfg and makes the service; it does not touch the server.
func New(rt stream.Runtime, cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("escalator: %w", err)
	}
	if rt.Conn == nil || rt.Replier == nil {
		return nil, errors.New("escalator: two connections are required, one of them to answer agents")
	}
	js, err := jetstream.New(rt.Conn)
	if err != nil {
		return nil, fmt.Errorf("escalator: %w", err)
	}
	s := &Service{cfg: cfg.withDefaults(), js: js, subjects: rt.Subjects, now: rt.Now, logger: rt.Logger, store: requests.NewStore(js, rt.Subjects)}
	if s.now == nil {
		s.now = time.Now
	}
	if s.logger == nil {
		s.logger = slog.Default()
	}
	s.logger = s.logger.With("service", Name)
	if s.people, err = people.Open(cfg.ApproversFile, s.logger); err != nil {
		return nil, fmt.Errorf("escalator: %w", err)
	}
	s.index = requests.NewIndex(s.store)
	s.storms = &storms{js: js, subjects: rt.Subjects, index: s.index, limit: s.cfg.Storm, every: s.cfg.StormEvery, now: s.now}
	if err := s.addWorkers(rt); err != nil {
		return nil, fmt.Errorf("escalator: %w", err)
	}
	return s, nil
}

func (s *Service) addWorkers(rt stream.Runtime) error {
	approvals, timers := s.subjects.All("approvals", 0), s.subjects.All("due", 0)
	for _, w := range []struct {
		cfg     stream.Config
		handler stream.HandlerFunc
	}{
		{stream.Config{
			Stream: s.subjects.Stream("EVENTS"), Consumer: "escalator-requests",
			Filters: steps(approvals, events.Requested, events.Revised, events.Acknowledged, events.Reassigned, events.Asked, events.Snoozed, events.Resolved),
			Key:     func(m *stream.Message) string { return m.Subject[strings.LastIndexByte(m.Subject, '.')+1:] },
		}, s.handleLifecycle},
		{stream.Config{
			Stream: s.subjects.Stream("TIMERS"), Consumer: "escalator-due",
			Filters: []string{timers + ".*.*.*"},
			Key:     stream.AgentKey, // the third token is the request
		}, s.handleDue},
	} {
		w.cfg.Service = Name
		w.cfg.AckWait, w.cfg.PinnedTTL, w.cfg.Drain = s.cfg.AckWait, s.cfg.PinnedTTL, s.cfg.Drain
		worker, err := stream.NewWorker(rt, w.cfg, w.handler)
		if err != nil {
			return err
		}
		s.workers = append(s.workers, worker)
	}
	return nil
}

// steps are the subjects of these steps of all requests.
func steps(approvals string, which ...events.ApprovalEvent) []string {
	filters := make([]string, len(which))
	for i, step := range which {
		filters[i] = approvals + ".*." + string(step) + ".*"
	}
	return filters
}

// Run works until ctx is cancelled, drains and returns nil. It fails only where the
// connection was closed under it.
func (s *Service) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, w := range s.workers {
		group.Go(func() error { return w.Run(ctx) })
	}
	group.Go(func() error { s.sweepForever(ctx); return nil })
	group.Go(func() error { s.people.Run(ctx, s.cfg.Reload); return nil })
	return group.Wait()
}

// Ready returns why the service cannot work, nil where it can.
func (s *Service) Ready() error {
	for _, w := range s.workers {
		if err := w.Ready(); err != nil {
			return err
		}
	}
	return nil
}

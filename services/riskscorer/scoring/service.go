// Package scoring is the risk scorer: it weighs every proposed action by a policy
// and publishes one assessment for each.
package scoring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/internal/stream"
)

// Service is the risk scorer. Make one with [New].
type Service struct {
	rt      stream.Runtime
	cfg     Config
	keeper  *keeper
	history *history
	worker  *stream.Worker
	edits   *rescorer
	working atomic.Bool
}

// New reads the policy and prepares the service; it does not start anything. A policy
// that cannot be used is an error, never an open door.
func New(rt stream.Runtime, cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring %s: %w", Name, err)
	}
	cfg = cfg.withDefaults()
	if rt.Now == nil {
		rt.Now = time.Now
	}
	if rt.Logger == nil {
		rt.Logger = slog.Default()
	}
	metrics, err := NewMetrics(rt.Metrics.Registerer())
	if err != nil {
		return nil, fmt.Errorf("configuring %s: %w", Name, err)
	}
	s := &Service{rt: rt, cfg: cfg}
	if s.keeper, err = newKeeper(cfg.files(), cfg.load, rt.Logger, metrics); err != nil {
		return nil, fmt.Errorf("configuring %s: %w", Name, err)
	}
	state := lately.New(lately.Limits{})
	s.history = newHistory(rt.Conn, rt.Subjects, state, uint64(cfg.HistoryLimit), rt.Now, rt.Logger, metrics)
	weigher := &scorer{
		keeper: s.keeper, asker: newAsker(rt.Conn, rt.Subjects, metrics), state: state, handled: &s.history.handled, conn: rt.Conn, subjects: rt.Subjects, now: rt.Now,
	}
	if s.worker, err = stream.NewWorker(rt, cfg.worker(rt.Subjects), weigher); err != nil {
		return nil, fmt.Errorf("configuring %s: %w", Name, err)
	}
	s.edits = &rescorer{scorer: weigher, conn: rt.Conn}
	return s, nil
}

// Run learns what happened lately, then assesses actions until ctx ends, and finishes what it has begun. It returns nil
// after a clean drain.
func (s *Service) Run(ctx context.Context) error {
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	all.Go(func() { s.history.run(beside) })
	all.Go(func() { s.keeper.run(beside, s.cfg.PolicyCheck, s.rt.Conn, s.rt.Subjects, s.rt.Now) })
	wait := time.NewTimer(s.cfg.HistoryWait)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-s.history.caught:
	case <-wait.C:
		s.rt.Logger.Warn("actions are assessed although it is not known what happened lately", "waited", s.cfg.HistoryWait)
	}
	s.working.Store(true)
	edits, end := context.WithCancel(ctx)
	editing := make(chan error, 1)
	go func() { editing <- s.edits.run(edits) }()
	err := s.worker.Run(ctx)
	end()
	return errors.Join(err, <-editing)
}

// CheckPolicy looks at the policy's files now and takes over what they say. One that cannot be used changes nothing.
func (s *Service) CheckPolicy() { s.keeper.check(true) }

var errLearning = errors.New("reading what happened lately")

// Ready says why the service cannot do its work at the moment; nil where it can. A
// policy file that is refused does not count: the policy before does its work.
func (s *Service) Ready() error {
	if !s.working.Load() {
		if err := s.history.ready(); err != nil {
			return err
		}
		return errLearning
	}
	return s.worker.Ready()
}

// PolicyVersion names the policy in use.
func (s *Service) PolicyVersion() string { return s.keeper.rules().Version() }

// Package scoring is the risk scorer: it weighs every proposed action by a policy
// and publishes one assessment for each.
package scoring

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/stream"
)

// Service is the risk scorer. Make one with [New].
type Service struct {
	policy *policy.Policy
	worker *stream.Worker
	edits  *rescorer
}

// New reads the policy and prepares the service; it does not start anything. A policy
// that cannot be used is an error, never an open door.
func New(rt stream.Runtime, cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring %s: %w", Name, err)
	}
	p, err := cfg.policy()
	if err != nil {
		return nil, fmt.Errorf("configuring %s: %w", Name, err)
	}
	if rt.Now == nil {
		rt.Now = time.Now
	}
	s := &scorer{policy: p, subjects: rt.Subjects, now: rt.Now}
	worker, err := stream.NewWorker(rt, cfg.worker(rt.Subjects), s)
	if err != nil {
		return nil, fmt.Errorf("configuring %s: %w", Name, err)
	}
	edits, err := newRescorer(rt, s)
	if err != nil {
		return nil, fmt.Errorf("configuring %s: %w", Name, err)
	}
	return &Service{policy: p, worker: worker, edits: edits}, nil
}

// Run assesses actions until ctx ends, then finishes what it has begun. It returns nil
// after a clean drain.
func (s *Service) Run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return s.worker.Run(ctx) })
	group.Go(func() error { return s.edits.run(ctx) })
	return group.Wait()
}

// Ready says why the service cannot do its work at the moment; nil where it can.
func (s *Service) Ready() error { return s.worker.Ready() }

// PolicyVersion names the policy in use.
func (s *Service) PolicyVersion() string { return s.policy.Version() }

package sink

import (
	"context"
	"fmt"
	"time"
)

// sweepEvery is how often it is looked whether private values have outlived their retention.
const sweepEvery = 10 * time.Minute

// sweeper deletes private values that have outlived their retention. The table has no TTL, which could not ask whether a hold stands.
func (s *Service) sweeper(ctx context.Context) {
	for {
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("deleting private values that have expired failed, and is tried again", "error", err)
		}
		if !pause(ctx, sweepEvery) {
			return
		}
	}
}

func (s *Service) sweep(ctx context.Context) error {
	before := s.rt.Now().Add(-s.cfg.PrivateRetention).UTC() // first: what is placed under hold after it has expired may be gone
	held, _, err := s.eraser.holds.held(ctx)
	if err != nil {
		return err
	}
	expired := fmt.Sprintf("stored_at < toDateTime64('%s', 3, 'UTC') AND NOT %s", before.Format("2006-01-02 15:04:05.000"), held)
	n, err := s.count(ctx, expired)
	if err != nil || n == 0 {
		return err
	}
	if err := s.deletePrivate(ctx, expired); err != nil {
		return err
	}
	s.log.Info("private values have expired", "values", n, "older_than", s.cfg.PrivateRetention)
	return nil
}

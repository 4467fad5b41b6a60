package escalation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/pkg/events"
)

// sweepForever looks for missed timers at the start and at every interval. What
// goes wrong is logged and looked at again the next time.
func (s *Service) sweepForever(ctx context.Context) {
	tick := time.NewTicker(s.cfg.Sweep)
	defer tick.Stop()
	for {
		s.sweep(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Service) sweep(ctx context.Context) {
	// What was read before an error still counts: one unreadable entry must not
	// keep the others waiting.
	if err := s.index.Refresh(ctx); err != nil && ctx.Err() == nil {
		s.logger.Error("looking for missed timers", "error", err)
	}
	for _, request := range s.index.Overdue(s.now(), s.cfg.Grace) {
		if ctx.Err() != nil {
			return
		}
		st, err := s.store.Load(ctx, request)
		switch {
		case errors.Is(err, requests.ErrNotFound), err == nil && (st.Resolved != nil || !st.Due().Add(s.cfg.Grace).Before(s.now())):
			continue // it moved on meanwhile
		case err == nil:
			err = s.rearm(ctx, st)
		}
		if err != nil {
			s.logger.Error("arming a missed timer", "request", request, "error", err)
			continue
		}
		s.logger.Warn("a timer was missed and is armed again", "request", st.Request, "tier", st.Tier, "due", st.Due())
	}
}

// rearm has the end of the current tier fire at once. It goes through the stream
// of timers like any other, so that there is one way in which a request moves on.
func (s *Service) rearm(ctx context.Context, st approval.State) error {
	effects := []approval.Effect{approval.Arm{Tier: st.Tier, Kind: approval.Escalate, At: st.Due()}}
	out, err := requests.Outputs(s.subjects, source, events.Event{}, st, effects)
	if err != nil {
		return err
	}
	// Without its id: the window of the stream must not take this for the lost one.
	for _, o := range out {
		h, data, err := events.EncodeBinary(o.Event)
		if err != nil {
			return fmt.Errorf("encoding timer %s: %w", o.Event.ID, err)
		}
		maps.Copy(h, o.Header)
		if _, err := s.js.PublishMsg(ctx, &nats.Msg{Subject: o.Subject, Header: nats.Header(h), Data: data}); err != nil {
			return fmt.Errorf("publishing timer %s: %w", o.Event.ID, err)
		}
	}
	return nil
}

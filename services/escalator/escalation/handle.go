package escalation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// retryDelay is after which time a message is tried again that met a trouble of
// the server or too many others.
const retryDelay = time.Second

// patience is how often an announced request may be missing from the bucket, as
// when a replica answers that has not caught up, before it is taken for gone.
const patience = 5

// handleLifecycle arms the timers of a request that was announced, or whose path was moved, and cancels
// those of one that is resolved.
func (s *Service) handleLifecycle(ctx context.Context, m *stream.Message) stream.Outcome {
	_, event, request, err := s.subjects.ParseApproval(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	switch event {
	case events.Requested, events.Revised, events.Acknowledged, events.Reassigned, events.Asked, events.Snoozed:
		return s.arm(ctx, request, m)
	case events.Resolved:
		s.cancel(ctx, request)
	}
	return stream.Done()
}

func (s *Service) arm(ctx context.Context, request string, m *stream.Message) stream.Outcome {
	st, err := s.store.Load(ctx, request)
	if errors.Is(err, requests.ErrNotFound) && m.Deliveries >= patience {
		s.logger.Warn("no timer was armed: the request is gone", "request", request)
		return stream.Done()
	}
	if err != nil {
		return failed(err)
	}
	return s.publish(m, st, append(approval.Timers(st), approval.Wakes(st, m.StoredAt)...))
}

// cancel takes the timers of a resolved request away. It only saves the server work:
// a timer that still fires is dropped.
func (s *Service) cancel(ctx context.Context, request string) {
	timers, err := s.js.Stream(ctx, s.subjects.Stream("TIMERS"))
	if err == nil {
		err = timers.Purge(ctx, jetstream.WithPurgeSubject(s.subjects.Timers(request)))
	}
	if err != nil {
		s.logger.Warn("timers of a resolved request stay until they fire", "request", request, "error", err)
	}
}

// handleDue moves a request on by a timer that fired.
func (s *Service) handleDue(ctx context.Context, m *stream.Message) stream.Outcome {
	request, tier, _, err := s.subjects.ParseDue(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	timer, err := events.As[requests.Timer](m.Event)
	if err != nil {
		return stream.Permanent(err)
	}
	if timer.Request != request || timer.Tier != tier {
		return stream.Permanent(fmt.Errorf("a timer of %s at tier %d fired on %s", timer.Request, timer.Tier, m.Subject))
	}
	fired := approval.TimerFired{Tier: timer.Tier, Kind: timer.Kind, N: timer.N, At: m.StoredAt}
	st, effects, err := s.store.ApplyTo(ctx, request, func(st *approval.State) (approval.Input, error) {
		if fired.OnCall = nil; fired.Kind == approval.Escalate {
			fired.OnCall = s.onCall(st, fired.At)
		}
		return fired, nil
	}, s.now())
	if errors.Is(err, requests.ErrNotFound) {
		s.logger.Info("a timer was dropped: the request is gone", "request", request)
		return stream.Done()
	}
	if err != nil {
		return failed(err)
	}
	effects, reports, err := s.storms.calm(ctx, m, &st, effects)
	if err != nil {
		return failed(err)
	}
	return s.publish(m, st, effects, reports...)
}

func (s *Service) publish(m *stream.Message, st approval.State, effects []approval.Effect, more ...stream.Output) stream.Outcome {
	out, err := requests.Outputs(s.subjects, source, m.Event, st, effects)
	if err != nil {
		return stream.Permanent(err)
	}
	return stream.Done(append(out, more...)...)
}

func failed(err error) stream.Outcome {
	if errors.Is(err, requests.ErrUnreadable) {
		return stream.Permanent(err)
	}
	return stream.RetryAfter(retryDelay, err)
}

package routing

import (
	"context"
	"errors"
	"fmt"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// handOver is [verdicts.Handle] of what approvers do with a request beside answering it. It comes through the same consumer, so that
// what one person does on one request keeps its order.
func (v *verdicts) handOver(ctx context.Context, m *stream.Message) stream.Outcome {
	channel, approver, request, err := v.subjects.ParseHandOver(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	cast, err := events.As[events.HandOverCast](m.Event)
	if err == nil {
		err = claimsMatch(cast.Request, cast.Approver, approver, request)
	}
	if err != nil {
		return stream.Permanent(err) // Buried refuses it
	}
	if m.Deliveries > 1 {
		switch refused, err := v.refusedBefore(ctx, m, request); {
		case err != nil:
			return stream.RetryAfter(retryOpen, err)
		case refused:
			return stream.Done()
		}
	}
	directory := v.tables.get().people
	in := approval.HandOver{
		Sequence: m.Sequence, EventID: m.Event.ID, Channel: channel, Approver: approver,
		Person: directory.PersonOf(approver), Groups: directory.GroupsOf(approver), Cast: *cast, At: m.StoredAt,
	}
	if cast.To != "" {
		in.ToPerson, in.ToGroups = directory.PersonOf(cast.To), directory.GroupsOf(cast.To)
	}
	state, effects, err := v.store.Apply(ctx, request, in, v.now())
	return v.settle(m, request, channel, approver, &state, effects, err)
}

// settle publishes what a hand-over led to.
func (v *verdicts) settle(m *stream.Message, request, channel, approver string, s *approval.State, effects []approval.Effect, err error) stream.Outcome {
	switch {
	case errors.Is(err, requests.ErrNotFound) && m.Deliveries < patience:
		return stream.RetryAfter(retryUnknown, err)
	case errors.Is(err, requests.ErrNotFound):
		return v.refuse(m, events.VerdictRefused{
			Request: request, Channel: channel, Approver: approver, Sequence: m.Sequence,
			Code: events.RefusedUnknownRequest, Reason: fmt.Sprintf("there is no request %s, or it was resolved long ago", request),
		})
	case errors.Is(err, requests.ErrUnreadable):
		return stream.Permanent(err)
	case err != nil:
		return stream.RetryAfter(retryOpen, err)
	}
	out, err := requests.Outputs(v.subjects, source, m.Event, *s, effects)
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	return stream.Done(out...)
}

package routing

import (
	"context"

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
	if outcome, done := v.settled(ctx, m, request); done {
		return outcome
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
	if err != nil {
		return v.failed(m, request, channel, approver, err)
	}
	out, err := requests.Outputs(v.subjects, source, m.Event, state, effects)
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	return stream.Done(out...)
}

package routing

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// finder looks for the request that an action is on.
type finder func(ctx context.Context, agent, action string) (approval.State, error)

// withdrawals gives actions back to the agents that do not want them any more, and puts their answers to questions onto cards.
type withdrawals struct {
	subjects events.Subjects
	store    *requests.Store
	actions  *actions
	load     *load
	now      func() time.Time
}

// Handle implements [stream.Handler]. An action that is on no card yet is decided in the ledger
// first: whoever puts it on a card looks there, and whoever was just before is found afterwards.
func (h *withdrawals) Handle(ctx context.Context, m *stream.Message) stream.Outcome {
	if _, _, _, err := h.subjects.ParseAnswer(m.Subject); err == nil {
		return h.answer(ctx, m)
	}
	_, agent, action, err := h.subjects.ParseAction(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	withdrawn, err := events.As[events.ActionWithdrawn](m.Event)
	if err != nil {
		return stream.Permanent(err)
	}
	in := approval.Withdrawn{Agent: agent, Action: action, Sequence: m.Sequence, EventID: m.Event.ID, Reason: clip(oneLine(withdrawn.Reason), maxText), At: m.StoredAt}
	out, found, err := h.onCard(ctx, m, in, h.store.Find)
	if err == nil && !found {
		return h.beforeCard(ctx, m, in)
	}
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	return stream.Done(out...)
}

// onCard withdraws an action from the request that find says it is on.
func (h *withdrawals) onCard(ctx context.Context, m *stream.Message, in approval.Withdrawn, find finder) (out []stream.Output, found bool, err error) {
	s, err := find(ctx, in.Agent, in.Action)
	if errors.Is(err, requests.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	s, effects, err := h.store.Apply(ctx, s.Request, in, h.now())
	if err != nil {
		return nil, false, err
	}
	if !requests.Shows(s, in.Agent, in.Action) {
		return nil, false, nil // an edit took it off meanwhile
	}
	if s.Resolved != nil {
		h.load.resolved(s.ReadCard().Group, s.Request)
	}
	out, err = requests.Outputs(h.subjects, source, m.Event, s, effects)
	return out, true, err
}

// beforeCard decides an action that is on no card, and takes it off one that it was just being put on.
func (h *withdrawals) beforeCard(ctx context.Context, m *stream.Message, in approval.Withdrawn) stream.Outcome {
	found, err := h.actions.last(ctx, in.Agent, in.Action)
	switch {
	case errors.Is(err, errNotAtHand):
		return stream.Permanent(err) // there is nothing to withdraw
	case err != nil:
		return stream.RetryAfter(retryOpen, err)
	}
	d := &events.DecisionMade{
		Agent: in.Agent, Action: in.Action, Outcome: events.Withdrawn, Reason: "withdrawn by the agent",
		Sequence: found.ref.Sequence, Digest: found.ref.Digest, DecidedBy: events.Decider{Kind: events.ByAgent}, ProposedAt: found.at,
	}
	cause := m.Event
	cause.ReplyTo = found.replyTo
	out, err := decisionOutput(h.subjects, d, cause, m.StoredAt)
	if err != nil {
		return stream.Permanent(err)
	}
	if err := h.ledger(ctx, in, out); err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	// Whoever opens a request claims its actions, looks into the ledger, and stores it. This is the other way round, so
	// that one of the two sees the other; what is claimed and not stored yet is kept from being stored.
	outputs, _, err := h.onCard(ctx, m, in, h.store.FindOrBar)
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	return stream.Done(append(outputs, out)...)
}

// ledger returns once the action has a decision: this one, or whatever was there before.
func (h *withdrawals) ledger(ctx context.Context, in approval.Withdrawn, out stream.Output) error {
	header, data, err := events.EncodeBinary(out.Event)
	if err != nil {
		return err
	}
	_, err = h.actions.js.PublishMsg(ctx, &nats.Msg{Subject: out.Subject, Header: nats.Header(header), Data: data})
	if _, refused := errors.AsType[*jetstream.APIError](err); !refused {
		return err
	}
	switch stands, lookErr := decided(ctx, &h.actions.handles, h.actions.js, h.subjects, in.Agent, in.Action); {
	case lookErr != nil:
		return lookErr
	case stands:
		return nil
	}
	return err // full, or another decision is just on its way
}

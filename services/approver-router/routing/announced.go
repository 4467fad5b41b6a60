package routing

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/pkg/events"
)

// announcer makes sure that what people answer is in the stream before their answer counts. People who look into the bucket see
// a version of a card before its router has told of it; should that router die and an edit follow at once, the
// version would be known to nobody, and the answers to it could not be traced.
type announcer struct {
	js       jetstream.JetStream
	subjects events.Subjects
	handles  handles
}

// ensure returns once the version of the card that stands is announced. cause is the event that asks for it.
func (a *announcer) ensure(ctx context.Context, s *approval.State, cause events.Event) error {
	out, err := requests.Outputs(a.subjects, source, cause, *s, approval.Announced(*s))
	if err != nil {
		return err
	}
	known, err := a.known(ctx, out[0].Subject, s.Digest)
	if known || err != nil {
		return err
	}
	for _, o := range out {
		header, data, err := events.EncodeBinary(o.Event)
		if err != nil {
			return fmt.Errorf("announcing %s: %w", s.Request, err)
		}
		if _, err := a.js.PublishMsg(ctx, &nats.Msg{Subject: o.Subject, Header: nats.Header(header), Data: data}, jetstream.WithMsgID(o.MsgID)); err != nil {
			return fmt.Errorf("announcing %s: %w", s.Request, err)
		}
	}
	return nil
}

// known reports whether the last announcement on subject is of the card with this digest.
func (a *announcer) known(ctx context.Context, subject, digest string) (bool, error) {
	stored, err := a.handles.of(ctx, a.js, a.subjects.Stream("EVENTS"))
	if err != nil {
		return false, fmt.Errorf("looking for %s: %w", subject, err)
	}
	m, err := stored.GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("looking for %s: %w", subject, err)
	}
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return false, nil //nolint:nilerr // what cannot be read announces nothing
	}
	announced, err := events.As[events.ApprovalRequested](e)
	return err == nil && announced.Digest == digest, nil
}

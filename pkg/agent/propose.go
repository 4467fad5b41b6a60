package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// proposeTimeout is how long the server may take to confirm one proposal before it
// is sent again.
const proposeTimeout = 5 * time.Second

// alreadyAccepted is JetStream's answer where a subject takes one message ever and has
// it: "maximum messages per subject exceeded".
const alreadyAccepted = 10077

// Proposal is a proposal on its way to the server.
type Proposal struct {
	// ID is the action's id, for [Client.Await].
	ID string

	client  *Client
	action  prepared
	subject string
	ack     jetstream.PubAckFuture
	refused chan error
}

// Propose returns once the action is durably accepted, with its id. Proposing the same
// id again is safe: the first proposal stands. Errors: [*TooLargeError], [ErrNotPermitted], an
// [*events.FieldError], or what kept the server from confirming until ctx ended.
func (c *Client) Propose(ctx context.Context, a Action) (id string, err error) {
	p, err := c.propose(ctx, a)
	if err != nil {
		return "", err
	}
	return p.id, nil
}

func (c *Client) propose(ctx context.Context, a Action) (prepared, error) {
	ready, err := a.prepare(c.agent, time.Now())
	if err != nil {
		return ready, err
	}
	for {
		p, err := c.send(ready)
		if err != nil {
			return ready, err
		}
		err = p.Accepted(ctx)
		if err == nil || ctx.Err() != nil || !errors.Is(err, errNotConfirmed) {
			return ready, err
		}
		// Not confirmed is not refused: the same id again finds out.
		select {
		case <-ctx.Done():
			return ready, err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ProposeAsync sends the action without waiting for the server; [Proposal.Accepted]
// waits. It blocks while [Options.MaxPending] proposals are under way.
func (c *Client) ProposeAsync(a Action) (*Proposal, error) {
	ready, err := a.prepare(c.agent, time.Now())
	if err != nil {
		return nil, err
	}
	return c.send(ready)
}

var errNotConfirmed = errors.New("the server did not confirm the proposal")

func (c *Client) send(ready prepared) (*Proposal, error) {
	p := &Proposal{ID: ready.id, client: c, action: ready, subject: c.subjects.Action(c.agent, ready.id), refused: make(chan error, 1)}
	ready.event.ReplyTo = c.inbox + "." + ready.id
	header, data, err := events.EncodeBinary(ready.event)
	if err != nil {
		return nil, err
	}
	msg := &nats.Msg{Subject: p.subject, Header: header, Data: data}
	if size, limit := int64(msg.Size()), c.nc.MaxPayload(); size > limit {
		return nil, &TooLargeError{Size: size, Limit: limit}
	}
	c.mu.Lock()
	c.unproven[p.subject] = p.refused
	c.mu.Unlock()
	c.waiting.expect(ready.id)
	if p.ack, err = c.js.PublishMsgAsync(msg, jetstream.WithRetryAttempts(0)); err != nil {
		p.settled()
		if errors.Is(err, nats.ErrMaxPayload) {
			return nil, &TooLargeError{Size: int64(msg.Size()), Limit: c.nc.MaxPayload()}
		}
		return nil, fmt.Errorf("proposing action %s: %w", p.ID, err)
	}
	return p, nil
}

// Accepted returns nil once the action is durably accepted. It may be called once.
func (p *Proposal) Accepted(ctx context.Context) error {
	defer p.settled()
	select {
	case <-p.ack.Ok():
		return nil
	case err := <-p.refused:
		return fmt.Errorf("proposing action %s: %w", p.ID, err)
	case err := <-p.ack.Err():
		var api *jetstream.APIError
		switch {
		case errors.As(err, &api) && api.ErrorCode == alreadyAccepted:
			return nil
		case errors.As(err, &api):
			return fmt.Errorf("proposing action %s: the server refused it: %w", p.ID, err)
		case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, nats.ErrNoResponders):
			return fmt.Errorf("proposing action %s: %w: no stream takes %s; is the pipeline set up under this prefix?", p.ID, errNotConfirmed, p.subject)
		default:
			return fmt.Errorf("proposing action %s: %w: %w", p.ID, errNotConfirmed, err)
		}
	case <-ctx.Done():
		return fmt.Errorf("proposing action %s: %w: %w", p.ID, errNotConfirmed, ctx.Err())
	}
}

func (p *Proposal) settled() {
	c := p.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unproven[p.subject] == p.refused {
		delete(c.unproven, p.subject)
	}
}

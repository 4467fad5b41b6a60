package approver

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Event is a step in the life of a request, or a request found by looking.
type Event struct {
	// Kind is the step; "" for a request that a look at the store found: at the start, and after every gap in
	// which steps may have been missed.
	Kind  events.ApprovalEvent
	Group string // the group it was announced to; of the current tier for a found one
	ID    string // of the request
	// Payload is the step's payload, such as [*events.ApprovalRequested] of a new card and of a new version of one
	// ([events.Revised]); nil for a found request.
	Payload events.Payload
	// Message is the event as it came; zero for a found request.
	Message events.Event
	// Request is the found request; nil for a step.
	Request *Request
}

// Watch calls f, one call at a time, with every open request there is, then with the steps of all requests
// as they happen, until ctx ends (it returns its cause) or the client is closed. After a gap, as
// by a reconnect, f is called with every request as it stands, resolved ones too: f must take
// repetitions.
func (c *Client) Watch(ctx context.Context, f func(Event)) error {
	lost := make(chan struct{}, 1)
	c.mu.Lock()
	c.reconnect[lost] = struct{}{}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.reconnect, lost)
		c.mu.Unlock()
	}()
	subject := c.subjects.All("approvals", 0) + ".>"
	refusal, stop := c.onRefusal(subject)
	defer stop()
	steps := make(chan *nats.Msg, 4096)
	sub, err := c.nc.ChanSubscribe(subject, steps)
	if err != nil {
		return fmt.Errorf("watching requests: %w", err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // a closed connection has none left
	flushing, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := c.nc.FlushWithContext(flushing); err != nil {
		return fmt.Errorf("watching requests: %w", err)
	}
	if err := c.found(ctx, f, false); err != nil {
		return fmt.Errorf("watching requests: %w", err)
	}
	for {
		select {
		case m := <-steps:
			c.step(m, f)
		case <-lost:
			if err := c.found(ctx, f, true); err != nil {
				// Gone again already: the next reconnect looks again.
				c.log.Warn("looking through the requests after a gap", "error", err)
			}
		case err := <-refusal:
			return fmt.Errorf("watching requests: %w", err)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.closed:
			return ErrClosed
		}
	}
}

// found reports what the store holds. Entries that cannot be read are logged.
func (c *Client) found(ctx context.Context, f func(Event), resolved bool) error {
	list, err := c.Requests(ctx)
	if err != nil && len(list) == 0 {
		return err
	}
	if err != nil {
		c.log.Warn("some requests cannot be read", "error", err)
	}
	for _, r := range list {
		if r.Open() || resolved {
			f(Event{Group: r.Group, ID: r.ID, Request: &r})
		}
	}
	return nil
}

func (c *Client) step(m *nats.Msg, f func(Event)) {
	ev, err := c.readStep(m)
	if err != nil {
		c.log.Warn("dropped a step that cannot be read", "subject", m.Subject, "error", err)
		return
	}
	f(ev)
}

func (c *Client) readStep(m *nats.Msg) (Event, error) {
	group, kind, request, err := c.subjects.ParseApproval(m.Subject)
	if err != nil {
		return Event{}, err
	}
	e, err := events.Decode(m.Header, m.Data)
	if err != nil {
		return Event{}, err
	}
	ev := Event{Kind: kind, Group: group, ID: request, Message: e}
	switch kind {
	case events.Requested, events.Revised:
		ev.Payload, err = events.As[events.ApprovalRequested](e)
	case events.Reminded:
		ev.Payload, err = events.As[events.ApprovalReminded](e)
	case events.Escalated:
		ev.Payload, err = events.As[events.ApprovalEscalated](e)
	case events.Resolved:
		ev.Payload, err = events.As[events.ApprovalResolved](e)
	case events.Acknowledged, events.Reassigned, events.Asked, events.Snoozed:
		ev.Payload, err = events.As[events.ApprovalHanded](e)
	case events.Refused:
		ev.Payload, err = events.As[events.VerdictRefused](e)
	}
	return ev, err // a kind this version does not know has no payload
}

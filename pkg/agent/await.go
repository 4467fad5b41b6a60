package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Decision is the pipeline's final word on one action.
type Decision struct {
	events.DecisionMade
	// Event is the event it came in, with the trace and the exact bytes.
	Event events.Event `json:"-"`
}

const (
	firstPoll = time.Second
	lastPoll  = 30 * time.Second
)

// Await returns the decision on the agent's action id: from the reply subject, or from the
// ledger, so that it does not matter who proposed the action, when, and what was lost since. Every
// outcome is returned without an error. [ErrUndecided] says that there is none yet when ctx ends
// (with its cause) or the client is closed ([ErrClosed]), or that the ledger holds something else.
func (c *Client) Await(ctx context.Context, id string) (Decision, error) {
	if err := events.CheckToken("action", id); err != nil {
		return Decision{}, err
	}
	d, err := c.await(ctx, id)
	var forbidden *PermissionError
	if err != nil && !errors.As(err, &forbidden) {
		err = fmt.Errorf("awaiting action %s/%s: %w: %w", c.opts.Agent, id, ErrUndecided, err)
	}
	return d, err
}

func (c *Client) await(ctx context.Context, id string) (d Decision, err error) {
	entry, sure, gap := c.mail.watch(id)
	defer func() { c.mail.unwatch(entry, err == nil) }()
	look, poll := !sure, firstPoll
	timer := time.NewTimer(jitter(poll))
	defer timer.Stop()
	for {
		if look {
			d, found, err := c.lookup(ctx, id)
			if found || err != nil {
				return d, err
			}
		}
		select {
		case <-entry.ready:
			return *entry.decision, nil
		case <-ctx.Done():
			return Decision{}, context.Cause(ctx)
		case <-c.closed:
			return Decision{}, ErrClosed
		case <-gap:
			gap, poll = c.mail.gapSignal(), firstPoll
		case <-timer.C:
			poll = min(2*poll, lastPoll)
		}
		look = true
		timer.Reset(jitter(poll))
	}
}

// jitter spreads waiters that started together: 0.75 to 1.25 of d.
func jitter(d time.Duration) time.Duration { return d*3/4 + rand.N(d/2) } //nolint:gosec // spreading load needs no secrecy

// replied takes what arrives on the reply subject; what is not a decision on the action named
// there is dropped, since anybody may have caused it.
func (c *Client) replied(m *nats.Msg) {
	action := m.Subject[len(c.replyTo):]
	e, err := events.Decode(m.Header, m.Data)
	if err == nil && e.Type == events.ApprovalPendingType {
		c.waits(e, action)
		return
	}
	var d Decision
	if err == nil {
		d, err = c.decision(e, action)
	}
	if err != nil {
		c.log.Warn("dropped a message on the reply subject", "subject", m.Subject, "error", err)
		return
	}
	c.mail.put(&d, c.opts.OnDecision == nil)
	if c.opts.OnDecision != nil {
		c.opts.OnDecision(d)
	}
}

// decision believes an event only if it is a decision on this agent's action id.
func (c *Client) decision(e events.Event, id string) (Decision, error) {
	made, err := events.As[events.DecisionMade](e)
	if err != nil {
		return Decision{}, err
	}
	if made.Agent != c.opts.Agent || made.Action != id {
		return Decision{}, fmt.Errorf("it decides on %s/%s", made.Agent, made.Action)
	}
	return Decision{DecisionMade: *made, Event: e}, nil
}

// lookup reads the ledger. An error is final; not knowing is not one.
func (c *Client) lookup(ctx context.Context, id string) (d Decision, found bool, err error) {
	select {
	case c.lookups <- struct{}{}:
		defer func() { <-c.lookups }()
	case <-ctx.Done():
		return d, false, context.Cause(ctx)
	case <-c.closed:
		return d, false, ErrClosed
	}
	subject := c.subjects.Decision(c.opts.Agent, id)
	msg := &nats.Msg{Subject: "$JS.API.DIRECT.GET." + c.subjects.Stream("DECISIONS") + "." + subject}
	reply, err := c.ask(ctx, msg, resendAfter)
	if err != nil {
		if errors.Is(err, errNoAnswer) {
			return d, false, nil // the caller asks again
		}
		return d, false, err
	}
	if status := reply.Header.Get(statusHeader); status != "" {
		c.log.Debug("nothing in the ledger", "action", id, "status", status)
		return d, false, nil
	}
	if got := reply.Header.Get("Nats-Subject"); got != subject {
		return d, false, fmt.Errorf("the ledger answered for %q instead of %s", got, subject)
	}
	e, err := events.Decode(reply.Header, reply.Data)
	if err == nil {
		d, err = c.decision(e, id)
	}
	if err != nil {
		return d, false, fmt.Errorf("the ledger holds no decision on %s: %w", subject, err)
	}
	return d, true, nil
}

// ask sends one message and waits for its answer.
func (c *Client) ask(ctx context.Context, msg *nats.Msg, timeout time.Duration) (*nats.Msg, error) {
	type result struct {
		reply *nats.Msg
		err   error
	}
	done := make(chan result, 1)
	call := c.exchange.newCall(msg, timeout, func(reply *nats.Msg, err error) time.Duration {
		done <- result{reply, err}
		return 0
	})
	c.exchange.send(call)
	select {
	case r := <-done:
		return r.reply, r.err
	case <-ctx.Done():
		c.exchange.cancel(call)
		return nil, context.Cause(ctx)
	}
}

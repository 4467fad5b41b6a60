package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Decision is the pipeline's final word on one action.
type Decision struct{ events.DecisionMade }

// Approved reports whether the action may be done, with the arguments that
// ArgumentsDigest names.
func (d Decision) Approved() bool { return d.Outcome == events.Approved }

// The ledger is asked at a growing distance while a reply may have been missed.
const (
	firstPoll = 2 * time.Second
	lastPoll  = 30 * time.Second
)

// Await returns the decision on an action of this agent, whoever proposed it and
// whenever: from the reply, or from the ledger. It returns [ErrUndecided], wrapping the
// cause, where none came before ctx ended or the client was closed.
func (c *Client) Await(ctx context.Context, id string) (Decision, error) {
	if err := events.CheckToken("action id", id); err != nil {
		return Decision{}, err
	}
	arrived := make(chan Decision, 1)
	d, found, expected := c.waiting.begin(id, arrived)
	if found {
		return d, nil
	}
	defer c.waiting.end(id, arrived)
	poll := firstPoll
	timer := time.NewTimer(poll)
	defer timer.Stop()
	if !expected {
		timer.Reset(0) // proposed elsewhere, or before a restart: it may be decided already
	}
	for {
		woken := c.waiting.wakeUp()
		select {
		case d := <-arrived:
			return d, nil
		case <-ctx.Done():
			return Decision{}, fmt.Errorf("waiting for the decision on %s: %w: %w", id, ErrUndecided, ctx.Err())
		case <-c.waiting.closed:
			return Decision{}, fmt.Errorf("waiting for the decision on %s: %w: the client was closed", id, ErrUndecided)
		case <-woken:
		case <-timer.C:
		}
		// A failing ledger is no answer; the next look may work.
		if d, found, err := c.ledger(ctx, id); err == nil && found {
			return d, nil
		}
		timer.Reset(poll)
		poll = min(2*poll, lastPoll)
	}
}

// Decided looks into the ledger once: found is false while the action is undecided.
func (c *Client) Decided(ctx context.Context, id string) (d Decision, found bool, err error) {
	if err := events.CheckToken("action id", id); err != nil {
		return Decision{}, false, err
	}
	return c.ledger(ctx, id)
}

func (c *Client) ledger(ctx context.Context, id string) (Decision, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	subject := "$JS.API.DIRECT.GET." + c.subjects.Stream("DECISIONS") + "." + c.subjects.Decision(c.agent, id)
	m, err := c.nc.RequestWithContext(ctx, subject, nil)
	if err != nil {
		return Decision{}, false, fmt.Errorf("reading the ledger: %w", err)
	}
	switch status := m.Header.Get("Status"); status {
	case "":
	case "404":
		return Decision{}, false, nil
	default:
		return Decision{}, false, fmt.Errorf("reading the ledger: %s %s", status, m.Header.Get("Description"))
	}
	d, err := c.read(m, id)
	return d, err == nil, err
}

// receive takes a reply. Whatever is not a decision on the action its subject names is
// dropped: the inbox belongs to the agent, but others share its account.
func (c *Client) receive(m *nats.Msg) {
	id := m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]
	if d, err := c.read(m, id); err == nil {
		c.waiting.deliver(d)
	}
}

var errNotADecision = errors.New("not a decision on this action")

func (c *Client) read(m *nats.Msg, id string) (Decision, error) {
	e, err := events.Decode(m.Header, m.Data)
	if err != nil {
		return Decision{}, err
	}
	d, err := events.As[events.DecisionMade](e)
	if err != nil {
		return Decision{}, err
	}
	if d.Agent != c.agent || d.Action != id {
		return Decision{}, fmt.Errorf("%w: it is on %s/%s", errNotADecision, d.Agent, d.Action)
	}
	return Decision{*d}, nil
}

package approver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// HandOver is what an approver does with a request beside answering it.
type HandOver struct {
	// Request is the request's id.
	Request string
	Kind    events.HandOverKind
	// For is how long an acknowledgement holds the next tier back, in whole seconds and at most what the route allows; 0 means just that.
	For time.Duration
	// To is the person, or ToGroup the group, a request is reassigned to. They must be on its escalation path.
	To, ToGroup string
	// Question is asked of the agent about item Item of the card; 0 is the whole card.
	Question string
	Item     int
	// Until is when a snooze ends, at most the end of the request.
	Until   time.Time
	Comment string
	// Approver is who does it; "" means Options.Approver. Only an adapter may name others.
	Approver string
}

// HandOver stores a hand-over and waits, as long as ctx lasts, until it holds or is refused: then the error is [*RefusedError]. One whose
// error is [ErrUnconfirmed] may or may not have been stored; doing it again is harmless.
func (c *Client) HandOver(ctx context.Context, h HandOver) (*events.ApprovalHanded, error) {
	if h.Approver == "" {
		h.Approver = c.opts.Approver
	}
	msg, err := c.handOver(h, time.Now())
	if err != nil {
		return nil, err
	}
	steps := make(chan *nats.Msg, 256)
	sub, err := c.nc.ChanSubscribe(c.subjects.Approval("*", "*", h.Request), steps)
	if err != nil {
		return nil, fmt.Errorf("handing over on %s, not sent: %w", msg.Subject, err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // a closed connection has none left
	sequence, err := c.store(ctx, msg)
	if err != nil {
		return nil, fmt.Errorf("handing over on %s: %w", msg.Subject, err)
	}
	look := time.NewTicker(2 * time.Second) // for what a reconnect lost
	defer look.Stop()
	for {
		select {
		case m := <-steps:
			handed, err := c.handed(m, sequence)
			if handed != nil || err != nil {
				return handed, err
			}
		case <-look.C:
			r, err := c.Get(ctx, h.Request)
			if err != nil {
				continue
			}
			for _, done := range r.HandOvers {
				if done.Sequence == sequence {
					return &done.ApprovalHanded, nil
				}
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for what became of request %s: %w", h.Request, context.Cause(ctx))
		case <-c.closed:
			return nil, fmt.Errorf("waiting for what became of request %s: %w", h.Request, ErrClosed)
		}
	}
}

// handed takes the step that says what became of the hand-over with a sequence; nil for others.
func (c *Client) handed(m *nats.Msg, sequence uint64) (*events.ApprovalHanded, error) {
	ev, err := c.readStep(m)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // a step that cannot be read is not the one
	}
	switch p := ev.Payload.(type) {
	case *events.ApprovalHanded:
		if p.Sequence == sequence {
			return p, nil
		}
	case *events.VerdictRefused:
		if p.Sequence == sequence {
			return nil, &RefusedError{*p}
		}
	}
	return nil, nil //nolint:nilnil // another step
}

func (c *Client) handOver(h HandOver, now time.Time) (*nats.Msg, error) {
	if err := errors.Join(events.CheckToken("approver", h.Approver), events.CheckToken("request", h.Request)); err != nil {
		return nil, err
	}
	payload := &events.HandOverCast{
		Request: h.Request, Approver: h.Approver, Kind: h.Kind, Seconds: int(h.For / time.Second), To: h.To, ToGroup: h.ToGroup,
		Question: h.Question, Item: h.Item, Comment: h.Comment,
	}
	if !h.Until.IsZero() {
		until := h.Until.UTC().Round(0)
		payload.Until = &until
	}
	e, err := events.New(payload, rand.Text(), "/channels/"+c.opts.Channel+"/"+h.Approver, now)
	if err != nil {
		return nil, err
	}
	e.Subject = h.Request
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return nil, err
	}
	return &nats.Msg{Subject: c.subjects.HandOver(c.opts.Channel, h.Approver, h.Request), Header: header, Data: data}, nil
}

// HandedOver is a hand-over that holds, with the agent's answer where it was a question.
type HandedOver struct {
	events.ApprovalHanded

	Person string
	At     time.Time
	// Answer is what the agent answered; "" for nothing so far.
	Answer string
}

// WatchStorms calls f with every report that a group has more requests open than it can be reminded of one by one, from now on until ctx
// ends (it returns its cause) or the client is closed.
func (c *Client) WatchStorms(ctx context.Context, f func(events.StormReported)) error {
	reports := make(chan *nats.Msg, 64)
	sub, err := c.nc.ChanSubscribe(c.subjects.All("storms", 2), reports)
	if err != nil {
		return fmt.Errorf("watching storms: %w", err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // a closed connection has none left
	for {
		select {
		case m := <-reports:
			e, err := events.Decode(m.Header, m.Data)
			if err == nil {
				var r *events.StormReported
				if r, err = events.As[events.StormReported](e); err == nil {
					f(*r)
				}
			}
			if err != nil {
				c.log.Warn("dropped a report that cannot be read", "subject", m.Subject, "error", err)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.closed:
			return ErrClosed
		}
	}
}

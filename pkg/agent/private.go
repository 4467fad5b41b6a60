package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// ErrOtherPrivate says that the id was used before with other private values.
var ErrOtherPrivate = errors.New("the action was proposed before with other private values: give it a new id")

// prepare makes an action ready, and stores its private values before anything refers to them.
func (c *Client) prepare(ctx context.Context, a Action) (proposed, error) {
	now := time.Now()
	if a.ID == "" {
		a.ID = newULID(now)
	}
	if more := slices.Concat(c.opts.Private["*"], c.opts.Private[a.Tool]); len(more) > 0 {
		a.Private = slices.Concat(a.Private, more)
	}
	made, err := a.prepare(c.opts.Agent, c.replyTo, now, nil)
	if err != nil || made.private == nil {
		return made, err
	}
	before, err := c.storePrivate(ctx, &made)
	if err != nil {
		return proposed{}, fmt.Errorf("storing the private values of action %s/%s: %w", c.opts.Agent, a.ID, err)
	}
	if before == nil {
		return made, nil
	}
	// An earlier try, or an earlier life of the agent, was here: with its salts the action is the one of then.
	again, err := a.prepare(c.opts.Agent, c.replyTo, now, func(v events.PrivateValue) string { return saltOf(before, v) })
	if err != nil {
		return proposed{}, err
	}
	for _, v := range again.private.Values {
		if saltOf(before, v) == "" {
			return proposed{}, fmt.Errorf("action %s/%s: %w", c.opts.Agent, a.ID, ErrOtherPrivate)
		}
	}
	return again, nil
}

// storePrivate returns what is stored for the action already; nil where it is what made has.
func (c *Client) storePrivate(ctx context.Context, made *proposed) (*events.PrivateStored, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.opts.Timeout)
		defer cancel()
	}
	e, err := events.New(made.private, made.id+"/private", "/agents/"+c.opts.Agent, made.event.Time)
	if err != nil {
		return nil, err
	}
	msg, err := c.message(c.subjects.Private(c.opts.Agent, made.id), e)
	if err != nil {
		return nil, err
	}
	ack, err := c.storeIn(ctx, "PRIVATE", msg)
	switch {
	case errors.As(err, new(*PermissionError)), errors.Is(err, ErrNoStream):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	case !ack.stored:
		return nil, nil //nolint:nilnil // documented
	}
	return c.readPrivate(ctx, made.id)
}

// readPrivate reads the agent's own values of an action.
func (c *Client) readPrivate(ctx context.Context, id string) (*events.PrivateStored, error) {
	subject := c.subjects.Private(c.opts.Agent, id)
	for {
		reply, err := c.ask(ctx, &nats.Msg{Subject: "$JS.API.DIRECT.GET." + c.subjects.Stream("PRIVATE") + "." + subject}, resendAfter)
		switch {
		case errors.Is(err, errNoAnswer):
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrUnconfirmed, err)
		case reply.Header.Get(statusHeader) != "": // a replica may not have it yet
		default:
			e, err := events.Decode(reply.Header, reply.Data)
			if err != nil {
				return nil, err
			}
			return events.As[events.PrivateStored](e)
		}
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrUnconfirmed, context.Cause(ctx))
		case <-c.closed:
			return nil, fmt.Errorf("%w: %w", ErrUnconfirmed, ErrClosed)
		}
	}
}

// saltOf is the salt that a value was stored with; "" where that was another value or none.
func saltOf(stored *events.PrivateStored, v events.PrivateValue) string {
	for i := range stored.Values {
		if s := &stored.Values[i]; s.Pointer == v.Pointer && bytes.Equal(s.Value, v.Value) {
			return s.Salt
		}
	}
	return ""
}

// marked says whether a mark of the action is left in arguments.
func (c *content) marked(arguments json.RawMessage) bool { return events.Marked(arguments, c.fields) }

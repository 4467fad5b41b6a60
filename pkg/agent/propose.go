package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Proposal is an accepted action.
type Proposal struct {
	// ID is the action's id: the given one, or the one that was made.
	ID string
	// Sequence is the action's place in the stream of actions; 0 where AlreadyAccepted.
	Sequence uint64
	// AlreadyAccepted says that the id was accepted before: by an earlier try, or an earlier
	// life of the agent. What counts is what was accepted then.
	AlreadyAccepted bool
	// Digest names the content that was proposed now, see [events.Digest].
	Digest string
	// ArgumentsDigest names the arguments that were proposed now, see [events.ArgumentsDigest].
	ArgumentsDigest string

	made *content
}

// Reveal puts the action's private values in the places of their marks in arguments, such as those of a [Decision] that were edited.
// [Client.Guard] does it by itself.
func (p Proposal) Reveal(arguments json.RawMessage) (json.RawMessage, error) {
	if p.made == nil {
		return arguments, nil
	}
	return p.made.reveals.JSON(arguments)
}

// Propose returns once the action is durably accepted, or with the reason why not:
// an [*events.FieldError] for what is malformed, [*TooLargeError], [*PermissionError], [*StoreError],
// [ErrNoStream]; or [ErrUnconfirmed] where that cannot be told. Without a deadline in ctx it gives up
// after Options.Timeout. It may be called again with the same action as often as is liked.
func (c *Client) Propose(ctx context.Context, a Action) (Proposal, error) {
	p, err := c.ProposeAsync(ctx, a)
	if err != nil {
		return Proposal{}, err
	}
	return p.Wait(ctx)
}

// Pending is a proposal on its way.
type Pending struct {
	// ID is the action's id.
	ID string

	client *Client
	key    string // of the call; the call itself goes with its message once it is answered
	done   chan struct{}
	result Proposal
	err    error
}

// Done is closed once the proposal is accepted or refused.
func (p *Pending) Done() <-chan struct{} { return p.done }

// Wait waits for the answer; see [Client.Propose] for the errors. When ctx ends first, the
// proposal is given up: it is not sent again, but may have been accepted ([ErrUnconfirmed]).
func (p *Pending) Wait(ctx context.Context) (Proposal, error) {
	select {
	case <-p.done:
		return p.result, p.err
	default:
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		if p.client.exchange.take(p.key) != nil {
			p.finish(Proposal{}, p.client.unconfirmed(p.ID, context.Cause(ctx)))
		}
		<-p.done
	}
	return p.result, p.err
}

func (c *Client) unconfirmed(id string, cause error) error {
	return fmt.Errorf("proposing %s: %w: %w", c.subjects.Action(c.opts.Agent, id), ErrUnconfirmed, cause)
}

// finish settles the proposal; only the holder of its call gets here.
func (p *Pending) finish(result Proposal, err error) {
	p.result, p.err = result, err
	if err == nil && !result.AlreadyAccepted {
		p.client.mail.accepted(p.ID)
	}
	<-p.client.slots
	close(p.done)
}

// ProposeAsync sends an action without waiting for the answer, for throughput: it blocks
// only while Options.MaxOutstanding proposals are unanswered. An error means that nothing was sent. The
// proposal has until ctx's deadline, or Options.Timeout. Where the action has private values it waits until they are stored.
func (c *Client) ProposeAsync(ctx context.Context, a Action) (*Pending, error) {
	made, err := c.prepare(ctx, a)
	if err != nil {
		return nil, err
	}
	msg, err := c.message(c.subjects.Action(c.opts.Agent, made.id), made.event)
	if err != nil {
		return nil, err
	}
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("proposing %s, not sent: %w", msg.Subject, context.Cause(ctx))
	case <-c.closed:
		return nil, fmt.Errorf("proposing %s, not sent: %w", msg.Subject, ErrClosed)
	}
	p := &Pending{ID: made.id, client: c, done: make(chan struct{})}
	content := made.content
	want := Proposal{ID: made.id, Digest: made.digest, ArgumentsDigest: made.argumentsDigest, made: &content}
	c.mail.expect(made.id)
	var out *call
	out = c.exchange.newCall(msg, c.timeout(ctx), func(reply *nats.Msg, err error) time.Duration {
		return p.answered(out, want, reply, err)
	})
	p.key = out.key
	c.exchange.send(out)
	return p, nil
}

func (p *Pending) answered(out *call, want Proposal, reply *nats.Msg, err error) time.Duration {
	if err != nil {
		if _, ok := errors.AsType[*PermissionError](err); ok {
			p.finish(Proposal{}, fmt.Errorf("proposing action %s: %w", p.ID, err))
		} else {
			p.finish(Proposal{}, p.client.unconfirmed(p.ID, err))
		}
		return 0
	}
	ack, err := readAck(reply, p.client.subjects.Stream("ACTIONS"))
	switch {
	case err == nil:
		want.Sequence, want.AlreadyAccepted = ack.Sequence, ack.stored
		p.finish(want, nil)
	case again(err) && time.Since(out.first) < patience:
		return retryAfter
	default:
		p.finish(Proposal{}, fmt.Errorf("proposing %s: %w", out.msg.Subject, err))
	}
	return 0
}

// timeout is how long a call may take: as ctx says, or the option.
func (c *Client) timeout(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return c.opts.Timeout
}

// message encodes an event and refuses what the server would refuse.
func (c *Client) message(subject string, e events.Event) (*nats.Msg, error) {
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return nil, fmt.Errorf("encoding for %s: %w", subject, err)
	}
	size := int64(len("NATS/1.0\r\n\r\n") + len(data))
	for name, values := range header {
		for _, v := range values {
			size += int64(len(name) + len(": \r\n") + len(v))
		}
	}
	if limit := c.nc.MaxPayload(); limit > 0 && size > limit {
		return nil, &TooLargeError{Size: size, Limit: limit}
	}
	return &nats.Msg{Subject: subject, Header: header, Data: data}, nil
}

const (
	retryAfter = 200 * time.Millisecond
	// patience is how long a server may be without its streams, as while it restarts,
	// before that is reported.
	patience = 3 * time.Second

	codeStoreFailed    = 10077 // also "disk full" and "stream full": the text tells
	codeInFlight       = 10164
	perSubjectExceeded = "maximum messages per subject exceeded"
	statusNoResponders = "503"
	statusHeader       = "Status"
)

// pubAck is JetStream's answer to a publish.
type pubAck struct {
	Stream   string `json:"stream"`
	Sequence uint64 `json:"seq"`
	Error    *struct {
		Code        int    `json:"code"`
		ErrCode     int    `json:"err_code"`
		Description string `json:"description"`
	} `json:"error"`

	stored bool // the subject has had its message before
}

// readAck understands an answer: stored now, stored before, or the error.
func readAck(m *nats.Msg, stream string) (pubAck, error) {
	var ack pubAck
	if m.Header.Get(statusHeader) == statusNoResponders {
		return ack, ErrNoStream
	}
	if seq, ok := storedAt(m.Data, stream); ok {
		return pubAck{Stream: stream, Sequence: seq}, nil
	}
	if err := json.Unmarshal(m.Data, &ack); err != nil {
		return ack, fmt.Errorf("reading the server's answer: %w", err)
	}
	if e := ack.Error; e != nil {
		if e.ErrCode == codeStoreFailed && strings.Contains(e.Description, perSubjectExceeded) {
			ack.stored = true
			return ack, nil
		}
		return ack, &StoreError{Code: e.ErrCode, Description: e.Description}
	}
	if ack.Stream != stream || ack.Sequence == 0 {
		return ack, fmt.Errorf("stored in stream %q instead of %s", ack.Stream, stream)
	}
	return ack, nil
}

// storedAt reads the one answer that nearly all are, without decoding JSON: {"stream":"WL_ACTIONS","seq":17}.
func storedAt(data []byte, stream string) (seq uint64, ok bool) {
	rest, ok := strings.CutPrefix(string(data), `{"stream":"`+stream+`","seq":`)
	if !ok {
		return 0, false
	}
	if rest, ok = strings.CutSuffix(rest, "}"); !ok {
		return 0, false
	}
	seq, err := strconv.ParseUint(rest, 10, 64)
	return seq, err == nil && seq > 0
}

// again reports whether trying later may help.
func again(err error) bool {
	if refused, ok := errors.AsType[*StoreError](err); ok {
		return refused.Code == codeInFlight || strings.Contains(refused.Description, "temporarily unavailable")
	}
	return errors.Is(err, ErrNoStream)
}

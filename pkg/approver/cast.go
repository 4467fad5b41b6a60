package approver

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Verdict is an answer to a request.
type Verdict struct {
	// Request is the request's id, Digest that of the card that was shown.
	Request string
	Digest  string
	// Verdict answers every item that Items does not name; "" answers only those.
	Verdict events.VerdictKind
	// Items answers single items. An edit has the whole arguments as they should be; private values in them that were left as they are
	// are not sent. See also [Request.AllBut].
	Items   []events.ItemVerdict
	Comment string
	// Guidance tells the agent what to do instead; required with [events.Respond].
	Guidance string
	// ReasonCode is a reason to count by, one token of the organisation's own choice.
	ReasonCode string
	// Limits bound what is approved; nil for no bounds.
	Limits *events.ApprovalLimits
	// Grant lets the next actions like those that are approved pass too; nil for these alone.
	Grant *events.GrantTerms
	// Approver is who answers; "" means Options.Approver. Only an adapter may name others.
	Approver string
	// Wait, where set, makes Cast wait until the request is resolved, the verdict is refused, or an edit in it made a new
	// version of the card.
	Wait bool
	// UntilCounted makes Cast wait only until the verdict counts or is refused, if nothing that Wait waits for comes first.
	UntilCounted bool
}

// Cast is an answer that was stored.
type Cast struct {
	// Sequence is the verdict's place in the stream of verdicts.
	Sequence uint64
	// Resolved is the request's end; nil unless waited for.
	Resolved *events.ApprovalResolved
	// Revised is the new version of the card, which waits for others; nil unless waited for.
	Revised *events.ApprovalRequested
	// Counted is the request after the verdict counted and left it open; nil unless waited for.
	Counted *Request
}

// RefusedError says that a verdict did not count.
type RefusedError struct{ events.VerdictRefused }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("verdict on request %s was refused (%s): %s", e.Request, e.Code, e.Reason)
}

// ErrUnconfirmed says that the verdict may or may not have been stored; casting it again is harmless.
var ErrUnconfirmed = errors.New("not known whether the verdict was stored")

// Cast stores a verdict and returns once that is durable, which does not mean that it counts: with Wait it also
// waits, as long as ctx lasts, for what [Verdict].Wait or UntilCounted says, or returns [*RefusedError]. When ctx ends
// during that wait the error is its cause and the returned Cast has the sequence.
func (c *Client) Cast(ctx context.Context, v Verdict) (Cast, error) {
	if v.Approver == "" {
		v.Approver = c.opts.Approver
	}
	if err := c.keepMarks(ctx, &v); err != nil {
		return Cast{}, fmt.Errorf("keeping private values out of the verdict, not sent: %w", err)
	}
	id := rand.Text()
	msg, err := c.verdict(v, id, time.Now())
	if err != nil {
		return Cast{}, err
	}
	var steps chan *nats.Msg
	if v.Wait || v.UntilCounted {
		// Listening starts before casting: an answer cannot come in between.
		steps = make(chan *nats.Msg, 256)
		sub, err := c.nc.ChanSubscribe(c.subjects.Approval("*", "*", v.Request), steps)
		if err != nil {
			return Cast{}, fmt.Errorf("casting on %s, not sent: %w", msg.Subject, err)
		}
		defer sub.Unsubscribe() //nolint:errcheck // a closed connection has none left
	}
	sequence, err := c.store(ctx, msg)
	if err != nil {
		return Cast{}, fmt.Errorf("casting on %s: %w", msg.Subject, err)
	}
	if steps == nil {
		return Cast{Sequence: sequence}, nil
	}
	return c.outcome(ctx, v, id, sequence, steps)
}

func (c *Client) verdict(v Verdict, id string, now time.Time) (*nats.Msg, error) {
	for _, token := range [][2]string{{"approver", v.Approver}, {"request", v.Request}} {
		if err := events.CheckToken(token[0], token[1]); err != nil {
			return nil, err
		}
	}
	payload := &events.VerdictCast{
		Request: v.Request, Approver: v.Approver, Digest: v.Digest, Verdict: v.Verdict, Items: v.Items,
		Comment: v.Comment, Guidance: v.Guidance, ReasonCode: v.ReasonCode, Limits: v.Limits, Grant: v.Grant,
	}
	e, err := events.New(payload, id, "/channels/"+c.opts.Channel+"/"+v.Approver, now)
	if err != nil {
		return nil, err
	}
	e.Subject = v.Request
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return nil, err
	}
	return &nats.Msg{Subject: c.subjects.Verdict(c.opts.Channel, v.Approver, v.Request), Header: header, Data: data}, nil
}

// store publishes and waits for the stream's acknowledgement.
func (c *Client) store(ctx context.Context, msg *nats.Msg) (sequence uint64, err error) {
	var ack struct {
		Stream string `json:"stream"`
		Seq    uint64 `json:"seq"`
		Error  *struct {
			Code        int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	err = c.ask(ctx, msg, func(m *nats.Msg) (bool, error) {
		if m.Header.Get("Status") != "" {
			return true, statusError(m)
		}
		if err := json.Unmarshal(m.Data, &ack); err != nil {
			return true, fmt.Errorf("reading the server's answer: %w", err)
		}
		if ack.Error != nil {
			return true, fmt.Errorf("the stream refused it: %s (%d)", ack.Error.Description, ack.Error.Code)
		}
		if ack.Stream != c.subjects.Stream("VERDICTS") || ack.Seq == 0 {
			return true, fmt.Errorf("stored in stream %q instead of %s", ack.Stream, c.subjects.Stream("VERDICTS"))
		}
		return true, nil
	})
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrClosed) {
		err = fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return ack.Seq, err
}

// outcome waits for what became of the verdict: from the request's events, and from the store where those
// were missed.
func (c *Client) outcome(ctx context.Context, v Verdict, id string, sequence uint64, steps <-chan *nats.Msg) (Cast, error) {
	done, request := Cast{Sequence: sequence}, v.Request
	every := 2 * time.Second
	if v.UntilCounted {
		every = 50 * time.Millisecond
	}
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		select {
		case m := <-steps:
			ev, err := c.readStep(m)
			if err != nil {
				c.log.Warn("dropped a step that cannot be read", "subject", m.Subject, "error", err)
				continue
			}
			if r, ok := ev.Payload.(*events.ApprovalResolved); ok && r.Request == request {
				done.Resolved = r
				return done, nil
			}
			if r, ok := ev.Payload.(*events.ApprovalRequested); ok && ev.Kind == events.Revised && ev.Message.CausationID == id {
				done.Revised = r
				return done, nil
			}
			if r, ok := ev.Payload.(*events.VerdictRefused); ok && r.Sequence == sequence {
				return done, &RefusedError{*r}
			}
		case <-look.C:
			r, err := c.Get(ctx, request)
			switch {
			case err != nil || !r.Counted(sequence):
			case !r.Open():
				done.Resolved = r.resolved()
				return done, nil
			case v.UntilCounted:
				done.Counted = &r
				return done, nil
			}
		case <-ctx.Done():
			return done, fmt.Errorf("waiting for the outcome of request %s: %w", request, context.Cause(ctx))
		case <-c.closed:
			return done, fmt.Errorf("waiting for the outcome of request %s: %w", request, ErrClosed)
		}
	}
}

// Counted reports whether the verdict with this sequence is the newest of its person that counted.
func (r Request) Counted(sequence uint64) bool {
	for _, newest := range r.counted {
		if newest == sequence {
			return true
		}
	}
	for _, item := range r.Items {
		if item.movedBy == sequence {
			return true
		}
		for _, vote := range item.Votes {
			if vote.Sequence == sequence {
				return true
			}
		}
	}
	return false
}

// resolved is the event that the end of the request was announced with.
func (r Request) resolved() *events.ApprovalResolved {
	e := &events.ApprovalResolved{Request: r.ID, Group: r.Group, By: r.ResolvedBy}
	for i, item := range r.Items {
		e.Items = append(e.Items, events.ItemOutcome{Number: i + 1, Agent: item.Agent, Action: item.Action, Outcome: item.Outcome, Moved: item.Moved})
	}
	return e
}

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

// maxErrorLength is the longest error text of a receipt, in bytes.
const maxErrorLength = 4096

// storeReceipt publishes what became of the action. That there is one already is fine: the first counts.
func (c *Client) storeReceipt(ctx context.Context, d Decision, r events.ActionExecuted) error {
	r.Error = truncate(r.Error, maxErrorLength)
	failed := func(err error) error {
		return fmt.Errorf("action %s/%s: %w: %w", d.Agent, d.Action, ErrReceipt, err)
	}
	e, err := events.New(&r, d.Action+"/executed", "/agents/"+c.opts.Agent, r.FinishedAt)
	if err != nil {
		return failed(err)
	}
	e = e.Because(d.Event)
	e.Subject = d.Agent + "/" + d.Action
	msg, err := c.message(c.subjects.Receipt(d.Agent, d.Action), e)
	if err != nil {
		return failed(err)
	}
	ack, err := c.store(ctx, msg)
	if err != nil {
		return failed(err)
	}
	if ack.stored {
		c.log.Warn("action had a receipt before", "action", d.Action)
	}
	return nil
}

// store publishes into the stream of actions and waits until it is stored.
func (c *Client) store(ctx context.Context, msg *nats.Msg) (pubAck, error) {
	return c.storeIn(ctx, "ACTIONS", msg)
}

func (c *Client) storeIn(ctx context.Context, stream string, msg *nats.Msg) (pubAck, error) {
	type result struct {
		ack pubAck
		err error
	}
	done := make(chan result, 1)
	start := time.Now()
	call := c.exchange.newCall(msg, c.timeout(ctx), func(reply *nats.Msg, err error) time.Duration {
		var r result
		if r.err = err; err == nil {
			r.ack, r.err = readAck(reply, c.subjects.Stream(stream))
		}
		if again(r.err) && time.Since(start) < patience {
			return retryAfter
		}
		done <- r
		return 0
	})
	c.exchange.send(call)
	select {
	case r := <-done:
		return r.ack, r.err
	case <-ctx.Done():
		c.exchange.cancel(call)
		return pubAck{}, context.Cause(ctx)
	}
}

const (
	expectedLastSubjectSequence = "Nats-Expected-Last-Subject-Sequence"
	codeWrongLastSequence       = 10071
)

// checkNoReceipt finds out whether the action ran in an earlier life. An agent may not read
// receipts, but it may try to write one: this try expects a sequence that no stream reaches, so it is
// refused in any case, and the refusal says what the subject's last sequence is, 0 for none.
func (c *Client) checkNoReceipt(ctx context.Context, id string) error {
	msg := nats.NewMsg(c.subjects.Receipt(c.opts.Agent, id))
	msg.Header.Set(expectedLastSubjectSequence, "9223372036854775807")
	ack, err := c.store(ctx, msg)
	var refused *StoreError
	switch {
	case err == nil && ack.stored:
		return fmt.Errorf("action %s/%s: %w", c.opts.Agent, id, ErrAlreadyExecuted)
	case errors.As(err, &refused) && refused.Code == codeWrongLastSequence:
		if strings.HasSuffix(refused.Description, ": 0") {
			return nil
		}
		return fmt.Errorf("action %s/%s: %w", c.opts.Agent, id, ErrAlreadyExecuted)
	case err == nil:
		err = errors.New("the stream took what it must refuse")
	}
	return fmt.Errorf("looking for the receipt of action %s/%s: %w: %w", c.opts.Agent, id, ErrUndecided, err)
}

// truncate cuts s to n bytes and keeps it valid UTF-8.
func truncate(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

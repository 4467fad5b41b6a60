package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// maxReceiptError bounds what a receipt says of an error, in bytes.
const maxReceiptError = 1024

// Guard proposes a, waits for the decision and, only if it was approved, runs fn with
// the approved arguments, which people may have changed; then it publishes the receipt.
//
// It returns nil where fn ran and returned nil; fn's error where it failed;
// a [*RejectedError] where the action was not approved; [ErrUndecided] where no decision came in
// time; [ErrMismatch] where one came that does not fit. In every case but the first two
// fn was not called.
//
// Within one call fn runs at most once. An agent that dies between fn and the receipt and
// calls Guard with the same id again runs fn again: give tools an idempotency key, such as
// the action's id.
func (c *Client) Guard(ctx context.Context, a Action, fn func(ctx context.Context, arguments json.RawMessage) error) error {
	proposed, err := c.propose(ctx, a)
	if err != nil {
		if errors.Is(err, errNotConfirmed) {
			return fmt.Errorf("%w: %w", ErrUndecided, err)
		}
		return err
	}
	d, err := c.Await(ctx, proposed.id)
	if err != nil {
		return err
	}
	arguments, digest, err := approvedArguments(proposed, d)
	if err != nil {
		return err
	}
	return c.execute(ctx, proposed, digest, func(ctx context.Context) error { return fn(ctx, arguments) })
}

// approvedArguments gives what the action may be done with, or why it may not.
func approvedArguments(p prepared, d Decision) (json.RawMessage, string, error) {
	if !d.Approved() {
		return nil, "", rejected(d)
	}
	if d.Digest != p.digest {
		return nil, "", fmt.Errorf("%w: action %s was approved as proposed earlier with other content (%s, this is %s)", ErrMismatch, p.id, d.Digest, p.digest)
	}
	arguments, digest := p.arguments, p.argumentsDigest
	if len(d.Arguments) > 0 {
		var err error
		arguments = d.Arguments
		if digest, err = events.ArgumentsDigest(arguments); err != nil {
			return nil, "", fmt.Errorf("%w: %w", ErrMismatch, err)
		}
	}
	if digest != d.ArgumentsDigest {
		return nil, "", fmt.Errorf("%w: %s was approved and these arguments are %s", ErrMismatch, d.ArgumentsDigest, digest)
	}
	return arguments, digest, nil
}

// execute runs fn and reports what became of it. The receipt is published even where
// fn panics or ctx ended meanwhile.
func (c *Client) execute(ctx context.Context, p prepared, digest string, fn func(context.Context) error) (err error) {
	receipt := events.ActionExecuted{Agent: c.agent, Action: p.id, Status: events.Failed, ArgumentsDigest: digest, StartedAt: time.Now(), Error: "the tool panicked"}
	returned := false
	defer func() {
		receipt.FinishedAt = time.Now()
		report, cancel := context.WithTimeout(context.WithoutCancel(ctx), proposeTimeout)
		defer cancel()
		reported := c.publishReceipt(report, p, receipt)
		if returned {
			err = errors.Join(err, reported)
		}
	}()
	err = fn(ctx)
	returned = true
	receipt.Status, receipt.Error = events.Succeeded, ""
	if err != nil {
		receipt.Status, receipt.Error = events.Failed, clip(err.Error(), maxReceiptError)
		err = fmt.Errorf("action %s was approved and failed: %w", p.id, err)
	}
	return err
}

func (c *Client) publishReceipt(ctx context.Context, p prepared, r events.ActionExecuted) error {
	e, err := events.New(&r, p.id+"-receipt", "/agents/"+c.agent, r.FinishedAt)
	if err != nil {
		return err
	}
	e = e.Because(p.event)
	e.Subject = c.agent + "/" + p.id
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return err
	}
	_, err = c.js.PublishMsg(ctx, &nats.Msg{Subject: c.subjects.Receipt(c.agent, p.id), Header: header, Data: data})
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == alreadyAccepted {
		return nil
	}
	if err != nil {
		return fmt.Errorf("publishing the receipt of %s: %w", p.id, err)
	}
	return nil
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	// Cutting in the middle of a character would not be UTF-8.
	for most > 0 && s[most]&0xC0 == 0x80 {
		most--
	}
	return s[:most] + "…"
}

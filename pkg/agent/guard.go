package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Guard proposes the action, waits for the decision, runs fn with the approved arguments
// if, and only if, the action is approved, and stores the receipt. fn may be given other
// arguments than were proposed: approvers may edit them.
//
// It returns fn's error, wrapped, after storing the receipt "failed"; a panic of fn goes on after the
// same. Where fn was not run the error is one of Propose's, or [*RejectedError], [ErrUndecided] (ctx
// ended or the connection was closed), [ErrAlreadyExecuted], [ErrGuarded], [ErrTooLate] or [ErrMismatch].
// [ErrReceipt] says that fn ran and only its receipt is missing. The package comment
// says what a crash in the middle means.
func (c *Client) Guard(ctx context.Context, a Action, fn func(ctx context.Context, arguments json.RawMessage) error) error {
	if a.ID == "" {
		a.ID = newULID(time.Now())
	}
	if _, busy := c.guarded.LoadOrStore(a.ID, true); busy {
		return fmt.Errorf("action %s/%s: %w", c.opts.Agent, a.ID, ErrGuarded)
	}
	defer c.guarded.Delete(a.ID)
	d, arguments, err := c.permit(ctx, a)
	if err != nil {
		return err
	}
	return c.execute(ctx, d, arguments, fn)
}

// permit returns the approved arguments, or why nothing may run.
func (c *Client) permit(ctx context.Context, a Action) (Decision, json.RawMessage, error) {
	p, err := c.Propose(ctx, a)
	if err != nil {
		if errors.Is(err, ErrUnconfirmed) || ctx.Err() != nil || errors.Is(err, ErrClosed) {
			err = fmt.Errorf("%w: %w", ErrUndecided, err)
		}
		return Decision{}, nil, err
	}
	d, err := c.Await(ctx, p.ID)
	if err != nil {
		return d, nil, err
	}
	arguments, err := approved(d, p)
	if err != nil {
		return d, nil, err
	}
	if p.AlreadyAccepted {
		if err := c.checkNoReceipt(ctx, p.ID); err != nil {
			return d, nil, err
		}
	}
	if a.Deadline != nil && time.Now().After(*a.Deadline) {
		return d, nil, fmt.Errorf("action %s/%s: %w", d.Agent, d.Action, ErrTooLate)
	}
	if d.ValidUntil != nil && !time.Now().Before(*d.ValidUntil) {
		return d, nil, fmt.Errorf("action %s/%s: the approval ended at %s: %w", d.Agent, d.Action, d.ValidUntil.Format(time.RFC3339), ErrTooLate)
	}
	if ctx.Err() != nil {
		return d, nil, fmt.Errorf("action %s/%s: %w: %w", d.Agent, d.Action, ErrUndecided, context.Cause(ctx))
	}
	return d, arguments, nil
}

// approved returns the arguments to run: only if d approves exactly them, for exactly what was proposed.
func approved(d Decision, p Proposal) (json.RawMessage, error) {
	arguments := p.made.arguments
	if d.Outcome != events.Approved {
		return nil, &RejectedError{Agent: d.Agent, Action: d.Action, Outcome: d.Outcome, Reason: d.Reason, Guidance: d.Guidance, Approvers: d.DecidedBy.Approvers}
	}
	if d.Digest != p.Digest {
		return nil, fmt.Errorf("action %s/%s: %w: proposed %s, decided on %s", d.Agent, d.Action, ErrMismatch, p.Digest, d.Digest)
	}
	if len(d.Arguments) > 0 {
		arguments = d.Arguments
	}
	digest, err := events.ArgumentsDigest(arguments)
	if err != nil {
		return nil, fmt.Errorf("action %s/%s: %w: %w", d.Agent, d.Action, ErrMismatch, err)
	}
	if digest != d.ArgumentsDigest {
		return nil, fmt.Errorf("action %s/%s: %w: arguments %s, approved %s", d.Agent, d.Action, ErrMismatch, digest, d.ArgumentsDigest)
	}
	if len(arguments) == 0 {
		arguments = json.RawMessage("{}")
	}
	if arguments, err = p.Reveal(arguments); err != nil {
		return nil, fmt.Errorf("action %s/%s: %w: %w", d.Agent, d.Action, ErrMismatch, err)
	}
	if p.made.marked(arguments) {
		return nil, fmt.Errorf("action %s/%s: %w: the arguments hold a private value in a way that cannot be put back", d.Agent, d.Action, ErrMismatch)
	}
	return arguments, nil
}

// execute runs fn and stores the receipt, whatever way fn ends.
func (c *Client) execute(ctx context.Context, d Decision, arguments json.RawMessage, fn func(context.Context, json.RawMessage) error) (err error) {
	receipt := events.ActionExecuted{
		Agent: d.Agent, Action: d.Action, ArgumentsDigest: d.ArgumentsDigest,
		Status: events.Failed, Error: "the function did not return", StartedAt: time.Now().UTC(),
	}
	defer func() {
		// Without a panic this is nil; runtime.Goexit also comes here, and goes on.
		panicked := recover()
		if panicked != nil {
			receipt.Error = fmt.Sprintf("panic: %v", panicked)
		}
		receipt.FinishedAt = time.Now().UTC()
		// What ran is reported even where ctx ended meanwhile.
		stored := c.storeReceipt(context.WithoutCancel(ctx), d, receipt)
		if panicked != nil {
			panic(panicked)
		}
		err = errors.Join(err, stored)
	}()
	if err = fn(ctx, arguments); err != nil {
		receipt.Error = err.Error()
		return fmt.Errorf("executing action %s/%s: %w", d.Agent, d.Action, err)
	}
	receipt.Status, receipt.Error = events.Succeeded, ""
	return nil
}

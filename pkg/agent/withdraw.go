package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Withdraw takes an action back and returns once that is durably stored. It is not the decision: people may just
// have decided otherwise, so [Client.Await] says what became of the action. Whoever guards it in the meantime
// gets a [*RejectedError] with the outcome withdrawn, or runs it where the approval came first.
//
// reason is for the audit, at most 4096 bytes, and may be empty. Withdrawing an action that was withdrawn before is
// no error; one that was never proposed cannot be withdrawn, which nobody tells: propose first. The errors are those
// of [Client.Propose]; [ErrUnconfirmed] says that it may or may not have been stored, and doing it again is harmless.
func (c *Client) Withdraw(ctx context.Context, id, reason string) error {
	if err := events.CheckToken("action", id); err != nil {
		return err
	}
	payload := &events.ActionWithdrawn{Agent: c.opts.Agent, Action: id, Reason: truncate(reason, maxErrorLength)}
	e, err := events.New(payload, id+"/withdrawn", "/agents/"+c.opts.Agent, time.Now())
	if err != nil {
		return fmt.Errorf("withdrawing action %s: %w", id, err)
	}
	e.Subject = c.opts.Agent + "/" + id
	msg, err := c.message(c.subjects.Withdrawal(c.opts.Agent, id), e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout(ctx))
	defer cancel()
	_, err = c.store(ctx, msg)
	if err == nil {
		return nil
	}
	if errors.Is(err, errNoAnswer) || errors.Is(err, ErrClosed) || ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return fmt.Errorf("withdrawing action %s: %w", id, err)
}

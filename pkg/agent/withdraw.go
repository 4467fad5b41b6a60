package agent

import (
	"context"

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
	return c.say(ctx, c.subjects.Withdrawal(c.opts.Agent, id), payload, id, "withdrawn")
}

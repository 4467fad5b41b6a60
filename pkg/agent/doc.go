// Package agent lets a program ask before it acts: it proposes an action, waits for
// the decision and runs the action only if it was approved.
//
// [Client.Guard] does all of it. [Client.Propose] and [Client.Await] are its parts, for
// programs that keep waiting actions in a store of their own.
//
// # What a crash leaves behind
//
// An action id is accepted once, and there is one decision for it, whatever is retried. Running
// the action is the agent's part, and no server can make it happen exactly once:
//
//   - Before the decision: call Guard again with the same [Action.ID] and content. Nothing is
//     proposed twice; the decision is found in the ledger.
//   - After the receipt is stored: Guard answers [ErrAlreadyExecuted] and runs nothing.
//   - Between the start of the function and the receipt: whether it ran cannot be known, and
//     Guard runs it again. Across crashes Guard is therefore at least once; make the
//     tool idempotent by the action id, or give every attempt a fresh id (the default) and it is
//     at most once.
package agent

package sink

import (
	"context"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/internal/bucket"
)

// gap is nil where the messages from next up to seq no longer exist. Where they do, the server has delivered them to somebody who
// is gone: the consumer is set back to deliver them again now.
func (l *loop) gap(ctx context.Context, next, seq uint64) error {
	handle, err := l.s.js.Stream(ctx, l.stream)
	if err != nil {
		return fmt.Errorf("looking at the stream: %w", err)
	}
	if next = max(next, handle.CachedInfo().State.FirstSeq); next == seq {
		return nil
	}
	m, err := bucket.Next(ctx, l.s.rt.Conn, l.stream, next)
	if err != nil {
		return fmt.Errorf("looking for messages from %d to %d: %w", next, seq-1, err)
	}
	if m != nil && m.Sequence >= seq || m == nil && l.gone(ctx, seq) { // seq too has left the stream since it was delivered
		return nil
	}
	return l.goBack(ctx)
}

// goBack makes the consumer deliver from behind the high water again. The pull under way has to end first: it would take the
// messages along, to be found out of place once more. The pin is
// given up last, since the next session's pulls do not know it.
func (l *loop) goBack(ctx context.Context) error {
	l.pull.drain(ctx)
	defer l.unpin(ctx)
	if err := l.reset(ctx); err != nil {
		return err
	}
	return errAgain
}

// reset makes the consumer deliver from behind the high water.
func (l *loop) reset(ctx context.Context) error {
	if _, err := l.s.js.ResetConsumerToSequence(ctx, l.stream, consumerName, l.ledger.HighWater+1); err != nil {
		return fmt.Errorf("setting the consumer to %d: %w", l.ledger.HighWater+1, err)
	}
	return nil
}

// idle looks after what nothing will come of by itself: a pending batch whose end was deleted, and messages that went to a sink
// that is gone, or were lost on their way, which the consumer does not deliver again.
func (l *loop) idle(ctx context.Context) error {
	p := l.ledger.Pending
	if p != nil && l.gone(ctx, p.Hi) {
		return l.settle(ctx)
	}
	if time.Since(l.quiet) < doubtAfter {
		return nil
	}
	l.quiet = time.Now()
	if l.batch.rows > 0 {
		if p == nil {
			return nil // it will soon be written
		}
		return l.goBack(ctx)
	}
	before, waiting := l.ledger.HighWater, l.waiting
	if err := l.reload(ctx); err != nil {
		return err
	}
	l.fresh = true
	var err error
	if l.waiting, err = l.unwritten(ctx); err != nil || !l.waiting {
		return err
	}
	if !waiting || l.ledger.HighWater > before { // another sink may be at it
		return nil
	}
	l.log.Info("messages were delivered and not written", "high_water", l.ledger.HighWater)
	return l.goBack(ctx)
}

// unwritten says whether the stream has messages behind the high water.
func (l *loop) unwritten(ctx context.Context) (bool, error) {
	handle, err := l.s.js.Stream(ctx, l.stream)
	if err != nil {
		return false, fmt.Errorf("looking at the stream: %w", err)
	}
	state := handle.CachedInfo().State
	if state.Msgs == 0 || state.LastSeq <= l.ledger.HighWater {
		return false, nil
	}
	m, err := bucket.Next(ctx, l.s.rt.Conn, l.stream, max(l.ledger.HighWater+1, state.FirstSeq))
	if err != nil {
		return false, fmt.Errorf("looking for messages that are not written: %w", err)
	}
	return m != nil, nil
}

// gone says whether every message up to seq was deleted or has expired.
func (l *loop) gone(ctx context.Context, seq uint64) bool {
	handle, err := l.s.js.Stream(ctx, l.stream)
	return err == nil && handle.CachedInfo().State.FirstSeq > seq
}

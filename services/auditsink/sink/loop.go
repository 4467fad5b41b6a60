package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// loop follows one stream. Whenever it is in doubt it starts over from the manifest: that costs a few messages read again,
// and it is the only path that has to be right.
type loop struct {
	s      *Service
	stream string
	log    *slog.Logger

	ledger   ledger
	batch    *batch
	fresh    bool // the manifest was read after the last message came
	consumer jetstream.Consumer
	fetched  jetstream.MessageBatch // what the pull under way has brought; nil for no pull
	last     jetstream.Msg          // of the batch, to be acknowledged
	received bool                   // this session is the one that gets messages
	pace     pace
}

// errAgain ends a session that has to start over at once.
var errAgain = errors.New("starting over from the manifest")

func newLoop(s *Service, stream string) *loop {
	return &loop{s: s, stream: stream, log: s.log.With("stream", stream), pace: pace{Config: s.cfg}}
}

func (l *loop) run(ctx context.Context) {
	wait := firstBackoff
	for ctx.Err() == nil {
		began := time.Now()
		err := l.session(ctx)
		if errors.Is(err, errKilled) {
			return
		}
		if ctx.Err() != nil || err == nil {
			break
		}
		l.s.metrics.restarts.WithLabelValues(l.stream).Inc()
		if errors.Is(err, errAgain) {
			l.log.Info("starting over from the manifest", "high_water", l.ledger.HighWater)
			continue
		}
		l.s.setState(l.stream, err)
		l.log.Warn("following the stream failed", "error", err, "again_in", wait)
		if time.Since(began) > lastBackoff {
			wait = firstBackoff
		}
		pause(ctx, wait)
		wait = min(2*wait, lastBackoff)
	}
	l.s.setState(l.stream, errors.New("stopped"))
}

// session follows the stream until something is in doubt or ctx ends.
func (l *loop) session(ctx context.Context) error {
	l.received, l.fresh, l.last, l.fetched = false, false, nil, nil
	var err error
	if l.consumer, err = l.open(ctx); err != nil {
		return err
	}
	l.s.setState(l.stream, nil)
	for {
		m, err := l.next(ctx)
		switch {
		case err != nil:
		case m != nil:
			err = l.take(ctx, m)
		default:
			err = l.idle(ctx)
		}
		if err == nil && l.due() {
			err = l.write(ctx)
		}
		if ctx.Err() != nil && !errors.Is(err, errKilled) {
			return l.finish(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// next returns the next message, or nil when none came within the loop's patience. It pulls one batch after the other and not
// ahead: the client's continuous pull drops messages when a loop that waits for ClickHouse lets its buffer fill.
func (l *loop) next(ctx context.Context) (jetstream.Msg, error) {
	if l.fetched == nil {
		var err error
		l.fetched, err = l.consumer.Fetch(pullMessages, jetstream.FetchMaxBytes(pullBytes), jetstream.FetchMaxWait(pullExpiry),
			jetstream.FetchPriorityGroup(priorityGroup))
		if err != nil {
			return nil, fmt.Errorf("pulling: %w", err)
		}
	}
	select { // the usual case needs no timer
	case m, ok := <-l.fetched.Messages():
		return m, l.pulled(ok)
	default:
	}
	timer := time.NewTimer(l.patience())
	defer timer.Stop()
	select {
	case m, ok := <-l.fetched.Messages():
		return m, l.pulled(ok)
	case <-timer.C:
		return nil, nil //nolint:nilnil // documented
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// pulled looks at how a pull ended, when it has.
func (l *loop) pulled(more bool) error {
	if more {
		return nil
	}
	err := l.fetched.Error()
	l.fetched = nil
	if err == nil || errors.Is(err, jetstream.ErrPinIDMismatch) { // another sink has taken over; this one waits in line
		return nil
	}
	return fmt.Errorf("pulling: %w", err)
}

// open finds out where to go on, and makes the consumer if it is missing.
func (l *loop) open(ctx context.Context) (jetstream.Consumer, error) {
	handle, err := l.s.js.Stream(ctx, l.stream)
	if err != nil {
		return nil, fmt.Errorf("looking at the stream: %w", err)
	}
	epoch := uint64(handle.CachedInfo().Created.UnixNano())
	consumer, err := l.s.js.CreateOrUpdateConsumer(ctx, l.stream, jetstream.ConsumerConfig{
		Durable: consumerName, Description: "The audit: every event of the stream into ClickHouse.",
		DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckAllPolicy, AckWait: ackWait, MaxDeliver: -1,
		MaxAckPending: -1, PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{priorityGroup}, PinnedTTL: pinnedTTL,
	})
	if err != nil {
		return nil, fmt.Errorf("making the consumer: %w", err)
	}
	kv, err := l.s.js.KeyValue(ctx, l.s.rt.Subjects.Stream(manifestBucket))
	if err != nil {
		return nil, fmt.Errorf("opening the bucket of manifests: %w", err)
	}
	if l.batch == nil || l.batch.origin.epoch != epoch {
		if l.batch != nil {
			l.empty(Hash{})
		}
		l.batch = newBatch(l.s.rt.Subjects, l.stream, epoch)
	}
	l.ledger = ledger{kv: kv, stream: l.stream}
	return consumer, l.reload(ctx)
}

// reload goes back to what the manifest says and forgets the batch in hand.
func (l *loop) reload(ctx context.Context) error {
	if err := l.ledger.load(ctx, l.batch.origin.epoch); err != nil {
		return err
	}
	chain, err := l.ledger.chain()
	if err != nil {
		return err
	}
	l.empty(chain)
	l.last = nil
	return nil
}

// empty lets go of the batch in hand; the next one's chain goes on from chain.
func (l *loop) empty(chain Hash) {
	l.s.inHand.Add(-int64(l.batch.bytes))
	l.batch.reset(chain)
}

// patience is how long to wait for the next message.
func (l *loop) patience() time.Duration {
	if l.batch.rows == 0 {
		return pullExpiry
	}
	return max(time.Millisecond, l.pace.left(l.batch.fill(), l.s.rt.Now()))
}

// due says whether the batch in hand is to be written. One that repeats a pending batch ends exactly where that did.
func (l *loop) due() bool {
	if l.batch.rows == 0 {
		return false
	}
	if p := l.ledger.Pending; p != nil {
		return l.batch.hi >= p.Hi
	}
	return l.crowded() || l.pace.left(l.batch.fill(), l.s.rt.Now()) <= 0
}

// crowded says whether the batches in hand have all the memory that they may have, and this one its share of it.
func (l *loop) crowded() bool {
	return l.batch.bytes >= shareBytes && l.s.inHand.Load() >= int64(l.s.cfg.BatchMemory)
}

// expected is the sequence that comes next unless messages were deleted.
func (l *loop) expected() uint64 { return max(l.ledger.HighWater, l.batch.hi) + 1 }

// take adds a message to the batch if it is the next one.
func (l *loop) take(ctx context.Context, m jetstream.Msg) error {
	meta, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("reading a message's metadata: %w", err)
	}
	seq := meta.Sequence.Stream
	if !l.received || seq != l.expected() && l.batch.rows == 0 && !l.fresh {
		// As a standby this loop has not seen what the other one wrote.
		if err := l.reload(ctx); err != nil {
			return err
		}
		l.received, l.fresh = true, true
	}
	switch next := l.expected(); {
	case seq < next:
		return l.skip(m, seq)
	case seq > next:
		if err := l.gap(ctx, next, seq); err != nil {
			return err
		}
	}
	if p := l.ledger.Pending; p != nil && seq > p.Hi { // the end of the pending batch was deleted meanwhile
		return l.settle(ctx)
	}
	before := l.batch.bytes
	l.batch.add(message{m.Subject(), m.Headers(), m.Data(), seq, meta.Timestamp}, l.s.rt.Now())
	l.s.inHand.Add(int64(l.batch.bytes - before))
	l.last, l.fresh = m, false
	return nil
}

// skip lets a message go that came again. What is written is acknowledged again: the first acknowledgement may have been lost.
func (l *loop) skip(m jetstream.Msg, seq uint64) error {
	if seq != l.ledger.HighWater {
		return nil
	}
	if err := m.Ack(); err != nil {
		return fmt.Errorf("acknowledging %d again: %w", seq, err)
	}
	return nil
}

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
	m, err := handle.GetMsg(ctx, next, jetstream.WithGetMsgSubject(">"))
	if err != nil {
		return fmt.Errorf("looking for messages from %d to %d: %w", next, seq-1, err)
	}
	if m.Sequence >= seq {
		return nil
	}
	return l.goBack(ctx)
}

// goBack makes the consumer deliver from behind the high water again. The pull under way has to end first: it would take the
// messages along, and they would come again only after ackWait, to be found out of place once more. The pin is
// given up last, since the next session's pulls do not know it.
func (l *loop) goBack(ctx context.Context) error {
	l.endPull(ctx)
	defer l.unpin(ctx)
	if _, err := l.s.js.ResetConsumerToSequence(ctx, l.stream, consumerName, l.ledger.HighWater+1); err != nil {
		return fmt.Errorf("setting the consumer back to %d: %w", l.ledger.HighWater+1, err)
	}
	return errAgain
}

// endPull drops what still comes of the pull under way; that is over after pullExpiry at the latest.
func (l *loop) endPull(ctx context.Context) {
	if l.fetched == nil {
		return
	}
	for more := true; more; {
		select {
		case _, more = <-l.fetched.Messages():
		case <-ctx.Done():
			return
		}
	}
	l.fetched = nil
}

// idle looks after a pending batch that will get no more messages.
func (l *loop) idle(ctx context.Context) error {
	p := l.ledger.Pending
	if p == nil || !l.gone(ctx, p.Hi) {
		return nil
	}
	return l.settle(ctx)
}

// gone says whether every message up to seq was deleted or has expired.
func (l *loop) gone(ctx context.Context, seq uint64) bool {
	handle, err := l.s.js.Stream(ctx, l.stream)
	return err == nil && handle.CachedInfo().State.FirstSeq > seq
}

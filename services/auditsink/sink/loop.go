package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// loop follows one stream. Whenever it is in doubt it starts over from the manifest: that costs a few messages read again,
// and it is the only path that has to be right.
type loop struct {
	s      *Service
	stream string
	log    *slog.Logger

	created uint64 // when the stream was created, Unix nanoseconds
	looked  uint64 // the connection on which it was looked whether the stream has lost its end; 0 before

	ledger   ledger
	batch    *batch
	fresh    bool // the manifest was read after the last message came
	pull     *puller
	received bool      // this session is the one that gets messages
	quiet    time.Time // since when nothing came, or since the last look at why
	waiting  bool      // at that look there was something to write
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
	l.received, l.fresh = false, false
	l.quiet, l.waiting = time.Now(), false
	if err := l.open(ctx); err != nil {
		return err
	}
	l.pull = newPuller(l.s.rt.Conn, l.stream, consumerName, priorityGroup, pullMessages, pullBytes)
	defer l.pull.end()
	l.s.setState(l.stream, nil)
	for {
		m, err := l.pull.next(ctx, l.patience())
		switch {
		case err != nil:
		case m != nil:
			err = l.take(ctx, m)
		default:
			err = l.idle(ctx)
		}
		if err == nil && (m == nil || l.due()) && l.looked != l.connection() {
			err = errAgain
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

// open finds out where to go on, and makes the consumer if it is missing.
func (l *loop) open(ctx context.Context) error {
	connection := l.connection()
	var err error
	if l.created, err = l.creation(ctx); err != nil {
		return err
	}
	consumer, err := l.s.js.CreateOrUpdateConsumer(ctx, l.stream, jetstream.ConsumerConfig{
		Durable: consumerName, Description: "The audit: every event of the stream into ClickHouse.",
		DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckNonePolicy,
		PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{priorityGroup}, PinnedTTL: pinnedTTL,
	})
	if err != nil {
		return fmt.Errorf("making the consumer: %w", err)
	}
	kv, err := l.s.js.KeyValue(ctx, l.s.rt.Subjects.Stream(manifestBucket))
	if err != nil {
		return fmt.Errorf("opening the bucket of manifests: %w", err)
	}
	l.ledger = ledger{kv: kv, stream: l.stream}
	if err := l.ledger.load(ctx, l.created, l.creation); err != nil {
		return err
	}
	if l.looked != connection { // the server may have been away, and lost what it had not synced
		if err := l.fork(ctx); err != nil {
			return err
		}
		l.looked = connection
	}
	if err := l.begin(); err != nil {
		return err
	}
	if consumer.CachedInfo().Delivered.Stream < l.ledger.HighWater { // it is new: all that is written would come again
		return l.reset(ctx)
	}
	return nil
}

// connection numbers the connections to NATS, from 1.
func (l *loop) connection() uint64 { return l.s.rt.Conn.Stats().Reconnects + 1 }

// creation is when the stream was created, in Unix nanoseconds.
func (l *loop) creation(ctx context.Context) (uint64, error) {
	handle, err := l.s.js.Stream(ctx, l.stream)
	if err != nil {
		return 0, fmt.Errorf("looking at the stream: %w", err)
	}
	return uint64(handle.CachedInfo().Created.UnixNano()), nil
}

// begin empties the batch in hand and goes on from what the manifest says.
func (l *loop) begin() error {
	if l.batch == nil || l.batch.origin.epoch != l.ledger.Epoch {
		if l.batch != nil {
			l.empty(Hash{})
		}
		l.batch = newBatch(l.s.rt.Subjects, l.stream, l.ledger.Epoch)
	}
	chain, err := l.ledger.chain()
	if err != nil {
		return err
	}
	l.empty(chain)
	return nil
}

// reload reads the manifest again and forgets the batch in hand.
func (l *loop) reload(ctx context.Context) error {
	if err := l.ledger.load(ctx, l.created, l.creation); err != nil {
		return err
	}
	return l.begin()
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
func (l *loop) take(ctx context.Context, m *nats.Msg) error {
	meta, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("reading a message's metadata: %w", err)
	}
	seq := meta.Sequence.Stream
	l.quiet, l.waiting = time.Now(), false
	if !l.received || seq != l.expected() && l.batch.rows == 0 && !l.fresh {
		// As a standby this loop has not seen what the other one wrote.
		if err := l.reload(ctx); err != nil {
			return err
		}
		l.received, l.fresh = true, true
	}
	switch next := l.expected(); {
	case seq < next: // it is written, or in hand
		return nil
	case seq > next:
		if err := l.gap(ctx, next, seq); err != nil {
			return err
		}
	}
	if p := l.ledger.Pending; p != nil && seq > p.Hi { // the end of the pending batch was deleted meanwhile
		return l.settle(ctx)
	}
	before := l.batch.bytes
	l.batch.add(message{m.Subject, m.Header, m.Data, seq, meta.Timestamp}, l.s.rt.Now())
	l.s.inHand.Add(int64(l.batch.bytes - before))
	l.fresh = false
	return nil
}

package sink

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/clickhouse"
	"github.com/weighlock/weighlock/services/auditsink/schema"
)

// The steps of a cycle at which tests end a loop.
const (
	stepPending   = "pending stored"
	stepInserted  = "inserted"
	stepPublished = "digest published"
	stepAttested  = "digest stored"
	stepStored    = "high water stored"
)

var errReplaced = errors.New("another sink has gone on meanwhile")

// write takes the batch in hand through the cycle: pending, insert, digest, high water.
func (l *loop) write(ctx context.Context) error {
	p := l.batch.pending()
	switch stored := l.ledger.Pending; {
	case stored == nil:
		m := l.ledger.Manifest
		m.Pending = &p
		if err := l.ledger.store(ctx, m); err != nil {
			return err
		}
	case *stored != p:
		return l.settle(ctx)
	}
	if err := l.s.reach(l.stream, stepPending); err != nil {
		return err
	}
	if err := l.insert(ctx); err != nil {
		return err
	}
	if err := l.s.reach(l.stream, stepInserted); err != nil {
		return err
	}
	digest, err := l.attest(ctx, p, l.batch.entries, l.batch.lastStored)
	if err != nil {
		return err
	}
	return l.complete(ctx, p, digest)
}

// complete stores that p is written and signed as digest.
func (l *loop) complete(ctx context.Context, p Pending, digest string) error {
	m := Manifest{Epoch: l.ledger.Epoch, Created: l.ledger.Created, HighWater: p.Hi, ChainHead: p.Digest, LastDigest: digest}
	if err := l.advance(ctx, m, p); err != nil {
		return err
	}
	l.s.metrics.rows.WithLabelValues(l.stream).Add(float64(l.batch.rows))
	l.s.metrics.dead.WithLabelValues(l.stream).Add(float64(l.batch.deadRows))
	l.s.metrics.highWater.WithLabelValues(l.stream).Set(float64(p.Hi))
	if err := l.s.reach(l.stream, stepStored); err != nil {
		return err
	}
	chain, err := m.chain()
	if err != nil {
		return err
	}
	l.empty(chain)
	return nil
}

// advance stores a manifest behind p, and says so where messages before its end are not in it: they no longer existed when their turn came.
func (l *loop) advance(ctx context.Context, m Manifest, p Pending) error {
	before := l.ledger.HighWater
	if err := l.ledger.store(ctx, m); err != nil {
		return err
	}
	if lost := p.Hi - before - p.N; lost > 0 {
		l.s.metrics.lost.WithLabelValues(l.stream).Add(float64(lost))
		l.log.Error("messages left the stream before they were written: the audit lacks them", "after", before, "before", p.Hi, "lost", lost)
	}
	return nil
}

// settle ends a pending batch whose messages are no longer all there. If ClickHouse has them all it was written; if not, what is
// left of it goes into a batch of its own.
func (l *loop) settle(ctx context.Context) error {
	p := *l.ledger.Pending
	answer, err := l.s.client.Query(ctx, l.s.client.Database,
		"SELECT toString(uniqExact(seq)) FROM events WHERE stream = {stream:String} AND epoch = {epoch:UInt64} AND seq BETWEEN {lo:UInt64} AND {hi:UInt64}",
		"stream", l.stream, "epoch", strconv.FormatUint(l.ledger.Epoch, 10), "lo", strconv.FormatUint(p.Lo, 10), "hi", strconv.FormatUint(p.Hi, 10))
	if err != nil {
		return fmt.Errorf("looking for the pending batch %d-%d: %w", p.Lo, p.Hi, err)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(answer), 10, 64)
	if err != nil {
		return fmt.Errorf("looking for the pending batch %d-%d: %w", p.Lo, p.Hi, err)
	}
	m := l.ledger.Manifest
	m.Pending = nil
	if n == p.N {
		if m.LastDigest, err = l.attestStored(ctx, p); err != nil {
			return err
		}
		m.HighWater, m.ChainHead = p.Hi, p.Digest
		err = l.advance(ctx, m, p)
	} else {
		l.log.Warn("a batch that was begun is not all in the stream any more", "from", p.Lo, "to", p.Hi, "expected", p.N, "written", n, "left", l.batch.rows)
		err = l.ledger.store(ctx, m)
	}
	if err != nil {
		return err
	}
	return l.goBack(ctx)
}

// insert writes the batch, again and again until ClickHouse takes it, another sink goes on, or ctx ends. Meanwhile nothing is pulled.
func (l *loop) insert(ctx context.Context) error {
	for wait := firstBackoff; ; wait = min(2*wait, lastBackoff) {
		began := time.Now()
		err := l.insertOnce(ctx)
		if err == nil {
			took := time.Since(began)
			l.pace.inserted(l.batch.rows, took, l.s.rt.Now())
			l.s.metrics.insert.WithLabelValues(l.stream).Observe(took.Seconds())
			l.s.setState(l.stream, nil)
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		l.s.metrics.retries.WithLabelValues(l.stream).Inc()
		l.s.setState(l.stream, err)
		l.log.Warn("ClickHouse does not take the batch", "error", err, "rows", l.batch.rows, "again_in", wait)
		if !pause(ctx, wait) {
			return err
		}
		if lacksSchema(err) {
			if err := schema.Apply(ctx, l.s.client); err != nil {
				l.log.Warn("the audit's tables are not ready", "error", err)
			}
		}
		if err := l.mine(ctx); err != nil {
			return err
		}
	}
}

// mine is nil while no other sink has gone on from the manifest. Where one has, the batch is written, and ClickHouse may have forgotten its token.
func (l *loop) mine(ctx context.Context) error {
	replaced, err := l.ledger.replaced(ctx)
	if err == nil && replaced {
		err = errReplaced
	}
	return err
}

func (l *loop) insertOnce(ctx context.Context) error {
	b, token := l.batch, l.batch.token()
	if b.deadRows > 0 { // first, so that no event refers to a letter that is not there
		if err := l.send(ctx, &b.dead.Table, b.deadRows, token); err != nil {
			return err
		}
	}
	return l.send(ctx, &b.events.Table, b.rows, token)
}

func (l *loop) send(ctx context.Context, t *clickhouse.Table, rows int, token string) error {
	if err := l.s.insert(ctx, t, rows, token); err != nil {
		return fmt.Errorf("inserting %d rows into %s: %w", rows, t.Name, err)
	}
	return nil
}

// finish writes the batch in hand when the sink is to stop, and leaves the consumer where the next one goes on at once.
func (l *loop) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.s.cfg.Drain)
	defer cancel()
	if p := l.ledger.Pending; l.batch.rows > 0 && (p == nil || p.Hi == l.batch.hi) {
		if err := l.write(ctx); err != nil {
			l.log.Warn("the last batch was not written; the next start repeats it", "error", err)
		}
	}
	if l.received {
		if err := l.goBack(ctx); err != nil && !errors.Is(err, errAgain) {
			l.log.Warn("leaving the consumer", "error", err)
		}
	}
	return nil
}

// unpin lets a standby take over at once instead of after pinnedTTL.
func (l *loop) unpin(ctx context.Context) {
	handle, err := l.s.js.Stream(ctx, l.stream)
	if err == nil {
		err = handle.UnpinConsumer(ctx, consumerName, priorityGroup)
	}
	if err != nil {
		l.log.Warn("handing the consumer over", "error", err)
	}
}

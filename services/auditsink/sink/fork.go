package sink

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/bucket"
)

// fork looks whether the stream has lost its end and uses its sequences again: so does one whose server lost power before it had synced, or
// that is restored from an older backup. ClickHouse has other events in their place, which did happen. What is new goes into
// an epoch of its own, from the first sequence that is used again.
func (l *loop) fork(ctx context.Context) error {
	last, at, err := l.newest(ctx)
	if lacksSchema(err) {
		return nil // ClickHouse has nothing; the first insert makes the tables
	}
	if err != nil || last == 0 {
		return err
	}
	from, err := l.reused(ctx, last, at)
	if err != nil || from > last {
		return err
	}
	before := l.ledger.Manifest
	if last > before.HighWater && (before.Pending == nil || last > before.Pending.Hi) { // the manifest has lost its end too
		before.Pending = &Pending{Lo: before.HighWater + 1, Hi: last}
	}
	value, err := json.Marshal(before)
	if err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", l.stream, err)
	}
	if _, err := l.ledger.kv.Put(ctx, aside(l.stream, before.Epoch), value); err != nil {
		return fmt.Errorf("keeping the manifest of %s: %w", l.stream, err)
	}
	next := begin(l.stream, uint64(l.s.rt.Now().UnixNano()))
	next.Created, next.HighWater = l.created, from-1
	if err := l.ledger.store(ctx, next); err != nil {
		return err
	}
	l.log.Error("the stream has lost its end, which the audit has, and uses its sequences again: they are in a new epoch", "from", from, "to", last, "epoch", next.Epoch)
	return l.reset(ctx)
}

// newest is the last sequence of the epoch that ClickHouse has, and when the stream stored that event; 0 where it has none.
func (l *loop) newest(ctx context.Context) (seq uint64, at time.Time, err error) {
	f, err := l.row(ctx, "toString(seq), toString(toUnixTimestamp64Nano(stored_at))", "1 ORDER BY seq DESC LIMIT 1")
	if err != nil || f == nil {
		return 0, at, err
	}
	var nanos int64
	if seq, err = strconv.ParseUint(f[0], 10, 64); err == nil {
		nanos, err = strconv.ParseInt(f[1], 10, 64)
	}
	return seq, time.Unix(0, nanos), err
}

// row asks for two columns of the epoch's rows, which make one row or none.
func (l *loop) row(ctx context.Context, columns, where string) ([]string, error) {
	answer, err := l.s.client.Query(ctx, l.s.client.Database,
		"SELECT "+columns+" FROM events WHERE stream = {stream:String} AND epoch = {epoch:UInt64} AND "+where,
		"stream", l.stream, "epoch", strconv.FormatUint(l.ledger.Epoch, 10))
	f := strings.Fields(answer)
	switch {
	case err == nil && len(f) == 0:
		return nil, nil
	case err == nil && len(f) != 2:
		err = fmt.Errorf("ClickHouse answers %q", answer)
	}
	if err != nil {
		return nil, fmt.Errorf("looking what the audit has of %s: %w", l.stream, err)
	}
	return f, nil
}

// reused is the first sequence up to last that the stream uses again, or will; one behind last where there is none.
func (l *loop) reused(ctx context.Context, last uint64, at time.Time) (uint64, error) {
	handle, err := l.s.js.Stream(ctx, l.stream)
	if err != nil {
		return 0, fmt.Errorf("looking at the stream: %w", err)
	}
	from := min(last, handle.CachedInfo().State.LastSeq) + 1
	m, err := bucket.First(ctx, l.s.rt.Conn, l.stream, ">", at.Add(1))
	if err != nil {
		return 0, fmt.Errorf("looking for events after %s: %w", at, err)
	}
	if m == nil || m.Sequence >= from {
		return from, nil
	}
	stored, err := m.StoredAt()
	if err != nil {
		return 0, fmt.Errorf("looking for events after %s: %w", at, err)
	}
	seq := strconv.FormatUint(m.Sequence, 10)
	f, err := l.row(ctx, "toString(count()), toString(countIf(toUnixTimestamp64Nano(stored_at) = "+strconv.FormatInt(stored.UnixNano(), 10)+"))", "seq = "+seq)
	if err != nil || f == nil || f[0] == "0" || f[1] != "0" { // the clock was put back once: it is the same event
		return from, err
	}
	return m.Sequence, nil
}

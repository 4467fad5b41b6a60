package sink

import "time"

// pace says when a batch is written. An insert costs the engine 80 ms of processor time whatever its size, most of it for the views on the
// table, and a few microseconds a row: small ones cost many times as much a row, and a machine that is behind falls back further
// with them.
type pace struct {
	Config

	took  time.Duration // the last insert
	rows  int           // of that insert
	ended time.Time     // when it did; zero for none
}

// fill is how far a batch is.
type fill struct {
	rows, bytes    int
	oldest, newest time.Time // when its first and its last row came in
}

const (
	// A stream that brings busyRows within a batch's time is busy: its batches may take busyTimes as long to fill, and so may those of a
	// ClickHouse that takes long.
	busyRows  = 1000
	busyTimes = 4
	// restTimes is how many times as long as an insert of few rows took silence does not bring on the next one, so that a stream on which
	// little comes is written soon and does not keep the engine busy with single rows.
	restTimes = 3
	// leastInsert is what an insert takes whatever its size.
	leastInsert = 80 * time.Millisecond
)

// inserted notes an insert.
func (p *pace) inserted(rows int, took time.Duration, ended time.Time) {
	p.rows, p.took, p.ended = rows, took, ended
}

// left is how long the batch is still to wait for more rows; none or less where it is to be written.
func (p *pace) left(f fill, now time.Time) time.Duration {
	if f.rows >= p.BatchRows || f.bytes >= p.BatchBytes {
		return 0
	}
	insert := p.expected(f.rows)
	longest := busyTimes * p.BatchWait
	wait := longest
	if f.rows < busyRows {
		wait = max(p.BatchWait, min(insert, longest))
	}
	// Silence shorter than an insert says little: what comes next would have to wait for that insert.
	silence := max(p.IdleWait, min(insert, wait)) - now.Sub(f.newest)
	var rest time.Duration
	if p.rows < busyRows {
		rest = p.ended.Add(restTimes * p.took).Sub(now)
	}
	return min(wait-now.Sub(f.oldest), max(silence, rest))
}

// expected is how long an insert of so many rows probably takes, going by the last one.
func (p *pace) expected(rows int) time.Duration {
	if rows >= p.rows {
		return p.took
	}
	least := min(p.took, leastInsert)
	return least + (p.took-least)*time.Duration(rows)/time.Duration(p.rows)
}

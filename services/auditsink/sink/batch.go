package sink

import (
	"fmt"
	"time"

	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/pkg/events"
)

// batch is the rows of one insert, in sequence order, and the end of the hash chain after them.
type batch struct {
	subjects events.Subjects
	origin   origin
	events   *eventsTable
	dead     *deadTable

	entries               []proof.Entry
	rows, deadRows, bytes int
	hi                    uint64
	chain                 Hash
	oldest, newest        time.Time // when the first and the last row came in
	lastStored            time.Time // when the stream stored the last row
	row                   row
	hasher                hasher
	names                 []string
}

// message is what the batch needs of a JetStream message.
type message struct {
	subject  string
	header   map[string][]string
	data     []byte
	seq      uint64
	storedAt time.Time
}

func newBatch(s events.Subjects, stream string, epoch uint64) *batch {
	return &batch{
		subjects: s, origin: origin{stream: stream, cell: s.Prefix(), epoch: epoch},
		events: newEventsTable(), dead: newDeadTable(),
	}
}

// Columns that have once held much keep their memory. What a batch needs less than a quarter of is made anew.
const (
	muchMemory = 4 << 20
	roomy      = 4
)

// reset empties the batch; the chain goes on from chain.
func (b *batch) reset(chain Hash) {
	if room := b.events.data.Room() + b.dead.originData.Room(); room > muchMemory && b.bytes < room/roomy {
		b.events, b.dead = newEventsTable(), newDeadTable()
	}
	b.events.Reset()
	b.dead.Reset()
	b.entries = b.entries[:0]
	b.rows, b.deadRows, b.bytes, b.hi, b.chain = 0, 0, 0, 0, chain
	b.row.ev = events.Event{} // let go of the last message's bytes
	b.row.data = nil
}

// add appends a message. Messages are added in the order of their sequences.
func (b *batch) add(m message, now time.Time) {
	if b.rows == 0 {
		b.origin.lo, b.oldest = m.seq, now
	}
	r := &b.row
	*r = row{
		seq: m.seq, storedAt: m.storedAt, subject: m.subject, data: m.data,
		headersRaw: r.headersRaw[:0], rest: r.rest, items: r.items[:0], approvers: r.approvers[:0], rules: r.rules[:0],
	}
	r.headersRaw, b.names = canonicalHeaders(r.headersRaw, b.names, m.header)
	readMessage(r, b.subjects, m.header)
	r.leaf = b.hasher.leaf(m.subject, r.headersRaw, m.data)
	r.chain = proof.ChainNext(b.chain, m.seq, r.leaf)
	b.chain = r.chain
	b.entries = append(b.entries, proof.Entry{Seq: m.seq, Leaf: r.leaf})
	b.lastStored = m.storedAt
	b.events.append(b.origin, r)
	size := len(m.data) + len(r.headersRaw) + len(m.subject)
	if wanted(r) {
		b.dead.append(b.origin, r)
		b.deadRows++
		size *= 2
	}
	b.rows++
	b.bytes += size
	b.hi, b.newest = m.seq, now
}

func (b *batch) fill() fill { return fill{b.rows, b.bytes, b.oldest, b.newest} }

// pending names the batch: the same messages always give the same name, anything else another.
func (b *batch) pending() Pending {
	return Pending{Lo: b.origin.lo, Hi: b.hi, N: uint64(b.rows), Digest: b.chain.String()}
}

// token is the deduplication token of the batch's inserts.
func (b *batch) token() string {
	p := b.pending()
	return fmt.Sprintf("%s:%d:%d-%d:%d:%s", b.origin.stream, b.origin.epoch, p.Lo, p.Hi, p.N, p.Digest)
}

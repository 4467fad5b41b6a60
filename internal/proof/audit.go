package proof

import (
	"fmt"
	"slices"
)

// Row is one row of the table events.
type Row struct {
	Seq        uint64
	Subject    string
	HeadersRaw []byte
	Data       []byte
	Leaf       Hash
	Chain      Hash
}

// Source gives the leaf of an event from where it came from; false where it is no longer there.
type Source func(seq uint64) (Hash, bool)

// version is one of the rows that claim a sequence.
type version struct {
	Entry

	chain Hash
	bytes Hash // leaf that the row's bytes give
}

// Audit judges the rows of one stream's epoch. Hand it every row in the order of sequences, rows that merges have not yet
// collapsed included, then call Close.
type Audit struct {
	stream   string
	epoch    uint64
	digests  []entered // in order
	head     Head
	source   Source
	findings []Finding

	current []version // of one sequence
	before  []version // of the sequence before: one, or those that cannot be told apart yet
	entries []Entry   // of the digest whose rows come now; the last is before[0] where inside
	inside  bool      // before is covered by that digest
	last    uint64    // sequence of before
	next    int       // digest whose rows come now
	covered uint64    // last sequence of the digest before
	spoilt  bool      // something is wrong among the rows of the digest
	// Rows and Signed count sequences, and those of them that a digest covers. Further counts what was found beyond MaxFindings.
	Rows, Signed, Further uint64
}

// What is kept in memory is bounded, whatever somebody did to the table.
const (
	MaxFindings = 10000 // of one Audit; more are counted only
	maxVersions = 100   // of one sequence; more are forged by what they are, and counted only
)

// NewAudit begins, with everything that was signed. source may be nil; it serves to name the row where a whole history was made anew.
func NewAudit(signed *History, head Head, source Source) *Audit {
	signed.close(head)
	return &Audit{
		stream: signed.stream, epoch: signed.epoch, digests: signed.digests, head: head, source: source,
		findings: signed.findings, Further: signed.further, before: []version{{chain: ChainStart(signed.stream, signed.epoch)}},
	}
}

func (a *Audit) wrongf(kind Kind, lo, hi uint64, format string, args ...any) {
	a.spoilt = true
	if n := len(a.findings); kind == Unsigned && n > 0 && a.findings[n-1].Kind == kind && a.findings[n-1].Hi+1 == lo {
		a.findings[n-1].Hi = hi // one finding for a run of rows
		return
	}
	if len(a.findings) >= MaxFindings {
		a.Further++
		return
	}
	a.findings = append(a.findings, Finding{Kind: kind, Stream: a.stream, Epoch: a.epoch, Lo: lo, Hi: hi, Text: fmt.Sprintf(format, args...)})
}

// Since leaves out the digests of batches that ended before at, in Unix nanoseconds, and gives the sequence behind which rows
// are wanted. Call it before the first row.
func (a *Audit) Since(at int64) uint64 {
	for a.next < len(a.digests) && a.digests[a.next].At < at {
		d := a.digests[a.next]
		a.next++
		a.last, a.covered, a.before = d.Hi, d.Hi, []version{{chain: d.Chain}}
	}
	return a.last
}

// Row takes the next row. Its bytes may be used again once it returns.
func (a *Audit) Row(r Row) {
	if len(a.current) > 0 && a.current[0].Seq != r.Seq {
		a.judge()
	}
	v := version{Entry: Entry{Seq: r.Seq, Leaf: r.Leaf}, chain: r.Chain, bytes: LeafHash(r.Subject, r.HeadersRaw, r.Data)}
	switch {
	case slices.Contains(a.current, v): // a redelivery that no merge has collapsed yet is no second version
	case len(a.current) < maxVersions:
		a.current = append(a.current, v)
	default:
		a.Further++
	}
}

// judge looks at the versions of one sequence.
func (a *Audit) judge() {
	rows := a.current
	a.current = nil
	seq := rows[0].Seq
	a.enter(seq)
	a.Rows++
	fitting := a.fitting(rows)
	if len(rows) == 1 && rows[0].bytes != rows[0].Leaf {
		a.wrongf(Changed, seq, seq, "subject, headers or data give the leaf %.16s…, and the row says %.16s…", rows[0].bytes, rows[0].Leaf)
	}
	switch linked := a.linked(rows); {
	case linked:
	case a.last+1 < seq:
		a.wrongf(Missing, a.last+1, seq-1, "these rows were taken out: %d does not follow %d", seq, a.last)
	default:
		a.wrongf(Unlinked, seq, seq, "the row does not follow the one before it: it, its place or its chain_hash was changed")
	}
	for _, v := range rows {
		if len(rows) > 1 && (len(fitting) != 1 || v != fitting[0]) {
			a.wrongf(Forged, seq, seq, "%d rows claim this sequence, and that with the bytes of leaf %s is not the one that was written, or cannot be told from it", len(rows), v.bytes)
		}
	}
	if len(fitting) == 0 {
		fitting = rows
	}
	a.before, a.last = fitting, seq
	if a.inside {
		a.entries = append(a.entries, fitting[0].Entry)
	}
}

// fitting are the versions that go on from a row before them and whose bytes are right. Where several rows before compete,
// the first that is followed is the right one.
func (a *Audit) fitting(rows []version) []version {
	var found []version
	for _, v := range rows {
		if a.follows(v) && v.bytes == v.Leaf {
			found = append(found, v)
		}
	}
	return found
}

func (a *Audit) linked(rows []version) bool { return slices.ContainsFunc(rows, a.follows) }

// follows says whether v goes on from one of the rows before it, and keeps that one as the right version of its sequence.
func (a *Audit) follows(v version) bool {
	for _, b := range a.before {
		if ChainNext(b.chain, v.Seq, v.Leaf) != v.chain {
			continue
		}
		if n := len(a.entries); n > 0 && a.entries[n-1].Seq == b.Seq {
			a.entries[n-1] = b.Entry
		}
		return true
	}
	return false
}

// enter closes the digests that end before seq, and notes a row that no digest covers.
func (a *Audit) enter(seq uint64) {
	all := a.digests
	for a.next < len(all) && seq > all[a.next].Hi {
		a.endBatch()
	}
	a.inside = a.next < len(all) && seq >= all[a.next].Lo
	switch {
	case a.inside:
		a.Signed++
	case a.next > 0 && (a.next < len(all) || seq <= a.head.HighWater):
		a.wrongf(Unsigned, seq, seq, "digests end at %d or go on behind these rows, and none covers them", a.covered)
	}
}

// endBatch compares what was read of a digest's rows with the digest.
func (a *Audit) endBatch() {
	d := a.digests[a.next]
	a.next++
	a.covered = d.Hi
	n := uint64(len(a.entries))
	switch {
	case n == d.N && Root(a.entries) == d.Root:
	case n < d.N && a.last < d.Hi:
		a.wrongf(Missing, max(a.last+1, d.Lo), d.Hi, "the signed batch %d-%d had %d rows, and %d are left", d.Lo, d.Hi, d.N, n)
	case !a.spoilt:
		a.rewritten(d.Digest, a.entries)
	}
	if a.last < d.Hi { // go on from what is known to be right
		a.last, a.before = d.Hi, []version{{chain: d.Chain}}
	}
	a.entries, a.spoilt = nil, false
}

// rewritten names the rows of a batch that agree with each other but not with the digest. Which they are only the source can say.
func (a *Audit) rewritten(d Digest, entries []Entry) {
	named := false
	for _, e := range entries {
		if a.source == nil {
			break
		}
		if leaf, ok := a.source(e.Seq); ok && leaf != e.Leaf {
			a.wrongf(Rewritten, e.Seq, e.Seq, "the row and all hashes after it were made anew: the stream has the leaf %.16s…, the row %.16s…", leaf, e.Leaf)
			named = true
		}
	}
	if !named {
		a.wrongf(Rewritten, d.Lo, d.Hi, "the rows agree with each other but not with the signed root: the batch was made anew, or rows were put into it (signed %d, found %d). Its messages have left the stream, so that nothing says which row it was", d.N, len(entries))
	}
}

// Close ends the rows and gives all that is wrong; written is the last sequence that the sink had begun to write after the rows
// were read.
func (a *Audit) Close(written uint64) []Finding {
	if len(a.current) > 0 {
		a.judge()
	}
	last := a.last
	for a.next < len(a.digests) {
		a.endBatch()
	}
	if last < a.head.HighWater && a.covered < a.head.HighWater {
		a.wrongf(Missing, max(last, a.covered)+1, a.head.HighWater, "the sink has written up to %d, and the rows end at %d", a.head.HighWater, last)
	}
	if last > written {
		a.wrongf(Forged, written+1, last, "the sink has only written up to %d", written)
	}
	return a.findings
}

package proof

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"testing"
)

// record is what a sink would have written: 40 rows in 4 signed batches of 10.
type record struct {
	rows    []Row
	digests []Signed
	head    Head
	leaves  map[uint64]Hash
	key     ed25519.PrivateKey
	trusted Keys
}

const perBatch, batches = 10, 4

func written(t *testing.T) *record {
	t.Helper()
	r := &record{leaves: map[uint64]Hash{}}
	r.key, r.trusted = signer(t)
	for i := range uint64(perBatch * batches) {
		r.rows = append(r.rows, Row{Seq: i + 1, Subject: fmt.Sprintf("wl.actions.a.%d", i+1), HeadersRaw: []byte("ce-id:1\r\n"), Data: fmt.Appendf(nil, `{"n":%d}`, i+1)})
	}
	r.rehash(0)
	for _, row := range r.rows {
		r.leaves[row.Seq] = row.Leaf
	}
	r.sign()
	return r
}

// rehash makes all hashes from row i on agree with the rows, as somebody would who may write everything in ClickHouse.
func (r *record) rehash(from int) {
	chain := ChainStart("S", 1)
	if from > 0 {
		chain = r.rows[from-1].Chain
	}
	for i := from; i < len(r.rows); i++ {
		row := &r.rows[i]
		row.Leaf = LeafHash(row.Subject, row.HeadersRaw, row.Data)
		row.Chain = ChainNext(chain, row.Seq, row.Leaf)
		chain = row.Chain
	}
}

func (r *record) sign() {
	var previous Hash
	r.digests = nil
	for batch := range slices.Chunk(r.rows, perBatch) {
		all := make([]Entry, len(batch))
		for i, row := range batch {
			all[i] = Entry{row.Seq, row.Leaf}
		}
		last := batch[len(batch)-1]
		d := Digest{Stream: "S", Epoch: 1, Lo: batch[0].Seq, Hi: last.Seq, N: uint64(len(batch)), Root: Root(all), Chain: last.Chain, Previous: previous}
		previous = d.Hash()
		r.digests = append(r.digests, Sign(d, r.key))
	}
	r.head = Head{HighWater: r.rows[len(r.rows)-1].Seq, LastDigest: previous}
}

// history is what was signed.
func (r *record) history(stored []Signed) *History {
	h := NewHistory("S", 1, r.trusted)
	for _, d := range stored {
		h.Stored(d)
	}
	for _, d := range r.digests {
		h.Witnessed(d)
	}
	return h
}

func (r *record) verify(stored []Signed, source Source) []Finding {
	a := NewAudit(r.history(stored), r.head, source)
	for _, row := range r.rows {
		a.Row(row)
	}
	return a.Close(r.head.HighWater)
}

func (r *record) source(seq uint64) (Hash, bool) { h, ok := r.leaves[seq]; return h, ok }

// said are the findings in short.
func said(findings []Finding) []string {
	all := make([]string, len(findings))
	for i, f := range findings {
		all[i] = fmt.Sprintf("%s %s", f.Kind, span(f.Lo, f.Hi))
	}
	return all
}

// Each way of tampering is found, and the rows are named; nothing else is said.
func TestTampering(t *testing.T) {
	t.Parallel()
	change := func(row *Row) { row.Data = []byte(`{"n":0}`) }
	for name, c := range map[string]struct {
		tamper func(r *record)
		want   []string
	}{
		"nothing":             {func(*record) {}, nil},
		"twice the same row":  {func(r *record) { r.rows = slices.Insert(r.rows, 5, r.rows[5]) }, nil},
		"update":              {func(r *record) { change(&r.rows[14]) }, []string{"changed 15"}},
		"update of the first": {func(r *record) { change(&r.rows[0]) }, []string{"changed 1"}},
		"update with a new leaf": {func(r *record) {
			change(&r.rows[14])
			r.rows[14].Leaf = LeafHash(r.rows[14].Subject, r.rows[14].HeadersRaw, r.rows[14].Data)
		},
			[]string{"unlinked 15"}},
		"delete":                  {func(r *record) { r.rows = slices.Delete(r.rows, 14, 16) }, []string{"missing 15-16"}},
		"delete at a batch's end": {func(r *record) { r.rows = slices.Delete(r.rows, 19, 20) }, []string{"missing 20"}},
		"delete at its beginning": {func(r *record) { r.rows = slices.Delete(r.rows, 20, 21) }, []string{"missing 21"}},
		"delete a whole batch":    {func(r *record) { r.rows = slices.Delete(r.rows, 10, 20) }, []string{"missing 11-20"}},
		"delete the first":        {func(r *record) { r.rows = r.rows[1:] }, []string{"missing 1"}},
		"delete all":              {func(r *record) { r.rows = nil }, []string{"missing 1-10", "missing 11-20", "missing 21-30", "missing 31-40"}},
		"forged beside": {func(r *record) {
			f := r.rows[14]
			change(&f)
			f.Leaf = LeafHash(f.Subject, f.HeadersRaw, f.Data)
			f.Chain = ChainNext(r.rows[13].Chain, f.Seq, f.Leaf) // as good as it gets
			r.rows = slices.Insert(r.rows, 14, f)
		}, []string{"forged 15", "forged 15"}},
		"forged with the original's hashes": {func(r *record) { f := r.rows[14]; change(&f); r.rows = slices.Insert(r.rows, 15, f) }, []string{"forged 15"}},
		"forged behind the end": {func(r *record) {
			f := Row{Seq: 41, Subject: "wl.actions.a.41"}
			r.rows = append(r.rows, f)
			r.rehash(40)
		}, []string{"forged 41"}},
		"swapped": {func(r *record) {
			a, b := &r.rows[14], &r.rows[16]
			a.Subject, b.Subject, a.Data, b.Data, a.Leaf, b.Leaf = b.Subject, a.Subject, b.Data, a.Data, b.Leaf, a.Leaf
		}, []string{"unlinked 15", "unlinked 17"}},
		"truncated tail":             {func(r *record) { r.rows = r.rows[:33] }, []string{"missing 34-40"}},
		"truncated with its digests": {func(r *record) { r.rows, r.digests = r.rows[:20], r.digests[:2] }, []string{"digest 40", "missing 21-40"}},
		"made anew":                  {func(r *record) { change(&r.rows[14]); r.rehash(14) }, []string{"rewritten 15"}},
		"made anew, a row taken out": {func(r *record) { r.rows = slices.Delete(r.rows, 14, 15); r.rehash(14) }, []string{"rewritten 11-20"}},
		"made anew, signed by a stranger": {func(r *record) { change(&r.rows[14]); r.rehash(14); r.key, _ = signer(t); r.sign() },
			[]string{"digest 1-10", "digest 11-20", "digest 21-30", "digest 31-40", "digest 1-10", "digest 11-20", "digest 21-30", "digest 31-40", "digest 40"}},
		"a digest taken out": {func(r *record) { r.digests = slices.Delete(r.digests, 1, 2) }, []string{"digest 21-30", "unsigned 11-20"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := written(t)
			c.tamper(r)
			if got := said(r.verify(r.digests, r.source)); !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// Somebody with the whole of ClickHouse and the key makes all anew there. The digests outside do not go along.
func TestDigestsOutsideWin(t *testing.T) {
	t.Parallel()
	r := written(t)
	outside := r.digests
	r.rows[14].Data = []byte(`{}`)
	r.rehash(14)
	head := r.head
	r.sign()
	stored := r.digests
	r.digests, r.head = outside, head
	got := said(r.verify(stored, nil))
	if !slices.Contains(got, "rewritten 11-20") || !slices.Contains(got, "digest 11-20") {
		t.Errorf("found %q", got)
	}
}

// Messages that were deleted before the audit read them leave no finding.
func TestGapOfTheStream(t *testing.T) {
	t.Parallel()
	r := written(t)
	r.rows = slices.Delete(r.rows, 14, 17)
	r.rehash(0)
	r.sign()
	if got := said(r.verify(r.digests, nil)); len(got) > 0 {
		t.Errorf("found %q", got)
	}
}

// Digests come in any order, and some of them twice.
func TestDigestsInAnyOrder(t *testing.T) {
	t.Parallel()
	r := written(t)
	h := NewHistory("S", 1, r.trusted)
	for _, d := range slices.Backward(r.digests) {
		h.Stored(d)
	}
	for _, i := range []int{2, 0, 3, 1, 0} {
		h.Witnessed(r.digests[i])
	}
	a := NewAudit(h, r.head, nil)
	for _, row := range r.rows {
		a.Row(row)
	}
	if found := a.Close(r.head.HighWater); len(found) > 0 || a.Signed != uint64(len(r.rows)) {
		t.Errorf("%d rows are signed, found %v", a.Signed, found)
	}
}

// However much was changed, what is kept of it is bounded.
func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	r := written(t)
	a := NewAudit(r.history(r.digests), r.head, nil)
	for i := range 3 * maxVersions {
		row := r.rows[0]
		row.Data = fmt.Append(nil, i)
		a.Row(row)
	}
	for seq := range uint64(2 * MaxFindings) {
		a.Row(Row{Seq: seq + 2})
	}
	if n := len(a.Close(r.head.HighWater)); n != MaxFindings || a.Further < MaxFindings {
		t.Errorf("%d findings are kept and %d counted", n, a.Further)
	}
	h, forged := r.history(nil), r.digests[0]
	forged.Signature = ""
	for range 2 * MaxFindings {
		h.Stored(forged)
	}
	a = NewAudit(h, r.head, nil)
	if n := len(a.Close(r.head.HighWater)); n != MaxFindings || a.Further < MaxFindings {
		t.Errorf("%d findings about digests are kept and %d counted", n, a.Further)
	}
}

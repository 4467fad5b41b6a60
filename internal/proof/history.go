package proof

import (
	"cmp"
	"fmt"
	"slices"
)

// Head is what the sink noted of a stream outside of ClickHouse. Read it before digests and rows.
type Head struct {
	HighWater  uint64 // every row up to here was written
	LastDigest Hash   // zero where nothing was signed
}

// History is what was signed of one stream's epoch. Hand it every digest there is, in any order, and it to [NewAudit]. It
// holds about a quarter of a KiB of each.
type History struct {
	stream  string
	epoch   uint64
	trusted Keys

	digests  []entered
	index    map[Hash]int // of digests, until they are put in order
	findings []Finding
	further  uint64
}

// entered is a digest, and where it was found.
type entered struct {
	Digest

	hash            Hash
	outside, inside bool // of ClickHouse
}

// NewHistory begins. Digests that no key of trusted has signed are findings.
func NewHistory(stream string, epoch uint64, trusted Keys) *History {
	return &History{stream: stream, epoch: epoch, trusted: trusted, index: map[Hash]int{}}
}

// Witnessed takes a digest from outside of ClickHouse. They win over those from inside.
func (h *History) Witnessed(s Signed) {
	if d := h.enter(s); d != nil {
		d.outside = true
	}
}

// Stored takes a digest that ClickHouse has.
func (h *History) Stored(s Signed) {
	if d := h.enter(s); d != nil {
		d.inside = true
	}
}

// enter returns nil for a digest of something else, and for one that is not signed.
func (h *History) enter(s Signed) *entered {
	if s.Stream != h.stream || s.Epoch != h.epoch {
		return nil
	}
	if err := s.Check(h.trusted); err != nil {
		h.wrong(s.Digest, err.Error())
		return nil
	}
	hash := s.Hash()
	i, ok := h.index[hash]
	if !ok {
		i = len(h.digests)
		s.Stream = h.stream // one text for all
		h.index[hash], h.digests = i, append(h.digests, entered{Digest: s.Digest, hash: hash})
	}
	return &h.digests[i]
}

func (h *History) wrong(d Digest, text string) {
	if len(h.findings) >= MaxFindings {
		h.further++
		return
	}
	h.findings = append(h.findings, Finding{Kind: BadDigest, Stream: h.stream, Epoch: h.epoch, Lo: d.Lo, Hi: d.Hi, Text: text})
}

// close puts the digests in order, each following the one before, and judges them.
func (h *History) close(head Head) {
	_, complete := h.index[head.LastDigest]
	h.index = nil
	slices.SortStableFunc(h.digests, func(a, b entered) int { return cmp.Or(cmp.Compare(a.Lo, b.Lo), compare(b.outside, a.outside)) })
	for i, d := range h.digests {
		switch {
		case d.outside && !d.inside:
			h.wrong(d.Digest, "the digest was taken out of ClickHouse")
		case !d.outside && i > 0 && h.digests[i-1].outside: // older ones may have expired in the stream
			h.wrong(d.Digest, "the digest is in ClickHouse only: the stream of digests never had it")
		}
		if i == 0 {
			continue
		}
		if before := h.digests[i-1]; d.Lo <= before.Hi {
			h.wrong(d.Digest, fmt.Sprintf("two digests cover the same rows: this one and that of %d-%d", before.Lo, before.Hi))
		} else if d.Previous != before.hash {
			h.wrong(d.Digest, fmt.Sprintf("the digest does not follow that of %d-%d: one between them is missing, or its history was made anew", before.Lo, before.Hi))
		}
	}
	if !complete && head.LastDigest != (Hash{}) {
		h.wrong(Digest{Lo: head.HighWater, Hi: head.HighWater}, fmt.Sprintf("the newest digest, %s, is missing", head.LastDigest))
	}
}

// compare orders false before true.
func compare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

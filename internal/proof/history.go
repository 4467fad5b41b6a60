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

// history is the signed digests of one stream's epoch, each following the one before.
type history struct {
	digests  []Digest
	findings []Finding
}

// newHistory puts digests in order and judges them. witnessed are those from outside of ClickHouse: they win over those from inside.
func newHistory(stream string, epoch uint64, witnessed, stored []Signed, trusted Keys, head Head) history {
	var h history
	wrong := func(d Digest, text string) {
		h.findings = append(h.findings, Finding{Kind: BadDigest, Stream: stream, Epoch: epoch, Lo: d.Lo, Hi: d.Hi, Text: text})
	}
	outside, inside := map[Hash]bool{}, map[Hash]bool{}
	take := func(from []Signed, seen map[Hash]bool, other map[Hash]bool) {
		for _, s := range from {
			if s.Stream != stream || s.Epoch != epoch {
				continue
			}
			if err := s.Check(trusted); err != nil {
				wrong(s.Digest, err.Error())
				continue
			}
			if hash := s.Hash(); !seen[hash] {
				seen[hash] = true
				if !other[hash] {
					h.digests = append(h.digests, s.Digest)
				}
			}
		}
	}
	take(witnessed, outside, nil)
	take(stored, inside, outside)
	slices.SortFunc(h.digests, func(a, b Digest) int { return cmp.Compare(a.Lo, b.Lo) })
	for i, d := range h.digests {
		hash := d.Hash()
		switch {
		case outside[hash] && !inside[hash]:
			wrong(d, "the digest was taken out of ClickHouse")
		case !outside[hash] && i > 0 && outside[h.digests[i-1].Hash()]: // older ones may have expired in the stream
			wrong(d, "the digest is in ClickHouse only: the stream of digests never had it")
		}
		if i == 0 {
			continue
		}
		if before := h.digests[i-1]; d.Lo <= before.Hi {
			wrong(d, fmt.Sprintf("two digests cover the same rows: this one and that of %d-%d", before.Lo, before.Hi))
		} else if d.Previous != before.Hash() {
			wrong(d, fmt.Sprintf("the digest does not follow that of %d-%d: one between them is missing, or its history was made anew", before.Lo, before.Hi))
		}
	}
	if head.LastDigest != (Hash{}) && !outside[head.LastDigest] && !inside[head.LastDigest] {
		wrong(Digest{Lo: head.HighWater, Hi: head.HighWater}, fmt.Sprintf("the newest digest, %s, is missing", head.LastDigest))
	}
	return h
}

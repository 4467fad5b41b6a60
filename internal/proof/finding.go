package proof

import (
	"fmt"
	"strconv"
)

// Kind says what is wrong.
type Kind string

// What can be wrong with a record.
const (
	Changed   Kind = "changed"   // a row's bytes are not those of its leaf hash
	Columns   Kind = "columns"   // a row's other columns do not say what its bytes say
	Forged    Kind = "forged"    // a row that was never written stands among the others
	Missing   Kind = "missing"   // rows were taken out
	Unlinked  Kind = "unlinked"  // a row does not follow the one before it
	Rewritten Kind = "rewritten" // rows agree with each other, and not with what was signed
	Unsigned  Kind = "unsigned"  // rows that no digest covers, where there should be one
	BadDigest Kind = "digest"    // the digests themselves are not as they were signed
)

// Finding is one thing that is wrong, and exactly where.
type Finding struct {
	Kind   Kind   `json:"kind"`
	Stream string `json:"stream"`
	Epoch  uint64 `json:"epoch"`
	Lo     uint64 `json:"lo"` // first sequence
	Hi     uint64 `json:"hi"` // last sequence
	Text   string `json:"text"`
}

func (f Finding) String() string {
	return fmt.Sprintf("%s %s: %s: %s", f.Stream, span(f.Lo, f.Hi), f.Kind, f.Text)
}

func span(lo, hi uint64) string {
	if lo == hi {
		return strconv.FormatUint(lo, 10)
	}
	return fmt.Sprintf("%d-%d", lo, hi)
}

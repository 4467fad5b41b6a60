package sink

import (
	"bytes"
	"testing"

	"github.com/weighlock/weighlock/internal/proof"
)

// The sink's hasher, which keeps its state from leaf to leaf, and the proof's plain one agree.
func TestLeafIsTheProofs(t *testing.T) {
	t.Parallel()
	var h hasher
	for n := range 300 {
		headers, data := bytes.Repeat([]byte{'h'}, n%7), bytes.Repeat([]byte{byte(n)}, n*3)
		if h.leaf("wl.a.b", headers, data) != proof.LeafHash("wl.a.b", headers, data) {
			t.Fatalf("the leaves of %d bytes differ", len(data))
		}
	}
}

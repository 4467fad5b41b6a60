package proof

import (
	"crypto/sha256"
	"slices"
	"testing"
)

func entries(n int) []Entry {
	all := make([]Entry, n)
	for i := range all {
		all[i] = Entry{Seq: uint64(i) + 10, Leaf: sha256.Sum256([]byte{byte(i), byte(i >> 8)})}
	}
	return all
}

// Every entry of trees of every shape leads to the root, and to it alone.
func TestPathsLeadToTheRoot(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 70; n++ {
		all := entries(n)
		root := Root(all)
		for i := range all {
			path := Path(all, i)
			if got, err := Climb(all[i], uint64(i), uint64(n), path); err != nil || got != root {
				t.Fatalf("entry %d of %d leads to %s, %v", i, n, got, err)
			}
			attack(t, all, i, path, root)
		}
	}
}

// attack changes one thing after the other; nothing may lead to root.
func attack(t *testing.T, all []Entry, i int, path []Hash, root Hash) {
	t.Helper()
	n := uint64(len(all))
	reject := func(what string, e Entry, at, of uint64, p []Hash) {
		t.Helper()
		if got, err := Climb(e, at, of, p); err == nil && got == root {
			t.Fatalf("entry %d of %d: %s passes", i, n, what)
		}
	}
	other := all[i]
	other.Leaf[0] ^= 1
	reject("another leaf", other, uint64(i), n, path)
	moved := all[i]
	moved.Seq++
	reject("another sequence", moved, uint64(i), n, path)
	reject("an index behind the end", all[i], n, n, path)
	reject("a longer path", all[i], uint64(i), n, append(slices.Clone(path), root))
	if len(path) > 0 {
		reject("a shorter path", all[i], uint64(i), n, path[:len(path)-1])
		bent := slices.Clone(path)
		bent[0][5] ^= 1
		reject("another sibling", all[i], uint64(i), n, bent)
		reject("the neighbour's index", all[i], uint64(i)^1, n, path)
	}
}

// The shapes are those of RFC 6962: the left tree is the greatest power of two below n.
func TestRootShape(t *testing.T) {
	t.Parallel()
	e := entries(5)
	h := func(i int) Hash { return e[i].hash() }
	want := node(node(node(h(0), h(1)), node(h(2), h(3))), h(4))
	if got := Root(e); got != want {
		t.Errorf("the root over 5 is %s, want %s", got, want)
	}
	if got := Root(nil); got != sha256.Sum256(nil) {
		t.Errorf("the root over none is %s", got)
	}
}

// BenchmarkRoot is what a signed event costs the processor beyond the chain; one operation is a batch of 20,000.
func BenchmarkRoot(b *testing.B) {
	entries := make([]Entry, 20_000)
	for i := range entries {
		entries[i].Seq = uint64(i)
	}
	for b.Loop() {
		Root(entries)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(entries)), "ns/event")
}

package proof

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/bits"
)

// Entry is one event in a batch's Merkle tree. The sequence is in it, so that two events cannot change places.
type Entry struct {
	Seq  uint64 `json:"seq"`
	Leaf Hash   `json:"leaf"`
}

// The tree is that of RFC 6962: entries and nodes are told apart by their first byte.
const (
	entryPrefix = 0
	nodePrefix  = 1
)

func (e Entry) hash() Hash {
	var b [1 + 8 + sha256.Size]byte
	b[0] = entryPrefix
	binary.BigEndian.PutUint64(b[1:], e.Seq)
	copy(b[9:], e.Leaf[:])
	return sha256.Sum256(b[:])
}

func node(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = nodePrefix
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// Root is the root over entries in their order; that over none is the hash of nothing.
func Root(entries []Entry) Hash {
	switch n := len(entries); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return entries[0].hash()
	default:
		k := split(n)
		return node(Root(entries[:k]), Root(entries[k:]))
	}
}

// Path is what it takes to get from entry i to the root, the nearest first. i must be an index of entries.
func Path(entries []Entry, i int) []Hash {
	n := len(entries)
	if n <= 1 {
		return nil
	}
	k := split(n)
	if i < k {
		return append(Path(entries[:k], i), Root(entries[k:]))
	}
	return append(Path(entries[k:], i-k), Root(entries[:k]))
}

var errPath = errors.New("the inclusion path does not fit the number of events in the batch")

// Climb gives the root that path leads to from e, entry i of n. The error says that no tree of n has such a path.
func Climb(e Entry, i, n uint64, path []Hash) (Hash, error) {
	if i >= n {
		return Hash{}, errPath
	}
	h, last := e.hash(), n-1
	for _, sibling := range path {
		if last == 0 {
			return Hash{}, errPath
		}
		if i%2 == 1 || i == last {
			h = node(sibling, h)
			for i%2 == 0 && i != 0 { // a right edge without siblings
				i, last = i/2, last/2
			}
		} else {
			h = node(h, sibling)
		}
		i, last = i/2, last/2
	}
	if last != 0 {
		return Hash{}, errPath
	}
	return h, nil
}

// split is the greatest power of two below n; n is at least 2.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

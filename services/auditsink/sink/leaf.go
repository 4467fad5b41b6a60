package sink

import (
	"crypto/sha256"
	"hash"
	"slices"
	"strconv"

	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/internal/stream"
)

// Hash is a SHA-256 value.
type Hash = proof.Hash

// canonicalHeaders appends the headers as "name:value" lines, each ended by CR LF: names in byte order, values of one name in the
// order they were sent. Neither a name nor a value can hold a line break, and a name holds no colon, so nothing is ambiguous.
func canonicalHeaders(dst []byte, names []string, header map[string][]string) ([]byte, []string) {
	names = names[:0]
	for name := range header {
		if name != stream.PinHeader {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range header[name] {
			dst = append(dst, name...)
			dst = append(dst, ':')
			dst = append(dst, value...)
			dst = append(dst, '\r', '\n')
		}
	}
	return dst, names
}

// hasher reuses its state from leaf to leaf.
type hasher struct {
	state   hash.Hash
	scratch []byte
}

// leaf is [proof.LeafHash] without its allocation.
func (h *hasher) leaf(subject string, headers, data []byte) (out Hash) {
	if h.state == nil {
		h.state = sha256.New()
	}
	h.state.Reset()
	b := h.scratch[:0]
	b = append(b, proof.LeafDomain...)
	b = strconv.AppendInt(b, int64(len(subject)), 10)
	b = append(append(b, ':'), subject...)
	b = strconv.AppendInt(b, int64(len(headers)), 10)
	b = append(append(b, ':'), headers...)
	b = strconv.AppendInt(b, int64(len(data)), 10)
	b = append(b, ':')
	h.scratch = b
	h.state.Write(b)
	h.state.Write(data)
	h.state.Sum(out[:0])
	return out
}

// LeafOf is the leaf of a message as the stream has it.
func LeafOf(subject string, header map[string][]string, data []byte) Hash {
	raw, _ := canonicalHeaders(nil, nil, header)
	return proof.LeafHash(subject, raw, data)
}

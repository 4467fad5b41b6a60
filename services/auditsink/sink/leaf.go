package sink

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
)

// Hash is a SHA-256 value.
type Hash [sha256.Size]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// deliveryHeader is put on a message by the server when it hands it to a pinned consumer; it is no part of what was stored.
const deliveryHeader = "Nats-Pin-Id"

// canonicalHeaders appends the headers as "name:value" lines, each ended by CR LF: names in byte order, values of one name in the
// order they were sent. Neither a name nor a value can hold a line break, and a name holds no colon, so nothing is ambiguous.
func canonicalHeaders(dst []byte, names []string, header map[string][]string) ([]byte, []string) {
	names = names[:0]
	for name := range header {
		if name != deliveryHeader {
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

const (
	leafDomain  = "weighlock.leaf.v1\n"
	chainDomain = "weighlock.chain.v1\n"
)

// hasher reuses its state from leaf to leaf.
type hasher struct {
	state   hash.Hash
	scratch []byte
}

// leaf covers everything that a message says: subject, headers and data, each as a netstring ("5:hello"):
//
//	SHA-256("weighlock.leaf.v1\n" ‖ netstring(subject) ‖ netstring(canonical headers) ‖ netstring(data))
func (h *hasher) leaf(subject string, headers, data []byte) (out Hash) {
	if h.state == nil {
		h.state = sha256.New()
	}
	h.state.Reset()
	b := h.scratch[:0]
	b = append(b, leafDomain...)
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

// LeafHash is the hash of one message from the columns subject, headers_raw and data of the table events:
// SHA-256 of "weighlock.leaf.v1\n" and the three as netstrings.
func LeafHash(subject string, headersRaw, data []byte) Hash {
	return new(hasher).leaf(subject, headersRaw, data)
}

// ChainStart is what the chain of a stream's epoch starts from.
func ChainStart(stream string, epoch uint64) Hash {
	return sha256.Sum256([]byte(chainDomain + stream + "\n" + strconv.FormatUint(epoch, 10)))
}

// ChainNext links one message into the chain: SHA-256(previous ‖ sequence as 8 big-endian bytes ‖ leaf).
func ChainNext(previous Hash, sequence uint64, leaf Hash) Hash {
	var b [2*sha256.Size + 8]byte
	copy(b[:], previous[:])
	binary.BigEndian.PutUint64(b[sha256.Size:], sequence)
	copy(b[sha256.Size+8:], leaf[:])
	return sha256.Sum256(b[:])
}

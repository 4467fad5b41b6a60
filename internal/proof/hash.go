package proof

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
)

// Hash is a SHA-256 value. Its text is 64 hex digits.
type Hash [sha256.Size]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hex digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 hex digits.
func (h *Hash) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(h) {
		return fmt.Errorf("%.80q is not a SHA-256 value: write 64 hex digits", text)
	}
	*h = Hash(b)
	return nil
}

// The first bytes of what is hashed, so that a value of one kind can never pass for another.
const (
	LeafDomain   = "weighlock.leaf.v1\n"
	chainDomain  = "weighlock.chain.v1\n"
	digestDomain = "weighlock.digest.v1\n"
)

// LeafHash covers all that an event says, each part as a netstring ("5:hello"):
//
//	SHA-256("weighlock.leaf.v1\n" ‖ netstring(subject) ‖ netstring(canonical headers) ‖ netstring(data))
//
// These are the columns subject, headers_raw and data of the table events.
func LeafHash(subject string, headersRaw, data []byte) Hash {
	b := append(make([]byte, 0, len(subject)+len(headersRaw)+len(data)+64), LeafDomain...)
	for _, part := range [][]byte{[]byte(subject), headersRaw, data} {
		b = append(append(strconv.AppendInt(b, int64(len(part)), 10), ':'), part...)
	}
	return sha256.Sum256(b)
}

// ChainStart is what the chain of a stream's epoch starts from.
func ChainStart(stream string, epoch uint64) Hash {
	return sha256.Sum256([]byte(chainDomain + stream + "\n" + strconv.FormatUint(epoch, 10)))
}

// ChainNext links one event into the chain: SHA-256(previous ‖ sequence as 8 big-endian bytes ‖ leaf).
func ChainNext(previous Hash, sequence uint64, leaf Hash) Hash {
	var b [2*sha256.Size + 8]byte
	copy(b[:], previous[:])
	binary.BigEndian.PutUint64(b[sha256.Size:], sequence)
	copy(b[sha256.Size+8:], leaf[:])
	return sha256.Sum256(b[:])
}

package agent

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// crockford is the alphabet of ULIDs: no I, L, O, U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newULID returns 26 characters that sort by time: 48 bits of milliseconds, 80 of chance
// (github.com/ulid/spec).
func newULID(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[6:]) // never fails, see crypto/rand
	ms := uint64(now.UnixMilli())
	binary.BigEndian.PutUint16(b[:2], uint16(ms>>32))
	binary.BigEndian.PutUint32(b[2:6], uint32(ms))
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var out [26]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

// newSecret is a subject token nobody can guess.
func newSecret() string { return rand.Text() }

// newTraceParent starts a sampled W3C trace.
func newTraceParent() string {
	var b [24]byte
	_, _ = rand.Read(b[:])
	return fmt.Sprintf("00-%s-%s-01", hex.EncodeToString(b[:16]), hex.EncodeToString(b[16:]))
}

var traceParent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// checkTraceParent accepts what W3C Trace Context level 1 does: lower case, known shape,
// neither id all zeroes, version not ff.
func checkTraceParent(s string) error {
	if traceParent.MatchString(s) && s[:2] != "ff" && strings.Trim(s[3:35], "0") != "" && strings.Trim(s[36:52], "0") != "" {
		return nil
	}
	return &events.FieldError{Field: "traceparent", Problem: fmt.Sprintf("is %.80q", s), Fix: "use the W3C form 00-<32 hex>-<16 hex>-<2 hex>, or leave it empty"}
}

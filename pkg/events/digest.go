package events

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

const digestPrefix = "sha256:"

// MaxArgumentsDepth is how deep objects and arrays may nest in an action's arguments.
const MaxArgumentsDepth = 256

// Digest names bytes: "sha256:" and 64 lower-case hex digits.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	var out [len(digestPrefix) + 2*sha256.Size]byte
	copy(out[:], digestPrefix)
	hex.Encode(out[len(digestPrefix):], sum[:])
	return string(out[:])
}

// ArgumentsDigest names an action's arguments, whatever white space, order of
// keys and string escapes they were written with: it is the digest of their canonical JSON (keys
// sorted by bytes, no white space, shortest escapes, numbers as written). No
// arguments and {} are the same.
//
// What two readers could understand differently has no digest: a key given
// twice, anything after the object, text that is not Unicode. Nor has nesting deeper than [MaxArgumentsDepth].
func ArgumentsDigest(arguments json.RawMessage) (string, error) {
	if len(bytes.TrimSpace(arguments)) == 0 {
		return Digest([]byte("{}")), nil
	}
	c := canonicals.Get().(*canonical) //nolint:forcetypeassert // the pool holds nothing else
	defer c.release()
	c.read(arguments)
	if c.dec.PeekKind() != '{' {
		return "", argumentsError("are not a JSON object")
	}
	if err := c.value(); err != nil {
		return "", argumentsError("cannot be read: " + err.Error())
	}
	if _, err := c.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return "", argumentsError("are followed by something else")
	}
	return Digest(c.out), nil
}

func argumentsError(problem string) error {
	return &FieldError{Field: "arguments", Problem: problem, Fix: "send one JSON object of named arguments"}
}

// CheckDigest reports whether s has the form [Digest] gives.
func CheckDigest(field, s string) error {
	hexPart, ok := strings.CutPrefix(s, digestPrefix)
	if ok && len(hexPart) == 2*sha256.Size && strings.Trim(hexPart, "0123456789abcdef") == "" {
		return nil
	}
	return &FieldError{Field: field, Problem: fmt.Sprintf("is %.80q", s), Fix: "use sha256: and 64 hex digits, as shown on the card"}
}

package events

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
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
	dec := jsontext.NewDecoder(bytes.NewReader(arguments))
	if dec.PeekKind() != '{' {
		return "", argumentsError("are not a JSON object")
	}
	canonical, err := appendCanonical(make([]byte, 0, len(arguments)), dec)
	if err != nil {
		return "", argumentsError("cannot be read: " + err.Error())
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return "", argumentsError("are followed by something else")
	}
	return Digest(canonical), nil
}

func argumentsError(problem string) error {
	return &FieldError{Field: "arguments", Problem: problem, Fix: "send one JSON object of named arguments"}
}

// appendCanonical appends the canonical form of the next value of dec, which
// itself refuses duplicate keys and invalid text.
func appendCanonical(dst []byte, dec *jsontext.Decoder) ([]byte, error) {
	if dec.StackDepth() > MaxArgumentsDepth {
		return nil, fmt.Errorf("deeper than %d", MaxArgumentsDepth)
	}
	switch dec.PeekKind() {
	case '{':
		return appendObject(dst, dec)
	case '[':
		return appendArray(dst, dec)
	}
	token, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if token.Kind() == '"' {
		return jsontext.AppendQuote(dst, token.String())
	}
	return append(dst, token.String()...), nil // a number as it was written, or a literal
}

func appendArray(dst []byte, dec *jsontext.Decoder) ([]byte, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	dst = append(dst, '[')
	for n := 0; dec.PeekKind() != ']'; n++ {
		if n > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendCanonical(dst, dec); err != nil {
			return nil, err
		}
	}
	_, err := dec.ReadToken()
	return append(dst, ']'), err
}

func appendObject(dst []byte, dec *jsontext.Decoder) ([]byte, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	type member struct {
		key   string
		value []byte
	}
	var members []member
	for dec.PeekKind() != '}' {
		key, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		name := key.String() // before the next read: a token is gone then
		value, err := appendCanonical(nil, dec)
		if err != nil {
			return nil, err
		}
		members = append(members, member{name, value})
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.key, b.key) })
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = jsontext.AppendQuote(dst, m.key); err != nil {
			return nil, err
		}
		dst = append(append(dst, ':'), m.value...)
	}
	return append(dst, '}'), nil
}

// CheckDigest reports whether s has the form [Digest] gives.
func CheckDigest(field, s string) error {
	hexPart, ok := strings.CutPrefix(s, digestPrefix)
	if ok && len(hexPart) == 2*sha256.Size && strings.Trim(hexPart, "0123456789abcdef") == "" {
		return nil
	}
	return &FieldError{Field: field, Problem: fmt.Sprintf("is %.80q", s), Fix: "use sha256: and 64 hex digits, as shown on the card"}
}

package events

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

const digestPrefix = "sha256:"

// Digest names bytes: "sha256:" and 64 lower-case hex digits.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	var out [len(digestPrefix) + 2*sha256.Size]byte
	copy(out[:], digestPrefix)
	hex.Encode(out[len(digestPrefix):], sum[:])
	return string(out[:])
}

// ArgumentsDigest names an action's arguments, whatever white space and order of
// keys they were written with: it is the digest of their canonical JSON (keys
// sorted, no white space, numbers as written). No arguments and {} are the same.
func ArgumentsDigest(arguments json.RawMessage) (string, error) {
	if len(bytes.TrimSpace(arguments)) == 0 {
		arguments = json.RawMessage("{}")
	}
	dec := json.NewDecoder(bytes.NewReader(arguments))
	dec.UseNumber()
	var v map[string]any
	if err := dec.Decode(&v); err != nil {
		return "", &FieldError{Field: "arguments", Problem: "are not a JSON object: " + err.Error(), Fix: "send an object of named arguments"}
	}
	canonical, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("digesting arguments: %w", err)
	}
	return Digest(canonical), nil
}

// CheckDigest reports whether s has the form [Digest] gives.
func CheckDigest(field, s string) error {
	hexPart, ok := strings.CutPrefix(s, digestPrefix)
	if ok && len(hexPart) == 2*sha256.Size && strings.Trim(hexPart, "0123456789abcdef") == "" {
		return nil
	}
	return &FieldError{Field: field, Problem: fmt.Sprintf("is %.80q", s), Fix: "use sha256: and 64 hex digits, as shown on the card"}
}

package events

import "fmt"

// MaxTokenLength is the longest agent, action, group, approver, channel or
// request name, in bytes: what keeps every subject far below NATS's limits.
const MaxTokenLength = 64

// CheckToken reports whether s may stand as one token of a subject:
// [A-Za-z0-9_-]{1,64}. field names the offender in the error.
//
// Names are checked before they reach a subject or a permission, because
// "*", ">" and "." would widen what the server's permissions narrow.
func CheckToken(field, s string) error {
	if s == "" {
		return &FieldError{Field: field, Problem: "is empty", Fix: "give a name of 1 to 64 characters from A-Z a-z 0-9 _ -"}
	}
	if len(s) > MaxTokenLength {
		return &FieldError{Field: field, Problem: fmt.Sprintf("has %d characters", len(s)), Fix: "use at most 64"}
	}
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return &FieldError{Field: field, Problem: fmt.Sprintf("has the character %q at position %d", s[i], i+1), Fix: "use only A-Z a-z 0-9 _ -"}
		}
	}
	return nil
}

func tokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// FieldError says which field of an event, subject or setting is wrong, what is
// wrong with it and how to put it right.
type FieldError struct {
	Field   string // path of the field, as the user wrote it
	Problem string // what is wrong, as a predicate: "is empty"
	Fix     string // the way out, as an imperative; may be empty
}

func (e *FieldError) Error() string {
	if e.Fix == "" {
		return e.Field + " " + e.Problem
	}
	return e.Field + " " + e.Problem + ": " + e.Fix
}

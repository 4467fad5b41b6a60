package chdb

import (
	"regexp"
	"strconv"
)

// Error is the engine's refusal of a statement.
type Error struct {
	Code int    // ClickHouse's error code; 1002 (UNKNOWN_EXCEPTION) when the text has none
	Name string // such as UNKNOWN_TABLE; empty when the text has none
	Text string // the whole text, beginning with "Code: "
}

// Error returns ClickHouse's text.
func (e *Error) Error() string { return e.Text }

const unknownException = 1002

var (
	codeInText = regexp.MustCompile(`^Code: (\d+)\.`)
	nameInText = regexp.MustCompile(`\(([A-Z][A-Z0-9_]+)\)(?: \(version [^)]*\))?\s*$`)
)

func parseError(text string) *Error {
	e := &Error{Code: unknownException, Text: text}
	if m := codeInText.FindStringSubmatch(text); m != nil {
		if code, err := strconv.Atoi(m[1]); err == nil {
			e.Code = code
		}
	} else {
		e.Text = "Code: 1002. DB::Exception: " + text + " (UNKNOWN_EXCEPTION)"
	}
	if m := nameInText.FindStringSubmatch(e.Text); m != nil {
		e.Name = m[1]
	}
	return e
}

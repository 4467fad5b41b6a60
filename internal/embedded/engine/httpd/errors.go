package httpd

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
)

// ClickHouse's error codes that this server gives by itself.
const (
	codeBadArguments    = 36
	codeCannotRead      = 33
	codeNotImplemented  = 48
	codeLogicalError    = 49
	codeSyntaxError     = 62
	codeUnknownSetting  = 115
	codeQueryTooLarge   = 268
	codeAuthFailed      = 516
	codeTooManyQueries  = 202
	codeUnknownProblems = 1002
)

var codeNames = map[int]string{
	codeBadArguments: "BAD_ARGUMENTS", codeCannotRead: "CANNOT_READ_ALL_DATA", codeNotImplemented: "NOT_IMPLEMENTED",
	codeLogicalError: "LOGICAL_ERROR", codeSyntaxError: "SYNTAX_ERROR", codeUnknownSetting: "UNKNOWN_SETTING",
	codeQueryTooLarge: "QUERY_IS_TOO_LARGE", codeAuthFailed: "AUTHENTICATION_FAILED", codeTooManyQueries: "TOO_MANY_SIMULTANEOUS_QUERIES",
	codeUnknownProblems: "UNKNOWN_EXCEPTION",
}

// refuse makes an error that reads like one of the engine.
func refuse(code int, format string, args ...any) *chdb.Error {
	name := codeNames[code]
	return &chdb.Error{Code: code, Name: name, Text: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name)}
}

// asEngineError gives every error a code: what does not come from the engine is a failure of this server.
func asEngineError(err error) *chdb.Error {
	if e, ok := errors.AsType[*chdb.Error](err); ok {
		return e
	}
	if errors.Is(err, errMultiple) {
		return &chdb.Error{Code: codeSyntaxError, Name: "SYNTAX_ERROR", Text: err.Error()}
	}
	return refuse(codeUnknownProblems, "%v", err)
}

// status is the HTTP status ClickHouse gives for an error code; every code not listed is 500.
func status(code int) int {
	switch code {
	case 6, 25, 26, 27, 33, 36, 38, 41, 43, 53, 62, 69, 70, 72, 117, 321, 363, 441, 456, 457:
		return http.StatusBadRequest
	case 194, codeAuthFailed:
		return http.StatusUnauthorized
	case 192, 193, 497:
		return http.StatusForbidden
	case 46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 336:
		return http.StatusNotFound
	case codeQueryTooLarge:
		return http.StatusRequestEntityTooLarge
	case codeNotImplemented:
		return http.StatusNotImplemented
	case codeTooManyQueries:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func writeError(w http.ResponseWriter, err error) {
	e := asEngineError(err)
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.Header().Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.Code))
	if e.Code == codeAuthFailed {
		w.Header().Set("WWW-Authenticate", `Basic realm="ClickHouse server HTTP API"`)
	}
	w.WriteHeader(status(e.Code))
	fmt.Fprintln(w, e.Text) // if it fails the client is gone; nobody is left to tell
}

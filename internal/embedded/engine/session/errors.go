package session

import (
	"errors"
	"fmt"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
)

// ClickHouse's error codes that the servers give by themselves.
const (
	CodeCannotRead       = 33
	CodeBadArguments     = 36
	CodeNotImplemented   = 48
	CodeLogicalError     = 49
	CodeSyntaxError      = 62
	CodeUnexpectedPacket = 101
	CodeIncorrectData    = 117
	CodeUnknownSetting   = 115
	CodeTooManyQueries   = 202
	CodeQueryTooLarge    = 268
	CodeCancelled        = 394
	CodeAuthFailed       = 516
	CodeUnknownProblem   = 1002
)

var codeNames = map[int]string{
	CodeBadArguments: "BAD_ARGUMENTS", CodeCannotRead: "CANNOT_READ_ALL_DATA", CodeNotImplemented: "NOT_IMPLEMENTED",
	CodeLogicalError: "LOGICAL_ERROR", CodeSyntaxError: "SYNTAX_ERROR", CodeUnknownSetting: "UNKNOWN_SETTING",
	CodeQueryTooLarge: "QUERY_IS_TOO_LARGE", CodeAuthFailed: "AUTHENTICATION_FAILED", CodeTooManyQueries: "TOO_MANY_SIMULTANEOUS_QUERIES",
	CodeUnknownProblem: "UNKNOWN_EXCEPTION", CodeUnexpectedPacket: "UNEXPECTED_PACKET_FROM_CLIENT", CodeIncorrectData: "INCORRECT_DATA",
	CodeCancelled: "QUERY_WAS_CANCELLED",
}

// Refuse makes an error that reads like one of the engine.
func Refuse(code int, format string, args ...any) *chdb.Error {
	name := codeNames[code]
	return &chdb.Error{Code: code, Name: name, Text: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name)}
}

// AsError gives every error a code: what does not come from the engine is a failure of this server.
func AsError(err error) *chdb.Error {
	if e, ok := errors.AsType[*chdb.Error](err); ok {
		return e
	}
	if errors.Is(err, errMultiple) {
		return &chdb.Error{Code: CodeSyntaxError, Name: "SYNTAX_ERROR", Text: err.Error()}
	}
	return Refuse(CodeUnknownProblem, "%v", err)
}

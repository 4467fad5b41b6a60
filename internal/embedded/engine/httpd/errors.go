package httpd

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// status is the HTTP status ClickHouse gives for an error code; every code not listed is 500.
func status(code int) int {
	switch code {
	case 6, 25, 26, 27, 33, 36, 38, 41, 43, 53, 62, 69, 70, 72, 117, 321, 363, 441, 456, 457:
		return http.StatusBadRequest
	case 194, session.CodeAuthFailed:
		return http.StatusUnauthorized
	case 192, 193, 497:
		return http.StatusForbidden
	case 46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 336:
		return http.StatusNotFound
	case session.CodeQueryTooLarge:
		return http.StatusRequestEntityTooLarge
	case session.CodeNotImplemented:
		return http.StatusNotImplemented
	case session.CodeTooManyQueries:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func writeError(w http.ResponseWriter, err error) {
	e := session.AsError(err)
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.Header().Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.Code))
	if e.Code == session.CodeAuthFailed {
		w.Header().Set("WWW-Authenticate", `Basic realm="ClickHouse server HTTP API"`)
	}
	w.WriteHeader(status(e.Code))
	fmt.Fprintln(w, e.Text) //nolint:gosec // plain text for a ClickHouse client; if it fails the client is gone; nobody is left to tell
}

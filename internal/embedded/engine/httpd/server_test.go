package httpd

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

func TestPanicIsOneFailedRequest(t *testing.T) {
	t.Parallel()
	server := New(session.NewPool(func() (*chdb.Conn, error) { panic("boom") }, "u", "p"), slog.New(slog.DiscardHandler))
	for range 100 { // and no slot is lost by it
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("SELECT 1"))
		request.SetBasicAuth("u", "p")
		server.ServeHTTP(answer, request)
		if answer.Code != http.StatusInternalServerError || !strings.Contains(answer.Body.String(), "boom") {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
	}
}

func TestOtherPathsAndMethodsAreRefused(t *testing.T) {
	t.Parallel()
	server := New(session.NewPool(func() (*chdb.Conn, error) { panic("not reached") }, "u", "p"), slog.New(slog.DiscardHandler))
	for target, want := range map[string]int{"/elsewhere": http.StatusNotFound, "/": http.StatusMethodNotAllowed} {
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodDelete, target, nil)
		request.SetBasicAuth("u", "p")
		server.ServeHTTP(answer, request)
		if answer.Code != want {
			t.Errorf("%s: %d, want %d", target, answer.Code, want)
		}
	}
}

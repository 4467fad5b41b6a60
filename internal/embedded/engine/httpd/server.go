// Package httpd serves ClickHouse's HTTP interface on top of libchdb, so that a ClickHouse client sees a server.
package httpd

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// Server answers ClickHouse's HTTP interface. Make one with New.
type Server struct {
	sessions *session.Pool
	log      *slog.Logger
	mux      *http.ServeMux
}

// New makes a server whose requests each run in a fresh session.
func New(sessions *session.Pool, log *slog.Logger) *Server {
	s := &Server{sessions: sessions, log: log, mux: http.NewServeMux()}
	s.mux.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "Ok.") })
	s.mux.HandleFunc("/{$}", s.statement)
	return s
}

// ServeHTTP answers one request. A panic is an error of that request, not the end of the engine.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("engine request panicked", "panic", p, "stack", string(debug.Stack()))
			writeError(w, session.Refuse(session.CodeLogicalError, "the engine's server panicked: %v", p))
		}
	}()
	s.mux.ServeHTTP(w, r)
}

func (s *Server) statement(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-ClickHouse-Server-Display-Name", "weighlock")
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "use GET or POST", http.StatusMethodNotAllowed)
		return
	}
	if !s.admitted(r) {
		writeError(w, session.Refuse(session.CodeAuthFailed, "Authentication failed: password is incorrect, or there is no user with such name"))
		return
	}
	if err := s.run(w, r); err != nil {
		writeError(w, err)
	}
}

// admitted checks the credentials where ClickHouse looks for them: the X-ClickHouse headers, Basic, then the URL.
func (s *Server) admitted(r *http.Request) bool {
	user, password := r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	if user == "" && password == "" {
		var basic bool
		if user, password, basic = r.BasicAuth(); !basic {
			values := r.URL.Query()
			user, password = values.Get("user"), values.Get("password")
		}
	}
	return s.sessions.Admits(user, password)
}

// run does one statement. An error means that nothing has been written to w.
func (s *Server) run(w http.ResponseWriter, r *http.Request) error {
	o, err := readOptions(r)
	if err != nil {
		return err
	}
	if o.queryID == "" {
		o.queryID = newQueryID()
	}
	w.Header().Set("X-ClickHouse-Query-Id", o.queryID)
	statement, data, err := readStatement(r, o)
	if err != nil {
		return err
	}
	leave, err := s.sessions.Enter(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	conn, err := s.sessions.Open(session.Options{Database: o.database, ReadOnly: o.readonly, Settings: o.settings})
	if err != nil {
		return err
	}
	defer conn.Close()
	if statement.Insert {
		return s.insert(w, conn, o, statement, data)
	}
	return s.query(w, conn, o, statement)
}

func newQueryID() string {
	var id [16]byte
	rand.Read(id[:]) // documented to never fail
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	h := hex.EncodeToString(id[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

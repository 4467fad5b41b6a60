// Package httpd serves ClickHouse's HTTP interface on top of libchdb, so that a ClickHouse client sees a server.
package httpd

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
)

// maxRunning bounds the statements at work at once; more wait for their turn. Each holds an engine session and a thread.
const maxRunning = 32

// Server answers ClickHouse's HTTP interface. Make one with New.
type Server struct {
	connect        func() (*chdb.Conn, error)
	user, password string
	log            *slog.Logger
	running        chan struct{}
	mux            *http.ServeMux
}

// New makes a server whose requests each run in a fresh session from connect, for one user with a password.
func New(connect func() (*chdb.Conn, error), user, password string, log *slog.Logger) *Server {
	s := &Server{connect: connect, user: user, password: password, log: log, running: make(chan struct{}, maxRunning), mux: http.NewServeMux()}
	s.mux.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "Ok.") })
	s.mux.HandleFunc("/{$}", s.statement)
	return s
}

// ServeHTTP answers one request. A panic is an error of that request, not the end of the engine.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("engine request panicked", "panic", p, "stack", string(debug.Stack()))
			writeError(w, refuse(codeLogicalError, "the engine's server panicked: %v", p))
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
		writeError(w, refuse(codeAuthFailed, "Authentication failed: password is incorrect, or there is no user with such name"))
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
	userOK := subtle.ConstantTimeCompare([]byte(user), []byte(s.user))
	return userOK&subtle.ConstantTimeCompare([]byte(password), []byte(s.password)) == 1
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
	select {
	case s.running <- struct{}{}:
		defer func() { <-s.running }()
	case <-r.Context().Done():
		return refuse(codeTooManyQueries, "the client left before its statement's turn came")
	}
	conn, err := s.session(o)
	if err != nil {
		return err
	}
	defer conn.Close()
	if statement.Insert {
		return s.insert(w, conn, o, statement, data)
	}
	return s.query(w, conn, o, statement)
}

// session opens a session with the request's database and settings. They are the session's, not the text's, so that no value is
// ever put into a statement of the client.
func (s *Server) session(o *options) (*chdb.Conn, error) {
	conn, err := s.connect()
	if err != nil {
		return nil, err
	}
	for _, sql := range o.sessionSQL() {
		result, err := conn.Query(sql, "Null")
		if err != nil {
			conn.Close()
			return nil, err
		}
		result.Close()
	}
	return conn, nil
}

func newQueryID() string {
	var id [16]byte
	rand.Read(id[:]) // documented to never fail
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	h := hex.EncodeToString(id[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

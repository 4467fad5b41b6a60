// Package tcpd serves ClickHouse's native protocol over TCP on top of libchdb, so that a ClickHouse client sees a server.
package tcpd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// maxConnections bounds the clients at once; further ones are turned away.
const maxConnections = 1024

// Server answers ClickHouse's native protocol. Make one with New.
type Server struct {
	sessions *session.Pool
	log      *slog.Logger
	base     context.Context //nolint:containedctx // ends the statements of a server that is closed
	abort    context.CancelFunc

	mu          sync.Mutex
	listener    net.Listener
	connections map[*connection]bool
	closing     bool
	done        sync.WaitGroup
	version     version
}

// New makes a server whose statements each run in a fresh session.
func New(sessions *session.Pool, log *slog.Logger) *Server {
	s := &Server{sessions: sessions, log: log, connections: map[*connection]bool{}}
	s.base, s.abort = context.WithCancel(context.Background())
	return s
}

// ErrClosed is what Serve returns after Shutdown.
var ErrClosed = errors.New("native server is closed")

// Serve answers the connections of listener until Shutdown.
func (s *Server) Serve(listener net.Listener) error {
	s.mu.Lock()
	s.listener = listener
	closing := s.closing
	s.mu.Unlock()
	if closing {
		return errors.Join(ErrClosed, listener.Close())
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.closing {
				return ErrClosed
			}
			return err
		}
		c := newConnection(s, conn)
		if !s.add(c) {
			_ = c.sendException(session.Refuse(session.CodeTooManyQueries, "there are %d connections already", maxConnections)) // turned away either way
			_ = conn.Close()                                                                                                    // likewise
			continue
		}
		go func() {
			defer s.remove(c)
			s.serve(c)
		}()
	}
}

// serve runs one connection to its end. A panic is the end of that connection, not of the engine.
func (s *Server) serve(c *connection) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("native connection panicked", "panic", p, "stack", string(debug.Stack()))
			_ = c.sendException(session.Refuse(session.CodeLogicalError, "the engine's server panicked: %v", p)) // the client may be gone
		}
	}()
	if err := c.run(s.base); err != nil {
		s.log.Debug("native connection ended", "error", err)
	}
}

func (s *Server) add(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.connections) >= maxConnections {
		return false
	}
	s.connections[c] = true
	s.done.Add(1)
	return true
}

func (s *Server) remove(c *connection) {
	_ = c.conn.Close() // its client has had its answers
	s.mu.Lock()
	delete(s.connections, c)
	s.mu.Unlock()
	s.done.Done()
}

// Shutdown takes no more connections, ends those that are idle, and waits until the statements that run have ended or ctx has.
// Then it ends what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	if s.listener != nil {
		_ = s.listener.Close() // Serve says so
	}
	for c := range s.connections {
		c.endWhenIdle()
	}
	s.mu.Unlock()
	finished := make(chan struct{})
	go func() { s.done.Wait(); close(finished) }()
	select {
	case <-finished:
		s.abort()
		return nil
	case <-ctx.Done():
	}
	s.abort()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.connections {
		_ = c.conn.Close() // it is told to end
	}
	return ctx.Err()
}

// engineVersion asks the engine once what it is.
func (s *Server) engineVersion() (version, error) {
	s.mu.Lock()
	known := s.version
	s.mu.Unlock()
	if known != (version{}) {
		return known, nil
	}
	conn, err := s.sessions.Open(session.Options{})
	if err != nil {
		return version{}, err
	}
	defer conn.Close()
	result, err := conn.Query("SELECT version()", "TabSeparatedRaw")
	if err != nil {
		return version{}, err
	}
	defer result.Close()
	v := parseVersion(strings.TrimSpace(string(result.Data)))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = v
	return v, nil
}

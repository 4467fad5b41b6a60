// Package natsd runs a NATS server inside the process: JetStream on disk, one nkey
// for every identity, nobody else let in.
package natsd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/events"
)

// DefaultMaxPayload is the largest message in bytes unless [Options] say otherwise.
const DefaultMaxPayload = 1 << 20

// readyWithin bounds the start, recovery of large streams included.
const readyWithin = 60 * time.Second

// Options are what a server needs to start.
type Options struct {
	Dir        string // holds server.conf and the streams; made if missing
	Listen     string // host:port; empty means 127.0.0.1:0, any free port
	Subjects   events.Subjects
	Keys       *authz.Keys // every identity in it may connect
	MaxPayload int32       // bytes; 0 means [DefaultMaxPayload]
	Logger     *slog.Logger
}

// Server is a running server.
type Server struct {
	options Options
	ns      *server.Server
	unlock  func()
	listen  string     // the address in use, which a reload must not change
	mu      sync.Mutex // one reload or shutdown at a time
}

// Start starts a server and returns once it accepts connections. On a directory
// used before, it goes on with the streams that are there.
func Start(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("starting the NATS server: %w", err)
	}
	listen, err := listenAddress(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("starting the NATS server: %w", err)
	}
	s := &Server{options: o, listen: listen}
	if err := s.start(); err != nil {
		return nil, fmt.Errorf("starting the NATS server in %s: %w", o.Dir, err)
	}
	return s, nil
}

func (o *Options) complete() (err error) {
	if o.Keys == nil {
		return errors.New("no keys: nobody could connect")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxPayload == 0 {
		o.MaxPayload = DefaultMaxPayload
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return err
	}
	return os.MkdirAll(o.Dir, 0o700)
}

func (s *Server) start() (err error) {
	if s.unlock, err = lock(s.options.Dir); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.Shutdown()
		}
	}()
	path, err := writeConfig(s.options, s.listen)
	if err != nil {
		return err
	}
	options, err := server.ProcessConfigFile(path)
	if err != nil {
		return err
	}
	options.NoSigs = true // the process around us handles signals
	if s.ns, err = server.NewServer(options); err != nil {
		return err
	}
	log := serverLog{to: s.options.Logger, fatal: make(chan error, 1)}
	s.ns.SetLoggerV2(log, false, false, false)
	s.ns.Start()
	if err := s.awaitReady(log.fatal); err != nil {
		return err
	}
	s.listen = s.ns.Addr().String()
	return nil
}

// awaitReady waits for the server, or for what it could not do: it only logs
// that, and would never get ready.
func (s *Server) awaitReady(fatal <-chan error) error {
	for deadline := time.Now().Add(readyWithin); time.Now().Before(deadline); {
		ready := s.ns.ReadyForConnections(50 * time.Millisecond)
		select {
		case err := <-fatal:
			return err
		default:
		}
		if ready && s.ns.JetStreamEnabled() {
			return nil
		}
	}
	return fmt.Errorf("not ready to serve on %s within %s", s.listen, readyWithin)
}

// URL returns where to connect.
func (s *Server) URL() string { return "nats://" + s.listen }

// Reload lets in the identities added to the keys since, and shuts out those
// removed. Everybody else stays connected.
func (s *Server) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := writeConfig(s.options, s.listen); err != nil {
		return fmt.Errorf("reloading the NATS server: %w", err)
	}
	// Twice, because the server (2.15.2) starts the service imports of an account only
	// when it reloads an account it has already: after one reload a new
	// agent is let in, but whatever it publishes finds nobody.
	for range 2 {
		if err := s.ns.Reload(); err != nil {
			return fmt.Errorf("reloading the NATS server: %w", err)
		}
	}
	return nil
}

// Shutdown stops the server and returns when its streams are closed. Calling it
// again does nothing.
func (s *Server) Shutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ns != nil {
		s.ns.Shutdown()
		s.ns.WaitForShutdown()
	}
	s.unlock()
}

// serverLog writes the server's log. What it notices in passing is of interest
// to few, so it comes at debug level.
type serverLog struct {
	to    *slog.Logger
	fatal chan error // takes the first thing that keeps the server from running
}

func (l serverLog) log(level slog.Level, format string, v []any) {
	l.to.Log(context.Background(), level, "nats server: "+fmt.Sprintf(format, v...))
}

func (l serverLog) Noticef(format string, v ...any) { l.log(slog.LevelDebug, format, v) }
func (l serverLog) Warnf(format string, v ...any)   { l.log(slog.LevelWarn, format, v) }
func (l serverLog) Errorf(format string, v ...any)  { l.log(slog.LevelError, format, v) }
func (l serverLog) Debugf(format string, v ...any)  { l.log(slog.LevelDebug, format, v) }
func (l serverLog) Tracef(format string, v ...any)  { l.log(slog.LevelDebug, format, v) }

func (l serverLog) Fatalf(format string, v ...any) {
	l.log(slog.LevelError, format, v)
	select {
	case l.fatal <- fmt.Errorf(format, v...):
	default:
	}
}

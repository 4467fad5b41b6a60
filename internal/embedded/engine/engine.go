// Package engine runs a local ClickHouse engine in a child process that serves ClickHouse's HTTP interface and native protocol, and keeps it running.
//
// The child is either a private server from a clickhouse binary, or this same executable run again with libchdb loaded: call
// [RunIfChild] first thing in main and in TestMain. The parent never loads the library.
package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// User is the name of the engine's only user.
const User = "weighlock"

// Options says what to start, and where.
type Options struct {
	Dir    string       // keeps the data and the lock; made if missing
	Source Source       // from Locate
	Listen string       // HTTP's address on 127.0.0.1; empty means 127.0.0.1:0, a free port
	Native string       // the native protocol's address, likewise
	Logger *slog.Logger // nil discards
}

// Engine is a running local engine. Its address, user and password stay the same when its process has to be restarted.
type Engine struct {
	// Addr is host:port of ClickHouse's HTTP interface, NativeAddr of its native protocol; User and Password are the credentials of both.
	Addr, NativeAddr, User, Password string

	log      *slog.Logger
	lock     *dirLock
	listener *net.TCPListener // nil when the child listens by itself
	native   *net.TCPListener // likewise
	stop     context.CancelFunc
	done     chan struct{}

	mu       sync.Mutex
	pid      int
	restarts int
}

// Start starts the engine on o.Dir and returns once it answers. A directory that another process uses is an error that names it.
// When the engine's process ends by itself it is started again on the same port, after 50 ms at first and 5 s at most.
// ctx bounds the start only; end the engine with Stop.
func Start(ctx context.Context, o Options) (*Engine, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("engine directory %s: %w", o.Dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the engine's directory: %w", err)
	}
	lock, err := lockDir(ctx, dir)
	if err != nil {
		return nil, err
	}
	e := &Engine{User: User, Password: rand.Text(), log: o.Logger, lock: lock, done: make(chan struct{})}
	kind, err := e.prepare(o, dir)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	run, stop := context.WithCancel(context.Background())
	e.stop = stop
	ready := make(chan error, 1)
	go e.supervise(run, kind, ready)
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = fmt.Errorf("waiting for the engine to answer: %w", ctx.Err())
	}
	if err != nil {
		stop()
		<-e.done
		return nil, err
	}
	return e, nil
}

// prepare takes the ports and says how the child is run.
func (e *Engine) prepare(o Options, dir string) (childKind, error) {
	listener, err := takePort(o.Listen)
	if err != nil {
		return nil, err
	}
	native, err := takePort(o.Native)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	e.Addr, e.NativeAddr = listener.Addr().String(), native.Addr().String()
	switch o.Source.Kind {
	case Library:
		e.listener, e.native = listener, native
		return &libraryChild{engine: e, path: o.Source.Path, dir: filepath.Join(dir, "data")}, nil
	case Binary:
		// The server binds the ports itself, so that they have to be given back first.
		if err := errors.Join(listener.Close(), native.Close()); err != nil {
			return nil, fmt.Errorf("giving the engine's ports back: %w", err)
		}
		return &binaryChild{engine: e, path: o.Source.Path, dir: dir}, nil
	}
	err = fmt.Errorf("engine source %q is neither a binary nor a library: use Locate", o.Source.Kind)
	return nil, errors.Join(err, listener.Close(), native.Close())
}

func takePort(address string) (*net.TCPListener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	if host, _, err := net.SplitHostPort(address); err != nil || host != "127.0.0.1" {
		return nil, fmt.Errorf("engine address %q: the engine listens on 127.0.0.1 only, as 127.0.0.1:PORT", address)
	}
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("reading the engine's address: %w", err)
	}
	listener, err := net.ListenTCP("tcp", tcp)
	if err != nil {
		return nil, fmt.Errorf("taking the engine's port: %w", err)
	}
	return listener, nil
}

// URL is the address of the HTTP interface with the credentials in it.
func (e *Engine) URL() string {
	u := url.URL{Scheme: "http", User: url.UserPassword(e.User, e.Password), Host: e.Addr, Path: "/"}
	return u.String()
}

// NativeURL is the address of the native protocol with the credentials in it.
func (e *Engine) NativeURL() string {
	u := url.URL{Scheme: "clickhouse", User: url.UserPassword(e.User, e.Password), Host: e.NativeAddr}
	return u.String()
}

// PID is the process id of the engine's process, 0 while there is none.
func (e *Engine) PID() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.pid
}

// Restarts counts how often the engine's process had to be started again.
func (e *Engine) Restarts() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.restarts
}

// Stop ends the engine: statements that run may finish within 10 s. It returns when the process is gone and the directory free,
// or with ctx's error while that still goes on.
func (e *Engine) Stop(ctx context.Context) error {
	e.stop()
	select {
	case <-e.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the engine to end: %w", ctx.Err())
	}
}

const (
	firstBackoff = 50 * time.Millisecond
	lastBackoff  = 5 * time.Second
	// stableAfter is how long a process must have answered for its end not to count as one of a series.
	stableAfter = 10 * time.Second
	// stopGrace is how long a process may take to end by itself.
	stopGrace = 10 * time.Second
)

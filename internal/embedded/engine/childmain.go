package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
	"github.com/weighlock/weighlock/internal/embedded/engine/httpd"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
	"github.com/weighlock/weighlock/internal/embedded/engine/tcpd"
)

// RunIfChild turns this process into the engine if it was started as one, and then does not return. Call it before anything else
// in main and in TestMain; it does nothing otherwise.
func RunIfChild() {
	if os.Getenv(childEnv) == "" {
		return
	}
	if err := serveLibrary(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serveLibrary loads the library and serves it on the inherited sockets until standard input ends.
func serveLibrary() error {
	// Ctrl-C reaches the whole terminal group; the parent decides when the engine ends.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	decoder := json.NewDecoder(os.Stdin)
	var settings childSettings
	if err := decoder.Decode(&settings); err != nil {
		return fmt.Errorf("reading the engine's settings: %w", err)
	}
	syscall.CloseOnExec(lockFD)
	listener, err := inherited(listenerFD)
	if err != nil {
		return err
	}
	nativeListener, err := inherited(nativeFD)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(settings.Dir, 0o700); err != nil {
		return fmt.Errorf("making the engine's data directory: %w", err)
	}
	library, err := chdb.Open(settings.Library)
	if err != nil {
		return err
	}
	keep, err := library.Connect(settings.Dir) // the engine lives as long as its first session
	if err != nil {
		return err
	}
	sessions := session.NewPool(func() (*chdb.Conn, error) { return library.Connect(settings.Dir) }, settings.User, settings.Password)
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	server := &http.Server{Handler: httpd.New(sessions, log), ReadHeaderTimeout: 10 * time.Second}
	native := tcpd.New(sessions, log)
	serving := make(chan error, 2)
	go func() { serving <- server.Serve(listener) }()
	go func() { serving <- native.Serve(nativeListener) }()
	parentGone := make(chan struct{})
	go func() {
		io.Copy(io.Discard, decoder.Buffered()) //nolint:errcheck // only the end matters
		io.Copy(io.Discard, os.Stdin)           //nolint:errcheck // only the end matters
		close(parentGone)
	}()
	select {
	case err := <-serving:
		return fmt.Errorf("serving the engine: %w", err)
	case <-parentGone:
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace-time.Second)
	defer cancel()
	nativeEnded := make(chan error, 1)
	go func() { nativeEnded <- native.Shutdown(ctx) }()
	if err := errors.Join(server.Shutdown(ctx), <-nativeEnded); err != nil {
		return fmt.Errorf("ending the engine: %w", err)
	}
	keep.Close()
	return nil
}

// inherited is the listener that the parent left at a descriptor.
func inherited(descriptor uintptr) (net.Listener, error) {
	file := os.NewFile(descriptor, "engine port")
	defer file.Close() // FileListener has its own copy
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("taking over the engine's port: %w", err)
	}
	return listener, nil
}

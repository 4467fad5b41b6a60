// Package natstest gives tests a real server with authentication on, every service
// identity known and the topology in place.
package natstest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/topology"
	"github.com/weighlock/weighlock/pkg/events"
)

// patience bounds what a test waits for at start; on a busy machine a server
// takes seconds.
const patience = 30 * time.Second

// Option changes how [Start] starts.
type Option func(*Server)

// WithPrefix starts a pipeline under another prefix than "wl".
func WithPrefix(prefix string) Option { return func(s *Server) { s.spec.Prefix = prefix } }

// WithMaxPayload sets the server's largest message in bytes.
func WithMaxPayload(bytes int32) Option { return func(s *Server) { s.spec.MaxPayload = bytes } }

// WithSettings changes the topology's settings before they are ensured.
func WithSettings(change func(*topology.Settings)) Option {
	return func(s *Server) { s.change = append(s.change, change) }
}

// WithoutTopology leaves the server without any stream.
func WithoutTopology() Option { return func(s *Server) { s.bare = true } }

// InOwnProcess runs the server in a child process, which [Server.Kill] can kill.
func InOwnProcess() Option { return func(s *Server) { s.start = startProcess } }

// Server is a server of one test.
type Server struct {
	URL      string
	Dir      string // holds "nats" and "keys"
	Keys     *authz.Keys
	Subjects events.Subjects
	Settings topology.Settings

	spec   spec
	start  func(spec) (backend, error)
	change []func(*topology.Settings)
	bare   bool

	mu      sync.Mutex
	running backend
	known   map[authz.Identity]bool
}

// cast are the identities of most tests. They are known from the start, as services are: one that is added later makes the server (2.15.2) reload
// its options, which it reads without a lock when it answers a direct get, and the race detector says so.
var cast = []authz.Identity{
	{Kind: authz.Agent, Name: "billing"}, {Kind: authz.Approver, Name: "alice"}, {Kind: authz.Approver, Name: "bob"},
	{Kind: authz.Approver, Name: "carol"}, {Kind: authz.Adapter, Name: "console"}, {Kind: authz.Adapter, Name: "slack"},
}

// Start starts a server in a temporary directory. It is stopped when the test ends.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := &Server{Dir: t.TempDir(), start: startInside, known: make(map[authz.Identity]bool)}
	for _, o := range options {
		o(s)
	}
	var err error
	if s.Subjects, err = events.NewSubjects(s.spec.Prefix); err != nil {
		t.Fatal(err)
	}
	s.spec.Prefix = s.Subjects.Prefix()
	s.spec.Dir, s.spec.KeysDir = filepath.Join(s.Dir, "nats"), filepath.Join(s.Dir, "keys")
	s.spec.Listen = "127.0.0.1:0"
	if s.Keys, err = authz.OpenKeys(s.spec.KeysDir); err != nil {
		t.Fatal(err)
	}
	for _, id := range slices.Concat(authz.Services(), cast, []authz.Identity{authz.TheOperator()}) {
		if _, _, err := s.Keys.Ensure(id); err != nil {
			t.Fatal(err)
		}
		s.known[id] = true
	}
	if s.running, err = s.start(s.spec); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.backend().Shutdown() })
	s.URL, s.spec.Listen = s.running.URL(), s.running.URL()[len("nats://"):]
	s.ensureTopology(t)
	return s
}

func (s *Server) ensureTopology(t testing.TB) {
	t.Helper()
	s.Settings = topology.Default(s.Subjects)
	for _, change := range s.change {
		change(&s.Settings)
	}
	if s.bare {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := topology.Ensure(ctx, s.JetStream(t, authz.TheOperator()), s.Settings); err != nil {
		t.Fatal(err)
	}
}

// Connect connects as id, giving it a key when it has none. The connection is
// closed when the test ends, before the server is stopped. It survives restarts.
func (s *Server) Connect(t testing.TB, id authz.Identity, options ...nats.Option) *nats.Conn {
	t.Helper()
	path := s.Add(t, id)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	quick := []nats.Option{nats.ReconnectWait(20 * time.Millisecond), nats.ReconnectJitter(0, 0)}
	nc, err := authz.Connect(ctx, s.URL, path, id, append(quick, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// JetStream connects as id and returns its JetStream client.
func (s *Server) JetStream(t testing.TB, id authz.Identity) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(s.Connect(t, id))
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// Add makes id known to the server and returns the path of its seed.
func (s *Server) Add(t testing.TB, id authz.Identity) (seedPath string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	path, _, err := s.Keys.Ensure(id)
	if err != nil {
		t.Fatal(err)
	}
	if s.known[id] {
		return path
	}
	if err := s.running.Reload(); err != nil {
		t.Fatal(err)
	}
	s.known[id] = true
	return path
}

// WaitConnected waits until each connection reaches the server (again).
func (s *Server) WaitConnected(t testing.TB, connections ...*nats.Conn) {
	t.Helper()
	for _, nc := range connections {
		var err error
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
			if err = nc.FlushTimeout(100 * time.Millisecond); err == nil {
				break
			}
		}
		if err != nil {
			t.Fatalf("reconnecting to %s: %v", s.URL, err)
		}
	}
}

// Stop stops the server in order; [Server.Restart] starts it again.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.backend().Shutdown()
}

// Restart stops the server in order, where it still runs, and starts it on the same
// port and directory.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.backend().Shutdown()
	s.startAgain(t)
}

// Kill kills the server's process with SIGKILL: no warning, nothing flushed.
// [Server.Restart] starts it again. Only with [InOwnProcess].
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	victim, ok := s.backend().(killer)
	if !ok {
		t.Fatal("natstest: Kill needs the option InOwnProcess")
	}
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
}

// Pid is the id of the server's process; of this one without [InOwnProcess].
func (s *Server) Pid() int {
	if p, ok := s.backend().(*process); ok {
		return p.command.Process.Pid
	}
	return os.Getpid()
}

func (s *Server) startAgain(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	running, err := s.start(s.spec)
	if err != nil {
		t.Fatal(err)
	}
	s.running = running
}

func (s *Server) backend() backend {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

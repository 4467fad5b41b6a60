package natsd_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natsd"
	"github.com/weighlock/weighlock/internal/topology"
	"github.com/weighlock/weighlock/pkg/events"
)

func agent(name string) authz.Identity { return authz.Identity{Kind: authz.Agent, Name: name} }

// options are those of a server with the operator as its only identity.
func options(t *testing.T) natsd.Options {
	t.Helper()
	dir := t.TempDir()
	s, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := authz.OpenKeys(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := keys.Ensure(authz.TheOperator()); err != nil {
		t.Fatal(err)
	}
	return natsd.Options{Dir: filepath.Join(dir, "nats"), Subjects: s, Keys: keys}
}

func start(t *testing.T, o natsd.Options) *natsd.Server {
	t.Helper()
	s, err := natsd.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func connect(t *testing.T, s *natsd.Server, o natsd.Options, id authz.Identity, more ...nats.Option) jetstream.JetStream {
	t.Helper()
	nc, err := authz.Connect(t.Context(), s.URL(), o.Keys.Path(id), id, more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// Identities come while others work: nobody is dropped, nothing published is
// lost, and the newcomer can publish as soon as Reload returns.
func TestReloadAddsIdentitiesAndDropsNobody(t *testing.T) {
	t.Parallel()
	o := options(t)
	if _, _, err := o.Keys.Ensure(agent("first")); err != nil {
		t.Fatal(err)
	}
	s := start(t, o)
	if err := topology.Ensure(t.Context(), connect(t, s, o, authz.TheOperator()), topology.Default(o.Subjects)); err != nil {
		t.Fatal(err)
	}
	var dropped atomic.Int32
	first := connect(t, s, o, agent("first"), nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
		if err != nil {
			dropped.Add(1)
		}
	}))
	answers, err := first.Conn().SubscribeSync("_INBOX.first.answers")
	if err != nil {
		t.Fatal(err)
	}
	stop, stopped, published := make(chan struct{}), make(chan error, 1), 0
	go func() {
		for ; ; published++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if _, err := first.Publish(t.Context(), o.Subjects.Action("first", fmt.Sprint("a", published)), nil); err != nil && !isRepeat(err) {
				stopped <- err
				return
			}
		}
	}()
	for i := range 20 {
		id := agent(fmt.Sprint("new", i))
		if _, _, err := o.Keys.Ensure(id); err != nil {
			t.Fatal(err)
		}
		if err := s.Reload(); err != nil {
			t.Fatal(err)
		}
		if _, err := connect(t, s, o, id).Publish(t.Context(), o.Subjects.Action(id.Name, "a1"), nil); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Fatalf("publishing while identities came: %v", err)
	}
	if n := dropped.Load(); n != 0 {
		t.Errorf("the first agent was dropped %d times", n)
	}
	op := connect(t, s, o, authz.TheOperator())
	if err := op.Conn().Publish("_INBOX.first.answers", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := answers.NextMsg(10 * time.Second); err != nil {
		t.Errorf("the first agent's subscription after the reloads: %v", err)
	}
	actions, err := op.Stream(t.Context(), o.Subjects.Stream("ACTIONS"))
	if err != nil || actions.CachedInfo().State.Msgs != uint64(published+20) {
		t.Errorf("%d actions are stored, %d were published: %v", actions.CachedInfo().State.Msgs, published+20, err)
	}
}

// isRepeat tells a retry that found its first attempt stored.
func isRepeat(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == 10077
}

func TestReloadShutsOutWhoseKeyIsGone(t *testing.T) {
	t.Parallel()
	o := options(t)
	path, _, err := o.Keys.Ensure(agent("leaver"))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, o)
	gone := make(chan struct{}, 10)
	connect(t, s, o, agent("leaver"), nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { gone <- struct{}{} }))
	seed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	<-gone // the test's deadline ends it otherwise
	kept := filepath.Join(t.TempDir(), "kept.nk")
	if err := os.WriteFile(kept, seed, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := authz.Connect(t.Context(), s.URL(), kept, agent("leaver")); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("coming back with a copy of the key: %v", err)
	}
}

func TestTheLimitIsSaidToClients(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int32]int64{0: 1 << 20, 4096: 4096} {
		o := options(t)
		o.MaxPayload = limit
		s := start(t, o)
		nc := connect(t, s, o, authz.TheOperator()).Conn()
		if got := nc.MaxPayload(); got != want {
			t.Errorf("with MaxPayload %d the server says %d, want %d", limit, got, want)
		}
		if err := nc.Publish("x", make([]byte, want+1)); !errors.Is(err, nats.ErrMaxPayload) {
			t.Errorf("publishing more: %v", err)
		}
	}
}

// JetStream is for the account that owns the streams, and for no other.
func TestOutsidersHaveNoJetStream(t *testing.T) {
	t.Parallel()
	o := options(t)
	if _, _, err := o.Keys.Ensure(agent("billing")); err != nil {
		t.Fatal(err)
	}
	s := start(t, o)
	text, err := os.ReadFile(filepath.Join(o.Dir, "server.conf"))
	if err != nil || strings.Count(string(text), "jetstream: enabled") != 1 {
		t.Errorf("the configuration: %v\n%s", err, text)
	}
	if info, err := connect(t, s, o, authz.TheOperator()).AccountInfo(t.Context()); err != nil || info.Streams != 0 {
		t.Errorf("the operator's account: %+v, %v", info, err)
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	busy := start(t, options(t))
	for want, change := range map[string]func(*natsd.Options){
		"no keys":                func(o *natsd.Options) { o.Keys = nil },
		"no users":               func(o *natsd.Options) { must(t, os.RemoveAll(filepath.Join(o.Keys.Dir(), "operator"))) },
		"listen address":         func(o *natsd.Options) { o.Listen = "somewhere" },
		"address already in use": func(o *natsd.Options) { o.Listen = strings.TrimPrefix(busy.URL(), "nats://") },
		"is in use by another server": func(o *natsd.Options) {
			used := options(t)
			start(t, used)
			o.Dir = used.Dir
		},
		"not a directory": func(o *natsd.Options) {
			o.Dir = filepath.Join(t.TempDir(), "file")
			must(t, os.WriteFile(o.Dir, nil, 0o600))
		},
	} {
		o := options(t)
		change(&o)
		s, err := natsd.Start(o)
		if err == nil {
			s.Shutdown()
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "starting the NATS server") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestADirectoryIsFreeAfterShutdown(t *testing.T) {
	t.Parallel()
	o := options(t)
	start(t, o).Shutdown()
	start(t, o).Shutdown()
}

func TestTheLogGoesToSlog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := options(t)
	o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := start(t, o)
	s.Shutdown()
	s.Shutdown() // a second call does nothing
	for _, want := range []string{"nats server: Server is ready", "Server Exiting"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in %s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "level=ERROR") || strings.Contains(log.String(), "level=WARN") {
		t.Errorf("an ordinary start and stop complain: %s", log.String())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

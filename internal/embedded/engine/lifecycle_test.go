package engine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/weighlock/weighlock/internal/embedded/engine"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
)

func library(t *testing.T) engine.Source {
	t.Helper()
	source, err := engine.Locate(engine.LocateOptions{LookPath: func(string) (string, error) { return "", os.ErrNotExist }})
	if err != nil {
		t.Fatalf("this test needs libchdb: %v", err)
	}
	return source
}

func start(t *testing.T, o engine.Options) *engine.Engine {
	t.Helper()
	e, err := engine.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, e) })
	return e
}

func stop(t *testing.T, e *engine.Engine) {
	t.Helper()
	if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until the condition holds; the test's own deadline is the bound.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(time.Minute)
	for !condition() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		}
	}
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func TestSecondStartGoesOnWithTheData(t *testing.T) {
	t.Parallel()
	dir, source := t.TempDir(), library(t)
	first := start(t, engine.Options{Dir: dir, Source: source})
	pid := first.PID()
	body(t, first.URL(), "CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a")
	body(t, first.URL(), "INSERT INTO kept VALUES (42)")
	stop(t, first)
	if !gone(pid) || first.PID() != 0 {
		t.Fatalf("the process %d outlives Stop", pid)
	}
	second := start(t, engine.Options{Dir: dir, Source: source})
	if got := body(t, second.URL(), "SELECT a FROM kept"); got != "42\n" {
		t.Fatalf("the second start found %q", got)
	}
	if first.Password == second.Password {
		t.Fatal("both starts have the same password")
	}
}

func TestTwoAtOnceOnOneDirectoryAreRefused(t *testing.T) {
	t.Parallel()
	dir, source := t.TempDir(), library(t)
	e := start(t, engine.Options{Dir: dir, Source: source})
	_, err := engine.Start(t.Context(), engine.Options{Dir: dir, Source: source})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Fatalf("the second start's error %v names neither directory nor process", err)
	}
	if got := body(t, e.URL(), "SELECT 1"); got != "1\n" {
		t.Fatalf("the first engine suffers: %q", got)
	}
}

func TestOnlyLoopbackIsServed(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"0.0.0.0:0", ":0", "localhost:0", "[::1]:0", "nonsense"} {
		if _, err := engine.Start(t.Context(), engine.Options{Dir: t.TempDir(), Source: library(t), Listen: listen}); err == nil {
			t.Errorf("%s was accepted", listen)
		}
	}
}

func TestLibraryThatDoesNotLoadIsAnErrorAtStart(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/libchdb.so"
	if err := os.WriteFile(path, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, err := engine.Start(t.Context(), engine.Options{Dir: dir, Source: engine.Source{Kind: engine.Library, Path: path}})
	if err == nil || !strings.Contains(err.Error(), "loading libchdb from "+path) {
		t.Fatalf("error %v", err)
	}
	start(t, engine.Options{Dir: dir, Source: library(t)}) // the failed start left nothing locked
}

func TestPortCanBeChosen(t *testing.T) {
	t.Parallel()
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	probe.Close()
	e := start(t, engine.Options{Dir: t.TempDir(), Source: library(t), Listen: address})
	u, err := url.Parse(e.URL())
	if err != nil || u.Host != address || e.Addr != address {
		t.Fatalf("asked for %s, got %s", address, e.URL())
	}
}

// TestKilledEngineComesBackWithEverythingAcknowledged kills the process five times while batches go in. A batch that got no
// answer is sent again with its token, so that in the end every row is there once.
func TestKilledEngineComesBackWithEverythingAcknowledged(t *testing.T) {
	t.Parallel()
	const batches, perBatch, kills = 60, 500, 5
	e := start(t, engine.Options{Dir: t.TempDir(), Source: library(t)})
	address := e.Addr
	database := enginetest.DatabaseOn(t, e)
	conn := database.Open(t)
	eventTable(t, conn)
	strike := make(chan struct{})
	go func() {
		for range strike {
			if pid := e.PID(); pid != 0 {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}()
	failed := 0
	for i := range batches {
		if i%(batches/kills) == batches/kills/2 {
			strike <- struct{}{} // the killer goes off while the next insert runs
		}
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"insert_deduplication_token": fmt.Sprint("batch-", i)}))
		for sendEvents(ctx, conn, uint64(i*perBatch+1), perBatch) != nil {
			failed++
		}
	}
	close(strike)
	if n := count(t, conn, "SELECT count() FROM events"); n != batches*perBatch {
		t.Errorf("%d rows, want %d", n, batches*perBatch)
	}
	if n := count(t, conn, "SELECT uniqExact(seq) FROM events"); n != batches*perBatch {
		t.Errorf("%d different rows, want %d", n, batches*perBatch)
	}
	if e.Restarts() == 0 || e.Addr != address {
		t.Errorf("%d restarts, address %s, before %s", e.Restarts(), e.Addr, address)
	}
	t.Logf("%d restarts, %d inserts failed and were repeated", e.Restarts(), failed)
}

func TestEngineDiesWithItsParent(t *testing.T) {
	t.Parallel()
	library(t)
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"="+dir)
	parent.Stderr = os.Stderr
	if _, err := parent.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the parent did not start: %v", err)
	}
	var pid int
	var address string
	if _, err := fmt.Sscan(line, &pid, &address); err != nil {
		t.Fatal(err)
	}
	if gone(pid) {
		t.Fatal("the engine is not there to begin with")
	}
	kill(t, parent.Process.Pid)
	parent.Wait() // its error is the kill
	// An orphan is reaped by init; where init is slow it stays a zombie, which serves nothing any more.
	eventually(t, "the engine's end", func() bool { return gone(pid) || zombie(pid) })
	eventually(t, "the port closed", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	start(t, engine.Options{Dir: dir, Source: library(t)}) // and its directory is free
}

func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(text), ") ")
	return strings.HasPrefix(state, "Z")
}

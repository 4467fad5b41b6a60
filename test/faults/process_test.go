package faults

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
)

// build makes the four services' programs and returns their directory.
func build(ctx context.Context, t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	command := exec.CommandContext(ctx, "go", "build", "-o", dir+string(filepath.Separator), "./services/...")
	command.Dir = filepath.Join("..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("building the services: %v\n%s", err, out)
	}
	return dir
}

// process is one service in a process of its own, which is killed and started again.
type process struct {
	name    string
	program string
	args    []string
	logPath string

	mu      sync.Mutex
	command *exec.Cmd
	kills   int
}

// startAll starts the four services, whose programs are in a directory, against s and the database.
func startAll(t *testing.T, programs string, s *natstest.Server, db enginetest.Conn) []*process {
	t.Helper()
	quick := []string{"-ack-wait", "2s", "-pinned-ttl", "500ms"}
	answers := []string{"-replier-key", s.Keys.Path(authz.Identity{Kind: authz.Service, Name: authz.Replier})}
	url := fmt.Sprintf("http://%s:%s@%s/", db.User, db.Password, db.Addr)
	own := map[string][]string{
		authz.RiskScorer:     quick,
		authz.ApproverRouter: append(append([]string{"-routes", filepath.Join("testdata", "routes.yaml"), "-approvers", filepath.Join("testdata", "approvers.yaml")}, answers...), quick...),
		authz.Escalator:      append(append([]string{"-sweep", "1s"}, answers...), quick...),
		authz.AuditSink:      {"-clickhouse-url", url, "-database", db.Database},
	}
	logs := t.TempDir()
	var all []*process
	for name, args := range own {
		id := authz.Identity{Kind: authz.Service, Name: name}
		p := &process{
			name: name, program: filepath.Join(programs, name), logPath: filepath.Join(logs, name+".log"),
			args: append([]string{"-nats-url", s.URL, "-key", s.Keys.Path(id), "-log-level", "info"}, args...),
		}
		t.Cleanup(func() { p.end(t) })
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func (p *process) start() error {
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own
	command := exec.Command(p.program, p.args...)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	p.mu.Lock()
	p.command = command
	p.mu.Unlock()
	return nil
}

// killAndRestart ends the process with SIGKILL and starts it again at once.
func (p *process) killAndRestart() error {
	p.mu.Lock()
	command := p.command
	p.mu.Unlock()
	if err := command.Process.Kill(); err != nil {
		return fmt.Errorf("killing %s, which ended by itself: %w", p.name, err)
	}
	_ = command.Wait() // it was killed, which is an error
	p.kills++
	return p.start()
}

// end stops the process for good, and shows the end of its log where the test failed.
func (p *process) end(t *testing.T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command != nil {
		_ = p.command.Process.Kill() // it may have ended by itself: the log tells
		_ = p.command.Wait()
	}
	text, err := os.ReadFile(p.logPath)
	if err != nil {
		t.Errorf("reading the log of %s: %v", p.name, err)
	}
	if bytes.Contains(text, []byte("panic")) {
		t.Errorf("%s panicked", p.name)
	}
	if t.Failed() {
		t.Logf("log of %s ends with:\n%s", p.name, text[max(0, len(text)-4000):])
	}
}

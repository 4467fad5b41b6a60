package docs

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

// The assessor on its page is the example, and the policy beside it makes it heard.
func TestAssessorExample(t *testing.T) {
	t.Parallel()
	source := dedent(read(t, "examples/assessor/main.go"))
	for _, block := range blocks(read(t, "docs/assessors.md"), "go") {
		if !strings.Contains(source, dedent(block)) {
			t.Errorf("docs/assessors.md shows Go that the example does not have:\n%s", block)
		}
	}
	if lines := strings.Count(source, "\n"); lines > 100 {
		t.Errorf("the example has %d lines; small is the point", lines)
	}
	s := natstest.Start(t)
	startAssessor(t, s)
	js := s.JetStream(t, authz.TheOperator())
	startScorer(t, s, example(t, "docs/assessors.md"))
	for action, c := range map[string]struct {
		arguments string
		score     int
		reason    string
	}{
		"plain":  {`{"text":"lunch at noon"}`, 15, "no word is on the list"},
		"secret": {`{"text":"the PASSWORD is secret"}`, 75, "speaks of password, secret (keywords)"},
		"urgent": {`{"text":"urgent: wire transfer"}`, 55, "speaks of urgent, wire transfer (keywords)"},
	} {
		a := assessment(t, s, js, action, c.arguments)
		last := a.Rules[len(a.Rules)-1]
		if a.Score != c.score || last.ID != "assessor/keywords" || last.Reason != c.reason {
			t.Errorf("%s: %+v", action, a)
		}
	}
}

// startAssessor runs the example until the test ends, and waits until it listens.
func startAssessor(t *testing.T, s *natstest.Server) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "assessor")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./examples/assessor")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the example: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), "NATS_URL="+s.URL, "WEIGHLOCK_SEED="+s.Add(t, authz.Identity{Kind: authz.Assessor, Name: "keywords"}))
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "listening") {
			return
		}
	}
	t.Fatal("the example ended before it listened")
}

func startScorer(t *testing.T, s *natstest.Server, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "500ms", "20s")), 0o600); err != nil { // the machine may be slow
		t.Fatal(err)
	}
	conn := s.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.RiskScorer})
	service, err := scoring.New(stream.Runtime{Conn: conn, Subjects: s.Subjects, Logger: slog.New(slog.DiscardHandler)}, scoring.Config{PolicyFile: path})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// assessment proposes a message and returns what the scorer says about it.
func assessment(t *testing.T, s *natstest.Server, js jetstream.JetStream, action, arguments string) *events.ActionAssessed {
	t.Helper()
	p := &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "send_message", Arguments: json.RawMessage(arguments)}
	e, err := events.New(p, action, "/agents/billing", time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: s.Subjects.Action("billing", action), Header: nats.Header(h), Data: data}); err != nil {
		t.Fatal(err)
	}
	filter := "wl.assessments.*.billing." + action
	c, err := js.OrderedConsumer(t.Context(), s.Subjects.Stream("EVENTS"), jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Next(jetstream.FetchMaxWait(30 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	e, err = events.Decode(events.Header(m.Headers()), m.Data())
	if err != nil {
		t.Fatal(err)
	}
	a, err := events.As[events.ActionAssessed](e)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

package scoring_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

// instance is one running scorer.
type instance struct {
	*scoring.Service

	conn     *nats.Conn
	registry *prometheus.Registry
	cancel   context.CancelFunc
	done     chan error
}

// rigOn puts the connections around a server without any scorer.
func rigOn(t *testing.T, s *natstest.Server) *rig {
	t.Helper()
	return &rig{server: s, agent: s.Connect(t, authz.Identity{Kind: authz.Agent, Name: "billing"}), js: s.JetStream(t, authz.TheOperator())}
}

// scorer starts one more scorer and waits until it is ready.
func (r *rig) scorer(t *testing.T, cfg scoring.Config) *instance {
	t.Helper()
	conn := r.server.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.RiskScorer})
	i := &instance{conn: conn, registry: prometheus.NewRegistry(), done: make(chan error, 1)}
	var err error
	i.Service, err = scoring.New(stream.Runtime{Conn: conn, Subjects: r.server.Subjects, Logger: slog.New(slog.DiscardHandler), Metrics: stream.NewMetrics(i.registry)}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, i.cancel = context.WithCancel(context.Background())
	go func() { i.done <- i.Run(ctx) }()
	t.Cleanup(func() { i.stop(t) })
	eventually(t, "waiting for the scorer", i.Ready)
	return i
}

// stop ends the scorer in order.
func (i *instance) stop(t *testing.T) {
	t.Helper()
	i.cancel()
	err, running := <-i.done
	if !running {
		return
	}
	close(i.done)
	if err != nil {
		t.Errorf("running the scorer: %v", err)
	}
}

// die cuts the scorer off, so that it can hand nothing over.
func (i *instance) die(t *testing.T) {
	t.Helper()
	i.conn.Close()
	if err := <-i.done; err == nil {
		t.Error("a scorer without a connection ended well")
	}
	close(i.done)
}

// metric is the sum of a metric over its labels.
func (i *instance) metric(t *testing.T, name string, labels ...string) (sum float64) {
	t.Helper()
	families, err := i.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var have []string
			for _, l := range m.GetLabel() {
				have = append(have, l.GetValue())
			}
			if f.GetName() == "weighlock_riskscorer_"+name && strings.Contains(strings.Join(have, " "), strings.Join(labels, " ")) {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// eventually waits until f says nil.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	var err error
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

// head starts every policy of these tests.
const head = "version: 1\nthresholds: {medium: 30, high: 60}\n"

// always recognises everything and gives points.
func always(points int) string {
	return fmt.Sprintf("rules:\n  - {id: all, when: \"agent != ''\", points: %d, recognises: true, reason: all}\n", points)
}

func policyFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, text)
	return path
}

// write puts a file in place whole.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// act proposes an action and returns its sequence.
func (r *rig) act(t *testing.T, action, data string) uint64 {
	t.Helper()
	h, body := binary(t, event(data))
	return r.propose(t, action, h, body)
}

// assessed proposes an action and returns the assessment.
func (r *rig) assessed(t *testing.T, action, data string) *events.ActionAssessed {
	t.Helper()
	r.act(t, action, data)
	_, a := r.assessment(t, action)
	return a
}

// fired says whether a rule is in an assessment.
func fired(a *events.ActionAssessed, id string) bool {
	for _, r := range a.Rules {
		if r.ID == id {
			return true
		}
	}
	return false
}

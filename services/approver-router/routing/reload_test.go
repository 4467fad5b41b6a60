package routing

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// put writes a file that the configuration names.
func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// metric reads a metric of a registry; outcome is a label's value, or "".
func metric(t *testing.T, registry *prometheus.Registry, name, outcome string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (outcome == "" || strings.Contains(m.String(), outcome)) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, outcome)
	return 0
}

func TestReloading(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := &Config{RoutesFile: dir + "/routes.yaml", ApproversFile: dir + "/approvers.yaml"}
	one := fmt.Sprintf(routesFile, 1, "0s", 1)
	put(t, cfg.RoutesFile, one)
	put(t, cfg.ApproversFile, approversFile)
	var log bytes.Buffer
	registry := prometheus.NewRegistry()
	r, err := newReloader(cfg, stream.Runtime{Logger: slog.New(slog.NewTextHandler(&log, nil)), Metrics: stream.NewMetrics(registry)})
	if err != nil {
		t.Fatal(err)
	}
	first := r.tables.get()
	quorum := func() int { return r.tables.get().routes.All()[0].Require[0].Count }
	current := func() float64 { return metric(t, registry, "weighlock_router_config_current", "") }
	looks := func(n int) {
		for range n {
			r.look()
		}
	}
	looks(3)
	if r.tables.get() != first || log.Len() > 0 {
		t.Fatalf("took over what did not change: %s", &log)
	}
	// Two files that fit one another only together.
	put(t, cfg.RoutesFile, fmt.Sprintf(routesFile, 3, "0s", 1))
	r.look()
	put(t, cfg.ApproversFile, strings.Replace(approversFile, "ops: [alice, bob]", "ops: [alice, bob, dave]", 1))
	looks(2)
	if quorum() != 3 || len(r.tables.get().people.Members("ops")) != 3 || current() != 1 {
		t.Fatalf("not taken over: %s", &log)
	}
	// What is broken, too large for its groups, or gone, is refused once, and taken back without a word.
	second := r.tables.get()
	good, err := os.ReadFile(cfg.RoutesFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"broken": "version: [", "quorum": fmt.Sprintf(routesFile, 9, "0s", 1), "empty": "", "gone": "-"} {
		log.Reset()
		put(t, cfg.RoutesFile, text)
		if name == "gone" {
			if err := os.Remove(cfg.RoutesFile); err != nil {
				t.Fatal(err)
			}
		}
		looks(4)
		if r.tables.get() != second || current() != 0 || strings.Count(log.String(), "stay as they were") != 1 || !strings.Contains(log.String(), "routes.yaml") {
			t.Errorf("%s: current %v, log: %s", name, current(), &log)
		}
		put(t, cfg.RoutesFile, string(good))
		looks(2)
		if r.tables.get() != second || current() != 1 {
			t.Errorf("%s: not taken back", name)
		}
	}
	if got := metric(t, registry, "weighlock_router_config_reloads_total", "refused"); got != 4 {
		t.Errorf("%v refused", got)
	}
	if got := metric(t, registry, "weighlock_router_config_reloads_total", "applied"); got != 1 {
		t.Errorf("%v applied", got)
	}
}

// Open requests keep the rules they were opened under, and what comes later has the new ones.
func TestOpenRequestsKeepTheirRules(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, "0s", 1)
	r.cfg.Reload = 20 * time.Millisecond
	alice := r.approver(t, "alice")
	run := r.start(t)
	r.assess(t, assessment("billing", "one"))
	before, _ := r.requested(t)
	put(t, r.cfg.RoutesFile, fmt.Sprintf(routesFile, 1, "0s", 1))
	r.waitFor(t, "the new routes", func() bool { return run.svc.reloads.tables.get().routes.All()[0].Require[0].Count == 1 })
	r.assess(t, assessment("billing", "two"))
	after, _ := r.requested(t)
	for _, request := range []*events.ApprovalRequested{before, after} {
		alice.cast(t, request.Request, events.VerdictCast{Digest: request.Digest, Verdict: events.Approve})
	}
	if d := r.decision(t, "billing", "two"); d.Outcome != events.Approved {
		t.Errorf("%+v", d)
	}
	r.waitFor(t, "the first verdict to count", func() bool { return len(r.stored(t)[before.Request].Verdicts) == 1 })
	if s := r.stored(t)[before.Request]; s.Resolved != nil {
		t.Errorf("one approval was enough for a request that needs two: %+v", s.Resolved)
	}
}

package sink

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/pkg/events"
)

// While ClickHouse is away the oldest unwritten event grows old: a metric, the readiness and an event say so while there is time.
func TestLateAuditIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.fill(0, 3)
	cfg := w.cfg
	cfg.ClickHouseURL, cfg.Registerer = "http://127.0.0.1:1", prometheus.NewRegistry()
	s := w.service(cfg)
	name := w.nats.Subjects.Stream("ACTIONS")
	at := time.Duration(0)
	s.rt.Now = func() time.Time { return time.Now().Add(at) }
	watch := func() {
		t.Helper()
		if err := s.watch(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	watch()
	if err := s.Ready(); errors.As(err, new(*overdue)) {
		t.Fatalf("not late yet: %v", err)
	}
	at = 20 * 24 * time.Hour // of 30
	watch()
	watch() // says it once
	if err := s.Ready(); !errors.As(err, new(*overdue)) || !strings.Contains(err.Error(), name) {
		t.Fatalf("late: %v", err)
	}
	if behind, used := gauge(t, cfg, "weighlock_auditsink_behind", name), gauge(t, cfg, "weighlock_auditsink_retention_used_ratio", name); behind != 3 || used < 0.66 || used > 0.67 {
		t.Errorf("metrics say %v behind, %v of the retention used", behind, used)
	}
	told := told[events.AuditBehind](w, w.nats.Subjects.Audit(name), 1)
	if told.Stream != name || told.Behind != 3 || told.Expires.Sub(told.Oldest) != 30*24*time.Hour {
		t.Errorf("%+v", told)
	}
	if n := w.said(); n != 1 {
		t.Errorf("it was said %d times", n)
	}
	r := w.start()
	w.caughtUp()
	at = 0
	watch()
	if err := s.Ready(); errors.As(err, new(*overdue)) {
		t.Fatalf("in time again: %v", err)
	}
	if got := w.ask("SELECT count() FROM events WHERE kind = 'audits'"); got != "1" {
		t.Errorf("the audit has it %s times", got)
	}
	r.stop()
}

// gauge is what a metric of a stream stands at.
func gauge(t *testing.T, cfg Config, name, stream string) float64 {
	t.Helper()
	registry, ok := cfg.Registerer.(*prometheus.Registry)
	if !ok {
		t.Fatal("the sink has no registry of its own")
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && m.GetLabel()[0].GetValue() == stream {
				return m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("there is no metric %s of %s", name, stream)
	return 0
}

// said counts the warnings about late audits.
func (w *world) said() (n uint64) {
	w.t.Helper()
	evts, err := w.js.Stream(w.t.Context(), w.nats.Subjects.Stream("EVENTS"))
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := evts.Info(w.t.Context(), jetstream.WithSubjectFilter(w.nats.Subjects.All("audits", 1)))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, of := range info.State.Subjects {
		n += of
	}
	return n
}

// A sink that cannot reach ClickHouse since its start looks by itself, at private values too; in a stream that lets nothing go, or with nothing unwritten,
// nothing is late.
func TestLateFromTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.fill(0, 1)
	w.keep("billing", "p-1", "carol", "secret")
	stream, err := w.js.Stream(t.Context(), w.nats.Subjects.Stream("VERDICTS"))
	if err != nil {
		t.Fatal(err)
	}
	forever := stream.CachedInfo().Config
	forever.MaxAge = 0
	if _, err := w.js.UpdateStream(t.Context(), forever); err != nil {
		t.Fatal(err)
	}
	cfg := w.cfg
	cfg.ClickHouseURL, cfg.Registerer = "http://127.0.0.1:1", prometheus.NewRegistry()
	s := w.service(cfg)
	s.rt.Now = func() time.Time { return time.Now().Add(29 * 24 * time.Hour) }
	w.run(s)
	for _, name := range []string{"ACTIONS", "PRIVATE"} {
		name = w.nats.Subjects.Stream(name)
		if told := told[events.AuditBehind](w, w.nats.Subjects.Audit(name), 1); told.Behind == 0 || told.Expires.Before(told.Oldest) {
			t.Errorf("%+v", told)
		}
	}
	if err := s.Ready(); !errors.As(err, new(*overdue)) {
		t.Errorf("ready says %v", err)
	}
	if err := s.watch(t.Context(), w.nats.Subjects.Stream("VERDICTS")); err != nil {
		t.Fatal(err)
	}
	if used := gauge(t, cfg, "weighlock_auditsink_retention_used_ratio", w.nats.Subjects.Stream("VERDICTS")); used != 0 {
		t.Errorf("of for ever %v is used", used)
	}
}

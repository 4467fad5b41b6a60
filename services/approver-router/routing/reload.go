package routing

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/settle"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/policies"
)

// defaultReload is how often the files are looked at.
const defaultReload = 2 * time.Second

// files are the bytes of both files: they are read once and then parsed, so that what was checked is what is used.
type files struct {
	routes    []byte
	approvers people.Source
}

// read reads both files; what is not named is built in.
func (c *Config) read() (files, error) {
	f := files{routes: policies.Routes, approvers: people.BuiltIn()}
	var err error
	if c.ApproversFile != "" {
		if f.approvers, err = people.Read(c.ApproversFile); err != nil {
			return f, err
		}
	}
	if c.RoutesFile != "" {
		if f.routes, err = os.ReadFile(c.RoutesFile); err != nil {
			return f, fmt.Errorf("reading routes: %w", err)
		}
	}
	return f, nil
}

// parse checks both files. The built-in routes fit the groups of any approvers file that has theirs.
func (c *Config) parse(f files) (*table, error) {
	d, err := f.approvers.Parse()
	if err != nil {
		return nil, err
	}
	r, err := routes.Parse(cmp.Or(c.RoutesFile, "policies/routes/default.yaml"), f.routes, d)
	if err != nil {
		return nil, err
	}
	return &table{routes: r, people: d}, nil
}

func (f files) digest() string {
	return events.Digest([]byte(events.Digest(f.routes) + f.approvers.Digest()))
}

// Metrics are the router's own Prometheus metrics.
type Metrics struct {
	current *prometheus.GaugeVec
	reloads *prometheus.CounterVec
}

// NewMetrics registers the metrics with reg; nil registers them nowhere.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		current: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "weighlock", Subsystem: "router", Name: "config_current",
			Help: "1 where the routes and approvers files are in force as they are, 0 where they cannot be read or used and older ones are kept.",
		}, []string{"service"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "weighlock", Subsystem: "router", Name: "config_reloads_total",
			Help: "Times that the files had changed, by outcome: applied or refused.",
		}, []string{"service", "outcome"}),
	}
	if reg != nil {
		reg.MustRegister(m.current, m.reloads)
	}
	m.current.WithLabelValues(Name).Set(1)
	for _, outcome := range []string{"applied", "refused"} {
		m.reloads.WithLabelValues(Name, outcome)
	}
	return m
}

// reloader takes new routes and approvers over while the router runs. Both change together or not at all; what
// cannot be used changes nothing.
type reloader struct {
	cfg     *Config
	tables  *tables
	log     *slog.Logger
	metrics *Metrics
	looks   settle.Looks
}

// newReloader puts the files in force that are there at the start.
func newReloader(cfg *Config, rt stream.Runtime) (*reloader, error) {
	f, err := cfg.read()
	if err != nil {
		return nil, err
	}
	t, err := cfg.parse(f)
	if err != nil {
		return nil, err
	}
	log := rt.Logger
	if log == nil {
		log = slog.Default()
	}
	return &reloader{cfg: cfg, tables: newTables(t), log: log, metrics: NewMetrics(rt.Metrics.Registerer()), looks: settle.Looks{InForce: f.digest()}}, nil
}

func (r *reloader) run(ctx context.Context) {
	every := r.cfg.Reload
	if every == 0 {
		every = defaultReload
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.look()
		}
	}
}

// look takes changed files over once they were the same at two looks: whoever changes both is done by then.
func (r *reloader) look() {
	f, err := r.cfg.read()
	digest := "unreadable"
	if err == nil {
		digest = f.digest()
	}
	current, try := r.looks.Look(digest)
	if current {
		r.metrics.current.WithLabelValues(Name).Set(1) // also where a mistake was taken back
	}
	if !try {
		return
	}
	var t *table
	if err == nil {
		t, err = r.cfg.parse(f)
	}
	if err != nil {
		r.metrics.current.WithLabelValues(Name).Set(0)
		r.metrics.reloads.WithLabelValues(Name, "refused").Inc()
		r.log.Error("routes and approvers stay as they were: the changed files cannot be used", "error", err)
		return
	}
	r.tables.now.Store(t)
	r.looks.InForce = digest
	r.metrics.current.WithLabelValues(Name).Set(1)
	r.metrics.reloads.WithLabelValues(Name, "applied").Inc()
	r.log.Info("routes and approvers changed", "routes", t.routes.Version(), "approvers", t.people.Version())
}

// Package dev runs the whole pipeline in one process on one machine: the NATS
// server, the services, and ClickHouse's engine in a child.
package dev

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/embedded/engine"
	"github.com/weighlock/weighlock/internal/embedded/natsd"
	"github.com/weighlock/weighlock/internal/topology"
	"github.com/weighlock/weighlock/pkg/events"
)

// Options say how to run the pipeline. The zero value of each has a default.
type Options struct {
	Dir           string // data directory; made if missing
	Prefix        string // subject prefix; empty means [events.DefaultPrefix]
	NATSListen    string // address of the NATS server; empty means a free port on 127.0.0.1
	HTTP          string // address of health and metrics; empty means a free port on 127.0.0.1
	ClickHouseURL string // a ClickHouse to use instead of a local engine
	PolicyFile    string // risk policy; empty means the default one
	RoutesFile    string // routes; empty means the default ones
	ApproversFile string // people and groups; empty means the default ones
	WithoutAudit  bool   // run without sink and engine
	Logger        *slog.Logger
	Identities    []authz.Identity // agents, approvers and adapters to make keys for
}

// Pipeline is a running pipeline.
type Pipeline struct {
	Place    Place
	Keys     *authz.Keys
	Subjects events.Subjects

	options  Options
	log      *slog.Logger
	registry *prometheus.Registry
	cleanups []func() // run last-in first-out
	failed   chan error
	ready    map[string]func() error
}

// Start brings everything up, in the order of dependence, and returns once every
// service is ready. What it started is stopped again where it fails.
func Start(ctx context.Context, o Options) (_ *Pipeline, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Pipeline{options: o, log: o.Logger, registry: daemon.NewRegistry(), failed: make(chan error, 1), ready: map[string]func() error{}}
	defer func() {
		if err != nil {
			p.Stop()
		}
	}()
	if p.Subjects, err = events.NewSubjects(o.Prefix); err != nil {
		return nil, err
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	p.Place = Place{Dir: o.Dir, Prefix: p.Subjects.Prefix(), PID: os.Getpid()}
	steps := []func(context.Context) error{p.lock, p.openKeys, p.startNATS, p.startEngine, p.startServices, p.startHTTP}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return p, p.Place.write()
}

// onStop registers the undoing of a step.
func (p *Pipeline) onStop(undo func()) { p.cleanups = append(p.cleanups, undo) }

// Stop drains the services and stops everything in the reverse order of starting.
func (p *Pipeline) Stop() {
	for _, undo := range slices.Backward(p.cleanups) {
		undo()
	}
	p.cleanups = nil
}

// Failed receives the error of a service that ended by itself.
func (p *Pipeline) Failed() <-chan error { return p.failed }

// Ready says what is not ready yet.
func (p *Pipeline) Ready() error { return daemon.NotReady(p.ready) }

func (p *Pipeline) openKeys(context.Context) (err error) {
	if p.Keys, err = authz.OpenKeys(p.Place.KeysDir()); err != nil {
		return err
	}
	all := append(authz.Services(), authz.TheOperator())
	for _, id := range append(all, p.options.Identities...) {
		if _, _, err := p.Keys.Ensure(id); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pipeline) startNATS(ctx context.Context) error {
	server, err := natsd.Start(natsd.Options{
		Dir: filepath.Join(p.Place.Dir, "nats"), Listen: p.options.NATSListen,
		Subjects: p.Subjects, Keys: p.Keys, Logger: p.log.With("part", "nats"),
	})
	if err != nil {
		return err
	}
	p.onStop(server.Shutdown)
	p.Place.NATSURL = server.URL()
	watch, stop := context.WithCancel(context.Background())
	p.onStop(stop)
	go p.watchKeys(watch, server)

	operator, err := p.Connect(ctx, authz.TheOperator())
	if err != nil {
		return err
	}
	defer operator.Close()
	return ensureTopology(ctx, operator, topology.Default(p.Subjects))
}

// watchKeys lets an identity in as soon as `weighlock identity add` has made its key.
func (p *Pipeline) watchKeys(ctx context.Context, server *natsd.Server) {
	known, _ := p.Keys.List()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		users, err := p.Keys.List()
		if err != nil || len(users) == len(known) {
			continue
		}
		if err := server.Reload(); err != nil {
			p.log.Error("letting new identities in", "error", err)
			continue
		}
		known = users
		p.log.Info("identities changed", "count", len(users))
	}
}

// startEngine finds a ClickHouse. Without one the pipeline runs and the audit waits
// in the streams.
func (p *Pipeline) startEngine(ctx context.Context) error {
	if p.options.WithoutAudit {
		return nil
	}
	if p.options.ClickHouseURL != "" {
		p.Place.ClickHouseURL = p.options.ClickHouseURL
		return nil
	}
	found, err := engine.Locate(engine.LocateOptions{})
	if errors.Is(err, engine.ErrNotFound) {
		p.log.Warn("no ClickHouse engine: the audit waits in the streams", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	e, err := engine.Start(ctx, engine.Options{Dir: filepath.Join(p.Place.Dir, "clickhouse"), Source: found, Logger: p.log.With("part", "clickhouse")})
	if err != nil {
		return fmt.Errorf("starting ClickHouse's engine: %w", err)
	}
	p.onStop(func() {
		stop, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := e.Stop(stop); err != nil {
			p.log.Error("stopping ClickHouse's engine", "error", err)
		}
	})
	p.Place.ClickHouseURL, p.Place.ClickHouseNative = e.URL(), e.NativeURL()
	return nil
}

func (p *Pipeline) startHTTP(context.Context) error {
	address := p.options.HTTP
	if address == "" {
		address = "127.0.0.1:0"
	}
	serve, stop := context.WithCancel(context.Background())
	p.onStop(stop)
	bound, err := daemon.ServeHTTP(serve, address, daemon.Handler(p.registry, p.Ready))
	p.Place.HTTP = bound
	return err
}

// Connect opens a connection for one of the pipeline's identities.
func (p *Pipeline) Connect(ctx context.Context, id authz.Identity) (*nats.Conn, error) {
	return authz.Connect(ctx, p.Place.NATSURL, p.Keys.Path(id), id)
}

package daemon

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// Service is a part of the pipeline: it runs until its context ends, then drains.
type Service interface {
	Run(ctx context.Context) error
	// Ready says what the service still waits for; nil when it works.
	Ready() error
}

// Config is what a user sets of one service.
type Config interface {
	// Register adds the settings to fs.
	Register(fs *flag.FlagSet)
	// Validate names the first setting that is wrong.
	Validate() error
}

// Program describes one service's process.
type Program struct {
	Name string // the service's name: its identity is service/<name>
	// Config is the service's own settings, a pointer: they are read into it.
	Config Config
	// New makes the service.
	New func(rt stream.Runtime) (Service, error)
}

// GCPercent is how far the heap of a service may grow between collections, in percent of what lives,
// unless $GOGC says otherwise. Little lives and much passes through: at Go's default of 100 a
// fifth of the processor went into collecting.
const GCPercent = 400

// TuneMemory applies [GCPercent].
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(GCPercent)
	}
}

// Main runs p until it is interrupted and gives the process's exit code.
func Main(p Program) int {
	TuneMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Fatal(p.Name, p.run(ctx, os.Args[1:]))
}

// OnHangup calls f at every SIGHUP, which asks a service to look at its files again.
func OnHangup(f func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			f()
		}
	}()
}

func (p Program) run(ctx context.Context, args []string) error {
	var settings Settings
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	settings.Register(fs)
	p.Config.Register(fs)
	if err := Parse(fs, args); err != nil {
		return err
	}
	if err := settings.Validate(); err != nil {
		return err
	}
	if err := p.Config.Validate(); err != nil {
		return err
	}
	logger, err := settings.Logger(p.Name, os.Stderr)
	if err != nil {
		return err
	}
	registry := NewRegistry()
	var service atomic.Pointer[Service]
	if settings.HTTP != "" {
		address, err := ServeHTTP(ctx, settings.HTTP, Handler(registry, func() error {
			if s := service.Load(); s != nil {
				return (*s).Ready()
			}
			return fmt.Errorf("connecting to %s", settings.NATSURL)
		}))
		if err != nil {
			return err
		}
		logger.Info("health and metrics", "address", address)
	}
	rt, closeConns, err := settings.connect(ctx, p.Name)
	if err != nil {
		return err
	}
	defer closeConns()
	rt.Logger, rt.Metrics, rt.Now = logger, stream.NewMetrics(registry), time.Now
	s, err := p.New(rt)
	if err != nil {
		return err
	}
	service.Store(&s)
	logger.Info("started")
	err = s.Run(ctx)
	logger.Info("stopped")
	return err
}

// NewRegistry makes a metrics registry with the Go runtime's own metrics.
func NewRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// connect opens the service's own connection and, where a key was given, the one
// that may publish to agents' inboxes and nothing else.
func (s *Settings) connect(ctx context.Context, name string) (rt stream.Runtime, closeConns func(), err error) {
	if rt.Subjects, err = events.NewSubjects(s.Prefix); err != nil {
		return rt, nil, err
	}
	var conns []*nats.Conn
	closeConns = func() {
		for _, nc := range conns {
			nc.Close()
		}
	}
	open := func(identity, seed string) (*nats.Conn, error) {
		nc, err := authz.Connect(ctx, s.NATSURL, seed, authz.Identity{Kind: authz.Service, Name: identity})
		if err != nil {
			return nil, fmt.Errorf("connecting to %s as service/%s: %w", s.NATSURL, identity, err)
		}
		conns = append(conns, nc)
		return nc, nil
	}
	if rt.Conn, err = open(name, s.Key); err != nil {
		return rt, nil, err
	}
	if s.ReplierKey != "" {
		if rt.Replier, err = open("replier", s.ReplierKey); err != nil {
			closeConns()
			return rt, nil, err
		}
	}
	return rt, closeConns, nil
}

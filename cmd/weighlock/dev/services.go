package dev

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/topology"
	"github.com/weighlock/weighlock/services/approver-router/routing"
	"github.com/weighlock/weighlock/services/auditsink/sink"
	"github.com/weighlock/weighlock/services/escalator/escalation"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

// readyIn is how long Start waits for the services; a busy machine takes seconds.
const readyIn = time.Minute

func ensureTopology(ctx context.Context, operator *nats.Conn, set topology.Settings) error {
	js, err := jetstream.New(operator)
	if err != nil {
		return err
	}
	return topology.Ensure(ctx, js, set)
}

// batchMemory is what batches of the audit may hold together: a process with all of it in one need not be as small as a sink alone.
const batchMemory = 96 << 20

// startServices runs each service on connections of its own identity.
func (p *Pipeline) startServices(ctx context.Context) error {
	replier, err := p.Connect(ctx, authz.Identity{Kind: authz.Service, Name: "replier"})
	if err != nil {
		return err
	}
	p.onStop(replier.Close)
	metrics := stream.NewMetrics(p.registry)
	build := []struct {
		name string
		new  func(stream.Runtime) (daemon.Service, error)
	}{
		{"auditsink", func(rt stream.Runtime) (daemon.Service, error) {
			return sink.New(rt, sink.Config{ClickHouseURL: p.Place.ClickHouseURL, ProofKey: p.Place.ProofKey(), BatchMemory: batchMemory})
		}},
		{"escalator", func(rt stream.Runtime) (daemon.Service, error) {
			return escalation.New(rt, escalation.Config{ApproversFile: p.options.ApproversFile})
		}},
		{"approver-router", func(rt stream.Runtime) (daemon.Service, error) {
			return routing.New(rt, routing.Config{RoutesFile: p.options.RoutesFile, ApproversFile: p.options.ApproversFile})
		}},
		{"riskscorer", func(rt stream.Runtime) (daemon.Service, error) {
			return scoring.New(rt, scoring.Config{PolicyFile: p.options.PolicyFile})
		}},
	}
	for _, s := range build {
		if s.name == "auditsink" && p.Place.ClickHouseURL == "" {
			continue
		}
		conn, err := p.Connect(ctx, authz.Identity{Kind: authz.Service, Name: s.name})
		if err != nil {
			return err
		}
		p.onStop(conn.Close)
		rt := stream.Runtime{Conn: conn, Replier: replier, Subjects: p.Subjects, Logger: p.log.With("service", s.name), Metrics: metrics, Now: time.Now}
		service, err := s.new(rt)
		if err != nil {
			return fmt.Errorf("starting %s: %w", s.name, err)
		}
		p.ready[s.name] = service.Ready
		p.run(s.name, service)
	}
	return p.waitReady(ctx)
}

// run starts service; stopping it waits until it has drained.
func (p *Pipeline) run(name string, service daemon.Service) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := service.Run(ctx)
		if ctx.Err() == nil {
			select {
			case p.failed <- fmt.Errorf("%s ended: %w", name, err):
			default:
			}
		}
	}()
	p.onStop(func() { cancel(); <-done })
}

func (p *Pipeline) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyIn)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := p.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", err)
		case failure := <-p.failed:
			return failure
		case <-tick.C:
		}
	}
}

// Package verdicts answers requests of the real services in every way there is, and looks at what
// becomes of each action: one decision, which is what the people who count wanted.
package verdicts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/checker"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/approver-router/routing"
	"github.com/weighlock/weighlock/services/escalator/escalation"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

// patience bounds what a test waits for.
const patience = 3 * time.Minute // only what hangs needs it all

// pipeline is a server with the real services on it, and everybody who uses them.
type pipeline struct {
	*natstest.Server
	js       jetstream.JetStream // the operator's
	requests jetstream.KeyValue
	agents   map[string]*agent.Client
	people   map[string]*approver.Client
	scorer   *running
	router   *running
	serial   atomic.Int64
	config   config
	log      checker.Log // as [pipeline.agree] read it
	// disturbed says that a service was killed or stopped: verdicts may then count in another order than they were stored in.
	disturbed atomic.Bool
}

// config is what a pipeline is started with; a file that is not named is built in.
type config struct {
	policy, routes, approvers string
	agents, people            []string
}

func file(name string) string { return filepath.Join("testdata", name) }

func start(t *testing.T) *pipeline {
	t.Helper()
	return startWith(t, config{
		policy: file("policy.yaml"), routes: file("routes.yaml"), approvers: file("approvers.yaml"),
		agents: []string{"billing", "bobs-helper"}, people: []string{"alice", "alice-admin", "bob", "carol", "dave", "erin", "frank", "grace"},
	})
}

func startWith(t *testing.T, c config, options ...natstest.Option) *pipeline {
	t.Helper()
	p := &pipeline{Server: natstest.Start(t, options...), agents: make(map[string]*agent.Client), people: make(map[string]*approver.Client), config: c}
	// Everybody is made known before there is traffic: a reload of the server races with it.
	agents, people := c.agents, c.people
	for _, name := range agents {
		p.Add(t, authz.Identity{Kind: authz.Agent, Name: name})
	}
	for _, name := range people {
		p.Add(t, authz.Identity{Kind: authz.Approver, Name: name})
	}
	p.js = p.JetStream(t, authz.TheOperator())
	var err error
	if p.requests, err = p.js.KeyValue(t.Context(), p.Subjects.Stream(requests.Bucket)); err != nil {
		t.Fatal(err)
	}
	p.scorer = p.startScorer(t)
	p.router = p.startRouter(t)
	p.run(t, authz.Escalator, func(rt stream.Runtime) (service, error) {
		return escalation.New(rt, escalation.Config{ApproversFile: p.config.approvers})
	})
	for _, name := range agents {
		c, err := agent.Connect(t.Context(), agent.Options{URL: p.URL, Agent: name, SeedFile: p.Keys.Path(authz.Identity{Kind: authz.Agent, Name: name})})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		p.agents[name] = c
	}
	for _, name := range people {
		c, err := approver.Connect(t.Context(), approver.Options{URL: p.URL, Approver: name, SeedFile: p.Keys.Path(authz.Identity{Kind: authz.Approver, Name: name})})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		p.people[name] = c
	}
	return p
}

type service interface {
	Run(ctx context.Context) error
}

// running is a service with a connection of its own.
type running struct {
	conn     *nats.Conn
	stop     context.CancelFunc
	done     chan struct{}
	disturbs *atomic.Bool
}

// kill takes the service's connection away, as kill -9 does, and waits until it noticed.
func (r *running) kill() {
	r.disturbs.Store(true)
	r.conn.Close()
	r.end()
}

// end stops the service in good order.
func (r *running) end() {
	r.disturbs.Store(true)
	r.stop()
	<-r.done
}

func (p *pipeline) startScorer(t *testing.T) *running {
	t.Helper()
	return p.run(t, authz.RiskScorer, func(rt stream.Runtime) (service, error) {
		return scoring.New(rt, scoring.Config{PolicyFile: p.config.policy, PinnedTTL: 500 * time.Millisecond})
	})
}

func (p *pipeline) startRouter(t *testing.T) *running {
	t.Helper()
	return p.run(t, authz.ApproverRouter, func(rt stream.Runtime) (service, error) {
		return routing.New(rt, routing.Config{
			RoutesFile: p.config.routes, ApproversFile: p.config.approvers,
			AckWait: 2 * time.Second, PinnedTTL: 500 * time.Millisecond, Drain: 2 * time.Second,
		})
	})
}

func (p *pipeline) run(t *testing.T, name string, build func(stream.Runtime) (service, error)) *running {
	t.Helper()
	conn := p.Connect(t, authz.Identity{Kind: authz.Service, Name: name})
	s, err := build(stream.Runtime{
		Conn: conn, Replier: p.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.Replier}),
		Subjects: p.Subjects, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{conn: conn, stop: cancel, done: make(chan struct{}), disturbs: &p.disturbed}
	go func() {
		defer close(r.done)
		if err := s.Run(ctx); err != nil && !conn.IsClosed() {
			t.Errorf("running %s: %v", name, err)
		}
	}()
	t.Cleanup(r.end) // before its connections are closed
	return r
}

// propose has the agent ask for a payment, or whatever the tool does, and returns the action's id.
func (p *pipeline) propose(t *testing.T, agentName, tool, arguments string, change ...func(*agent.Action)) string {
	t.Helper()
	a := agent.Action{ID: fmt.Sprintf("a-%d", p.serial.Add(1)), Tool: tool, Arguments: json.RawMessage(arguments)}
	for _, f := range change {
		f(&a)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := p.agents[agentName].Propose(ctx, a); err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// until looks every now and then.
func until[T any](t *testing.T, what string, look func(context.Context) (T, bool)) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if found, ok := look(ctx); ok {
			return found
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// card waits for the open request that the action waits on.
func (p *pipeline) card(t *testing.T, agentName, action string) approver.Request {
	t.Helper()
	return until(t, "a card of "+action, func(ctx context.Context) (approver.Request, bool) {
		r, ok := p.waitsOn(ctx, agentName, action)
		return r, ok
	})
}

// waitsOn finds the request that the action waits on, by its claim.
func (p *pipeline) waitsOn(ctx context.Context, agentName, action string) (approver.Request, bool) {
	claim, err := p.requests.Get(ctx, requests.ClaimKey(agentName, action))
	if err != nil {
		return approver.Request{}, false
	}
	r, err := p.people["alice"].Get(ctx, string(claim.Value()))
	if err != nil {
		return approver.Request{}, false
	}
	for _, item := range r.Items {
		if item.Agent == agentName && item.Action == action {
			return r, item.Open()
		}
	}
	return approver.Request{}, false
}

func (p *pipeline) get(t *testing.T, request string) approver.Request {
	t.Helper()
	r, err := p.people["alice"].Get(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// answer casts a verdict on the request as it is known to the caller, and waits for what comes of it.
func (p *pipeline) answer(t *testing.T, who string, r approver.Request, v approver.Verdict) (approver.Cast, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	v.Request, v.Digest, v.Wait = r.ID, r.Digest, true
	return p.people[who].Cast(ctx, v)
}

// counts casts a verdict that leaves the request open and waits until it counted.
func (p *pipeline) counts(t *testing.T, who string, r approver.Request, v approver.Verdict) {
	t.Helper()
	v.Request, v.Digest = r.ID, r.Digest
	cast, err := p.people[who].Cast(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the verdict to count", func(context.Context) (bool, bool) {
		for _, item := range p.get(t, r.ID).Items {
			for _, vote := range item.Votes {
				if vote.Sequence == cast.Sequence {
					return true, true
				}
			}
		}
		return false, false
	})
}

// refuses insists that the verdict is refused with the code, and that the request is as it was.
func (p *pipeline) refuses(t *testing.T, who string, r approver.Request, v approver.Verdict, code events.RefusalCode) string {
	t.Helper()
	before := p.get(t, r.ID)
	_, err := p.answer(t, who, r, v)
	refused, ok := errors.AsType[*approver.RefusedError](err)
	if !ok || refused.Code != code || refused.Approver != who {
		t.Fatalf("%s answers %+v: %v, want refusal %s", who, v, err, code)
	}
	after := p.get(t, r.ID)
	was, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	is, err := json.Marshal(after)
	if err != nil {
		t.Fatal(err)
	}
	if string(was) != string(is) {
		t.Fatalf("a refused verdict changed the request:\n%s\n%s", was, is)
	}
	return refused.Reason
}

// decided waits for the decision on an action.
func (p *pipeline) decided(t *testing.T, agentName, action string) agent.Decision {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d, err := p.agents[agentName].Await(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// undecided insists that the ledger holds nothing on the action.
func (p *pipeline) undecided(t *testing.T, agentName, action string) {
	t.Helper()
	if d, err := p.people["alice"].Decision(t.Context(), agentName, action); !errors.Is(err, approver.ErrNotFound) {
		t.Fatalf("%s/%s has a decision: %+v, %v", agentName, action, d, err)
	}
}

// edit is a verdict that puts other arguments in the place of an item's.
func edit(item int, arguments string) approver.Verdict {
	return approver.Verdict{Items: []events.ItemVerdict{{Number: item, Verdict: events.Edit, Arguments: json.RawMessage(arguments)}}}
}

func all(kind events.VerdictKind) approver.Verdict { return approver.Verdict{Verdict: kind} }

func mustBe[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("%v is no %T", err, e)
	}
	return e
}

// Package badinput sends the pipeline what it should not be sent, and looks for the
// defined answer to each: a denial, a dead letter, a refusal, or an error to the sender.
package badinput

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/approver-router/routing"
	"github.com/weighlock/weighlock/services/escalator/escalation"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

// patience bounds what a test waits for.
const patience = 60 * time.Second

// pipeline is a server with the real services on it.
type pipeline struct {
	*natstest.Server
	js jetstream.JetStream // the operator's
}

type service interface {
	Run(ctx context.Context) error
}

func start(t *testing.T) *pipeline {
	t.Helper()
	p := &pipeline{Server: natstest.Start(t)}
	// Everybody is made known before there is traffic: in the server (2.15.2) a reload races with
	// connections that publish, which the race detector reports.
	for _, id := range []authz.Identity{
		{Kind: authz.Agent, Name: "billing"}, {Kind: authz.Agent, Name: "mallory"}, {Kind: authz.Adapter, Name: "console"},
		{Kind: authz.Approver, Name: "alice"}, {Kind: authz.Approver, Name: "bob"}, {Kind: authz.Approver, Name: "carol"}, {Kind: authz.Approver, Name: "mallory"},
	} {
		p.Add(t, id)
	}
	p.js = p.JetStream(t, authz.TheOperator())
	p.run(t, authz.RiskScorer, func(rt stream.Runtime) (service, error) { return scoring.New(rt, scoring.Config{}) })
	p.run(t, authz.ApproverRouter, func(rt stream.Runtime) (service, error) {
		return routing.New(rt, routing.Config{RoutesFile: filepath.Join("testdata", "routes.yaml")})
	})
	p.run(t, authz.Escalator, func(rt stream.Runtime) (service, error) { return escalation.New(rt, escalation.Config{}) })
	return p
}

func (p *pipeline) run(t *testing.T, name string, build func(stream.Runtime) (service, error)) {
	t.Helper()
	s, err := build(stream.Runtime{
		Conn: p.Connect(t, authz.Identity{Kind: authz.Service, Name: name}), Replier: p.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.Replier}),
		Subjects: p.Subjects, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() { // before its connections are closed
		cancel()
		if err := <-done; err != nil {
			t.Errorf("running %s: %v", name, err)
		}
	})
}

func (p *pipeline) agent(t *testing.T, name string) *nats.Conn {
	t.Helper()
	return p.Connect(t, authz.Identity{Kind: authz.Agent, Name: name}, nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
}

func (p *pipeline) approver(t *testing.T, name string) *nats.Conn {
	t.Helper()
	return p.Connect(t, authz.Identity{Kind: authz.Approver, Name: name})
}

// stored publishes m and insists that it is stored.
func stored(t *testing.T, nc *nats.Conn, m *nats.Msg) uint64 {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	ack, err := js.PublishMsg(t.Context(), m)
	if err != nil {
		t.Fatalf("publishing on %s: %v", m.Subject, err)
	}
	return ack.Sequence
}

// find waits for a message of a stream on the filter that accept takes.
func find[T any](t *testing.T, p *pipeline, name, filter string, accept func(jetstream.Msg) (T, bool)) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	consumer, err := p.js.OrderedConsumer(ctx, p.Subjects.Stream(name), jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			t.Fatalf("waiting on %s: %v", filter, err)
		}
		if found, ok := accept(m); ok {
			return found
		}
	}
}

// read decodes a message that the pipeline wrote.
func read[T any, P interface {
	*T
	events.Payload
}](t *testing.T, header nats.Header, data []byte) *T {
	t.Helper()
	e, err := events.Decode(events.Header(header), data)
	if err != nil {
		t.Fatal(err)
	}
	v, err := events.As[T, P](e)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (p *pipeline) decision(t *testing.T, agent, action string) *events.DecisionMade {
	t.Helper()
	return find(t, p, "DECISIONS", p.Subjects.Decision(agent, action), func(m jetstream.Msg) (*events.DecisionMade, bool) {
		return read[events.DecisionMade](t, m.Headers(), m.Data()), true
	})
}

// undecided insists that the ledger holds nothing on the action.
func (p *pipeline) undecided(t *testing.T, agent, action string) {
	t.Helper()
	ledger, err := p.js.Stream(t.Context(), p.Subjects.Stream("DECISIONS"))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := ledger.GetLastMsgForSubject(t.Context(), p.Subjects.Decision(agent, action)); !errors.Is(err, jetstream.ErrMsgNotFound) {
		t.Errorf("%s/%s has a decision: %v, %v", agent, action, m, err)
	}
}

// deadLetter waits for the service's dead letter of the message with the sequence.
func (p *pipeline) deadLetter(t *testing.T, service, streamName string, sequence uint64) *events.MessageDead {
	t.Helper()
	return find(t, p, "EVENTS", p.Subjects.Dead(service), func(m jetstream.Msg) (*events.MessageDead, bool) {
		letter := read[events.MessageDead](t, m.Headers(), m.Data())
		return letter, letter.Stream == p.Subjects.Stream(streamName) && letter.Sequence == sequence
	})
}

// refusal waits for what is said of the verdict with the sequence.
func (p *pipeline) refusal(t *testing.T, request string, sequence uint64) *events.VerdictRefused {
	t.Helper()
	return find(t, p, "EVENTS", p.Subjects.Approval("*", events.Refused, request), func(m jetstream.Msg) (*events.VerdictRefused, bool) {
		refused := read[events.VerdictRefused](t, m.Headers(), m.Data())
		return refused, refused.Sequence == sequence
	})
}

// card waits for the request that the action is on.
func (p *pipeline) card(t *testing.T, agent, action string) (*events.ApprovalRequested, *events.Card) {
	t.Helper()
	type shown struct {
		*events.ApprovalRequested
		*events.Card
	}
	c := find(t, p, "EVENTS", p.Subjects.Approval("*", events.Requested, "*"), func(m jetstream.Msg) (shown, bool) {
		r := read[events.ApprovalRequested](t, m.Headers(), m.Data())
		c, err := r.ReadCard()
		if err != nil {
			t.Fatal(err)
		}
		return shown{r, c}, c.Items[0].Agent == agent && c.Items[0].Action == action
	})
	return c.ApprovalRequested, c.Card
}

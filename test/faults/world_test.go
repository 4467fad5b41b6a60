package faults

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

var (
	agents = []string{"billing", "support", "devops", "desk"}
	// groups are those of testdata/routes.yaml.
	groups = map[string][]string{"operations": {"alice", "bob"}, "finance": {"carol", "alice"}, "security": {"dave"}}
)

// stranger is an approver in no group.
const stranger = "mallory"

// world is a pipeline in processes of its own, with its agents and approvers.
type world struct {
	*natstest.Server
	db        enginetest.Conn
	op        *nats.Conn
	js        jetstream.JetStream // the operator's
	clients   map[string]*agent.Client
	raw       map[string]*nats.Conn // connections of the agents without the SDK
	approvers map[string]*approver.Client
}

func newWorld(ctx context.Context, t *testing.T) *world {
	t.Helper()
	w := &world{
		Server: natstest.Start(t, natstest.InOwnProcess()), db: enginetest.Database(t),
		clients: map[string]*agent.Client{}, raw: map[string]*nats.Conn{}, approvers: map[string]*approver.Client{},
	}
	w.op = w.Connect(t, authz.TheOperator())
	var err error
	if w.js, err = jetstream.New(w.op); err != nil {
		t.Fatal(err)
	}
	for _, name := range agents {
		id := authz.Identity{Kind: authz.Agent, Name: name}
		w.raw[name] = w.Connect(t, id)
		c, err := agent.Connect(ctx, agent.Options{URL: w.URL, Agent: name, SeedFile: w.Keys.Path(id), Timeout: patience})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		w.clients[name] = c
	}
	for _, name := range []string{"alice", "bob", "carol", "dave", stranger} {
		seed := w.Add(t, authz.Identity{Kind: authz.Approver, Name: name})
		c, err := approver.Connect(ctx, approver.Options{URL: w.URL, Approver: name, SeedFile: seed})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		w.approvers[name] = c
	}
	return w
}

// propose has the action accepted.
func (w *world) propose(ctx context.Context, p plan) error {
	if p.kind != malformed {
		_, err := w.clients[p.agent].Propose(ctx, p.action())
		return err
	}
	header, data, err := events.EncodeBinary(events.Event{
		ID: p.id, Source: "/agents/" + p.agent, Type: events.ActionProposedType, Time: time.Now(),
		Data: []byte(`{"breakpoint":"tool_call","arguments":{}}`),
	})
	if err != nil {
		return err
	}
	m := &nats.Msg{Subject: w.Subjects.Action(p.agent, p.id), Header: header, Data: data}
	answer, err := w.raw[p.agent].RequestMsgWithContext(ctx, m)
	if err != nil {
		return fmt.Errorf("proposing %s: %w", p.key(), err)
	}
	if answer.Header.Get("Status") != "" {
		return errors.New("nobody takes " + m.Subject)
	}
	return nil
}

// decided waits for the action's decision and checks what can be checked of it alone.
func (w *world) decided(ctx context.Context, p plan) (agent.Decision, error) {
	d, err := w.clients[p.agent].Await(ctx, p.id)
	if err != nil {
		return d, err
	}
	want := map[kind]events.Outcome{low: events.Approved, medium: events.Approved, malformed: events.Denied}[p.kind]
	if want != "" && (d.Outcome != want || d.DecidedBy.Kind != events.ByPolicy) {
		return d, fmt.Errorf("%s action %s is %s by %s: %s", p.kind, p.key(), d.Outcome, d.DecidedBy.Kind, d.Reason)
	}
	return d, nil
}

// stored reads every message of a stream, in order.
func (w *world) stored(ctx context.Context, t *testing.T, name string) []jetstream.Msg {
	t.Helper()
	handle, err := w.js.Stream(ctx, w.Subjects.Stream(name))
	if err != nil {
		t.Fatal(err)
	}
	n := int(handle.CachedInfo().State.Msgs)
	consumer, err := handle.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	all := make([]jetstream.Msg, 0, n)
	for len(all) < n {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			t.Fatalf("reading message %d of %d of %s: %v", len(all)+1, n, name, err)
		}
		all = append(all, m)
	}
	return all
}

package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

// world is a real server on which the test plays the services' part as the operator.
type world struct {
	*natstest.Server
	t  *testing.T
	nc *nats.Conn
	js jetstream.JetStream
}

func newWorld(t *testing.T, options ...natstest.Option) *world {
	t.Helper()
	w := &world{Server: natstest.Start(t, options...), t: t}
	w.nc = w.Connect(t, authz.TheOperator())
	var err error
	if w.js, err = jetstream.New(w.nc); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) options(name string) agent.Options {
	return agent.Options{URL: w.URL, Agent: name, SeedFile: w.Add(w.t, authz.Identity{Kind: authz.Agent, Name: name}), Prefix: w.Subjects.Prefix()}
}

func (w *world) agent(name string) *agent.Client {
	w.t.Helper()
	c, err := agent.Connect(w.ctx(), w.options(name))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	w.t.Cleanup(cancel)
	return ctx
}

// stored waits until a subject has a message in a stream and returns its event and sequence.
func (w *world) stored(stream, subject string) (events.Event, uint64) {
	w.t.Helper()
	ctx := w.ctx()
	s, err := w.js.Stream(ctx, w.Subjects.Stream(stream))
	if err != nil {
		w.t.Fatal(err)
	}
	for {
		m, err := s.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			w.t.Fatal(err)
		}
		e, err := events.Decode(events.Header(m.Header), m.Data)
		if err != nil {
			w.t.Fatal(err)
		}
		return e, m.Sequence
	}
}

// decision makes the approving decision on a stored action.
func (w *world) decision(name, action string) (events.DecisionMade, events.Event) {
	w.t.Helper()
	cause, sequence := w.stored("ACTIONS", w.Subjects.Action(name, action))
	a, err := events.As[events.ActionProposed](cause)
	if err != nil {
		w.t.Fatal(err)
	}
	digest, err := events.ArgumentsDigest(a.Arguments)
	if err != nil {
		w.t.Fatal(err)
	}
	return events.DecisionMade{
		Agent: name, Action: action, Outcome: events.Approved, Reason: "harmless", ArgumentsDigest: digest,
		Sequence: sequence, Digest: events.Digest(cause.Data), DecidedBy: events.Decider{Kind: events.ByPolicy},
		Level: events.Low, ProposedAt: cause.Time,
	}, cause
}

func (w *world) encode(d events.DecisionMade, cause events.Event, subject string) *nats.Msg {
	data, err := json.Marshal(d) // not events.New: tests forge invalid ones
	if err != nil {
		w.t.Fatal(err)
	}
	e := events.Event{ID: d.Agent + "/" + d.Action + "/decision", Source: "/services/router", Type: d.EventType(), Time: time.Now(), Data: data}
	h, body, err := events.EncodeBinary(e.Because(cause))
	if err != nil {
		w.t.Fatal(err)
	}
	return &nats.Msg{Subject: subject, Header: h, Data: body}
}

// ledger stores a decision without telling the agent, reply tells without storing.
func (w *world) ledger(d events.DecisionMade, cause events.Event) {
	w.t.Helper()
	if _, err := w.js.PublishMsg(w.ctx(), w.encode(d, cause, w.Subjects.Decision(d.Agent, d.Action))); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) reply(d events.DecisionMade, cause events.Event) {
	w.t.Helper()
	if err := events.CheckReplyTo(d.Agent, cause.ReplyTo); err != nil {
		w.t.Fatal(err)
	}
	w.send(w.encode(d, cause, cause.ReplyTo))
}

func (w *world) send(m *nats.Msg) {
	w.t.Helper()
	if err := w.nc.PublishMsg(m); err != nil {
		w.t.Fatal(err)
	}
	if err := w.nc.Flush(); err != nil {
		w.t.Fatal(err)
	}
}

func payment(id string) agent.Action {
	return agent.Action{ID: id, Tool: "send_payment", Arguments: json.RawMessage(`{"to": "acme", "amount": 120}`), Request: "Pay the invoice of ACME"}
}

func (w *world) propose(c *agent.Client, a agent.Action) agent.Proposal {
	w.t.Helper()
	p, err := c.Propose(w.ctx(), a)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) await(c *agent.Client, id string) agent.Decision {
	w.t.Helper()
	d, err := c.Await(w.ctx(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func fieldsOf(v any) int { return reflect.TypeOf(v).NumField() }

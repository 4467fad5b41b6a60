package authz_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
)

func TestHostileAssessor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacks := common()
	for _, subject := range []string{"wl.assessors.mallory", "wl.assessors.other", "_R_.x", "_INBOX_SERVICE.riskscorer.x.1", "_INBOX_ASSESSOR.mallory.x"} {
		attacks["publish on "+subject] = attack{subject: subject}
	}
	for _, dest := range append(slices.Clone(replies), foreign...) {
		attacks["trace to "+dest] = attack{subject: "wl.assessors.mallory", header: nats.Header{"Nats-Trace-Dest": {dest}, "Nats-Trace-Only": {"true"}}}
	}
	w.harmless(t, assessor("mallory"), attacks)
}

// The scorer is answered by the assessor it asks, once, and by nobody else.
func TestAssessorAnswersForItselfOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scorer := w.Connect(t, service(authz.RiskScorer))
	if _, err := scorer.Request("wl.assessors.honest", []byte("who"), 10*time.Second); !errors.Is(err, nats.ErrNoResponders) {
		t.Fatalf("an assessor that does not exist: %v", err)
	}
	quiet := nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
	honest, mallory := w.Connect(t, assessor("honest"), quiet), w.Connect(t, assessor("mallory"), quiet)
	var others []*nats.Conn
	for _, id := range []authz.Identity{agent("mallory"), approver("mallory"), adapter("chat"), service(authz.ApproverRouter), assessor("mallory")} {
		others = append(others, w.Connect(t, id, quiet))
	}
	stolen, answered := make(chan *nats.Msg, 100), make(chan string, 100)
	for _, nc := range others {
		for _, subject := range []string{"wl.assessors.honest", "wl.assessors.>", "_R_.>", ">"} {
			if _, err := nc.ChanSubscribe(subject, stolen); err != nil {
				t.Fatal(err)
			}
		}
	}
	answer := func(nc *nats.Conn, name string) {
		_, err := nc.Subscribe("wl.assessors."+name, func(m *nats.Msg) {
			answered <- m.Reply
			for i := range 3 { // only the first may come
				if err := m.Respond(fmt.Append(nil, name, i)); err != nil {
					t.Error(err)
				}
			}
			trace := &nats.Msg{Subject: m.Reply, Reply: "wl.decisions.billing.x", Header: nats.Header{"Nats-Trace-Dest": {"wl.decisions.billing.x"}}}
			if err := nc.PublishMsg(trace); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	answer(honest, "honest")
	answer(mallory, "mallory")
	w.fence(t, append(others, honest, mallory)...)
	want := w.stored(t)
	inbox, err := scorer.SubscribeSync(scorer.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := scorer.PublishRequest("wl.assessors.honest", inbox.Subject, []byte("who")); err != nil {
		t.Fatal(err)
	}
	if m, err := inbox.NextMsg(10 * time.Second); err != nil || string(m.Data) != "honest0" {
		t.Fatalf("the answer: %v, %v", m, err)
	}
	// Somebody else who knows where the answer goes cannot send it.
	for _, subject := range []string{<-answered, inbox.Subject} {
		for _, nc := range others {
			if err := nc.Publish(subject, []byte("forged")); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.fence(t, append(others, honest, mallory, scorer)...)
	if m, err := inbox.NextMsg(time.Nanosecond); !errors.Is(err, nats.ErrTimeout) {
		t.Errorf("a second answer came: %q, %v", m.Data, err)
	}
	if len(stolen) > 0 {
		t.Errorf("somebody else heard %q", (<-stolen).Subject)
	}
	if got := changes(want, w.stored(t)); got != "" {
		t.Error(got)
	}
	if _, err := scorer.Request("wl.assessors.mallory", []byte("who"), 10*time.Second); err != nil {
		t.Errorf("asking another: %v", err)
	}
}

// An assessor's account offers its subject to the core account and to nobody else.
func TestNobodyElseAsksAnAssessor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	quiet := nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
	nc := w.Connect(t, assessor("keywords"))
	asked := make(chan *nats.Msg, 100)
	if _, err := nc.ChanSubscribe("wl.assessors.keywords", asked); err != nil {
		t.Fatal(err)
	}
	conns := []*nats.Conn{nc}
	for _, id := range []authz.Identity{
		agent("mallory"), approver("mallory"), adapter("chat"), assessor("mallory"),
		service(authz.ApproverRouter), service(authz.Escalator), service(authz.AuditSink), service(authz.Replier),
	} {
		other := w.Connect(t, id, quiet)
		w.fence(t, nc)
		if err := other.PublishRequest("wl.assessors.keywords", other.NewInbox(), []byte(id.String())); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, other)
	}
	w.fence(t, conns...)
	if len(asked) > 0 {
		t.Errorf("%s asked", (<-asked).Data)
	}
}

package authz_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
)

func agent(name string) authz.Identity    { return authz.Identity{Kind: authz.Agent, Name: name} }
func approver(name string) authz.Identity { return authz.Identity{Kind: authz.Approver, Name: name} }
func adapter(name string) authz.Identity  { return authz.Identity{Kind: authz.Adapter, Name: name} }
func assessor(name string) authz.Identity { return authz.Identity{Kind: authz.Assessor, Name: name} }
func auditor(name string) authz.Identity  { return authz.Identity{Kind: authz.Auditor, Name: name} }
func service(name string) authz.Identity  { return authz.Identity{Kind: authz.Service, Name: name} }

// world is a pipeline with something in every stream: agents billing and
// mallory each have an action with a decision, request r1 is open, alice answered.
type world struct {
	*natstest.Server
	op jetstream.JetStream
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s := natstest.Start(t)
	w := &world{s, s.JetStream(t, authz.TheOperator())}
	for subject, data := range map[string]string{
		"wl.actions.billing.a1": "action of billing", "wl.actions.mallory.m1": "action of mallory",
		"wl.decisions.billing.a1": "approved", "wl.decisions.mallory.m1": "approved",
		"wl.assessments.high.billing.a1": "high", "wl.approvals.ops.requested.r1": "card",
		"wl.private.billing.a1": "secret of billing", "wl.private.mallory.m1": "secret of mallory", "wl.erasures.dora.e1": "erased", "$KV.WL_PRIVACY.hold.h1": "hold",
		"wl.verdicts.self.alice.r1": "approve", "wl.timers.r1.0.1": "timer",
		"$KV.WL_REQUESTS.r1": "open", "$KV.WL_GRANTS.g1": "grant", "$KV.WL_AUDIT.actions": "manifest",
	} {
		if _, err := w.op.Publish(t.Context(), subject, []byte(data)); err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
	}
	return w
}

var streams = map[string]string{ // with a subject that only the fence uses
	"WL_ACTIONS": "wl.actions.fence.", "WL_EVENTS": "wl.dead.fence.", "WL_VERDICTS": "wl.verdicts.fence.fence.",
	"WL_DECISIONS": "wl.decisions.fence.", "WL_TIMERS": "wl.timers.fence.",
	"WL_PRIVATE": "wl.private.fence.", "KV_WL_PRIVACY": "$KV.WL_PRIVACY.fence",
	"KV_WL_REQUESTS": "$KV.WL_REQUESTS.fence", "KV_WL_GRANTS": "$KV.WL_GRANTS.fence", "KV_WL_AUDIT": "$KV.WL_AUDIT.fence",
}

// fence returns when whatever the connections sent before has come as far as it
// ever will. A connection's messages are taken in order; a stream stores in order; the
// answers of a stream, which may be aimed at another one, come in order too. So
// after three rounds a chain of three is at its end.
func (w *world) fence(t *testing.T, connections ...*nats.Conn) {
	t.Helper()
	for _, nc := range connections {
		if err := nc.FlushTimeout(10 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		for _, subject := range streams {
			if _, err := w.op.Publish(t.Context(), subject+fmt.Sprint(time.Now().UnixNano()), nil); err != nil {
				t.Fatalf("fence %s: %v", subject, err)
			}
		}
	}
}

// stored returns every message of every stream as "stream sequence-free subject: data",
// and the consumers and streams there are, without what the fence left.
func (w *world) stored(t *testing.T) map[string]int {
	t.Helper()
	all := make(map[string]int)
	for info := range w.op.ListStreams(t.Context()).Info() {
		name := info.Config.Name
		all["stream "+name]++
		stream, err := w.op.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for consumer := range stream.ListConsumers(t.Context()).Info() {
			all["consumer "+name+" "+consumer.Name]++
		}
		for sequence := info.State.FirstSeq; sequence <= info.State.LastSeq; sequence++ {
			m, err := stream.GetMsg(t.Context(), sequence)
			if err == nil && !strings.Contains(m.Subject, ".fence") {
				all[fmt.Sprintf("%s %s: %s", name, m.Subject, m.Data)]++
			}
		}
	}
	return all
}

// attack is one message of a hostile client, and what of it may be stored.
type attack struct {
	subject, reply string
	header         nats.Header
	data           string
	stores         []string // as world.stored writes it
}

// harmless runs every attack as id and compares what is stored before and after.
// What an attack stores carries its name, unless the attack says otherwise.
func (w *world) harmless(t *testing.T, id authz.Identity, attacks map[string]attack) {
	t.Helper()
	nc := w.Connect(t, id, nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	want := w.stored(t)
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		a := attacks[name]
		if a.data == "" {
			a.data = name
		}
		if err := nc.PublishMsg(&nats.Msg{Subject: a.subject, Reply: a.reply, Header: a.header, Data: []byte(a.data)}); err != nil {
			t.Errorf("%s: the client refused to send: %v", name, err)
		}
		for _, line := range a.stores {
			want[line]++
		}
	}
	w.fence(t, nc)
	if got := w.stored(t); !maps.Equal(want, got) {
		t.Errorf("as %s: %s", id, changes(want, got))
	}
}

func changes(want, got map[string]int) string {
	var b strings.Builder
	for line, n := range got {
		if want[line] < n {
			fmt.Fprintf(&b, "\n  appeared: %s", line)
		}
	}
	for line, n := range want {
		if got[line] < n {
			fmt.Fprintf(&b, "\n  missing:  %s", line)
		}
	}
	return b.String()
}

// hears subscribes id to every subject of subjects, has the pipeline speak, and
// returns what id heard.
func (w *world) hears(t *testing.T, id authz.Identity, subjects ...string) []string {
	t.Helper()
	nc := w.Connect(t, id, nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	heard := make(chan *nats.Msg, 1000)
	for _, subject := range subjects {
		if _, err := nc.ChanSubscribe(subject, heard); err != nil {
			t.Fatal(err)
		}
	}
	w.fence(t, nc)
	w.speak(t)
	w.fence(t, nc)
	var lines []string
	for len(heard) > 0 {
		lines = append(lines, (<-heard).Subject)
	}
	return lines
}

// speak publishes once whatever the pipeline and its people say.
func (w *world) speak(t *testing.T) {
	t.Helper()
	id := fmt.Sprint("s", time.Now().UnixNano())
	replier, billing, alice := w.Connect(t, service(authz.Replier)), w.Connect(t, agent("billing")), w.Connect(t, approver("alice"))
	for subject, nc := range map[string]*nats.Conn{
		"_INBOX.billing.answers." + id: replier,
		"wl.actions.billing." + id:     billing,
		"wl.verdicts.self.alice." + id: alice,
		"wl.decisions.billing." + id:   w.op.Conn(), "wl.assessments.low.billing." + id: w.op.Conn(),
		"wl.approvals.ops.requested." + id: w.op.Conn(), "wl.due." + id + ".0.1": w.op.Conn(),
		"wl.policies.riskscorer." + id: w.op.Conn(), "wl.assessors.keywords": w.op.Conn(), "_INBOX_APPROVER.alice." + id: w.op.Conn(), "_INBOX_SERVICE.riskscorer." + id: w.op.Conn(),
		"$KV.WL_REQUESTS." + id: w.op.Conn(),
	} {
		if err := nc.Publish(subject, []byte("said")); err != nil {
			t.Fatal(err)
		}
	}
	w.fence(t, replier, billing, alice, w.op.Conn())
}

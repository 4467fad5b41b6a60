package routing

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// within is how long a test waits for what must come.
const within = 30 * time.Second

const approversFile = `version: 1
people: {alice: {}, bob: {agents: [refunds]}, dave: {}, erin: {}}
groups:
  ops: [alice, bob]
  security: [dave, erin]
`

// routesFile has one route: people in ops, then security. Its window is long, so that cards
// go out when they are full.
const routesFile = `version: 1
paths:
  all:
    - {group: ops, wait: 1h}
    - {group: security, wait: 1h}
route:
  id: rest
  approvers: "ops: %d"
  window: %s
  maxItems: %d
  channels: [self]
  path: all
`

// rig is a server with the connections around a router.
type rig struct {
	server  *natstest.Server
	s       events.Subjects
	scorer  jetstream.JetStream
	js      jetstream.JetStream // the operator's
	store   *requests.Store     // over a router's connection
	cfg     Config
	sources sync.Map      // subject -> the ordered consumer that reads it
	ahead   time.Duration // what the clock of routers started from now on is ahead
}

func newRig(t *testing.T, quorum int, window string, maxItems int, options ...natstest.Option) *rig {
	t.Helper()
	server := natstest.Start(t, options...)
	// All identities before any traffic: the server reads its options without their lock
	// where it answers direct gets, so a reload then is a data race of its own.
	for _, name := range []string{"alice", "bob", "dave", "eve"} {
		server.Add(t, authz.Identity{Kind: authz.Approver, Name: name})
	}
	server.Add(t, authz.Identity{Kind: authz.Adapter, Name: "slack"})
	server.Add(t, authz.Identity{Kind: authz.Agent, Name: "billing"})
	dir := t.TempDir()
	for name, text := range map[string]string{"routes.yaml": fmt.Sprintf(routesFile, quorum, window, maxItems), "approvers.yaml": approversFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &rig{
		server: server, s: server.Subjects,
		scorer: server.JetStream(t, authz.Identity{Kind: authz.Service, Name: authz.RiskScorer}),
		js:     server.JetStream(t, authz.TheOperator()),
		store:  requests.NewStore(server.JetStream(t, router), server.Subjects),
		cfg:    Config{RoutesFile: filepath.Join(dir, "routes.yaml"), ApproversFile: filepath.Join(dir, "approvers.yaml"), AckWait: 2 * time.Second, PinnedTTL: 500 * time.Millisecond, Drain: 5 * time.Second},
	}
}

var router = authz.Identity{Kind: authz.Service, Name: authz.ApproverRouter}

// running is a router with connections of its own.
type running struct {
	conn *nats.Conn
	svc  *Service
	stop context.CancelFunc
	done chan error
}

// start runs a router until the test ends, is stopped or killed.
func (r *rig) start(t *testing.T) *running {
	t.Helper()
	conn := r.server.Connect(t, router)
	replier := r.server.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.Replier})
	ahead := r.ahead
	svc, err := New(stream.Runtime{
		Conn: conn, Replier: replier, Subjects: r.s, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().Add(ahead) },
	}, r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run := &running{conn: conn, svc: svc, stop: cancel, done: make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		run.done <- svc.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return run
}

// kill takes the router's connection away, as kill -9 does.
func (run *running) kill() { run.conn.Close() }

// assess publishes an assessment as the scorer does.
func (r *rig) assess(t *testing.T, a *events.ActionAssessed) uint64 {
	t.Helper()
	h, data, err := events.EncodeBinary(assessedEvent(t, a))
	if err != nil {
		t.Fatal(err)
	}
	ack, err := r.scorer.PublishMsg(t.Context(), &nats.Msg{Subject: r.s.Assessment(a.Level, a.Agent, a.Action), Header: nats.Header(h), Data: data})
	if err != nil {
		t.Fatal(err)
	}
	return ack.Sequence
}

// next waits for the next stored event that matches the subject.
func (r *rig) next(t *testing.T, name, subject string) events.Event {
	t.Helper()
	c, ok := r.sources.Load(subject)
	if !ok {
		made, err := r.js.OrderedConsumer(t.Context(), r.s.Stream(name), jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}})
		if err != nil {
			t.Fatal(err)
		}
		c, _ = r.sources.LoadOrStore(subject, made)
	}
	m, err := c.(jetstream.Consumer).Next(jetstream.FetchMaxWait(within))
	if err != nil {
		t.Fatalf("waiting for %s: %v", subject, err)
	}
	e, err := events.Decode(events.Header(m.Headers()), m.Data())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// as decodes an event that the router published.
func as[T any, P interface {
	*T
	events.Payload
}](t *testing.T, e events.Event) *T {
	t.Helper()
	p, err := events.As[T, P](e)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (r *rig) decision(t *testing.T, agent, action string) *events.DecisionMade {
	t.Helper()
	return as[events.DecisionMade](t, r.next(t, "DECISIONS", r.s.Decision(agent, action)))
}

// requested waits for the next card that is announced to the group.
func (r *rig) requested(t *testing.T) (*events.ApprovalRequested, *events.Card) {
	t.Helper()
	announced := as[events.ApprovalRequested](t, r.next(t, "EVENTS", r.s.Approval("ops", events.Requested, "*")))
	card, err := announced.ReadCard()
	if err != nil {
		t.Fatal(err)
	}
	return announced, card
}

func (r *rig) resolved(t *testing.T, request string) *events.ApprovalResolved {
	t.Helper()
	return as[events.ApprovalResolved](t, r.next(t, "EVENTS", r.s.Approval("ops", events.Resolved, request)))
}

// refused waits for the next refusal of a verdict on request.
func (r *rig) refused(t *testing.T, request string) *events.VerdictRefused {
	t.Helper()
	return as[events.VerdictRefused](t, r.next(t, "EVENTS", r.s.Approval("*", events.Refused, request)))
}

// approver answers as somebody with credentials of their own.
type approver struct {
	rig  *rig
	name string
	conn *nats.Conn
}

func (r *rig) approver(t *testing.T, name string) *approver {
	t.Helper()
	return &approver{r, name, r.server.Connect(t, authz.Identity{Kind: authz.Approver, Name: name})}
}

// cast stores a verdict; what is wrong with it is the router's to find out.
func (a *approver) cast(t *testing.T, request string, v events.VerdictCast) {
	t.Helper()
	a.castRaw(t, "self", request, marshal(t, v))
}

func (a *approver) castRaw(t *testing.T, channel, request string, data []byte) {
	t.Helper()
	a.castAs(t, a.rig.s.Verdict(channel, a.name, request), events.VerdictCastType, data)
}

// castAs stores whatever an approver may say.
func (a *approver) castAs(t *testing.T, subject, kind string, data []byte) {
	t.Helper()
	h, data, err := events.EncodeBinary(events.Event{
		ID: nats.NewInbox(), Source: "/approvers/" + a.name, Type: kind, Time: time.Now(),
		DataContentType: events.ContentTypeJSON, Data: data,
	})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := a.conn.RequestMsg(&nats.Msg{Subject: subject, Header: nats.Header(h), Data: data}, within)
	if err != nil {
		t.Fatal(err)
	}
	var ack jetstream.PubAck
	if err := json.Unmarshal(answer.Data, &ack); err != nil || ack.Sequence == 0 {
		t.Fatalf("casting a verdict: %s", answer.Data)
	}
}

// stored reads every request of the bucket.
func (r *rig) stored(t *testing.T) map[string]approval.State {
	t.Helper()
	bucket, err := r.js.Stream(t.Context(), "KV_"+r.s.Stream(requests.Bucket))
	if err != nil {
		t.Fatal(err)
	}
	keys := "$KV." + r.s.Stream(requests.Bucket) + "."
	info, err := bucket.Info(t.Context(), jetstream.WithSubjectFilter(keys+"*"))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]approval.State)
	for subject := range info.State.Subjects {
		s, err := r.store.Load(t.Context(), subject[len(keys):])
		if err == nil {
			all[s.Request] = s
		}
	}
	return all
}

// onOneCard checks that these actions ("agent/action"), and no others, are on stored cards,
// each on exactly one.
func (r *rig) onOneCard(t *testing.T, actions ...string) {
	t.Helper()
	on := make(map[string][]string)
	for id, s := range r.stored(t) {
		for _, item := range s.ReadCard().Items {
			name := item.Agent + "/" + item.Action
			on[name] = append(on[name], id)
		}
	}
	for _, action := range actions {
		if cards := on[action]; len(cards) != 1 {
			t.Errorf("%s is on the cards %v", action, cards)
		}
	}
	if len(on) != len(actions) {
		t.Errorf("%d actions on cards, want %d", len(on), len(actions))
	}
}

// idle shuts a router down that waits for its windows, and waits until nothing is left
// to be delivered, with another router's help.
func (r *rig) idle(t *testing.T, run *running) {
	t.Helper()
	run.stop()
	if err := <-run.done; err != nil {
		t.Fatal(err)
	}
	last := r.start(t)
	r.settled(t, "EVENTS", "approver-router-assessments")
	last.stop()
	if err := <-last.done; err != nil {
		t.Fatal(err)
	}
}

// settled waits until a consumer has nothing left.
func (r *rig) settled(t *testing.T, name, consumer string) {
	t.Helper()
	r.waitFor(t, consumer+" to settle", func() bool {
		c, err := r.js.Consumer(t.Context(), r.s.Stream(name), consumer)
		if err != nil {
			t.Fatal(err)
		}
		info := c.CachedInfo()
		return info.NumPending == 0 && info.NumAckPending == 0
	})
}

// waitFor looks every now and then.
func (r *rig) waitFor(t *testing.T, what string, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(within); time.Now().Before(deadline); <-tick.C {
		if happened() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

// count is how many events are stored on a subject.
func (r *rig) count(t *testing.T, subject string) int {
	t.Helper()
	stored, err := r.js.Stream(t.Context(), r.s.Stream("EVENTS"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := stored.Info(t.Context(), jetstream.WithSubjectFilter(subject))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, of := range info.State.Subjects {
		n += int(of)
	}
	return n
}

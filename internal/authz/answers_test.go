package authz_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/topology"
)

// get sends an API request and returns the answer, waiting as long as it takes. A
// request that is not allowed is never answered, so where a refusal is expected use ask.
func get(t *testing.T, nc *nats.Conn, subject, payload string) *nats.Msg {
	t.Helper()
	m, err := nc.Request(subject, []byte(payload), 10*time.Second)
	if err != nil {
		t.Fatalf("%s: %v", subject, err)
	}
	return m
}

func TestAgentReadsItsOwnDecisionsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nc := w.Connect(t, agent("mallory"), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	own := "$JS.API.DIRECT.GET.WL_DECISIONS.wl.decisions.mallory.m1"
	if m := get(t, nc, own, ""); string(m.Data) != "approved" || m.Header.Get("Nats-Subject") != "wl.decisions.mallory.m1" {
		t.Fatalf("its own decision: %s %v", m.Data, m.Header)
	}
	for _, payload := range []string{
		`{"last_by_subj":"wl.decisions.billing.a1"}`, `{"seq":1}`, `{"next_by_subj":"wl.decisions.billing.*"}`,
		`{"multi_last":["wl.decisions.>"],"batch":9}`, `{"batch":9,"seq":1}`, `{"start_time":"2020-01-01T00:00:00Z"}`,
	} {
		if m := get(t, nc, own, payload); len(m.Data) > 0 || m.Header.Get("Status") != "408" {
			t.Errorf("payload %s: %s %v", payload, m.Data, m.Header)
		}
	}
	inbox, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{
		"$JS.API.DIRECT.GET.WL_DECISIONS.wl.decisions.billing.a1", "$JS.API.DIRECT.GET.WL_DECISIONS.wl.decisions.*.a1",
		"$JS.API.DIRECT.GET.WL_DECISIONS.wl.decisions.>", "$JS.API.DIRECT.GET.WL_DECISIONS.>", "$JS.API.DIRECT.GET.WL_DECISIONS",
		"$JS.API.DIRECT.GET.WL_ACTIONS.wl.actions.mallory.m1", "$JS.API.DIRECT.GET.KV_WL_REQUESTS.$KV.WL_REQUESTS.r1",
		"$JS.API.STREAM.MSG.GET.WL_DECISIONS", "$JS.API.STREAM.INFO.WL_DECISIONS", "$JS.API.STREAM.NAMES", "$JS.API.INFO",
	} {
		if err := nc.PublishRequest(subject, inbox.Subject, []byte(`{"last_by_subj":"wl.decisions.billing.a1"}`)); err != nil {
			t.Fatal(err)
		}
	}
	w.fence(t, nc)
	get(t, nc, own, "") // answered after everything before
	if m, err := inbox.NextMsg(time.Nanosecond); !errors.Is(err, nats.ErrTimeout) {
		t.Fatalf("an answer came: %v %v", m, err)
	}
}

func TestApproverReadsWhatItJudges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []authz.Identity{approver("alice"), adapter("slack")} {
		nc := w.Connect(t, id)
		for subject, want := range map[string]string{
			"WL_ACTIONS.wl.actions.billing.a1": "action of billing", "WL_DECISIONS.wl.decisions.billing.a1": "approved",
			"KV_WL_REQUESTS.$KV.WL_REQUESTS.r1": "open",
		} {
			if m := get(t, nc, "$JS.API.DIRECT.GET."+subject, ""); string(m.Data) != want {
				t.Errorf("%s reads %q at %s, want %q", id, m.Data, subject, want)
			}
		}
		if lines := batch(t, nc); !slices.Contains(lines, "$KV.WL_REQUESTS.r1: open") {
			t.Errorf("%s reads open requests %q", id, lines)
		}
	}
}

// batch reads all requests in one call, whose answers end with status 204.
func batch(t *testing.T, nc *nats.Conn) (lines []string) {
	t.Helper()
	inbox, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest("$JS.API.DIRECT.GET.KV_WL_REQUESTS", inbox.Subject, []byte(`{"multi_last":["$KV.WL_REQUESTS.*"],"batch":100}`)); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := inbox.NextMsg(10 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if m.Header.Get("Status") != "" {
			return lines
		}
		lines = append(lines, fmt.Sprintf("%s: %s", m.Header.Get("Nats-Subject"), m.Data))
	}
}

// The server puts an answer wherever the request's reply subject says. Nobody can
// make it say something in a place where somebody else listens.
func TestNobodyAnswersForAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	victims := map[authz.Identity]string{
		agent("billing"):     "_INBOX.billing.answers.x",
		approver("alice"):    "_INBOX_APPROVER.alice.answers.x",
		adapter("slack"):     "wl.approvals.ops.requested.r9",
		approver("carol"):    "wl.approvals.ops.requested.r9",
		service("auditsink"): "_INBOX_SERVICE.auditsink.answers.x",
	}
	heard := make(chan *nats.Msg, 1000)
	var conns []*nats.Conn
	for id, subject := range victims {
		nc := w.Connect(t, id)
		if _, err := nc.ChanSubscribe(subject, heard); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, nc)
	}
	w.fence(t, conns...)
	for id, request := range map[authz.Identity]string{
		agent("mallory"):    "$JS.API.DIRECT.GET.WL_DECISIONS.wl.decisions.mallory.m1",
		approver("mallory"): "$JS.API.DIRECT.GET.WL_ACTIONS.wl.actions.mallory.m1",
		adapter("chat"):     "$JS.API.DIRECT.GET.WL_ACTIONS.wl.actions.mallory.m1",
	} {
		nc := w.Connect(t, id)
		for _, reply := range victims {
			if err := nc.PublishRequest(request, reply, nil); err != nil {
				t.Fatal(err)
			}
		}
		get(t, nc, request, "") // its connection is answered in order
		w.fence(t, append(conns, nc)...)
	}
	if len(heard) > 0 {
		t.Fatalf("somebody heard %v", (<-heard).Subject)
	}
}

// A message id is one namespace for a whole stream. On streams that outsiders write to it lasts
// as short as the server allows; nothing relies on it. Whoever sends no id, as the
// SDK does, is never taken for a duplicate.
func TestMessageIdsOfOutsiders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mallory, billing := w.JetStream(t, agent("mallory")), w.JetStream(t, agent("billing"))
	if _, err := mallory.Publish(t.Context(), "wl.actions.mallory.burn", nil, jetstream.WithMsgID("a2")); err != nil {
		t.Fatal(err)
	}
	ack, err := billing.Publish(t.Context(), "wl.actions.billing.a2", []byte("mine"))
	if err != nil || ack.Duplicate {
		t.Fatalf("without an id: %v, %v", ack, err)
	}
	// An id somebody else burnt works again as soon as the window has passed.
	for deadline := time.Now().Add(30 * time.Second); ; {
		ack, err = billing.Publish(t.Context(), "wl.actions.billing.a3", []byte("mine"), jetstream.WithMsgID("a2"))
		if err != nil {
			t.Fatal(err)
		}
		if !ack.Duplicate {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the id is still burnt")
		}
	}
	for _, stream := range []string{"WL_ACTIONS", "WL_VERDICTS"} {
		s, err := w.op.Stream(t.Context(), stream)
		if err != nil || s.CachedInfo().Config.Duplicates != 100*time.Millisecond {
			t.Errorf("window of %s: %v, %v", stream, s.CachedInfo().Config.Duplicates, err)
		}
	}
}

func TestServicesConsume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, subject := range []string{"wl.due.r1.0.1", "wl.proofs.WL_EVENTS"} {
		if _, err := w.op.Publish(t.Context(), subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range authz.Consumers() {
		js := w.JetStream(t, service(c.Service))
		if err := topology.Check(t.Context(), js, w.Settings); err != nil {
			t.Fatalf("%s checking the topology: %v", c.Service, err)
		}
		w.consumes(t, js, c)
	}
}

// consumes takes one message through the whole life of a consumer.
func (w *world) consumes(t *testing.T, js jetstream.JetStream, c authz.Consumer) {
	t.Helper()
	stream := w.Subjects.Stream(c.Stream)
	config := jetstream.ConsumerConfig{
		Durable: c.Name, AckPolicy: jetstream.AckExplicitPolicy,
		PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{"one"}, PinnedTTL: time.Minute,
	}
	if c.Stream == "TIMERS" {
		config.FilterSubject = "wl.due.*.*.*"
	}
	if _, err := js.CreateOrUpdateConsumer(t.Context(), stream, config); err != nil {
		t.Fatalf("%s creating %s: %v", c.Service, c.Name, err)
	}
	consumer, err := js.Consumer(t.Context(), stream, c.Name)
	if err != nil {
		t.Fatalf("%s opening %s: %v", c.Service, c.Name, err)
	}
	batch, err := consumer.Fetch(1, jetstream.FetchMaxWait(10*time.Second), jetstream.FetchPriorityGroup("one"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for m := range batch.Messages() {
		n++
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatalf("%s acknowledging on %s: %v", c.Service, stream, err)
		}
	}
	if n != 1 {
		t.Fatalf("%s got %d messages from %s: %v", c.Service, n, stream, batch.Error())
	}
	if info, err := consumer.Info(t.Context()); err != nil || info.AckFloor.Stream == 0 {
		t.Fatalf("%s: nothing was acknowledged on %s: %+v, %v", c.Service, stream, info, err)
	}
	opened, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatalf("%s looking at %s: %v", c.Service, stream, err)
	}
	if err := opened.UnpinConsumer(t.Context(), c.Name, "one"); err != nil {
		t.Fatalf("%s handing %s over: %v", c.Service, c.Name, err)
	}
}

func TestServicesKeepState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, bucket := range map[string]string{authz.ApproverRouter: "WL_REQUESTS", authz.Escalator: "WL_REQUESTS", authz.AuditSink: "WL_AUDIT"} {
		js := w.JetStream(t, service(name))
		kv, err := js.KeyValue(t.Context(), bucket)
		if err != nil {
			t.Fatalf("%s opening %s: %v", name, bucket, err)
		}
		revision, err := kv.Create(t.Context(), name, []byte("1"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kv.Update(t.Context(), name, []byte("2"), revision); err != nil {
			t.Fatal(err)
		}
		if _, err := kv.Update(t.Context(), name, []byte("3"), revision); err == nil {
			t.Errorf("%s: an update of a revision that is gone was taken", name)
		}
		if e, err := kv.Get(t.Context(), name); err != nil || string(e.Value()) != "2" {
			t.Errorf("%s reads %v, %v", name, e, err)
		}
	}
	escalator := w.JetStream(t, service(authz.Escalator))
	timers, err := escalator.Stream(t.Context(), "WL_TIMERS")
	if err != nil {
		t.Fatal(err)
	}
	if err := timers.Purge(t.Context(), jetstream.WithPurgeSubject("wl.timers.r1.>")); err != nil {
		t.Errorf("escalator purging timers: %v", err)
	}
	for line := range w.stored(t) {
		if strings.HasPrefix(line, "WL_TIMERS") {
			t.Errorf("still there: %s", line)
		}
	}
}

package approver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// world is a real server on which the test plays the services' part as the operator.
type world struct {
	*natstest.Server
	t  *testing.T
	js jetstream.JetStream
}

func newWorld(t *testing.T) *world {
	s := natstest.Start(t)
	return &world{Server: s, t: t, js: s.JetStream(t, authz.TheOperator())}
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	w.t.Cleanup(cancel)
	return ctx
}

func (w *world) client(id authz.Identity, o approver.Options) *approver.Client {
	w.t.Helper()
	o.URL, o.SeedFile = w.URL, w.Add(w.t, id)
	c, err := approver.Connect(w.ctx(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

func (w *world) alice() *approver.Client {
	return w.client(authz.Identity{Kind: authz.Approver, Name: "alice"}, approver.Options{Approver: "alice"})
}

func (w *world) publish(subject string, p events.Payload) (events.Event, uint64) {
	w.t.Helper()
	e, err := events.New(p, "id-"+subject, "/test", time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		w.t.Fatal(err)
	}
	ack, err := w.js.PublishMsg(w.ctx(), &nats.Msg{Subject: subject, Header: h, Data: data})
	if err != nil {
		w.t.Fatal(err)
	}
	return e, ack.Sequence
}

// open stores a request on one action, in the JSON of the state machine, and returns its reference and digest.
func (w *world) open(id string) (events.ActionRef, string) {
	w.t.Helper()
	return w.openFor(id, &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "pay"})
}

// openFor is open for an action of one's own.
func (w *world) openFor(id string, action *events.ActionProposed) (events.ActionRef, string) {
	w.t.Helper()
	e, sequence := w.publish("wl.actions.billing."+id, action)
	ref := events.ActionRef{Agent: "billing", Action: id, Sequence: sequence, Digest: events.Digest(e.Data)}
	card, err := json.Marshal(events.Card{Request: id, Group: "finance", Quorum: 1, Headline: "Pay", Items: []events.CardItem{{Number: 1, ActionRef: ref}}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.put(id, fmt.Sprintf(`{"request":%q,"digest":%q,"card":%s,"rules":{"tiers":[{"group":"finance"},{"group":"board"}]},"tier":1,"items":[{}]}`,
		id, events.Digest(card), card))
	return ref, events.Digest(card)
}

func (w *world) put(id, value string) {
	w.t.Helper()
	if _, err := w.js.Publish(w.ctx(), "$KV.WL_REQUESTS."+id, []byte(value)); err != nil {
		w.t.Fatal(err)
	}
}

func TestRequestsAreReadWithoutConsumers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.alice()
	if list, err := c.Requests(w.ctx()); err != nil || len(list) != 0 {
		t.Fatalf("empty store: %v, %v", list, err)
	}
	const n = 150 // more than two pages
	var ref events.ActionRef
	for i := range n {
		ref, _ = w.open(fmt.Sprintf("r-%d", i))
	}
	list, err := c.Requests(w.ctx())
	if err != nil || len(list) != n {
		t.Fatalf("%d requests, %v", len(list), err)
	}
	r, err := c.Get(w.ctx(), "r-149")
	if err != nil || !r.Open() || r.Group != "board" || len(r.Groups) != 2 || r.Items[0].ActionRef != ref {
		t.Fatalf("%+v, %v", r, err)
	}
	if a, _, err := c.Action(w.ctx(), ref); err != nil || a.Tool != "pay" {
		t.Fatalf("%+v, %v", a, err)
	}
	ref.Digest = events.Digest([]byte("another"))
	if _, _, err := c.Action(w.ctx(), ref); err == nil {
		t.Fatal("took an action that is not the one on the card")
	}
	if _, err := c.Get(w.ctx(), "none"); !errors.Is(err, approver.ErrNotFound) {
		t.Fatalf("%v", err)
	}
	if _, err := c.Decision(w.ctx(), "billing", "r-1"); !errors.Is(err, approver.ErrNotFound) {
		t.Fatalf("%v", err)
	}
	w.put("r-0", `{"request":"r-0","digest":"sha256:00","card":{},"items":[]}`)
	if list, err := c.Requests(w.ctx()); err == nil || len(list) != n-1 {
		t.Fatalf("one forged card: %d, %v", len(list), err)
	}
}

func TestWatchSeesStepsAndGaps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.alice()
	w.open("early")
	ctx, cancel := context.WithCancel(w.ctx())
	seen := make(chan approver.Event, 64)
	ended := make(chan error, 1)
	go func() { ended <- c.Watch(ctx, func(e approver.Event) { seen <- e }) }()
	if e := <-seen; e.Request == nil || e.ID != "early" {
		t.Fatalf("%+v", e)
	}
	w.publish("wl.approvals.finance.reminded.early", &events.ApprovalReminded{Request: "early", Group: "finance"})
	if e := <-seen; e.Kind != events.Reminded || e.Payload == nil {
		t.Fatalf("%+v", e)
	}
	w.Restart(t)
	if e := <-seen; e.Request == nil || e.ID != "early" {
		t.Fatalf("after the gap: %+v", e)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestCastStoresAndWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.alice()
	_, digest := w.open("r")
	v := approver.Verdict{Request: "r", Digest: digest, Verdict: events.Approve}
	cast, err := c.Cast(w.ctx(), v)
	if err != nil || cast.Sequence != 1 {
		t.Fatalf("%+v, %v", cast, err)
	}
	v.Wait = true
	for _, end := range []struct {
		event   events.ApprovalEvent
		payload events.Payload
		refused bool
	}{
		{events.Refused, &events.VerdictRefused{Request: "r", Channel: "self", Approver: "alice", Sequence: 2, Code: events.RefusedClosed}, true},
		{events.Resolved, &events.ApprovalResolved{Request: "r", Group: "finance"}, false},
	} {
		got := make(chan error, 1)
		go func() { _, err := c.Cast(w.ctx(), v); got <- err }()
		s, err := w.js.Stream(w.ctx(), "WL_VERDICTS")
		if err != nil {
			t.Fatal(err)
		}
		want := map[bool]uint64{true: 2, false: 3}[end.refused]
		for info, err := s.Info(w.ctx()); info.State.LastSeq < want; info, err = s.Info(w.ctx()) {
			if err != nil {
				t.Fatal(err)
			}
		}
		w.publish(w.Subjects.Approval("finance", end.event, "r"), end.payload)
		err = <-got
		var refused *approver.RefusedError
		if errors.As(err, &refused) != end.refused || err != nil && !end.refused {
			t.Fatalf("%s: %v", end.event, err)
		}
	}
}

func TestNobodyAnswersForAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, digest := w.open("r")
	v := approver.Verdict{Request: "r", Digest: digest, Verdict: events.Approve, Approver: "bob"}
	var forbidden *approver.PermissionError
	if _, err := w.alice().Cast(w.ctx(), v); !errors.As(err, &forbidden) {
		t.Fatalf("alice as bob: %v", err)
	}
	slack := w.client(authz.Identity{Kind: authz.Adapter, Name: "slack"}, approver.Options{Channel: "slack"})
	if _, err := slack.Cast(w.ctx(), v); err != nil {
		t.Fatalf("an adapter for bob: %v", err)
	}
	seed := w.Add(t, authz.Identity{Kind: authz.Approver, Name: "alice"})
	if _, err := approver.Connect(w.ctx(), approver.Options{URL: w.URL, Approver: "bob", SeedFile: seed}); !errors.As(err, &forbidden) {
		t.Fatalf("alice's seed as bob: %v", err)
	}
	v.Digest = "wrong"
	var field *events.FieldError
	if _, err := slack.Cast(w.ctx(), v); !errors.As(err, &field) {
		t.Fatalf("%v", err)
	}
}

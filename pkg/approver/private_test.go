package approver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// splitAction stores an action with private values, and returns it with a reference as cards have it.
func (w *world) splitAction(action string) (events.ActionRef, *events.ActionProposed, *events.PrivateStored) {
	w.t.Helper()
	proposed := &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "pay", Arguments: []byte(`{"amount":9,"iban":"DE02"}`), Request: "Pay Carol", Principal: "carol"}
	split, stored, err := events.Split("billing", action, proposed, []string{"/arguments/iban", "/request"}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return events.ActionRef{Agent: "billing", Action: action, Sequence: 1, Digest: events.Digest(nil), ArgumentsDigest: events.Digest(split.Arguments)}, split, stored
}

func (w *world) storePrivate(subject string, p *events.PrivateStored) {
	w.t.Helper()
	e, err := events.New(p, p.Action+"/private", "/agents/billing", time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.js.PublishMsg(w.ctx(), &nats.Msg{Subject: subject, Header: nats.Header(h), Data: data}); err != nil {
		w.t.Fatal(err)
	}
}

func TestPrivateValuesAreShownOrSaidToBeGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.alice()
	ref, split, stored := w.splitAction("a-1")
	before, err := alice.Private(w.ctx(), ref, split)
	if err != nil || !before.Gone || len(before.Lacking) != 2 || len(before.Shown) != 0 {
		t.Fatalf("before it is stored: %+v, %v", before, err)
	}
	w.storePrivate(w.Subjects.Private("billing", "a-1"), stored)
	p, err := alice.Private(w.ctx(), ref, split)
	if err != nil || p.Gone || len(p.Lacking) != 0 || len(p.Shown) != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	whole, err := p.Action(split)
	if err != nil || string(whole.Arguments) != `{"amount":9,"iban":"DE02"}` || whole.Request != "Pay Carol" || p.Text(split.Request) != "Pay Carol" {
		t.Errorf("%+v, %v", whole, err)
	}
	if strings.Contains(string(split.Arguments), "DE02") {
		t.Errorf("the action itself has them: %s", split.Arguments)
	}
}

// Whoever edits what they were shown sends no private value: Cast itself sees to it, for every adapter.
func TestCastKeepsPrivateValuesOutOfEdits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, split, stored := w.splitAction("a-1")
	w.storePrivate(w.Subjects.Private("billing", "a-1"), stored)
	w.openFor("a-1", split)
	cast := func(n int, arguments string) string {
		t.Helper()
		c, err := w.alice().Cast(w.ctx(), approver.Verdict{
			Request: "a-1", Digest: events.Digest(nil), Comment: "less",
			Items: []events.ItemVerdict{{Number: n, Verdict: events.Edit, Arguments: []byte(arguments)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		stream, err := w.js.Stream(w.ctx(), w.Subjects.Stream("VERDICTS"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := stream.GetMsg(w.ctx(), c.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		return string(m.Data)
	}
	if got := cast(1, `{"amount":5,"iban":"DE02"}`); strings.Contains(got, "DE02") || !strings.Contains(got, split.Private[0].Commitment) && !strings.Contains(got, split.Private[1].Commitment) || !strings.Contains(got, `"amount":5`) {
		t.Errorf("the verdict says %s", got)
	}
	if got := cast(1, `{"amount":5,"iban":"DE99"}`); !strings.Contains(got, "DE99") {
		t.Errorf("what was typed anew became %s", got)
	}
	if got := cast(7, `{"iban":"DE02"}`); !strings.Contains(got, "DE02") { // of no item: the router refuses it
		t.Errorf("an edit of no item became %s", got)
	}
}

// What is stored under an action's name is nothing to go by: values of another action, or others than it committed to, are not shown.
func TestSwappedPrivateValuesAreNotShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ref, split, stored := w.splitAction("a-1")
	_, _, other := w.splitAction("a-2")
	stored.Values[0] = other.Values[0]
	stored.Values[1].Value = []byte(`"Pay Mallory"`)
	w.storePrivate(w.Subjects.Private("billing", "a-1"), stored)
	p, err := w.alice().Private(w.ctx(), ref, split)
	if err != nil || p.Gone || len(p.Lacking) != 2 || len(p.Shown) != 0 || p.Text(split.Request) != split.Request {
		t.Errorf("%+v, %v", p, err)
	}
	w.storePrivate(w.Subjects.Private("billing", "a-2"), other)
	bad := ref
	bad.Action = "a.>"
	if _, err := w.alice().Private(w.ctx(), bad, split); err == nil {
		t.Error("a name with dots was read")
	}
}

// Where nothing is private nothing is read: it works without the right to.
func TestNothingPrivateIsNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client(authz.Identity{Kind: authz.Approver, Name: "bob"}, approver.Options{Approver: "bob"})
	c.Close()
	if p, err := c.Private(w.ctx(), events.ActionRef{}, &events.ActionProposed{}); err != nil || len(p.Shown)+len(p.Lacking) > 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

func private(id string) agent.Action {
	a := payment(id)
	a.Private = []string{"/arguments/to", "/request"}
	return a
}

// values reads what is stored privately for an action.
func (w *world) values(name, action string) *events.PrivateStored {
	w.t.Helper()
	e, _ := w.stored("PRIVATE", w.Subjects.Private(name, action))
	p, err := events.As[events.PrivateStored](e)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestPrivateValuesAreStoredApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.options("billing")
	o.Private = map[string][]string{"*": {"/request"}, "send_payment": {"/arguments/to"}, "other": {"/arguments/amount"}}
	c, err := agent.Connect(w.ctx(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p := w.propose(c, payment("p-1"))
	e, _ := w.stored("ACTIONS", "wl.actions.billing.p-1")
	if strings.Contains(string(e.Data), "acme") || strings.Contains(string(e.Data), "ACME") || !strings.Contains(string(e.Data), "120") {
		t.Fatalf("the event is %s", e.Data)
	}
	a, err := events.As[events.ActionProposed](e)
	if err != nil {
		t.Fatal(err)
	}
	r, lacking := events.Reveals("billing", "p-1", a.Private, w.values("billing", "p-1"))
	back, err := r.Action(a)
	if err != nil || len(lacking) > 0 || back.Request != payment("").Request {
		t.Fatalf("%+v, lacking %v, %v", back, lacking, err)
	}
	if got, err := events.ArgumentsDigest(a.Arguments); err != nil || got != p.ArgumentsDigest {
		t.Errorf("digest %s, %v; want that of the split arguments %s", got, err, p.ArgumentsDigest)
	}
}

// A second life of the agent proposes the same action: the same salts, the same digest.
func TestPrivateActionIsProposedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.propose(w.agent("billing"), private("p-1"))
	again := w.propose(w.agent("billing"), private("p-1"))
	if !again.AlreadyAccepted || again.Digest != first.Digest || again.ArgumentsDigest != first.ArgumentsDigest {
		t.Fatalf("%+v after %+v", again, first)
	}
	other := private("p-1")
	other.Request = "Pay somebody else"
	if _, err := w.agent("billing").Propose(w.ctx(), other); !errors.Is(err, agent.ErrOtherPrivate) {
		t.Fatalf("another value under the same id: %v", err)
	}
}

// An agent that dies between the value and the action leaves a value that its next life goes on with.
func TestDeathBetweenValueAndAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// The stream of actions takes nothing: what comes is the value alone.
	actions, err := w.js.Stream(w.ctx(), "WL_ACTIONS")
	if err != nil {
		t.Fatal(err)
	}
	full := actions.CachedInfo().Config
	full.MaxMsgs = 1
	if _, err := w.js.UpdateStream(w.ctx(), full); err != nil {
		t.Fatal(err)
	}
	w.propose(w.agent("other"), payment("filler"))
	if _, err := w.agent("billing").Propose(w.ctx(), private("p-1")); err == nil {
		t.Fatal("a full stream took it")
	}
	before := w.values("billing", "p-1")
	full.MaxMsgs = -1
	if _, err := w.js.UpdateStream(w.ctx(), full); err != nil {
		t.Fatal(err)
	}
	if p := w.propose(w.agent("billing"), private("p-1")); p.AlreadyAccepted {
		t.Fatal("it was accepted before")
	}
	e, _ := w.stored("ACTIONS", "wl.actions.billing.p-1")
	a, err := events.As[events.ActionProposed](e)
	if err != nil {
		t.Fatal(err)
	}
	if _, lacking := events.Reveals("billing", "p-1", a.Private, before); len(lacking) > 0 {
		t.Fatalf("lacking %v", lacking)
	}
}

// Without its stream for private values nothing is proposed: an action never comes without its values.
func TestNoActionWithoutItsValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.js.DeleteStream(w.ctx(), "WL_PRIVATE"); err != nil {
		t.Fatal(err)
	}
	c := w.agent("billing")
	if _, err := c.Propose(w.ctx(), private("p-1")); !errors.Is(err, agent.ErrNoStream) {
		t.Fatalf("%v", err)
	}
	s, err := w.js.Stream(w.ctx(), "WL_ACTIONS")
	if err != nil || s.CachedInfo().State.Msgs != 0 {
		t.Fatalf("%d actions, %v", s.CachedInfo().State.Msgs, err)
	}
	w.propose(c, payment("p-2")) // what has none does not need it
	bad := payment("p-3")
	bad.Private = []string{"/tool"}
	if _, err := c.Propose(w.ctx(), bad); !errors.As(err, new(*events.FieldError)) {
		t.Fatalf("a field that cannot be private: %v", err)
	}
}

func TestGuardRunsWithTheValues(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit func(arguments string) string // nil for as proposed
		want string                        // "" where nothing may run
	}{
		"as proposed":   {nil, `{"amount":120,"to":"acme"}`},
		"mark kept":     {func(s string) string { return strings.Replace(s, "120", "90", 1) }, `{"amount":90,"to":"acme"}`},
		"mark replaced": {func(string) string { return `{"to":"bank","amount":120}` }, `{"to":"bank","amount":120}`},
		"mark cut into": {func(s string) string { return strings.Replace(s, `"private:`, `"to private:`, 1) }, ""},
		"unknown mark": {
			func(string) string { return `{"to":"private:` + events.Digest(nil) + `"}` }, `{"to":"private:` + events.Digest(nil) + `"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.agent("billing")
			ran := make(chan string, 1)
			done := make(chan error, 1)
			go func() {
				done <- c.Guard(w.ctx(), private("p-1"), func(_ context.Context, arguments json.RawMessage) error {
					ran <- string(arguments)
					return nil
				})
			}()
			d, cause := w.decision("billing", "p-1")
			if test.edit != nil {
				a, err := events.As[events.ActionProposed](cause)
				if err != nil {
					t.Fatal(err)
				}
				d.Arguments = json.RawMessage(test.edit(string(a.Arguments)))
				if d.ArgumentsDigest, err = events.ArgumentsDigest(d.Arguments); err != nil {
					t.Fatal(err)
				}
			}
			w.ledger(d, cause)
			err := <-done
			if test.want == "" {
				if !errors.Is(err, agent.ErrMismatch) || len(ran) > 0 {
					t.Fatalf("%v, ran %d times", err, len(ran))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, gotErr := events.ArgumentsDigest(json.RawMessage(<-ran))
			if want, err := events.ArgumentsDigest(json.RawMessage(test.want)); err != nil || gotErr != nil || got != want {
				t.Errorf("ran with other arguments than %s", test.want)
			}
		})
	}
}

// After an erasure an action that is proposed again has other commitments: what was decided on those of then does not run.
func TestErasedActionDoesNotRunAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.propose(w.agent("billing"), private("p-1"))
	sink, err := w.JetStream(t, authz.Identity{Kind: authz.Service, Name: authz.AuditSink}).Stream(w.ctx(), "WL_PRIVATE")
	if err != nil {
		t.Fatal(err)
	}
	_, sequence := w.stored("PRIVATE", "wl.private.billing.p-1")
	if err := sink.SecureDeleteMsg(w.ctx(), sequence); err != nil {
		t.Fatal(err)
	}
	if _, err := sink.GetMsg(w.ctx(), sequence); !errors.Is(err, jetstream.ErrMsgNotFound) {
		t.Fatalf("still there: %v", err)
	}
	w.ledger(w.decision("billing", "p-1"))
	err = w.agent("billing").Guard(w.ctx(), private("p-1"), func(context.Context, json.RawMessage) error {
		t.Error("it ran")
		return nil
	})
	if !errors.Is(err, agent.ErrMismatch) {
		t.Fatalf("%v", err)
	}
}

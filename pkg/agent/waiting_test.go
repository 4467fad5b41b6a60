package agent_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

// News of a waiting action is passed on if it is about that action; it is no decision, and what is said about another is dropped.
func TestNewsOfAWaitingAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	heard := make(chan agent.Waiting, 8)
	o := w.options("billing")
	o.OnWaiting = func(x agent.Waiting) { heard <- x }
	c, err := agent.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	w.propose(c, payment("a"))
	d, cause := w.decision("billing", "a")
	tell := func(p events.ApprovalPending) {
		t.Helper()
		e, err := events.New(&p, "pending", "/services/escalator", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		h, data, err := events.EncodeBinary(e)
		if err != nil {
			t.Fatal(err)
		}
		conn := w.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.Replier})
		if err := conn.PublishMsg(&nats.Msg{Subject: cause.ReplyTo, Header: nats.Header(h), Data: data}); err != nil {
			t.Fatal(err)
		}
		if err := conn.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	good := events.ApprovalPending{Agent: "billing", Action: "a", Request: "r-1", Group: "ops", Otherwise: events.Expired, EndsAt: time.Now().UTC()}
	other, foreign := good, good
	other.Action, foreign.Agent = "b", "hostile"
	tell(other)
	tell(foreign)
	tell(good)
	if got := <-heard; got.Action != "a" || got.Agent != "billing" || got.Group != "ops" {
		t.Errorf("heard %+v", got)
	}
	w.reply(d, cause)
	if got := w.await(c, "a"); got.Action != "a" {
		t.Errorf("decided %+v", got)
	}
	if len(heard) > 0 {
		t.Errorf("heard more: %+v", <-heard)
	}
}

func TestAnswersAreStoredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	for range 2 {
		if err := c.Answer(t.Context(), "a", "q-7", "the one from May"); err != nil {
			t.Fatal(err)
		}
	}
	e, _ := w.stored("ACTIONS", w.Subjects.Answer("billing", "a", "q-7"))
	if said, err := events.As[events.QuestionAnswered](e); err != nil || said.Answer != "the one from May" || said.Agent != "billing" {
		t.Errorf("stored %+v, %v", said, err)
	}
	for field, args := range map[string][3]string{
		"answer": {"a", "q-1", ""}, "question": {"a", "q 1", "x"}, "action": {"a.b", "q-1", "x"},
	} {
		var fe *events.FieldError
		if err := c.Answer(t.Context(), args[0], args[1], args[2]); !errors.As(err, &fe) || fe.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	var fe *events.FieldError
	if err := c.Answer(t.Context(), "a", "q-1", strings.Repeat("x", events.MaxAnswerLength+1)); !errors.As(err, &fe) || fe.Field != "answer" {
		t.Errorf("a long answer: %v", err)
	}
}

package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestWithdraw(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	if _, err := c.Propose(w.ctx(), agent.Action{ID: "a", Tool: "pay"}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second changes nothing
		if err := c.Withdraw(w.ctx(), "a", strings.Repeat("é", 4000)); err != nil {
			t.Fatal(err)
		}
	}
	e, _ := w.stored("ACTIONS", w.Subjects.Withdrawal("billing", "a"))
	taken, err := events.As[events.ActionWithdrawn](e)
	if err != nil || taken.Agent != "billing" || taken.Action != "a" || len(taken.Reason) > 4096 || !strings.HasPrefix(taken.Reason, "é") {
		t.Errorf("%+v, %v", taken, err)
	}
	var field *events.FieldError
	if err := c.Withdraw(w.ctx(), "a.b", ""); !errors.As(err, &field) {
		t.Errorf("%v", err)
	}
	c.Close()
	if err := c.Withdraw(w.ctx(), "a", ""); !errors.Is(err, agent.ErrUnconfirmed) || !errors.Is(err, agent.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestWithdrawWithoutAStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t, natstest.WithoutTopology())
	c := w.agent("billing")
	if err := c.Withdraw(w.ctx(), "a", ""); !errors.Is(err, agent.ErrNoStream) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithTimeout(w.ctx(), time.Nanosecond)
	defer cancel()
	if err := c.Withdraw(ctx, "a", ""); !errors.Is(err, agent.ErrUnconfirmed) {
		t.Errorf("%v", err)
	}
}

func TestGuidanceIsInTheError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	failed := make(chan error, 1)
	go func() {
		failed <- c.Guard(w.ctx(), agent.Action{ID: "a", Tool: "pay"}, func(context.Context, json.RawMessage) error { return errors.New("it ran") })
	}()
	d, cause := w.decision("billing", "a")
	d.Outcome, d.ArgumentsDigest, d.Guidance, d.Reason = events.Rejected, "", "ask Ann", "rejected by bob"
	w.ledger(d, cause)
	err := <-failed
	rejected, ok := errors.AsType[*agent.RejectedError](err)
	if !ok || rejected.Guidance != "ask Ann" || err.Error() != "action billing/a is rejected: rejected by bob; instead: ask Ann" {
		t.Errorf("%v", err)
	}
}

package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

// decide answers the action once it is proposed, with change applied to an approval.
func (w *world) decide(id string, change func(*events.DecisionMade)) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		d, cause := w.decision("billing", id)
		if change != nil {
			change(&d)
		}
		w.ledger(d, cause)
		w.reply(d, cause)
	}()
	return done
}

func (w *world) receipt(id string) events.ActionExecuted {
	w.t.Helper()
	e, _ := w.stored("ACTIONS", w.Subjects.Receipt("billing", id))
	r, err := events.As[events.ActionExecuted](e)
	if err != nil {
		w.t.Fatal(err)
	}
	return *r
}

func TestGuardRunsWhatIsApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	edited := json.RawMessage(`{"amount":100,"to":"acme"}`)
	editedDigest, err := events.ArgumentsDigest(edited)
	if err != nil {
		t.Fatal(err)
	}
	for id, tc := range map[string]struct {
		change func(*events.DecisionMade)
		want   string
	}{
		"as-proposed": {nil, `{"to": "acme", "amount": 120}`},
		"edited":      {func(d *events.DecisionMade) { d.Arguments, d.ArgumentsDigest = edited, editedDigest }, string(edited)},
	} {
		done := w.decide(id, tc.change)
		var ran []string
		err := c.Guard(w.ctx(), payment(id), func(_ context.Context, arguments json.RawMessage) error {
			ran = append(ran, string(arguments))
			return nil
		})
		<-done
		if err != nil || len(ran) != 1 || ran[0] != tc.want {
			t.Fatalf("%s: ran with %q, %v", id, ran, err)
		}
		r := w.receipt(id)
		if digest, _ := events.ArgumentsDigest(json.RawMessage(tc.want)); r.Status != events.Succeeded || r.ArgumentsDigest != digest || r.Error != "" {
			t.Fatalf("%s: receipt %+v", id, r)
		}
	}
}

func TestGuardNeverRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	other := "sha256:" + strings.Repeat("0", 64)
	isRejected := func(outcome events.Outcome) func(error) bool {
		return func(err error) bool {
			var r *agent.RejectedError
			return errors.As(err, &r) && r.Outcome == outcome
		}
	}
	is := func(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }
	for id, tc := range map[string]struct {
		change func(*events.DecisionMade)
		want   func(error) bool
	}{
		"rejected":           {func(d *events.DecisionMade) { d.Outcome = events.Rejected }, isRejected(events.Rejected)},
		"expired":            {func(d *events.DecisionMade) { d.Outcome = events.Expired }, isRejected(events.Expired)},
		"denied":             {func(d *events.DecisionMade) { d.Outcome = events.Denied }, isRejected(events.Denied)},
		"withdrawn":          {func(d *events.DecisionMade) { d.Outcome = events.Withdrawn }, isRejected(events.Withdrawn)},
		"unknown-outcome":    {func(d *events.DecisionMade) { d.Outcome = "approved-ish" }, is(agent.ErrUndecided)},
		"no-outcome":         {func(d *events.DecisionMade) { d.Outcome = "" }, is(agent.ErrUndecided)},
		"no-arguments":       {func(d *events.DecisionMade) { d.ArgumentsDigest = "" }, is(agent.ErrUndecided)},
		"arguments-digest":   {func(d *events.DecisionMade) { d.ArgumentsDigest = other }, is(agent.ErrMismatch)},
		"content-digest":     {func(d *events.DecisionMade) { d.Digest = other }, is(agent.ErrMismatch)},
		"edited-not-digest":  {func(d *events.DecisionMade) { d.Arguments = json.RawMessage(`{"amount":9}`) }, is(agent.ErrMismatch)},
		"edited-not-objects": {func(d *events.DecisionMade) { d.Arguments = json.RawMessage(`[9]`) }, is(agent.ErrMismatch)},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			done := w.decide(id, tc.change)
			err := c.Guard(w.ctx(), payment(id), func(context.Context, json.RawMessage) error {
				t.Error("ran")
				return nil
			})
			<-done
			if !tc.want(err) {
				t.Fatalf("%v", err)
			}
		})
	}
}

func TestGuardNeverRunsWithoutADecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	never := func(context.Context, json.RawMessage) error { t.Error("ran"); return nil }
	c := w.agent("billing")
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan error, 2)
	go func() { got <- c.Guard(ctx, payment("a"), never) }()
	w.stored("ACTIONS", "wl.actions.billing.a")
	if err := c.Guard(w.ctx(), payment("a"), never); !errors.Is(err, agent.ErrGuarded) {
		t.Errorf("guarded twice: %v", err)
	}
	cancel()
	if err := <-got; !errors.Is(err, agent.ErrUndecided) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	go func() { got <- c.Guard(context.Background(), payment("b"), never) }()
	w.stored("ACTIONS", "wl.actions.billing.b")
	c.Close()
	if err := <-got; !errors.Is(err, agent.ErrUndecided) || !errors.Is(err, agent.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	late := payment("late")
	past := time.Now().Add(-time.Second)
	late.Deadline = &past
	done := w.decide("late", nil)
	if err := w.agent("billing").Guard(w.ctx(), late, never); !errors.Is(err, agent.ErrTooLate) {
		t.Errorf("late: %v", err)
	}
	<-done
	done = w.decide("over", func(d *events.DecisionMade) { d.ValidUntil = &past })
	if err := w.agent("billing").Guard(w.ctx(), payment("over"), never); !errors.Is(err, agent.ErrTooLate) {
		t.Errorf("after the approval's end: %v", err)
	}
	<-done
}

func TestGuardGoesOnAfterARestartOfTheAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.propose(w.agent("billing"), payment("a")) // and the agent dies
	d, cause := w.decision("billing", "a")
	w.ledger(d, cause)
	runs := 0
	run := func(context.Context, json.RawMessage) error { runs++; return nil }
	changed := payment("a")
	changed.Arguments = json.RawMessage(`{"to": "mallory", "amount": 120}`)
	if err := w.agent("billing").Guard(w.ctx(), changed, run); !errors.Is(err, agent.ErrMismatch) || runs != 0 {
		t.Fatalf("other content under the same id: %d runs, %v", runs, err)
	}
	if err := w.agent("billing").Guard(w.ctx(), payment("a"), run); err != nil || runs != 1 {
		t.Fatalf("second life: %d runs, %v", runs, err)
	}
	before := w.receipt("a")
	if err := w.agent("billing").Guard(w.ctx(), payment("a"), run); !errors.Is(err, agent.ErrAlreadyExecuted) || runs != 1 {
		t.Fatalf("third life: %d runs, %v", runs, err)
	}
	if w.receipt("a") != before {
		t.Fatal("the receipt changed")
	}
}

func TestGuardReportsFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	broken := errors.New("no funds " + strings.Repeat("ä", 5000))
	done := w.decide("fails", nil)
	err := c.Guard(w.ctx(), payment("fails"), func(context.Context, json.RawMessage) error { return broken })
	<-done
	if r := w.receipt("fails"); !errors.Is(err, broken) || r.Status != events.Failed || !strings.HasPrefix(r.Error, "no funds") || len(r.Error) > 4096 {
		t.Fatalf("%d bytes of error, %s", len(r.Error), r.Status)
	}
	done = w.decide("panics", nil)
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("recovered %v", got)
			}
		}()
		_ = c.Guard(w.ctx(), payment("panics"), func(context.Context, json.RawMessage) error { panic("boom") })
	}()
	<-done
	if r := w.receipt("panics"); r.Status != events.Failed || r.Error != "panic: boom" {
		t.Fatalf("%+v", r)
	}
	done = w.decide("cancelled", nil)
	ctx, cancel := context.WithCancel(w.ctx())
	if err := c.Guard(ctx, payment("cancelled"), func(context.Context, json.RawMessage) error { cancel(); return nil }); err != nil {
		t.Fatal(err)
	}
	<-done
	if r := w.receipt("cancelled"); r.Status != events.Succeeded {
		t.Fatalf("%+v", r)
	}
	done = w.decide("lost", nil)
	err = c.Guard(w.ctx(), payment("lost"), func(context.Context, json.RawMessage) error { c.Close(); return nil })
	<-done
	if !errors.Is(err, agent.ErrReceipt) {
		t.Fatalf("lost receipt: %v", err)
	}
}

func TestActionCarriesEveryField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deadline := time.Now().Add(time.Hour).UTC()
	a := agent.Action{
		ID: "all", TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Breakpoint: events.AtPlan, Tool: "t",
		ToolInfo: &events.ToolInfo{Server: "s"}, Arguments: json.RawMessage(`{"a":1}`), Target: &events.Target{Kind: "k"}, Request: "r", Reasoning: "why",
		Plan: []events.PlanStep{{Description: "d"}}, Impact: &events.Impact{Summary: "s"}, PlanAction: "q", Memory: []events.MemoryItem{{Text: "m"}},
		Session: "s", Principal: "p", Deadline: &deadline, Private: []string{"/reasoning"},
	}
	w.propose(w.agent("billing"), a)
	e, _ := w.stored("ACTIONS", "wl.actions.billing.all")
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(e.Data, &fields); err != nil {
		t.Fatal(err)
	}
	// Every field of the payload is reachable from Action: a new one must be added to both.
	filled := events.ActionProposed{Agent: "x"}
	if got, want := len(fields), fieldsOf(filled); got != want || e.TraceParent != a.TraceParent {
		t.Fatalf("%d of %d fields: %s", got, want, e.Data)
	}
}

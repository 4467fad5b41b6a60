package escalation

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
	"github.com/weighlock/weighlock/pkg/events"
)

// Nobody answers: the group is reminded, the next tier comes in, and at the end the
// agent hears the outcome of the route.
func TestARequestNobodyAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(t, Config{})
	answers, err := r.Connect(t, authz.Identity{Kind: authz.Agent, Name: "billing"}).SubscribeSync("_INBOX.billing.answers")
	if err != nil {
		t.Fatal(err)
	}
	path := tiers(10*time.Second, 500*time.Millisecond)
	path[0].RemindEvery = 4 * time.Second // two reminders, and time enough after them for a busy machine
	s := r.open(t, "r-1", path)
	streamtest.Eventually(t, "the request goes through its life", func() error {
		return r.has("EVENTS", "wl.approvals.>", map[string]uint64{
			"wl.approvals.tier-0.requested.r-1": 1, "wl.approvals.tier-0.reminded.r-1": 2, "wl.approvals.tier-1.escalated.r-1": 1,
			"wl.approvals.tier-0.resolved.r-1": 1, "wl.approvals.tier-1.resolved.r-1": 1,
		})
	})
	d := r.decision(t, "r-1")
	if d.Outcome != events.Expired || d.DecidedBy.Kind != events.ByTimeout || d.ArgumentsDigest != "" || d.Request != "r-1" {
		t.Errorf("decided %+v", d)
	}
	e := heard(t, answers)
	pending, err := events.As[events.ApprovalPending](e)
	if err != nil || pending.Tier != 1 || pending.Group != "tier-1" || !pending.EndsAt.Equal(s.EndsAt) || pending.Otherwise != events.Expired {
		t.Errorf("the agent heard first %+v, %v", e, err)
	}
	if e = heard(t, answers); e.Type != events.DecisionMadeType || e.TraceParent != s.Items[0].TraceParent || e.CausationID != approval.TimerID("r-1", 1, approval.Escalate, 0) {
		t.Errorf("the agent heard %+v, %v", e, err)
	}
	streamtest.Eventually(t, "no timer is left", func() error { return r.has("TIMERS", ">", nil) })
	r.noDeadLetters(t)
}

func heard(t *testing.T, answers *nats.Subscription) events.Event {
	t.Helper()
	m, err := answers.NextMsg(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.Decode(m.Header, m.Data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The escalator is away while its timer fires; the next one finds it.
func TestRestartBetweenArmingAndFiring(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.start(t, Config{})
	r.open(t, "r-1", tiers(2*time.Second))
	streamtest.Eventually(t, "the timer is armed", func() error { return r.armed("r-1", 1) })
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	streamtest.Eventually(t, "the timer fires", func() error {
		due, err := r.Counts("WL_TIMERS", "wl.due.>")
		if err == nil && len(due) == 0 {
			err = errors.New("nothing is due")
		}
		return err
	})
	if err := r.has("DECISIONS", ">", nil); err != nil {
		t.Fatal(err)
	}
	r.start(t, Config{})
	streamtest.Eventually(t, "the request ends", func() error { return r.has("DECISIONS", ">", map[string]uint64{"wl.decisions.billing.r-1": 1}) })
}

func (r *rig) armed(request string, n int) error {
	timers, err := r.Counts("WL_TIMERS", r.Subjects.Timers(request))
	if err == nil && len(timers) != n {
		err = fmt.Errorf("%d timers, want %d", len(timers), n)
	}
	return err
}

func TestTheServerRestartsBetweenArmingAndFiring(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(t, Config{})
	r.open(t, "r-1", tiers(2*time.Second))
	streamtest.Eventually(t, "the timer is armed", func() error { return r.armed("r-1", 1) })
	r.Restart(t)
	streamtest.Eventually(t, "the request ends", func() error { return r.has("DECISIONS", ">", map[string]uint64{"wl.decisions.billing.r-1": 1}) })
}

// People answered; the timers are taken away, and one that fires all the same
// changes nothing.
func TestATimerAfterTheDecision(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(t, Config{})
	path := tiers(time.Hour, time.Hour)
	path[0].RemindEvery = 20 * time.Minute
	s := r.open(t, "r-1", path)
	streamtest.Eventually(t, "the timers are armed", func() error { return r.armed("r-1", 2) })
	r.approve(t, s, 1)
	streamtest.Eventually(t, "the timers are gone", func() error { return r.armed("r-1", 0) })
	for _, kind := range []approval.TimerKind{approval.Escalate, approval.Remind} {
		r.fire(t, "wl.due.r-1.0.7", requests.Timer{Request: "r-1", Kind: kind, N: 1})
	}
	r.fire(t, "wl.due.r-1.1.7", requests.Timer{Request: "r-1", Tier: 1, Kind: approval.Escalate})
	r.quiet(t)
	if err := r.has("EVENTS", ">", map[string]uint64{"wl.approvals.tier-0.requested.r-1": 1, "wl.approvals.tier-0.resolved.r-1": 1}); err != nil {
		t.Error(err)
	}
	if d := r.decision(t, "r-1"); d.Outcome != events.Approved {
		t.Errorf("decided %+v", d)
	}
}

func TestTwoEscalators(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.start(t, Config{Sweep: 20 * time.Millisecond, Grace: time.Nanosecond})
	r.start(t, Config{Sweep: 20 * time.Millisecond, Grace: time.Nanosecond})
	lifecycle, decided := make(map[string]uint64), make(map[string]uint64)
	for i := range 50 {
		id := fmt.Sprint("r-", i)
		r.open(t, id, tiers(time.Second, time.Second))
		decided["wl.decisions.billing."+id] = 1
		for _, what := range []string{"tier-0.requested.", "tier-1.escalated.", "tier-0.resolved.", "tier-1.resolved."} {
			lifecycle["wl.approvals."+what+id] = 1
		}
		if i == 40 {
			if err := first.Stop(); err != nil {
				t.Fatal(err)
			}
		}
	}
	streamtest.Eventually(t, "all requests end", func() error { return r.has("DECISIONS", ">", decided) })
	r.quiet(t)
	if err := errors.Join(r.has("EVENTS", ">", lifecycle), r.has("DECISIONS", ">", decided)); err != nil {
		t.Error(err)
	}
}

// A verdict and the last timer come at the same instant, two hundred times: one of
// them decides, the other changes nothing, and state and ledger agree.
func TestAVerdictRacesWithTheLastTimer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(t, Config{})
	const n = 200
	states := make([]approval.State, n)
	decided := make(map[string]uint64)
	for i := range states {
		states[i] = r.createAt(t, time.Now().Add(-2*time.Hour), fmt.Sprint("r-", i), tiers(time.Hour), nil)
		decided[r.Subjects.Decision("billing", states[i].Request)] = 1
	}
	fired := make(chan struct{})
	go func() {
		defer close(fired)
		for _, s := range states {
			fired <- struct{}{}
			r.fire(t, fmt.Sprintf("wl.due.%s.0.1", s.Request), requests.Timer{Request: s.Request, Kind: approval.Escalate})
		}
	}()
	for i, s := range states {
		<-fired
		r.approve(t, s, uint64(i+1))
	}
	streamtest.Eventually(t, "all are decided", func() error { return r.has("DECISIONS", ">", decided) })
	r.quiet(t)
	if err := r.has("DECISIONS", ">", decided); err != nil {
		t.Error(err)
	}
	split := make(map[events.Outcome]int)
	for _, s := range states {
		st, err := r.store.Load(t.Context(), s.Request)
		if err != nil || st.Resolved == nil {
			t.Fatalf("%s: %v", s.Request, err)
		}
		made := r.decision(t, s.Request)
		split[made.Outcome]++
		if made.Outcome != st.Items[0].Outcome.Outcome || made.DecidedBy.Kind != st.Resolved.By {
			t.Errorf("%s: the ledger says %s and the state %s", s.Request, made.Outcome, st.Items[0].Outcome.Outcome)
		}
	}
	t.Logf("outcomes: %v", split)
	r.noDeadLetters(t)
}

// The escalator stored the next tier and died before it told anybody: the
// redelivered timer tells it and arms the tier's own timer.
func TestACrashBetweenStoringAndTelling(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.createAt(t, time.Now().Add(-90*time.Minute), "r-1", tiers(time.Hour, time.Hour), nil)
	if _, _, err := r.store.Apply(t.Context(), "r-1", approval.TimerFired{Tier: 0, Kind: approval.Escalate}, time.Now()); err != nil {
		t.Fatal(err)
	}
	r.start(t, Config{})
	r.fire(t, "wl.due.r-1.0.1", requests.Timer{Request: s.Request, Kind: approval.Escalate})
	streamtest.Eventually(t, "the next tier is told", func() error {
		return errors.Join(r.has("EVENTS", ">", map[string]uint64{"wl.approvals.tier-1.escalated.r-1": 1}), r.armed("r-1", 1))
	})
}

// Timers that were never armed, as after the loss of their stream, are late and not never.
func TestMissedTimersAreFoundBySweeping(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.JS.Publish(t.Context(), "$KV.WL_REQUESTS.r-0", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	r.create(t, "r-1", tiers(time.Millisecond, time.Millisecond), nil)
	r.create(t, "r-2", tiers(time.Hour), nil)
	r.start(t, Config{Sweep: 20 * time.Millisecond, Grace: time.Millisecond})
	one := map[string]uint64{"wl.decisions.billing.r-1": 1}
	streamtest.Eventually(t, "the missed one ends", func() error { return r.has("DECISIONS", ">", one) })
	r.create(t, "r-3", tiers(time.Millisecond), nil)
	one["wl.decisions.billing.r-3"] = 1
	streamtest.Eventually(t, "one missed later ends", func() error { return r.has("DECISIONS", ">", one) })
}

func TestADeadlineInThePastEndsAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(t, Config{})
	past := time.Now().Add(-time.Hour)
	s := r.create(t, "r-1", tiers(time.Hour, time.Hour), &past)
	r.tell(t, s, approval.Requested(s))
	streamtest.Eventually(t, "the request ends", func() error { return r.has("DECISIONS", ">", map[string]uint64{"wl.decisions.billing.r-1": 1}) })
}

func TestTimersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(t, Config{})
	r.create(t, "r-1", tiers(time.Hour), nil)
	r.fire(t, "wl.due.r-1.0.1", requests.Timer{Request: "r-2", Kind: approval.Escalate})
	r.fire(t, "wl.due.r-1.3.1", requests.Timer{Request: "r-1", Kind: approval.Escalate})
	r.fire(t, "wl.due.r-1.x.1", requests.Timer{Request: "r-1", Kind: approval.Escalate})
	r.PublishRaw(t, "wl.due.r-1.0.2", nil, []byte("not an event"))
	r.fire(t, "wl.due.r-9.0.1", requests.Timer{Request: "r-9", Kind: approval.Escalate})
	r.quiet(t)
	dead, err := r.Dead(Name)
	if err != nil || len(dead) != 4 {
		t.Errorf("%d dead letters, %v", len(dead), err)
	}
	if err := r.has("DECISIONS", ">", nil); err != nil {
		t.Error(err)
	}
}

func TestConfigNamesTheField(t *testing.T) {
	t.Parallel()
	for field, cfg := range map[string]Config{
		"Sweep": {Sweep: time.Millisecond}, "Grace": {Grace: -1}, "AckWait": {AckWait: 1}, "PinnedTTL": {PinnedTTL: -1}, "Drain": {Drain: -1},
	} {
		var fe *events.FieldError
		if _, err := New(stream.Runtime{}, cfg); !errors.As(err, &fe) || fe.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := (Config{}).Validate(); err != nil {
		t.Error(err)
	}
	if _, err := New(stream.Runtime{}, Config{}); err == nil {
		t.Error("an escalator without connections was made")
	}
}

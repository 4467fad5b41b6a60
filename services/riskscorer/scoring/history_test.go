package scoring_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

// telling is a policy whose rules tell what the facts were.
const telling = head + `rules:
  - {id: all, when: "agent != ''", points: 1, recognises: true, reason: all}
  - {id: unknown, when: '!lately.known', points: 1, reason: r}
  - {id: first-tool, when: lately.first_tool, points: 1, reason: r}
  - {id: first-recipient, when: lately.first_recipient, points: 1, reason: r}
  - {id: third, when: lately.actions_1h == 3 - 1, points: 1, reason: r}
  - {id: split, when: lately.amount_24h >= 1000.0, points: 50, reason: r}
  - {id: rejected, when: lately.rejections_24h > 0, points: 1, reason: r}
  - {id: denied, when: lately.denials_24h > 0, points: 1, reason: r}
  - {id: was-low, when: lately.low_1h == 2, points: 1, reason: r}
  - {id: never, when: "tool.name == 'never'", effect: deny, reason: no}
`

func payment(to string, amount int) string {
	return fmt.Sprintf(`{"breakpoint":"tool_call","tool":"pay","arguments":{"recipient":%q,"amount":%d}}`, to, amount)
}

// A scorer that starts anew knows what was before it, and so does one that took over.
func TestRestartKnowsWhatWasBefore(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	cfg := scoring.Config{PolicyFile: policyFile(t, telling)}
	first := r.scorer(t, cfg)
	if a := r.assessed(t, "a1", payment("bob", 400)); !fired(a, "first-tool") || !fired(a, "first-recipient") || fired(a, "unknown") {
		t.Errorf("the first: %+v", a.Rules)
	}
	if a := r.assessed(t, "a2", payment("bob", 400)); fired(a, "first-tool") || fired(a, "first-recipient") || fired(a, "split") {
		t.Errorf("the second: %+v", a.Rules)
	}
	first.stop(t)
	second := r.scorer(t, cfg)
	if a := r.assessed(t, "a3", payment("bob", 400)); fired(a, "first-tool") || fired(a, "first-recipient") || !fired(a, "third") || !fired(a, "split") || !fired(a, "was-low") || a.Level != events.Medium {
		t.Errorf("after the restart: %+v", a.Rules)
	}
	if second.metric(t, "history_known") != 1 || second.metric(t, "history_messages_total") < 4 {
		t.Errorf("metrics: known %g, read %g", second.metric(t, "history_known"), second.metric(t, "history_messages_total"))
	}
}

// What was proposed while no scorer ran, or all at once, is weighed as it came: each action sees those before it and none after.
func TestABacklogIsWeighedInItsOrder(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	const n = 300
	text := head + "rules:\n  - {id: all, when: \"agent != ''\", points: 1, recognises: true, reason: all}\n" +
		"  - {id: first, when: lately.first_tool && lately.first_recipient && lately.first_action, points: 1, reason: r}\n" +
		fmt.Sprintf("  - {id: half, when: lately.actions_1h >= %d, points: 1, reason: r}\n  - {id: split, when: lately.amount_24h > %d.0, points: 1, reason: r}\n", n/2, n/2*400) +
		"  - {id: unknown, when: '!lately.known', points: 1, reason: r}\n"
	cfg := scoring.Config{PolicyFile: policyFile(t, text)}
	for i := range n / 3 {
		r.act(t, fmt.Sprint("a", i), payment("bob", 400))
	}
	i := r.scorer(t, cfg)
	for i := n / 3; i < n; i++ {
		r.act(t, fmt.Sprint("a", i), payment("bob", 400))
	}
	for i := range n {
		_, a := r.assessment(t, fmt.Sprint("a", i))
		if fired(a, "first") != (i == 0) || fired(a, "half") != (i >= n/2) || fired(a, "split") != (i >= n/2) || fired(a, "unknown") {
			t.Fatalf("a%d: %+v", i, a.Rules)
		}
	}
	i.stop(t)
	for i := range n { // while nobody looks
		r.act(t, fmt.Sprint("b", i), payment("carol", 400))
	}
	write(t, cfg.PolicyFile, strings.ReplaceAll(text, fmt.Sprint(n/2), fmt.Sprint(n/2+n)))
	r.scorer(t, cfg)
	for i := range n {
		if _, a := r.assessment(t, fmt.Sprint("b", i)); fired(a, "half") != (i >= n/2) || fired(a, "unknown") {
			t.Fatalf("b%d: %+v", i, a.Rules)
		}
	}
}

func TestDecisionsAreFollowed(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	r.scorer(t, scoring.Config{PolicyFile: policyFile(t, telling)})
	r.assessed(t, "a1", payment("bob", 1))
	if a := r.assessed(t, "a2", `{"breakpoint":"tool_call","tool":"never"}`); !a.Denied || fired(a, "denied") {
		t.Errorf("%+v", a)
	}
	if a := r.assessed(t, "a3", payment("bob", 1)); !fired(a, "denied") || fired(a, "rejected") {
		t.Errorf("after a denial: %+v", a.Rules)
	}
	r.decide(t, "a1", events.Rejected)
	n := 0
	eventually(t, "waiting for the rejection to count", func() error {
		n++
		if a := r.assessed(t, fmt.Sprint("b", n), payment("bob", 1)); !fired(a, "rejected") {
			return errors.New("it does not yet")
		}
		return nil
	})
}

// decide writes into the ledger what the router would.
func (r *rig) decide(t *testing.T, action string, outcome events.Outcome) {
	t.Helper()
	_, a := r.assessment(t, action)
	d := &events.DecisionMade{Agent: "billing", Action: action, Outcome: outcome, Reason: "r", Sequence: a.Sequence, Digest: a.Digest, DecidedBy: events.Decider{Kind: events.ByApprovers}}
	e, err := events.New(d, "d-"+action, "/services/approver-router", time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.js.PublishMsg(t.Context(), &nats.Msg{Subject: r.server.Subjects.Decision("billing", action), Header: nats.Header(h), Data: data}); err != nil {
		t.Fatal(err)
	}
}

// A standby that takes over does not start empty, whether the active scorer was stopped or died.
func TestStandbyTakesOverWithItsEyesOpen(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*instance, *testing.T){"stopped": (*instance).stop, "died": (*instance).die} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rigOn(t, natstest.Start(t))
			cfg := scoring.Config{PolicyFile: policyFile(t, telling), PinnedTTL: 200 * time.Millisecond, AckWait: time.Second}
			active := r.scorer(t, cfg)
			r.assessed(t, "a0", payment("alice", 1))
			standby := r.scorer(t, cfg)
			before := standby.metric(t, "history_messages_total")
			for i := range 3 {
				r.assessed(t, fmt.Sprint("b", i), payment("bob", 400))
			}
			eventually(t, "waiting for the standby to follow", func() error { // three actions and three assessments
				if n := standby.metric(t, "history_messages_total") - before; n < 6 {
					return fmt.Errorf("it read %g messages", n)
				}
				return nil
			})
			end(active, t)
			if a := r.assessed(t, "c", payment("bob", 1)); fired(a, "first-recipient") || fired(a, "first-tool") || !fired(a, "split") || fired(a, "unknown") {
				t.Errorf("after the takeover: %+v", a.Rules)
			}
		})
	}
}

// An action that is delivered again keeps its first assessment, whatever the policy says by now.
func TestTheFirstStoredAssessmentStands(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	path := policyFile(t, telling)
	first := r.scorer(t, scoring.Config{PolicyFile: path})
	want := r.assessed(t, "a1", payment("bob", 1))
	r.assessed(t, "a2", payment("bob", 1))
	first.stop(t)
	// The consumer is gone, as after a restore: everything is delivered again, with a count of one.
	s, err := r.js.Stream(t.Context(), r.server.Subjects.Stream("ACTIONS"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteConsumer(t.Context(), "riskscorer"); err != nil {
		t.Fatal(err)
	}
	write(t, path, head+always(100))
	r.scorer(t, scoring.Config{PolicyFile: path})
	if a := r.assessed(t, "a3", payment("bob", 1)); a.Level != events.High {
		t.Errorf("the new policy: %+v", a)
	}
	if n := r.count(t, "wl.assessments.*.billing.a1"); n != 1 {
		t.Errorf("%d assessments of a1", n)
	}
	if _, a := r.assessment(t, "a1"); a.Level != want.Level || a.Score != want.Score {
		t.Errorf("a1 is %+v, was %+v", a, want)
	}
}

// Where history cannot be read in time, actions are assessed all the same, and the policy can tell.
func TestUnknownHistoryIsSaid(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	if err := r.js.DeleteStream(t.Context(), r.server.Subjects.Stream("DECISIONS")); err != nil {
		t.Fatal(err)
	}
	cfg := scoring.Config{PolicyFile: policyFile(t, telling), HistoryWait: time.Millisecond}
	i := r.scorer(t, cfg)
	if a := r.assessed(t, "a1", payment("bob", 1)); !fired(a, "unknown") || fired(a, "first-tool") || fired(a, "first-recipient") {
		t.Errorf("%+v", a.Rules)
	}
	if i.metric(t, "history_known") != 0 {
		t.Error("the metric says it is known")
	}
	conn := r.server.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.RiskScorer})
	waiting, err := scoring.New(stream.Runtime{Conn: conn, Subjects: r.server.Subjects, Logger: slog.New(slog.DiscardHandler)}, scoring.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- waiting.Run(ctx) }()
	eventually(t, "waiting for it to say what is missing", func() error {
		if err := waiting.Ready(); !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("it says %w", err)
		}
		return nil
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Too long a history is cut, and then it is not called known.
func TestACutHistoryIsNotKnown(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	for i := range 20 {
		r.act(t, fmt.Sprint("a", i), payment("bob", 1))
	}
	i := r.scorer(t, scoring.Config{PolicyFile: policyFile(t, telling), HistoryLimit: 5})
	if a := r.assessed(t, "b", payment("new", 1)); !fired(a, "unknown") || fired(a, "first-recipient") {
		t.Errorf("%+v", a.Rules)
	}
	if n := i.metric(t, "history_messages_total", "WL_ACTIONS"); n > 10 {
		t.Errorf("read %g actions", n)
	}
}

// What reviewers flagged raises what the agent does with that tool, for the time of the flag, and nothing else.
func TestFlagsAreFollowed(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	text := head + "rules:\n  - {id: all, when: \"agent != ''\", points: 1, recognises: true, reason: all}\n  - {id: flagged, when: lately.flagged, points: 1, reason: r}\n"
	cfg := scoring.Config{PolicyFile: policyFile(t, text)}
	i := r.scorer(t, cfg)
	if a := r.assessed(t, "a1", payment("bob", 1)); fired(a, "flagged") {
		t.Errorf("%+v", a.Rules)
	}
	_, a := r.assessment(t, "a1")
	e, err := events.New(&events.ReviewFlagged{Review: "v-1", Group: "ops", Agent: "billing", Action: "a1", Tool: a.Tool, Approver: "alice", Person: "alice", Until: time.Now().Add(time.Hour)}, "f", "/services/approver-router", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.js.PublishMsg(t.Context(), &nats.Msg{Subject: r.server.Subjects.Review("ops", events.ReviewFlag, "v-1"), Header: nats.Header(h), Data: data}); err != nil {
		t.Fatal(err)
	}
	n := 0
	eventually(t, "waiting for the flag to count", func() error {
		n++
		if a := r.assessed(t, fmt.Sprint("b", n), payment("bob", 1)); !fired(a, "flagged") {
			return errors.New("it does not yet")
		}
		return nil
	})
	if a := r.assessed(t, "other", `{"breakpoint":"tool_call","tool":"look"}`); fired(a, "flagged") {
		t.Errorf("another tool: %+v", a.Rules)
	}
	i.stop(t)
	r.scorer(t, cfg) // it is known after a restart
	if a := r.assessed(t, "c", payment("bob", 1)); !fired(a, "flagged") {
		t.Errorf("after a restart: %+v", a.Rules)
	}
}

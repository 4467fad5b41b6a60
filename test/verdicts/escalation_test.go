package verdicts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// onPaths starts a pipeline whose routes have escalation paths at second scale.
func onPaths(t *testing.T) *pipeline {
	t.Helper()
	return startWith(t, config{
		policy: file("policy.yaml"), routes: file("paths.yaml"), approvers: file("oncall.yaml"),
		agents: []string{"billing"}, people: []string{"alice", "bob", "carol", "dave", "erin", "frank"},
	})
}

// step is something that was told: who, what, and when.
type step struct {
	words string
	at    time.Time
}

// scenario declares who is to be told what of a request, and compares.
type scenario struct {
	t    *testing.T
	mu   sync.Mutex
	told []step
}

// watch follows a request from its card on.
func (p *pipeline) watch(t *testing.T) *scenario {
	t.Helper()
	s := &scenario{t: t}
	conn := p.Connect(t, authz.TheOperator())
	sub, err := conn.Subscribe(p.Subjects.All("approvals", 3), func(m *nats.Msg) {
		group, what, _, err := p.Subjects.ParseApproval(m.Subject)
		if err != nil {
			return
		}
		e, err := events.Decode(m.Header, m.Data)
		if err != nil {
			return
		}
		words := group + " " + string(what)
		switch what {
		case events.Escalated:
			if x, err := events.As[events.ApprovalEscalated](e); err == nil && len(x.OnCall) > 0 {
				words += " " + strings.Join(x.OnCall, ",")
			}
		case events.Reminded:
			if x, err := events.As[events.ApprovalReminded](e); err == nil && x.Person+strings.Join(x.Quiet, ",") != "" {
				words += " " + x.Person + "-" + strings.Join(x.Quiet, ",")
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = append(s.told, step{words, e.Time})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Unsubscribe() })
	return s
}

// expect waits until exactly these things were told, in this order, and returns when each was.
func (s *scenario) expect(want ...string) []time.Time {
	s.t.Helper()
	var at []time.Time
	until(s.t, fmt.Sprint(want), func(context.Context) (bool, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.told) < len(want) {
			return false, false
		}
		at = nil
		for i, step := range s.told {
			if i >= len(want) || step.words != want[i] {
				s.t.Fatalf("told %v, want %v", s.words(), want)
			}
			at = append(at, step.at)
		}
		return true, true
	})
	return at
}

func (s *scenario) words() (all []string) {
	for _, step := range s.told {
		all = append(all, step.words)
	}
	return all
}

// Nobody answers: one reminder, then whoever is on call, then the last tier, then the route's end. The agent hears of every rung.
func TestAPathIsWalkedToItsEnd(t *testing.T) {
	t.Parallel()
	p := onPaths(t)
	news := p.news(t)
	s := p.watch(t)
	action := p.ask(t, news, "pay_walked")
	at := s.expect("operations requested", "operations reminded", "payments-oncall escalated carol", "security escalated",
		"operations resolved", "payments-oncall resolved", "security resolved")
	if d := p.decided(t, "billing", action); d.Outcome != events.Rejected || d.DecidedBy.Kind != events.ByTimeout {
		t.Errorf("decided %+v", d)
	}
	for i, least := range []time.Duration{time.Second, 2500 * time.Millisecond, 4500 * time.Millisecond, 6500 * time.Millisecond} {
		if got := at[i+1].Sub(at[0]); got < least {
			t.Errorf("%s came after %s, want at least %s", s.told[i+1].words, got, least)
		}
	}
	heard := news.all()
	if got := fmt.Sprint(heard); got != "[waits for operations escalated 1 to payments-oncall escalated 2 to security]" {
		t.Errorf("the agent heard %s", got)
	}
	p.agree(t)
}

// A path that repeats: earlier tiers leave, so only the tier that is asked can answer, and round two asks the first again.
func TestARepeatedPathAsksAgain(t *testing.T) {
	t.Parallel()
	p := onPaths(t)
	s := p.watch(t)
	action := p.propose(t, "billing", "pay_again", `{"amount":1}`)
	r := p.card(t, "billing", action)
	s.expect("operations requested", "security escalated")
	p.refuses(t, "alice", p.get(t, r.ID), all(events.Approve), events.RefusedNotEntitled)
	s.expect("operations requested", "security escalated", "operations refused", "operations escalated")
	if _, err := p.answer(t, "alice", p.get(t, r.ID), all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	if d := p.decided(t, "billing", action); d.Outcome != events.Approved {
		t.Errorf("decided %+v", d)
	}
	p.agree(t)
}

func TestOnlyWhoIsOnCallMayAnswer(t *testing.T) {
	t.Parallel()
	p := onPaths(t)
	action := p.propose(t, "billing", "pay_oncall", `{"amount":1}`)
	r := p.card(t, "billing", action)
	if fmt.Sprint(r.OnCall) != "map[payments-oncall:[carol]]" {
		t.Errorf("on call %v", r.OnCall)
	}
	p.refuses(t, "erin", r, all(events.Approve), events.RefusedNotEntitled)
	if _, err := p.answer(t, "carol", r, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	p.agree(t)
}

// Somebody looks at it: the next tier comes later. It is handed to the next tier: they may answer at once.
func TestHoldingAndHandingOver(t *testing.T) {
	t.Parallel()
	p := onPaths(t)
	s := p.watch(t)
	action := p.propose(t, "billing", "pay_held", `{"amount":1}`)
	r := p.card(t, "billing", action)
	held := p.hand(t, "alice", r, approver.HandOver{Kind: events.Acknowledge, Comment: "looking"})
	if held.Until == nil || !held.EndsAt.Equal(r.EndsAt.Add(2*time.Second)) {
		t.Errorf("held as %+v, ended %s", held, r.EndsAt)
	}
	at := s.expect("operations requested", "operations acknowledged", "security escalated")
	if got := at[2].Sub(at[0]); got < 4*time.Second {
		t.Errorf("the next tier came in after %s", got)
	}
	if _, err := p.answer(t, "dave", p.get(t, r.ID), all(events.Reject)); err != nil {
		t.Fatal(err)
	}
	second := p.propose(t, "billing", "pay_held", `{"amount":2}`)
	r = p.card(t, "billing", second)
	p.refuses(t, "dave", r, all(events.Approve), events.RefusedNotEntitled)
	for name, h := range map[string]approver.HandOver{
		"to somebody off the path": {Kind: events.Reassign, To: "carol"}, "to nobody": {Kind: events.Reassign, ToGroup: "nobody"},
		"a snooze past the end": {Kind: events.Snooze, Until: time.Now().Add(5 * time.Hour)}, "about no item": {Kind: events.Ask, Question: "why?", Item: 7},
	} {
		h.Request = r.ID
		if _, err := p.people["alice"].HandOver(t.Context(), h); mustBe[*approver.RefusedError](t, err).Code == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.people["dave"].HandOver(t.Context(), approver.HandOver{Request: r.ID, Kind: events.Acknowledge}); mustBe[*approver.RefusedError](t, err).Code != events.RefusedNotEntitled {
		t.Error("a stranger held the request")
	}
	p.hand(t, "alice", r, approver.HandOver{Kind: events.Reassign, To: "dave"})
	if _, err := p.answer(t, "dave", r, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	p.agree(t)
}

// A question stops the clock; its answer goes onto the card, masked, and what was approved before counts no more.
func TestAskingTheAgent(t *testing.T) {
	t.Parallel()
	p := onPaths(t)
	news := p.news(t)
	action := p.askWith(t, news, "pay_held", `{"amount":1,"password":"correct-horse-battery"}`)
	r := p.card(t, "billing", action)
	asked := p.hand(t, "bob", r, approver.HandOver{Kind: events.Ask, Question: "which invoice?"})
	question := until(t, "the question", func(context.Context) (string, bool) { q := news.question(); return q, q != "" })
	if question != asked.QuestionID {
		t.Errorf("asked %s, heard %s", asked.QuestionID, question)
	}
	if err := news.client.Answer(t.Context(), action, question, "the one from May, password correct-horse-battery"); err != nil {
		t.Fatal(err)
	}
	after := until(t, "the new card", func(context.Context) (approver.Request, bool) {
		now := p.get(t, r.ID)
		return now, now.Version == 2
	})
	if q := after.Card.Questions; len(q) != 1 || !strings.HasPrefix(q[0].Answer, "the one from May") || strings.Contains(q[0].Answer, "correct-horse") {
		t.Errorf("the card has %+v", q)
	}
	if _, err := p.answer(t, "alice", r, all(events.Approve)); mustBe[*approver.RefusedError](t, err).Code != events.RefusedWrongDigest {
		t.Errorf("a verdict on the card before the answer: %v", err)
	}
	if _, err := p.answer(t, "alice", after, all(events.Approve)); err != nil {
		t.Fatal(err)
	}
	p.agree(t)
}

func TestSnoozingIsForOnePerson(t *testing.T) {
	t.Parallel()
	p := onPaths(t)
	s := p.watch(t)
	action := p.propose(t, "billing", "pay_walked", `{"amount":1}`)
	r := p.card(t, "billing", action)
	p.hand(t, "alice", r, approver.HandOver{Kind: events.Snooze, Until: r.OpenedAt.Add(1800 * time.Millisecond)})
	s.expect("operations requested", "operations snoozed", "operations reminded -alice", "operations reminded alice-")
	if _, err := p.answer(t, "bob", r, all(events.Reject)); err != nil {
		t.Fatal(err)
	}
	p.agree(t)
}

func (p *pipeline) hand(t *testing.T, who string, r approver.Request, h approver.HandOver) *events.ApprovalHanded {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	h.Request = r.ID
	handed, err := p.people[who].HandOver(ctx, h)
	if err != nil {
		t.Fatal(err)
	}
	return handed
}

// news is a client of the agent that listens to how its actions stand.
type news struct {
	client *agent.Client
	mu     sync.Mutex
	heard  []agent.Waiting
}

func (p *pipeline) news(t *testing.T) *news {
	t.Helper()
	n := &news{}
	var err error
	n.client, err = agent.Connect(t.Context(), agent.Options{
		URL: p.URL, Agent: "billing", SeedFile: p.Keys.Path(authz.Identity{Kind: authz.Agent, Name: "billing"}),
		OnWaiting: func(w agent.Waiting) { n.mu.Lock(); defer n.mu.Unlock(); n.heard = append(n.heard, w) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.client.Close)
	return n
}

func (n *news) all() (words []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.heard {
		if w.Tier == 0 {
			words = append(words, "waits for "+w.Group)
		} else {
			words = append(words, fmt.Sprintf("escalated %d to %s", w.Tier, w.Group))
		}
	}
	return words
}

func (n *news) question() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range slices.Backward(n.heard) {
		if w.QuestionID != "" {
			return w.QuestionID
		}
	}
	return ""
}

func (p *pipeline) ask(t *testing.T, n *news, tool string) string {
	t.Helper()
	return p.askWith(t, n, tool, `{"amount":1}`)
}

func (p *pipeline) askWith(t *testing.T, n *news, tool, arguments string) string {
	t.Helper()
	id := fmt.Sprintf("n-%d", p.serial.Add(1))
	if _, err := n.client.Propose(t.Context(), agent.Action{ID: id, Tool: tool, Arguments: []byte(arguments)}); err != nil {
		t.Fatal(err)
	}
	return id
}

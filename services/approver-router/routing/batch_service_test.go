package routing

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestSimilarActionsShareACard(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 3)
	r.start(t)
	for i := range 3 {
		r.assess(t, assessment("billing", fmt.Sprintf("drop-%d", i), score(70+i)))
		r.assess(t, assessment("support", fmt.Sprintf("pay-%d", i), tool("pay_invoice"), score(70+i)))
	}
	agents := make(map[string]bool)
	for range 2 {
		announced, card := r.requested(t)
		if len(card.Items) != 3 || card.Items[0].Score != 72 {
			t.Fatalf("%+v", card)
		}
		for _, item := range card.Items {
			if item.Tool != card.Items[0].Tool || item.Agent != card.Items[0].Agent {
				t.Errorf("different actions share card %s: %+v", card.Request, card.Items)
			}
		}
		agents[card.Items[0].Agent] = true
		stored, err := r.store.Load(t.Context(), announced.Request)
		if err != nil || stored.Digest != announced.Digest || !bytes.Equal(stored.Card, announced.Card) {
			t.Errorf("what is stored differs from what was announced: %v", err)
		}
	}
	if len(agents) != 2 {
		t.Errorf("cards for %v", agents)
	}
	r.onOneCard(t, "billing/drop-0", "billing/drop-1", "billing/drop-2", "support/pay-0", "support/pay-1", "support/pay-2")
}

func TestWindowClosesAnIncompleteBatch(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "50ms", 50)
	r.start(t)
	r.assess(t, assessment("billing", "a"))
	if _, card := r.requested(t); len(card.Items) != 1 {
		t.Errorf("%+v", card)
	}
}

// Who comes after a card is out goes on the next one.
func TestMembershipIsFrozen(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 2)
	r.start(t)
	r.assess(t, assessment("billing", "a"))
	r.assess(t, assessment("billing", "b"))
	first, _ := r.requested(t)
	r.assess(t, assessment("billing", "late"))
	r.assess(t, assessment("billing", "later"))
	second, card := r.requested(t)
	if first.Request == second.Request || card.Items[0].Action != "late" || card.Items[1].Action != "later" {
		t.Errorf("the next card is %+v", card)
	}
	stored, err := r.store.Load(t.Context(), first.Request)
	if err != nil || stored.Digest != first.Digest || len(stored.Items) != 2 {
		t.Errorf("the first card is now %+v, %v", stored, err)
	}
	r.onOneCard(t, "billing/a", "billing/b", "billing/late", "billing/later")
}

// A second assessment of an action neither blocks the others of its batch nor gets its
// action on a second card.
func TestRepeatedAssessment(t *testing.T) {
	t.Parallel()
	// A short window: on a slow machine a repetition may be a redelivery, which is settled without filling a batch.
	r := newRig(t, 1, "1s", 3)
	run := r.start(t)
	r.assess(t, assessment("billing", "a"))
	r.assess(t, assessment("billing", "a"))
	r.assess(t, assessment("billing", "b"))
	if _, card := r.requested(t); len(card.Items) > 2 {
		t.Fatalf("an action is on the card twice: %+v", card)
	}
	r.assess(t, assessment("billing", "a"))
	r.assess(t, assessment("billing", "c"))
	r.assess(t, assessment("billing", "d"))
	r.idle(t, run)
	r.onOneCard(t, "billing/a", "billing/b", "billing/c", "billing/d")
}

// Fifty actions with texts of any length must get to people in messages that the server takes.
func TestLargeBatchIsSplit(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 50, natstest.WithMaxPayload(256<<10))
	r.start(t)
	long := string(bytes.Repeat([]byte("<é"), 2_000))
	var actions []string
	for i := range 50 {
		action := fmt.Sprintf("a-%d", i)
		actions = append(actions, "billing/"+action)
		r.assess(t, assessment("billing", action, tool(long), func(a *events.ActionAssessed) {
			a.Target = &events.Target{Kind: "database", Name: long}
			a.Principal, a.Session = long, long
			for range 10 {
				a.Rules = append(a.Rules, events.FiredRule{ID: "x", Reason: long})
			}
		}))
	}
	cards := 0
	for shown := 0; shown < len(actions); cards++ {
		announced, card := r.requested(t)
		shown += len(card.Items)
		stored, err := r.store.Load(t.Context(), announced.Request)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(marshal(t, stored)); n > 128<<10 {
			t.Errorf("a request of %d items has %d bytes", len(card.Items), n)
		}
	}
	if cards < 2 || cards == len(actions) {
		t.Errorf("%d cards prove nothing", cards)
	}
	r.onOneCard(t, actions...)
	// An approval of them all still fits.
	alice := r.approver(t, "alice")
	for id, s := range r.stored(t) {
		alice.cast(t, id, events.VerdictCast{Digest: s.Digest, Verdict: events.Approve, Comment: string(bytes.Repeat([]byte("<"), events.MaxCommentLength))})
	}
	for i := range actions {
		if d := r.decision(t, "billing", fmt.Sprintf("a-%d", i)); d.Outcome != events.Approved {
			t.Errorf("%d: %+v", i, d)
		}
	}
}

// What waits for the day is kept by the server, on no card, until the day is there. Even where the server forgets who had what,
// everything comes onto a card then, once.
func TestDailyDelivery(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "300ms", 50)
	text, err := os.ReadFile(r.cfg.RoutesFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.cfg.RoutesFile, append(text, "  delivery: daily\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	run := r.start(t)
	for i := range 5 {
		r.assess(t, assessment("billing", fmt.Sprint("a-", i)))
	}
	r.waitFor(t, "all to be kept", func() bool { return run.svc.posts.kept() == 5 })
	r.onOneCard(t)
	run.stop()
	if err := <-run.done; err != nil {
		t.Fatal(err)
	}
	r.onOneCard(t) // a shutdown sends what a window holds, not what waits for the day
	if err := r.js.DeleteConsumer(t.Context(), r.s.Stream("EVENTS"), "approver-router-assessments"); err != nil {
		t.Fatal(err)
	}
	r.ahead = 24 * time.Hour
	r.start(t)
	if _, card := r.requested(t); len(card.Items) != 5 {
		t.Errorf("%+v", card)
	}
	r.onOneCard(t, "billing/a-0", "billing/a-1", "billing/a-2", "billing/a-3", "billing/a-4")
}

// kept is how many are left to the server.
func (p *postponed) kept() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.until)
}

// What routers before it have left to the server counts for a router, too: else a few of them leave so much there that the consumer stops for
// everybody until the day is there.
func TestRoutersTogetherPostponeNoMore(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "50ms", 50)
	text, err := os.ReadFile(r.cfg.RoutesFile)
	if err == nil {
		err = os.WriteFile(r.cfg.RoutesFile, append(text, "  delivery: daily\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	run := r.start(t)
	for i := range 5 {
		r.assess(t, assessment("billing", fmt.Sprint("a-", i)))
	}
	r.waitFor(t, "all to be kept", func() bool { return run.svc.posts.kept() == 5 })
	run.stop()
	if err := <-run.done; err != nil {
		t.Fatal(err)
	}
	next := r.start(t)
	r.waitFor(t, "the next to know of them", func() bool { return next.svc.assessed.Unsettled() == 5 })
	next.svc.posts.mu.Lock()
	next.svc.posts.mostUnsettled = 5
	next.svc.posts.mu.Unlock()
	r.assess(t, assessment("billing", "b"))
	if _, card := r.requested(t); len(card.Items) != 1 || card.Items[0].Action != "b" {
		t.Errorf("%+v", card)
	}
}

package requests

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/events"
)

var escalator = authz.Identity{Kind: authz.Service, Name: authz.Escalator}

func newRequest(t testing.TB, id string, items, quorum int) approval.State {
	t.Helper()
	card := events.Card{Request: id, Route: "money", Headline: "Pay", Level: events.High, Score: 80}
	origins := make([]approval.ItemOrigin, items)
	for i := range items {
		name := fmt.Sprintf("%s-%d", id, i+1)
		digest := events.Digest([]byte(name))
		card.Items = append(card.Items, events.CardItem{ActionRef: events.ActionRef{Agent: "billing", Action: name, Sequence: uint64(i + 1), Digest: digest, ArgumentsDigest: digest}, Level: events.High, Score: 80, ProposedAt: time.Now()})
		origins[i] = approval.ItemOrigin{ReplyTo: "_INBOX.billing.x", TraceParent: "00-" + name, EventID: name, PolicyVersion: "p"}
	}
	rules := approval.Rules{Require: []approval.Requirement{{Group: "finance", Count: quorum}}, RejectionEnds: true, Otherwise: events.Expired, Tiers: []approval.Tier{
		{Group: "finance", Wait: time.Minute, RemindEvery: 25 * time.Second}, {Group: "managers", Wait: time.Minute},
	}}
	s, _, err := approval.Open(card, rules, origins, approval.Duty{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func approves(s approval.State, sequence uint64, approver string) approval.Verdict {
	return approval.Verdict{
		Sequence: sequence, EventID: fmt.Sprintf("v-%d", sequence), Channel: "self", Approver: approver, Groups: []string{"finance"}, At: time.Now(),
		Cast: events.VerdictCast{Digest: s.Digest, Verdict: events.Approve},
	}
}

func TestCreateIsIdempotent(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	store := NewStore(server.JetStream(t, escalator), server.Subjects)
	ctx := t.Context()
	s := newRequest(t, "r-1", 2, 2)
	for range 2 {
		if stands, err := store.Create(ctx, s); err != nil || stands.Digest != s.Digest {
			t.Fatal(err)
		}
	}
	if _, _, err := store.Apply(ctx, "r-1", approves(s, 1, "alice"), time.Now()); err != nil {
		t.Fatal(err)
	}
	stands, err := store.Create(ctx, s)
	if err != nil || len(stands.Verdicts) != 1 {
		t.Errorf("creating it again gave %+v, %v", stands, err)
	}
	other := newRequest(t, "r-1", 3, 2)
	if stands, err := store.Create(ctx, other); !errors.Is(err, ErrExists) || stands.Digest != s.Digest {
		t.Errorf("another card under the same id: %v", err)
	}
}

func TestUnknownAndUnreadableRequests(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := server.JetStream(t, escalator)
	store := NewStore(js, server.Subjects)
	ctx := t.Context()
	for _, id := range []string{"r-9", "a.b", "*", ">", ""} {
		if _, _, err := store.Apply(ctx, id, approval.TimerFired{}, time.Now()); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := js.Publish(ctx, "$KV.WL_REQUESTS.r-8", []byte(`{"request":"r-8"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(ctx, "r-8"); !errors.Is(err, ErrUnreadable) {
		t.Errorf("a broken state: %v", err)
	}
}

// Many approvers answer at the same instant, through several stores: nobody's
// verdict is lost, and the decision is made once.
func TestVerdictsAtTheSameInstant(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	ctx := t.Context()
	const people = 8
	s := newRequest(t, "r-1", 2, people)
	stores := [2]*Store{}
	for i := range stores {
		stores[i] = NewStore(server.JetStream(t, escalator), server.Subjects)
	}
	if _, err := stores[0].Create(ctx, s); err != nil {
		t.Fatal(err)
	}
	var together sync.WaitGroup
	made := make([]int, people+1)
	for i := range people + 1 {
		together.Go(func() {
			_, effects, err := stores[i%2].Apply(ctx, "r-1", approves(s, uint64(i+1), fmt.Sprint("approver-", i)), time.Now())
			if err != nil {
				t.Error(err)
			}
			for _, e := range effects {
				if _, ok := e.(approval.Decide); ok {
					made[i]++
				}
			}
		})
	}
	together.Wait()
	total := 0
	for _, n := range made {
		total += n
	}
	got, err := stores[1].Load(ctx, "r-1")
	if err != nil || got.Resolved == nil || len(got.Verdicts) != people || total != 2 {
		t.Errorf("%d decisions, %d verdicts, resolved %v, %v", total, len(got.Verdicts), got.Resolved, err)
	}
}

func TestOnlyResolvedRequestsAgeOut(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := server.JetStream(t, escalator)
	store := NewStore(js, server.Subjects)
	ctx := t.Context()
	s := newRequest(t, "r-1", 1, 1)
	if _, err := store.Create(ctx, s); err != nil {
		t.Fatal(err)
	}
	ttl := func() string {
		m, err := store.last(ctx, "r-1")
		if err != nil {
			t.Fatal(err)
		}
		return m.Header.Get(jetstream.MsgTTLHeader)
	}
	if got := ttl(); got != "" {
		t.Errorf("an open request lives for %s", got)
	}
	if _, _, err := store.Apply(ctx, "r-1", approves(s, 1, "alice"), time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := ttl(); got != KeepResolved.String() {
		t.Errorf("a resolved request lives for %q", got)
	}
}

func TestTheIndexFollowsWhatChanges(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := server.JetStream(t, escalator)
	store := NewStore(js, server.Subjects)
	index := NewIndex(store)
	ctx := t.Context()
	late := time.Now().Add(time.Hour)
	overdue := func(want int, wantErr error) {
		t.Helper()
		if err := index.Refresh(ctx); !errors.Is(err, wantErr) {
			t.Errorf("refreshed with %v", err)
		}
		if got := index.Overdue(late, 0); len(got) != want {
			t.Errorf("%d overdue, want %d", len(got), want)
		}
	}
	overdue(0, nil)
	states := make([]approval.State, 3)
	for i := range states {
		states[i] = newRequest(t, fmt.Sprint("r-", i), 1, 1)
		if _, err := store.Create(ctx, states[i]); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Claim(ctx, "billing", fmt.Sprint("r-", i, "-1"), states[i].Request); err != nil {
			t.Fatal(err)
		}
	}
	overdue(3, nil) // claims are no requests
	if got := index.Overdue(time.Now(), 0); len(got) != 0 {
		t.Errorf("%d are overdue before their time", len(got))
	}
	if got := index.Overdue(late, 2*time.Hour); len(got) != 0 {
		t.Errorf("%d are overdue within the grace", len(got))
	}
	if _, _, err := store.Apply(ctx, "r-1", approves(states[1], 1, "alice"), time.Now()); err != nil {
		t.Fatal(err)
	}
	overdue(2, nil)
	if _, err := js.Publish(ctx, "$KV.WL_REQUESTS.r-2", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	overdue(1, ErrUnreadable)
	operator := server.JetStream(t, authz.TheOperator())
	kv, err := operator.KeyValue(ctx, "WL_REQUESTS")
	if err != nil {
		t.Fatal(err)
	}
	if err := kv.Delete(ctx, "r-0"); err != nil {
		t.Fatal(err)
	}
	overdue(0, nil)
	if _, err := store.Load(ctx, "r-0"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted request: %v", err)
	}
	// An id is never used again: its marker may be what keeps a slow router out.
	if _, err := store.Create(ctx, states[0]); !errors.Is(err, ErrGone) {
		t.Errorf("after a deletion: %v", err)
	}
	overdue(0, nil)
}

func TestApplyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	store := NewStore(server.JetStream(t, escalator), server.Subjects)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := store.Apply(ctx, "r-1", approval.TimerFired{}, time.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

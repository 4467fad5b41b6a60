package grants

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
)

var router = authz.Identity{Kind: authz.Service, Name: authz.ApproverRouter}

func twoStores(t *testing.T, g Grant, now time.Time) [2]*Store {
	t.Helper()
	server := natstest.Start(t)
	var stores [2]*Store
	for i := range stores {
		stores[i] = NewStore(server.JetStream(t, router), server.Subjects)
	}
	if _, err := stores[0].Create(t.Context(), g, now); err != nil {
		t.Fatal(err)
	}
	return stores
}

func TestTwoRoutersCountExactly(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	stores := twoStores(t, newGrant("g", 7, now), now)
	var mu sync.Mutex
	granted := map[string]int{}
	var all sync.WaitGroup
	for _, name := range names(12) {
		for _, store := range stores { // each action reaches both
			a := newAction(t, name, `{}`, 1_000_000)
			all.Go(func() {
				for {
					_, err := store.Use(t.Context(), "g", a, now)
					refusal := (*RefusedError)(nil)
					switch {
					case errors.Is(err, ErrContended):
						continue
					case errors.As(err, &refusal) && refusal.Code == UsedUp:
					case err != nil:
						t.Error(err)
					default:
						mu.Lock()
						granted[name]++
						mu.Unlock()
					}
					return
				}
			})
		}
	}
	all.Wait()
	s, err := stores[1].Load(t.Context(), "g")
	if err != nil || len(s.Used) != 7 || s.AmountLeft() != 93_000_000 {
		t.Fatalf("%d uses stored, %d left: %v", len(s.Used), s.AmountLeft(), err)
	}
	for name := range granted {
		if _, ok := s.Used["billing/"+name]; !ok {
			t.Errorf("%s was granted and not counted", name)
		}
	}
	if len(granted) != 7 {
		t.Fatalf("%d actions were granted, not 7", len(granted))
	}
}

// A router that dies after the use is counted leaves it for whoever gets the assessment next.
func TestAnotherRouterFindsTheUse(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	stores := twoStores(t, newGrant("g", 1, now), now)
	a := newAction(t, "a", `{}`, 0)
	first, err := stores[0].Use(t.Context(), "g", a, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stores[0].Revoke(t.Context(), "g", "bob", now); err != nil {
		t.Fatal(err)
	}
	again, err := stores[1].Use(t.Context(), "g", a, now.Add(2*time.Hour))
	if err != nil || len(again.Used) != 1 || !again.Used["billing/a"].At.Equal(first.Used["billing/a"].At) {
		t.Fatalf("got %v %v", again.Used, err)
	}
}

// What is counted before the revocation stands; nothing is counted after it.
func TestARevocationTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	stores := twoStores(t, newGrant("g", MaxUses, now), now)
	var all sync.WaitGroup
	var atRevocation State
	for i, name := range names(20) {
		a := newAction(t, name, `{}`, 0)
		all.Go(func() {
			_, err := stores[i%2].Use(t.Context(), "g", a, now)
			refusal := (*RefusedError)(nil)
			if err != nil && !errors.Is(err, ErrContended) && (!errors.As(err, &refusal) || refusal.Code != IsRevoked) {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		var err error
		for atRevocation, err = stores[0].Revoke(t.Context(), "g", "bob", now); errors.Is(err, ErrContended); {
			atRevocation, err = stores[0].Revoke(t.Context(), "g", "bob", now)
		}
		if err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	if s, err := stores[1].Load(t.Context(), "g"); err != nil || !same(s, atRevocation) {
		t.Fatalf("%d uses, %d at the revocation: %v", len(s.Used), len(atRevocation.Used), err)
	}
	if s, err := stores[1].Revoke(t.Context(), "g", "carol", now); err != nil || s.Revoked.By != "bob" {
		t.Fatalf("revoked by %v: %v", s.Revoked, err)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	g := newGrant("g", 2, now)
	stores := twoStores(t, g, now)
	if _, err := stores[1].Create(t.Context(), g, now.Add(2*time.Hour)); err != nil {
		t.Fatalf("a redelivered command failed: %v", err)
	}
	g.Uses = 3
	if _, err := stores[1].Create(t.Context(), g, now); !errors.Is(err, ErrExists) {
		t.Fatalf("a grant was widened: %v", err)
	}
	g.ID, g.Uses = "h", 0
	if _, err := stores[1].Create(t.Context(), g, now); err == nil {
		t.Fatal("a grant without uses was created")
	}
	for _, id := range []string{"h", "x.y", "*", ""} {
		if _, err := stores[1].Use(t.Context(), id, newAction(t, "a", `{}`, 0), now); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestOnlyTheRouterMayWriteGrants(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t).Subjects
	bucket := "$KV." + s.Stream(Bucket) + ".>"
	for _, id := range []authz.Identity{
		{Kind: authz.Agent, Name: "billing"}, {Kind: authz.Approver, Name: "alice"}, {Kind: authz.Adapter, Name: "slack"},
		{Kind: authz.Service, Name: authz.Escalator}, {Kind: authz.Service, Name: authz.RiskScorer}, {Kind: authz.Service, Name: authz.AuditSink}, router,
	} {
		p, err := authz.For(id, s)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(p.Publish, bucket); got != (id == router) {
			t.Errorf("%v may write grants: %v", id, got)
		}
	}
}

// The server dies after the use was stored and before anything was decided: the use is still there and counts once.
func TestAUseSurvivesAKilledServer(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	server := natstest.Start(t, natstest.InOwnProcess())
	store := NewStore(server.JetStream(t, router), server.Subjects)
	if _, err := store.Create(t.Context(), newGrant("g", 2, now), now); err != nil {
		t.Fatal(err)
	}
	a := newAction(t, "a", `{}`, 60_000_000)
	if _, err := store.Use(t.Context(), "g", a, now); err != nil {
		t.Fatal(err)
	}
	server.Kill(t)
	server.Restart(t)
	next := NewStore(server.JetStream(t, router), server.Subjects)
	if s, err := next.Use(t.Context(), "g", a, now); err != nil || s.Left() != 1 || s.AmountLeft() != 40_000_000 {
		t.Fatalf("%d uses left, %d: %v", s.Left(), s.AmountLeft(), err)
	}
	refusal := (*RefusedError)(nil)
	if _, err := next.Use(t.Context(), "g", newAction(t, "b", `{}`, 60_000_000), now); !errors.As(err, &refusal) || refusal.Code != OverLimit {
		t.Fatalf("the amount was forgotten: %v", err)
	}
}

// Every write keeps the entry for as long as an assessment may be delivered again after the grant expired.
func TestAnEndedGrantIsKept(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	stores := twoStores(t, newGrant("g", 1, now), now)
	kept := func(want string) {
		t.Helper()
		stream, err := stores[0].handle(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m, err := stream.GetLastMsgForSubject(t.Context(), stores[0].subject+"g")
		if err != nil || m.Header.Get("Nats-TTL") != want {
			t.Fatalf("kept for %q, not %q: %v", m.Header.Get("Nats-TTL"), want, err)
		}
	}
	kept((time.Hour + KeepEnded).String())
	if _, err := stores[1].Revoke(t.Context(), "g", "bob", now.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	kept(KeepEnded.String())
}

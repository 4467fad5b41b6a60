package requests_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/pkg/events"
)

// opened is the state of a new request on actions of agent billing.
func opened(t *testing.T, request string, actions ...string) approval.State {
	t.Helper()
	card := events.Card{Request: request, Route: "rest", Headline: "x", Level: events.High, Score: 80}
	origins := make([]approval.ItemOrigin, len(actions))
	for i, action := range actions {
		digest := events.Digest([]byte(action))
		card.Items = append(card.Items, events.CardItem{
			ActionRef: events.ActionRef{Agent: "billing", Action: action, Sequence: uint64(i + 1), Digest: digest, ArgumentsDigest: digest},
			Level:     events.High, Score: 80,
		})
	}
	rules := approval.Rules{Require: []approval.Requirement{{Group: "ops", Count: 1}}, RejectionEnds: true, Otherwise: events.Expired, Tiers: []approval.Tier{{Group: "ops", Wait: time.Hour}}}
	s, _, err := approval.Open(card, rules, origins, approval.Duty{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// routers are stores over connections of their own.
func routers(t *testing.T, s *natstest.Server, n int) []*requests.Store {
	t.Helper()
	stores := make([]*requests.Store, n)
	for i := range stores {
		stores[i] = requests.NewStore(s.JetStream(t, authz.Identity{Kind: authz.Service, Name: authz.ApproverRouter}), s.Subjects)
	}
	return stores
}

func claim(t *testing.T, st *requests.Store, action, request string) requests.Claimed {
	t.Helper()
	c, err := st.Claim(t.Context(), "billing", action, request)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Routers that race for one action all store what they believe is theirs: only one may.
func TestClaimRaceHasOneCard(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	stores := routers(t, s, 8)
	for round := range 20 {
		action := fmt.Sprintf("a-%d", round)
		var mu sync.Mutex
		var cards []string
		var wg sync.WaitGroup
		for i, st := range stores {
			id := fmt.Sprintf("r-%d-%d", round, i)
			wg.Go(func() {
				c, err := st.Claim(t.Context(), "billing", action, id)
				if err != nil {
					t.Errorf("%s: %v", id, err)
					return
				}
				if c.Request != id {
					return
				}
				_, err = st.Create(t.Context(), opened(t, id, action))
				if err == nil {
					mu.Lock()
					cards = append(cards, id)
					mu.Unlock()
				} else if !errors.Is(err, requests.ErrGone) {
					t.Errorf("%s: %v", id, err)
				}
			})
		}
		wg.Wait()
		if len(cards) > 1 {
			t.Fatalf("%s is on the cards %v", action, cards)
		}
		if len(cards) == 1 {
			if c := claim(t, stores[0], action, "r-late"); c.Request != cards[0] {
				t.Fatalf("%s is on %s but a latecomer was told %+v", action, cards[0], c)
			}
		}
	}
}

// Once a request is stored, nobody who comes later gets its action.
func TestClaimOfStoredRequestStands(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	stores := routers(t, s, 9)
	claim(t, stores[8], "a", "r-first")
	if _, err := stores[8].Create(t.Context(), opened(t, "r-first", "a")); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i, st := range stores[:8] {
		wg.Go(func() {
			if c := claim(t, st, "a", fmt.Sprintf("r-%d", i)); c.Request != "r-first" {
				t.Errorf("router %d was told %+v", i, c)
			}
		})
	}
	wg.Wait()
	if c := claim(t, stores[0], "a", "r-first"); c.Request != "r-first" {
		t.Errorf("the holder itself was told %+v", c)
	}
}

// A router that is only slow finds its id burnt, at once, and can start over.
func TestAbandonedClaimIsTakenOverAndItsCreatorFails(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	stores := routers(t, s, 2)
	slow, next := stores[0], stores[1]
	claim(t, slow, "a", "r-slow")
	claim(t, slow, "b", "r-slow")
	if c := claim(t, next, "a", "r-next"); c.Request != "r-next" {
		t.Fatalf("the next router was told %+v", c)
	}
	counted := countWrites(t, s, "r-slow")
	_, err := slow.Create(t.Context(), opened(t, "r-slow", "a", "b"))
	if !errors.Is(err, requests.ErrGone) {
		t.Fatalf("creating a burnt request: %v", err)
	}
	if n := counted(); n != 1 {
		t.Errorf("a burnt id was tried %d times", n)
	}
	if _, err := slow.Load(t.Context(), "r-slow"); !errors.Is(err, requests.ErrNotFound) {
		t.Errorf("loading it: %v", err)
	}
	if _, err := next.Create(t.Context(), opened(t, "r-next", "a")); err != nil {
		t.Fatal(err)
	}
	if c := claim(t, slow, "a", "r-again"); c.Request != "r-next" {
		t.Errorf("the slow router, starting over, was told %+v", c)
	}
	if c := claim(t, slow, "b", "r-again"); c.Request != "r-again" {
		t.Errorf("the item that nobody took was given as %+v", c)
	}
}

// countWrites counts what is published on a request's key, stored or not.
func countWrites(t *testing.T, s *natstest.Server, request string) func() int {
	t.Helper()
	nc := s.Connect(t, authz.TheOperator())
	sub, err := nc.SubscribeSync("$KV." + s.Subjects.Stream(requests.Bucket) + "." + request)
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return func() int {
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		n, _, err := sub.Pending()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// A claim can succeed without its router learning of it; then the request is stored without
// the action, which must still get on a card.
func TestClaimOfRequestWithoutTheActionIsVoid(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	st := routers(t, s, 1)[0]
	claim(t, st, "lost", "r-1")
	claim(t, st, "kept", "r-1")
	if _, err := st.Create(t.Context(), opened(t, "r-1", "kept")); err != nil {
		t.Fatal(err)
	}
	if found, err := st.Find(t.Context(), "billing", "kept"); err != nil || found.Request != "r-1" {
		t.Errorf("found %s, %v", found.Request, err)
	}
	for _, action := range []string{"lost", "never"} {
		if found, err := st.Find(t.Context(), "billing", action); !errors.Is(err, requests.ErrNotFound) {
			t.Errorf("%s was found on %s, %v", action, found.Request, err)
		}
	}
	if c := claim(t, st, "lost", "r-2"); c.Request != "r-2" {
		t.Errorf("the action that is on no card was given as %+v", c)
	}
	if c := claim(t, st, "kept", "r-2"); c.Request != "r-1" {
		t.Errorf("the action on the card was given as %+v", c)
	}
}

func TestClaimOverGarbage(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	st := routers(t, s, 1)[0]
	kv := s.JetStream(t, authz.TheOperator())
	for name, m := range map[string]*nats.Msg{
		"bad-id":  {Data: []byte("r.*")},
		"empty":   {},
		"deleted": {Header: nats.Header{"KV-Operation": {"DEL"}}},
		"aged":    {Header: nats.Header{"Nats-Marker-Reason": {"MaxAge"}}},
	} {
		m.Subject = "$KV." + s.Subjects.Stream(requests.Bucket) + "." + requests.ClaimKey("billing", name)
		if _, err := kv.PublishMsg(t.Context(), m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c := claim(t, st, name, "r-1"); c.Request != "r-1" {
			t.Errorf("%s was given as %+v", name, c)
		}
	}
}

func TestClaimEndsWithItsContext(t *testing.T) {
	t.Parallel()
	st := routers(t, natstest.Start(t), 1)[0]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := st.Claim(ctx, "billing", "a", "r-1"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

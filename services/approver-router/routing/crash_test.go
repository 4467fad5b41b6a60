package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// dead is a router that stops between two steps.
func (r *rig) dead(t *testing.T) (*opener, *routes.Route) {
	t.Helper()
	loaded, err := r.cfg.load()
	if err != nil {
		t.Fatal(err)
	}
	js := r.server.JetStream(t, router)
	o := &opener{js: js, subjects: r.s, store: requests.NewStore(js, r.s), tables: newTables(loaded), now: time.Now}
	return o, loaded.routes.Match(routes.Action{Assessed: assessment("billing", "a")})
}

// save stores a card as a router does.
func (r *rig) save(t *testing.T, o *opener, id string, route *routes.Route, items []waiting) ([]stream.Output, error) {
	t.Helper()
	return o.save(t.Context(), newCard(id, route, items, mostRoom), route, items)
}

// Whatever a router had done when it died, every action ends up on one card and gets one
// decision.
func TestRouterDiesBetweenSteps(t *testing.T) {
	t.Parallel()
	actions := []string{"a", "b", "c"}
	for name, die := range map[string]func(t *testing.T, r *rig, o *opener, route *routes.Route, items []waiting){
		"before claiming": func(*testing.T, *rig, *opener, *routes.Route, []waiting) {},
		"after claiming some": func(t *testing.T, _ *rig, o *opener, _ *routes.Route, items []waiting) {
			o.claim(t.Context(), "r-dead", items[1:])
		},
		"after claiming": func(t *testing.T, _ *rig, o *opener, _ *routes.Route, items []waiting) {
			o.claim(t.Context(), "r-dead", items)
		},
		"after storing": func(t *testing.T, r *rig, o *opener, route *routes.Route, items []waiting) {
			if _, err := r.save(t, o, "r-dead", route, o.claim(t.Context(), "r-dead", items)); err != nil {
				t.Fatal(err)
			}
		},
		"after storing without one whose claim had an unknown end": func(t *testing.T, r *rig, o *opener, route *routes.Route, items []waiting) {
			if _, err := r.save(t, o, "r-dead", route, o.claim(t.Context(), "r-dead", items)[1:]); err != nil {
				t.Fatal(err)
			}
		},
		"after announcing": func(t *testing.T, r *rig, o *opener, route *routes.Route, items []waiting) {
			out, err := r.save(t, o, "r-dead", route, o.claim(t.Context(), "r-dead", items))
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range out {
				if one.Subject == "" {
					continue // told, and not stored
				}
				h, data, err := events.EncodeBinary(one.Event)
				if err != nil {
					t.Fatal(err)
				}
				m := &nats.Msg{Subject: one.Subject, Header: nats.Header(h), Data: data}
				if _, err := o.js.PublishMsg(t.Context(), m, jetstream.WithMsgID(one.MsgID)); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, 1, "50ms", 50)
			var items []waiting
			for _, action := range actions {
				a := assessment("billing", action)
				r.assess(t, a)
				items = append(items, waiting{assessment: a, cause: assessedEvent(t, a), promise: held(a).promise})
			}
			o, route := r.dead(t)
			die(t, r, o, route, items)
			r.start(t)
			r.approveAll(t, actions)
			r.onOneCard(t, "billing/a", "billing/b", "billing/c")
		})
	}
}

// approveAll has alice approve every card that is announced until all actions are decided,
// and checks that there is one announcement of each card.
func (r *rig) approveAll(t *testing.T, actions []string) {
	t.Helper()
	alice := r.approver(t, "alice")
	var announced []string
	for left := len(actions); left > 0; {
		request, card := r.requested(t)
		if slices.Contains(announced, request.Request) {
			t.Errorf("card %s was announced twice", request.Request)
		}
		announced = append(announced, request.Request)
		left -= len(card.Items)
		alice.cast(t, request.Request, events.VerdictCast{Digest: request.Digest, Verdict: events.Approve})
	}
	for _, action := range actions {
		if d := r.decision(t, "billing", action); d.Outcome != events.Approved || d.DecidedBy.Kind != events.ByApprovers {
			t.Errorf("%s: %+v", action, d)
		}
	}
}

// A router that was only slow stores nothing once another has taken its actions.
func TestSlowRouterComesTooLate(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "50ms", 50)
	var items []waiting
	for _, action := range []string{"a", "b"} {
		a := assessment("billing", action)
		r.assess(t, a)
		items = append(items, held(a))
	}
	o, route := r.dead(t)
	mine := o.claim(t.Context(), "r-slow", items)
	if len(mine) != 2 {
		t.Fatalf("%d items", len(mine))
	}
	r.start(t)
	r.approveAll(t, []string{"a", "b"})
	if _, err := r.save(t, o, "r-slow", route, mine); !errors.Is(err, requests.ErrGone) {
		t.Errorf("the slow router stored its card: %v", err)
	}
	r.onOneCard(t, "billing/a", "billing/b")
}

// An assessment that comes again when its request is long resolved and forgotten asks nobody
// a second time.
func TestDecidedActionIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "50ms", 50)
	o, _ := r.dead(t)
	a := assessment("billing", "a")
	if _, err := o.store.Claim(t.Context(), "billing", "a", "r-forgotten"); err != nil {
		t.Fatal(err)
	}
	d, _ := decideAlone(assessment("billing", "a", level(events.Low)))
	out, err := decisionOutput(r.s, d, assessedEvent(t, a), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h, data, err := events.EncodeBinary(out.Event)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.js.PublishMsg(t.Context(), &nats.Msg{Subject: out.Subject, Header: nats.Header(h), Data: data}); err != nil {
		t.Fatal(err)
	}
	r.assess(t, a)
	r.assess(t, assessment("billing", "b"))
	r.start(t)
	if _, card := r.requested(t); len(card.Items) != 1 || card.Items[0].Action != "b" {
		t.Errorf("%+v", card)
	}
	r.settled(t, "EVENTS", "approver-router-assessments")
	r.onOneCard(t, "billing/b")
}

// Routers die with everything in their hands, one after the other, while a standby waits.
func TestRoutersAreKilledUnderLoad(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "30ms", 7)
	active := r.start(t)
	var actions, names []string
	for i := range 120 {
		if i%30 == 15 {
			standby := r.start(t)
			active.kill()
			active = standby
		}
		action := fmt.Sprintf("a-%d", i)
		actions, names = append(actions, action), append(names, "billing/"+action)
		r.assess(t, assessment("billing", action))
	}
	r.approveAll(t, actions)
	r.settled(t, "EVENTS", "approver-router-assessments")
	r.onOneCard(t, names...)
}

// In the middle of a window nothing is on a card. A shutdown stores what waits at once.
func TestShutdownInTheMiddleOfAWindow(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 50)
	run := r.start(t)
	r.assess(t, assessment("billing", "a"))
	r.assess(t, assessment("billing", "b"))
	r.waitFor(t, "both to be held", func() bool { return run.holds() == 2 })
	run.stop()
	if err := <-run.done; err != nil {
		t.Fatal(err)
	}
	if _, card := r.requested(t); len(card.Items) != 2 {
		t.Errorf("%+v", card)
	}
	r.settled(t, "EVENTS", "approver-router-assessments")
	r.onOneCard(t, "billing/a", "billing/b")
	if n := run.holds(); n != 0 {
		t.Errorf("%d are still held", n)
	}
}

// What cannot be stored at a shutdown is left to the next router.
func TestShutdownWithoutTheBucket(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 50)
	run := r.start(t)
	r.assess(t, assessment("billing", "a"))
	r.waitFor(t, "it to be held", func() bool { return run.holds() == 1 })
	bucket := "KV_" + r.s.Stream(requests.Bucket)
	info, err := r.js.Stream(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.js.DeleteStream(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	run.stop()
	if err := <-run.done; err != nil {
		t.Fatal(err)
	}
	if _, err := r.js.CreateStream(context.Background(), info.CachedInfo().Config); err != nil {
		t.Fatal(err)
	}
	next := r.start(t)
	r.waitFor(t, "it to be held again", func() bool { return next.holds() == 1 })
	next.stop()
	if _, card := r.requested(t); len(card.Items) != 1 {
		t.Errorf("%+v", card)
	}
	r.onOneCard(t, "billing/a")
}

// holds counts what waits for its window.
func (run *running) holds() (n int) {
	b := run.svc.batches
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, open := range b.open {
		n += len(open.items)
	}
	return n
}

// Two routers that open the same actions at the same instant, in different batches, as when a
// standby takes over from one that still works.
func TestTwoRoutersOpenTheSameActions(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "50ms", 50)
	one, route := r.dead(t)
	other, _ := r.dead(t)
	var actions, names []string
	var mine, theirs []waiting
	for i := range 40 {
		action := fmt.Sprintf("a-%d", i)
		actions, names = append(actions, action), append(names, "billing/"+action)
		a := assessment("billing", action)
		r.assess(t, a)
		mine, theirs = append(mine, held(a)), append(theirs, held(a))
	}
	slices.Reverse(theirs)
	var both sync.WaitGroup
	for at := 0; at < len(actions); at += 10 {
		both.Go(func() { one.open(t.Context(), &batch{route: route, items: mine[at : at+10]}) })
		both.Go(func() { other.open(t.Context(), &batch{route: route, items: theirs[at : at+10]}) })
	}
	both.Wait()
	// Neither announced anything: their outcomes went nowhere.
	r.start(t)
	r.approveAll(t, actions)
	r.settled(t, "EVENTS", "approver-router-assessments")
	r.onOneCard(t, names...)
}

// BenchmarkOpen is the opening of a full card: 50 claims and a request.
func BenchmarkOpen(b *testing.B) {
	s := natstest.Start(b)
	js := s.JetStream(b, router)
	o := &opener{js: js, subjects: s.Subjects, store: requests.NewStore(js, s.Subjects), tables: newTables(&table{people: people.Default()}), now: time.Now}
	route := testRoute(time.Second, 50)
	for n := 0; b.Loop(); n++ {
		items := make([]waiting, 50)
		for i := range items {
			items[i] = held(assessment("billing", fmt.Sprintf("a-%d-%d", n, i)))
		}
		o.open(b.Context(), &batch{route: route, items: items})
	}
}

// Once an edit moved an action to a card of its own, its earlier assessment opens none: the edit would be lost.
func TestAnEarlierAssessmentComesTooLateAfterAMove(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	o, route := r.dead(t)
	first := held(assessment("billing", "a"))
	if _, err := r.save(t, o, "r-1", route, o.claim(t.Context(), "r-1", []waiting{first})); err != nil {
		t.Fatal(err)
	}
	state, err := r.store.Load(t.Context(), "r-1")
	if err != nil {
		t.Fatal(err)
	}
	moved := assessment("billing", "a", func(a *events.ActionAssessed) {
		a.Edited = &events.EditedArguments{Arguments: []byte(`{}`), By: "alice", Request: "r-1"}
	})
	state.Items[0].Moved = &approval.Move{Assessed: *moved}
	if _, err := r.js.Publish(t.Context(), "$KV."+r.s.Stream(requests.Bucket)+".r-1", marshal(t, state)); err != nil {
		t.Fatal(err)
	}
	if free, outcome := o.claimOne(t.Context(), "r-2", held(assessment("billing", "a"))); free {
		t.Errorf("the earlier assessment opens a card: %+v", outcome)
	}
	if free, outcome := o.claimOne(t.Context(), "r-3", held(moved)); !free {
		t.Errorf("the edit opens none: %+v", outcome)
	}
}

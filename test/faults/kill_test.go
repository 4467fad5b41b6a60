package faults

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/services/auditsink/sink"
)

// size of the run: actions, and how often each service is killed.
func size() (actions, kills int) {
	if testing.Short() {
		return 1000, 2
	}
	return 5000, 5
}

// window is how many actions that need nobody are under way at once: enough that
// every kill hits hundreds at every stage.
const window = 500

// TestServices tests the services as the programs they are.
func TestServices(t *testing.T) {
	t.Parallel()
	programs := build(t.Context(), t)
	t.Run("killed", func(t *testing.T) { t.Parallel(); killed(t, programs) })
	t.Run("with wrong settings", func(t *testing.T) { t.Parallel(); wrongSettings(t, programs) })
}

// killed kills every service again and again in the middle of thousands of actions, with
// hundreds that wait for approval.
func killed(t *testing.T, programs string) {
	began := time.Now()
	ctx := within(t)
	w := newWorld(ctx, t)
	processes := startAll(t, programs, w.Server, w.db)
	n, kills := size()
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	plans := mixed(random, agents, n)
	t.Logf("seed %d", seed)

	r := &run{world: w, killer: newKiller(random, processes, kills, n), slots: make(chan struct{}, window)}
	var all errgroup.Group
	head, tail := split(plans)
	if err := r.flow(ctx, &all, head); err != nil {
		w.explain(t, plans)
		t.Fatal(err)
	}
	waiting := 0
	for _, p := range plans {
		if p.kind.waits() {
			waiting++
		}
	}
	until(ctx, t, "every risky action to wait on a card", func() bool { return w.waiting(ctx, t) == waiting })
	t.Logf("%d actions wait for people after %s, %d are decided", waiting, time.Since(began).Round(time.Millisecond), r.decisions.Load())

	answering, stop := context.WithCancel(ctx)
	var people errgroup.Group
	for name := range w.approvers {
		people.Go(func() error { return w.answer(answering, name) })
	}
	err := r.flow(ctx, &all, tail)
	err = errors.Join(err, all.Wait())
	stop()
	if err := errors.Join(err, people.Wait(), r.killer.wait()); err != nil {
		w.explain(t, plans)
		t.Fatal(err)
	}
	t.Logf("all decided after %s", time.Since(began).Round(time.Millisecond))
	until(ctx, t, "the audit to catch up", func() bool {
		ok, err := sink.CaughtUp(ctx, w.op, w.Subjects)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	})
	t.Logf("%d actions decided and audited in %s; killed:%s", n, time.Since(began).Round(time.Millisecond), report(processes))
	w.oneDecisionEach(t, plans)
	w.auditedOnce(ctx, t)
}

// split keeps the last fifth of what needs nobody for the time when people answer.
func split(plans []plan) (head, tail []plan) {
	for i, p := range plans {
		if i >= len(plans)*4/5 && !p.kind.waits() {
			tail = append(tail, p)
		} else {
			head = append(head, p)
		}
	}
	return head, tail
}

// run proposes and counts.
type run struct {
	*world
	killer    *killer
	slots     chan struct{}
	decisions atomic.Int64
}

// flow proposes the plans and returns when those that need nobody are decided; all
// waits for the others.
func (r *run) flow(ctx context.Context, all *errgroup.Group, plans []plan) error {
	flow, ctx := errgroup.WithContext(ctx)
	for _, p := range plans {
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			return errors.Join(flow.Wait(), context.Cause(ctx))
		}
		flow.Go(func() error {
			defer func() { <-r.slots }()
			if err := r.propose(ctx, p); err != nil {
				return err
			}
			if !p.kind.waits() {
				return r.await(ctx, p)
			}
			all.Go(func() error { return r.await(context.WithoutCancel(ctx), p) })
			return nil
		})
	}
	return flow.Wait()
}

func (r *run) await(ctx context.Context, p plan) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := r.decided(ctx, p); err != nil {
		return err
	}
	r.decisions.Add(1)
	r.killer.decided()
	return nil
}

// waiting counts the actions on open cards.
func (w *world) waiting(ctx context.Context, t *testing.T) (items int) {
	t.Helper()
	list, err := w.approvers["alice"].Requests(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if r.Open() {
			items += len(r.Items)
		}
	}
	return items
}

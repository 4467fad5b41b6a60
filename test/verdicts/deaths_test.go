package verdicts

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/weighlock/weighlock/pkg/events"
)

func TestARouterDiesBetweenSteps(t *testing.T) {
	t.Parallel()
	p := start(t)
	n := rounds() / 10
	steps := make(chan struct{}, 1)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { p.through(t, i, steps) })
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	router, kills, spared := p.router, 0, 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-steps:
			if spared--; spared < 0 {
				router.kill()
				router, spared = p.startRouter(t), 5+rand.IntN(2*n)
				kills++
			}
		}
	}
	t.Logf("%d actions, %d routers killed", n, kills)
	p.drained(t)
	p.agree(t)
}

// through takes one action that needs two people through an edit, a move to another card, and sometimes a withdrawal. It tells
// steps of each verdict that is stored.
func (p *pipeline) through(t *testing.T, i int, steps chan<- struct{}) {
	action := p.propose(t, "billing", "pay_two", proposed)
	if i%4 == 3 {
		p.withdraw(t, action)
	}
	edits := []string{smaller, larger}
	for step := 0; ; step++ {
		decided := until(t, "the next step of "+action, func(ctx context.Context) (bool, bool) {
			if _, err := p.people["alice"].Decision(ctx, "billing", action); err == nil {
				return true, true
			}
			_, waits := p.waitsOn(ctx, "billing", action)
			return false, waits
		})
		if decided {
			return
		}
		card, waits := p.waitsOn(t.Context(), "billing", action)
		if !waits {
			continue
		}
		v := all(events.Approve)
		if step < len(edits) {
			v = edit(1, edits[step])
		}
		v.Request, v.Digest = card.ID, card.Digest
		// Refused or not: what counts is what the card says next.
		if _, err := p.people[[]string{"alice", "bob", "carol"}[step%3]].Cast(t.Context(), v); err != nil {
			t.Error(err)
			return
		}
		select {
		case steps <- struct{}{}:
		default:
		}
	}
}

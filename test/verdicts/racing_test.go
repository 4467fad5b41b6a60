package verdicts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// racers is how many actions race; make soak has a thousand.
func racers() int {
	switch {
	case os.Getenv("WEIGHLOCK_SOAK") != "":
		return 1000
	case testing.Short():
		return 60
	}
	return 250
}

// board is what is open, as a watcher sees it.
type board struct {
	mu   sync.Mutex
	open map[string]bool
}

func (b *board) note(e approver.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case e.Kind == events.Resolved, e.Request != nil && !e.Request.Open():
		delete(b.open, e.ID)
	case e.Kind == events.Requested, e.Request != nil:
		b.open[e.ID] = true
	}
}

func (b *board) pick() (request string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.open) == 0 {
		return "", false
	}
	ids := slices.Collect(maps.Keys(b.open)) // in random order
	return ids[rand.IntN(len(ids))], true
}

// forget takes a request off that was seen to be resolved, whose announcement may have come before its request's.
func (b *board) forget(request string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, request)
}

// Eight approvers and two routers, of which one or the other is killed now and then, with verdicts, edits and withdrawals at random:
// the checker finds nothing.
func TestRacing(t *testing.T) {
	t.Parallel()
	p := start(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	routers := []*running{p.router, p.startRouter(t)}
	b := &board{open: map[string]bool{}}
	var around sync.WaitGroup
	around.Go(func() { _ = p.people["alice"].Watch(ctx, b.note) })
	var casts atomic.Int64
	for name, client := range p.people {
		around.Go(func() { p.answerAtRandom(ctx, t, name, client, b, &casts) })
	}
	n, kills := racers(), 0
	decisions := make(chan struct{}, n)
	around.Go(func() {
		for spared := n / 10; ; spared-- {
			if spared <= 0 {
				victim := rand.IntN(2)
				routers[victim].kill()
				routers[victim] = p.startRouter(t)
				kills++
				spared = n/20 + rand.IntN(n/10)
			}
			select {
			case <-ctx.Done():
				return
			case <-decisions:
			}
		}
	})
	p.race(t, n, decisions)
	stop()
	around.Wait()
	t.Logf("%d actions, %d verdicts, %d routers killed", n, casts.Load(), kills)
	p.drained(t)
	p.agree(t)
	granted, err := p.people["alice"].Grants(t.Context())
	if err != nil {
		t.Error(err)
	}
	used := 0
	for _, g := range granted {
		used += g.Used
	}
	t.Logf("%d grants, used %d times", len(granted), used)
	if t.Failed() {
		p.explain(t)
	}
}

// explain logs what is known of the requests that are open.
func (p *pipeline) explain(t *testing.T) {
	list, err := p.people["alice"].Requests(t.Context())
	if err != nil {
		t.Error(err)
	}
	for _, r := range list {
		if r.Open() {
			t.Logf("%s of route %s, version %d, is open: %+v", r.ID, r.Card.Route, r.Card.Version, r.Items)
		}
	}
}

// race proposes n actions, withdraws some and returns once all are decided.
func (p *pipeline) race(t *testing.T, n int, decisions chan<- struct{}) {
	tools := []string{"pay", "pay_two", "pay_race", "pay_race", "pay_race", "pay_votes", "pay_both", "drop", "drop"}
	var all sync.WaitGroup
	slots := make(chan struct{}, 100) // enough to race, and little enough that each is answered again and again
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			onBehalf := func(a *agent.Action) {
				if i%11 == 0 {
					a.Principal = "alice@example.com"
				}
			}
			tool, arguments := tools[rand.IntN(len(tools))], proposed
			if tool == "drop" { // it moves no money, so that it may be granted
				arguments = `{"table": "tmp"}`
			}
			action := p.propose(t, []string{"billing", "bobs-helper"}[i%13/12], tool, arguments, onBehalf)
			if i%10 == 7 && i%13 < 12 {
				p.claimed(t, action)
				p.withdraw(t, action)
			}
			p.decided(t, []string{"billing", "bobs-helper"}[i%13/12], action)
			decisions <- struct{}{}
		})
	}
	all.Wait()
}

// answerAtRandom answers whatever is open, whether it may or not, until ctx ends.
func (p *pipeline) answerAtRandom(ctx context.Context, t *testing.T, name string, client *approver.Client, b *board, casts *atomic.Int64) {
	tick := time.NewTicker(20 * time.Millisecond) // what is answered faster than it is counted tells nothing more
	defer tick.Stop()
	var before approver.Request
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		id, ok := b.pick()
		if !ok {
			continue
		}
		r, err := client.Get(ctx, id)
		switch {
		case err != nil:
			continue // the store is looked at again
		case !r.Open():
			b.forget(id)
			if rand.IntN(4) > 0 {
				continue // else it is answered late
			}
		}
		v := anyVerdict(name, r)
		if rand.IntN(20) == 0 && before.ID != "" {
			v.Digest = before.Digest // of another card, or of an earlier version
		}
		before = r
		if err := castAndLook(ctx, client, v); err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		casts.Add(1)
	}
}

// castAndLook casts a verdict and waits a little for what comes of it: people who answer faster than answers are counted answer
// what is no more, again and again. Most wait; some are quicker than that, and a killed router keeps everybody waiting.
func castAndLook(ctx context.Context, client *approver.Client, v approver.Verdict) error {
	v.UntilCounted = rand.IntN(8) > 0
	waiting, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := client.Cast(waiting, v)
	if _, refused := errors.AsType[*approver.RefusedError](err); refused || waiting.Err() != nil {
		return nil
	}
	return err
}

// anyVerdict is an answer that somebody might give; most are approvals, so that some actions get them all.
func anyVerdict(name string, r approver.Request) approver.Verdict {
	v := approver.Verdict{Request: r.ID, Digest: r.Digest, Comment: "seen by " + name}
	item := 1 + rand.IntN(len(r.Items))
	one := func(kind events.VerdictKind) []events.ItemVerdict {
		return []events.ItemVerdict{{Number: item, Verdict: kind}}
	}
	switch k := rand.IntN(100); {
	case k < 45:
		v.Verdict = events.Approve
	case k < 60:
		v.Items = one(events.Approve)
	case k < 66:
		v.Items = one(events.Reject)
	case k < 69:
		v.Verdict, v.Items = events.Approve, one(events.Reject)
	case k < 71:
		v.Verdict, v.Guidance = events.Respond, "pay it later"
	case k < 81:
		v.Verdict = events.Abstain
	case k < 88:
		v.Verdict, v.Grant = events.Approve, &events.GrantTerms{Seconds: 600, Uses: 1 + rand.IntN(4), AnyPrincipal: true}
	default:
		amount := []int{100, 200, 400, 5000}[rand.IntN(4)]
		v.Items = edit(item, fmt.Sprintf(`{"to": "acme", "amount": %d, "lines": [1]}`, amount)).Items
	}
	return v
}

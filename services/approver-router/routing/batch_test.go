package routing

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
)

// flushed collects what a batcher sends.
type flushed struct {
	mu      sync.Mutex
	batches [][]string
	at      []time.Duration
	start   time.Time
}

func collect() (*batcher, *flushed) {
	f := &flushed{start: time.Now()}
	return newBatcher(func(b *batch) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var names []string
		for _, w := range b.items {
			names = append(names, w.assessment.Action)
		}
		f.batches = append(f.batches, names)
		f.at = append(f.at, time.Since(f.start))
	}), f
}

func (f *flushed) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := ""
	for i := range f.batches {
		out += fmt.Sprintf("%s%v ", f.at[i], f.batches[i])
	}
	return out
}

// pass lets time pass on the clock of a synctest bubble, which takes none.
func pass(d time.Duration) { <-time.After(d) }

func TestWindowStartsWithTheFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, f := collect()
		route := testRoute(2*time.Second, 50)
		for i := range 5 { // at 0s, 0.9s, 1.8s | 2.7s, 3.6s
			b.add(route, held(assessment("billing", fmt.Sprint(i))))
			pass(900 * time.Millisecond)
		}
		pass(time.Minute)
		synctest.Wait()
		if got, want := f.String(), "2s[0 1 2] 4.7s[3 4] "; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func TestFullBatchGoesAtOnceAndIsNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, f := collect()
		route := testRoute(2*time.Second, 3)
		for i := range 4 {
			b.add(route, held(assessment("billing", fmt.Sprint(i))))
		}
		synctest.Wait()
		if got, want := f.String(), "0s[0 1 2] "; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		pass(time.Minute)
		synctest.Wait()
		if got, want := f.String(), "0s[0 1 2] 2s[3] "; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func TestClosedBatcherHoldsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, f := collect()
		route := testRoute(5*time.Minute, 50)
		b.add(route, held(assessment("billing", "0")))
		pass(time.Second)
		b.closeAll()
		b.wait()
		pass(time.Second)
		b.add(route, held(assessment("billing", "1")))
		b.wait()
		b.closeAll()
		pass(time.Hour)
		synctest.Wait()
		if got, want := f.String(), "1s[0] 2s[1] "; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func TestSimilarity(t *testing.T) {
	t.Parallel()
	base := kindIn(testRoute(0, 1), assessment("billing", "a"))
	route := func(change func(*routes.Route)) *routes.Route {
		r := testRoute(0, 1)
		change(r)
		return r
	}
	rules := func(ids ...string) func(*events.ActionAssessed) {
		return func(a *events.ActionAssessed) {
			a.Rules = nil
			for _, id := range ids {
				a.Rules = append(a.Rules, events.FiredRule{ID: id})
			}
		}
	}
	plain := testRoute(0, 1)
	for name, k := range map[string]kind{
		"another agent":   kindIn(plain, assessment("support", "z")),
		"another score":   kindIn(plain, assessment("billing", "z", score(99))),
		"another target":  kindIn(plain, assessment("billing", "z", func(a *events.ActionAssessed) { a.Target.Name, a.Target.Environment = "orders", "test" })),
		"a rule on trial": kindIn(plain, assessment("billing", "z", func(a *events.ActionAssessed) { a.Rules = append(a.Rules, events.FiredRule{ID: "trial", Shadow: true}) })),
		"another session": kindIn(plain, assessment("billing", "z", func(a *events.ActionAssessed) { a.Session, a.Principal = "s", "p" })),
	} {
		if k != base {
			t.Errorf("%s: %+v", name, k)
		}
	}
	for name, k := range map[string]kind{
		"route":       kindIn(route(func(r *routes.Route) { r.ID = "other" }), assessment("billing", "a")),
		"group":       kindIn(route(func(r *routes.Route) { r.Require[0].Group = "other" }), assessment("billing", "a")),
		"tool":        kindIn(plain, assessment("billing", "a", tool("other"))),
		"breakpoint":  kindIn(plain, assessment("billing", "a", func(a *events.ActionAssessed) { a.Breakpoint = events.AtPlan })),
		"target kind": kindIn(plain, assessment("billing", "a", func(a *events.ActionAssessed) { a.Target.Kind = "mailbox" })),
		"no target":   kindIn(plain, assessment("billing", "a", func(a *events.ActionAssessed) { a.Target = nil })),
		"no rules":    kindIn(plain, assessment("billing", "a", rules())),
		"more rules":  kindIn(plain, assessment("billing", "a", rules("deletion", "shell"))),
	} {
		if k == base {
			t.Errorf("%s makes no difference", name)
		}
	}
	one, other := rules("a", "b"), rules("b", "a")
	if kindIn(plain, assessment("billing", "a", one)) != kindIn(plain, assessment("billing", "a", other)) {
		t.Error("the order of rules of equal weight makes a difference")
	}
}

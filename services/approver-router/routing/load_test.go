package routing

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestLoadForgets(t *testing.T) {
	t.Parallel()
	l := newLoad()
	k := kind{route: "rest"}
	for i := range 200 {
		l.arrived(k, noon.Add(time.Duration(i)*100*time.Millisecond))
	}
	if n := l.arrived(k, noon.Add(20*time.Second)); n != mostLately {
		t.Errorf("%d came lately", n)
	}
	if n := l.arrived(k, noon.Add(2*time.Minute)); n != 1 {
		t.Errorf("%d came lately", n)
	}
	l.opened("ops", "r-1", noon.Add(3*time.Minute))
	l.opened("ops", "r-2", noon.Add(time.Hour))
	l.opened("ops", "r-3", noon.Add(time.Hour))
	l.resolved("ops", "r-3")
	l.resolved("security", "r-2")
	if n := l.waiting("ops", noon.Add(2*time.Minute)); n != 2 {
		t.Errorf("%d wait", n)
	}
	if n := l.waiting("ops", noon.Add(4*time.Minute)); n != 1 { // nobody said that r-1 is over
		t.Errorf("%d wait", n)
	}
	l.arrived(kind{route: "other"}, noon.Add(10*time.Minute))
	if len(l.lately) != 1 {
		t.Errorf("%d kinds are remembered", len(l.lately))
	}
}

func deadline(at time.Time) func(*events.ActionAssessed) {
	return func(a *events.ActionAssessed) { a.Deadline = &at }
}

func TestTheWindowWidensUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, f := collect()
		route := testRoute(2*time.Second, 50)
		route.Window.Max = 20 * time.Second
		for i := range 31 { // one each 100ms: the last makes the window 11s
			b.add(route, held(assessment("billing", fmt.Sprint(i))))
			pass(100 * time.Millisecond)
		}
		pass(time.Minute)
		synctest.Wait()
		if len(f.at) != 1 || f.at[0] != 11*time.Second || len(f.batches[0]) != 31 {
			t.Errorf("%s", f)
		}
		for i := range 40 {
			b.load.opened("ops", fmt.Sprint(i), time.Now().Add(time.Hour))
		}
		f.at = nil
		start := time.Since(f.start)
		b.add(route, held(assessment("billing", "z")))
		pass(time.Minute)
		synctest.Wait()
		if len(f.at) != 1 || f.at[0]-start != 20*time.Second {
			t.Errorf("%s, from %s", f, start)
		}
	})
}

func TestUrgentActionsDoNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, f := collect()
		route := testRoute(30*time.Second, 50)
		route.Urgent = routes.Urgent{Score: 90, Deadline: 10 * time.Minute}
		add := func(name string, change ...func(*events.ActionAssessed)) {
			b.add(route, held(assessment("billing", name, change...)))
			pass(time.Second)
		}
		add("waits")
		add("score", score(90)) // and takes those along that wait
		add("alone", score(95))
		add("near", deadline(time.Now().Add(time.Minute)))
		add("over", deadline(time.Now().Add(-time.Minute)))
		add("waits again")
		add("soon", deadline(time.Now().Add(10*time.Minute+5*time.Second))) // at 6s, urgent at 11s
		add("far", deadline(time.Now().Add(time.Hour)))
		pass(time.Minute)
		synctest.Wait()
		if got, want := f.String(), "1s[waits score] 2s[alone] 3s[near] 4s[over] 11s[waits again soon far] "; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func TestTooManyAreNotPostponed(t *testing.T) {
	t.Parallel()
	p := newPostponed(1, func() int { return 0 })
	p.most = 2
	at := func(sequence uint64, due time.Time, now time.Time) time.Duration {
		return p.wait(&stream.Message{Sequence: sequence}, due, now)
	}
	hour := noon.Add(time.Hour)
	for i, want := range []time.Duration{time.Hour, time.Hour, 0} {
		if got := at(uint64(i), hour, noon); got != want {
			t.Errorf("%d: %s", i, got)
		}
	}
	if got := at(0, hour, noon.Add(time.Minute)); got != 59*time.Minute { // it is kept already
		t.Error(got)
	}
	if got := at(0, hour, hour); got != 0 || len(p.until) != 1 {
		t.Error(got, p.until)
	}
	if got := at(9, hour.Add(time.Hour), hour.Add(2*time.Minute)); got == 0 { // what must have come back elsewhere is forgotten
		t.Error(got)
	}
}

// One item that cannot be on a card does not sink the others of its batch.
func TestOneBadItemSinksNoOther(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "50ms", 50)
	o, route := r.dead(t)
	items := []waiting{held(assessment("billing", "a")), held(assessment("billing", "bad", func(a *events.ActionAssessed) { a.ArgumentsDigest = "" })), held(assessment("billing", "b"))}
	o.open(t.Context(), &batch{route: route, items: items})
	r.onOneCard(t, "billing/a", "billing/b")
}

// What is known of an agent may be damaged: then it is counted anew, and people are asked all the same.
func TestADamagedCountIsCountedAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "0s", 50)
	o, route := r.dead(t)
	route.Flood = routes.Flood{Actions: 1, Per: time.Minute, Then: routes.Deny, For: time.Minute, Route: "rest"}
	if _, err := o.js.Publish(t.Context(), "$KV."+r.s.Stream(requests.Bucket)+"."+requests.FloodKey("rest", "billing"), []byte("{")); err != nil {
		t.Fatal(err)
	}
	f := &floods{subjects: r.s, opener: o, posts: newPostponed(1, func() int { return 0 }), answers: newAnswers(o.js, r.s), now: time.Now}
	for i, stopped := range []bool{false, true, true} {
		w := held(assessment("billing", fmt.Sprint("a-", i)))
		if _, got := f.stop(t.Context(), &stream.Message{Sequence: uint64(i + 1), StoredAt: time.Now()}, route, w); got != stopped {
			t.Errorf("%d: stopped %t", i, got)
		}
	}
	r.onOneCard(t, "billing/a-1") // the card about the flood
}

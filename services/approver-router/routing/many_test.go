package routing

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/pkg/events"
)

// many is how many requests are open; make soak has a hundred thousand.
func many() int {
	if os.Getenv("WEIGHLOCK_SOAK") != "" {
		return 100_000
	}
	return 2000
}

// What a router costs while very many requests are open: the figures are printed, and judged by who reads them. The server has a process
// of its own, so that the memory is the router's.
func TestManyOpenRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "0s", 1, natstest.InOwnProcess())
	n, answered := many(), 1000
	run := r.start(t)
	r.waitFor(t, "the router to be ready", func() bool { return run.svc.Ready() == nil })
	before := heap()
	start := time.Now()
	r.assessMany(t, n)
	r.waitForMany(t, n)
	r.settled(t, "EVENTS", "approver-router-assessments")
	t.Logf("%d requests opened in %s: %d bytes of heap each", n, time.Since(start).Round(time.Millisecond), (heap()-before)/int64(n))

	before, start = heap(), time.Now()
	index := requests.NewIndex(r.store)
	if err := index.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("an escalator reads them in %s and keeps %d bytes of each", time.Since(start).Round(time.Millisecond), (heap()-before)/int64(n))
	if overdue := index.Overdue(time.Now().Add(3*time.Hour), 0); len(overdue) != n {
		t.Errorf("%d of %d will be overdue", len(overdue), n)
	}

	alice := r.approver(t, "alice")
	t.Logf("verdict to decision: %s", r.answerSome(t, alice, rand.Perm(n)[:answered/2]))
	run.stop()
	if err := <-run.done; err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	run = r.start(t)
	r.waitFor(t, "the router to be ready", func() bool { return run.svc.Ready() == nil })
	ready := time.Since(start)
	times := r.answerSome(t, alice, rand.Perm(n)[:1])
	t.Logf("ready after %s, %s from the start to the first decision; heap %d MiB", ready.Round(time.Millisecond), time.Since(start).Round(time.Millisecond), heap()>>20)
	t.Logf("verdict to decision after the restart: %s, then %s", times, r.answerSome(t, alice, rand.Perm(n)[:answered/2]))
}

// heap is what is in use after a collection, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// assessMany publishes the assessments of n actions of several agents.
func (r *rig) assessMany(t *testing.T, n int) {
	t.Helper()
	const outstanding = 1000
	for i := range n {
		a := assessment(fmt.Sprintf("agent-%d", i%50), fmt.Sprintf("a-%d", i))
		h, data, err := events.EncodeBinary(assessedEvent(t, a))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.scorer.PublishMsgAsync(&nats.Msg{Subject: r.s.Assessment(a.Level, a.Agent, a.Action), Header: nats.Header(h), Data: data}); err != nil {
			t.Fatal(err)
		}
		if i%outstanding == outstanding-1 {
			<-r.scorer.PublishAsyncComplete()
		}
	}
	<-r.scorer.PublishAsyncComplete()
}

// waitForMany waits until n actions have a card.
func (r *rig) waitForMany(t *testing.T, n int) {
	t.Helper()
	bucket, err := r.js.Stream(t.Context(), "KV_"+r.s.Stream(requests.Bucket))
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for stored, before := uint64(0), uint64(0); stored < 2*uint64(n); before = stored { // a claim and a state each
		idle := time.NewTimer(within)
		for ; stored == before; <-tick.C {
			info, err := bucket.Info(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			stored = info.State.NumSubjects
			select {
			case <-idle.C:
				t.Fatalf("%d of %d are stored and nothing happens", stored, 2*n)
			default:
			}
		}
	}
}

// spread are times from a verdict's being cast to its decision's being stored.
type spread []time.Duration

func (s spread) String() string {
	slices.Sort(s)
	at := func(p int) time.Duration { return s[(len(s)-1)*p/100].Round(10 * time.Microsecond) }
	return fmt.Sprintf("p50 %s, p99 %s, most %s of %d", at(50), at(99), at(100), len(s))
}

// answerSome approves the requests of some actions, one after the other.
func (r *rig) answerSome(t *testing.T, who *approver, which []int) (times spread) {
	t.Helper()
	op := r.js.Conn()
	for _, i := range which {
		agent, action := fmt.Sprintf("agent-%d", i%50), fmt.Sprintf("a-%d", i)
		s, err := r.store.Find(t.Context(), agent, action)
		if err != nil {
			t.Fatal(err)
		}
		if s.Resolved != nil {
			continue
		}
		decided, err := op.SubscribeSync(r.s.Decision(agent, action))
		if err != nil {
			t.Fatal(err)
		}
		if err := op.Flush(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		who.cast(t, s.Request, events.VerdictCast{Digest: s.Digest, Verdict: events.Approve})
		if _, err := decided.NextMsg(within); err != nil {
			t.Fatal(err)
		}
		times = append(times, time.Since(start))
		_ = decided.Unsubscribe()
	}
	return times
}

package escalation

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
	"github.com/weighlock/weighlock/pkg/events"
)

// size is full under `make soak`, and small otherwise.
func size[T any](small, full T) T {
	if os.Getenv("WEIGHLOCK_SOAK") != "" {
		return full
	}
	return small
}

// Many timers are pending over a stretch of due times; server and escalator are killed in the middle. Each request ends once, and it is said how late.
func TestManyTimers(t *testing.T) {
	t.Parallel()
	n, over := size(1500, 100_000), size(6*time.Second, 10*time.Minute)
	r := &rig{Rig: streamtest.NewRig(t, natstest.InOwnProcess())}
	r.router = r.JetStream(t, router)
	r.store = requests.NewStore(r.router, r.Subjects)
	cfg := Config{Sweep: size(time.Second, 10*time.Second), Grace: 2 * time.Second, PinnedTTL: 500 * time.Millisecond, AckWait: 5 * time.Second}
	server := r.serverMemory(t)
	kill := r.startToKill(t, cfg)
	heap := liveHeap()
	began := time.Now()
	lead := size(3*time.Second, 3*time.Minute) // until all are armed
	ends := make(map[string]time.Time, n)
	var mu sync.Mutex
	each(n, func(i int) {
		id := fmt.Sprint("r-", i)
		wait := time.Until(began.Add(lead)) + over*time.Duration(i)/time.Duration(n)
		s := r.createAt(t, time.Now(), id, tiers(max(wait, time.Millisecond)), nil)
		mu.Lock()
		ends[id] = s.EndsAt
		mu.Unlock()
		r.tell(t, s, approval.Requested(s))
	})
	r.quiet(t)
	t.Logf("%d timers armed in %s; per timer: server %d bytes, escalator heap %d bytes", n, time.Since(began).Round(time.Millisecond), (r.serverMemory(t)-server)/int64(n), (liveHeap()-heap)/int64(n))
	killed := began.Add(lead + over/2)
	<-time.After(time.Until(killed))
	kill()
	r.Kill(t)
	r.Restart(t)
	r.start(t, cfg)
	back := time.Now()
	t.Logf("server and escalator were killed after %s and back after %s", killed.Sub(began), back.Sub(killed).Round(time.Millisecond))
	decided := r.decisions(t, n, lead+over+2*time.Minute)
	var lags, around []time.Duration
	for id, at := range decided {
		lag := at.Sub(ends[id])
		if lag < 0 {
			t.Errorf("%s ended %s early", id, -lag)
		}
		if ends[id].After(killed.Add(-time.Second)) && ends[id].Before(back.Add(5*time.Second)) {
			around = append(around, lag)
		} else {
			lags = append(lags, lag)
		}
	}
	t.Logf("lag %s; of those due while they were down and in the five seconds after: %s", quantiles(lags), quantiles(around))
	r.noDeadLetters(t)
}

// A verdict is cast at the very instant of the last timer, with two escalators and the verdicts of two routers: one decision each.
func TestManyRacesAtTheEnd(t *testing.T) {
	t.Parallel()
	n := size(200, 10_000)
	r := newRig(t)
	r.start(t, Config{PinnedTTL: time.Second})
	r.start(t, Config{PinnedTTL: time.Second})
	other := *r
	other.router = r.JetStream(t, router)
	other.store = requests.NewStore(other.router, r.Subjects)
	routers := []*rig{r, &other}
	opened := time.Now().Add(-2 * time.Hour)
	each(n, func(i int) {
		s := r.createAt(t, opened, fmt.Sprint("r-", i), tiers(time.Hour), nil)
		var both sync.WaitGroup
		both.Go(func() {
			if i%2 == 0 { // the timer's way through the server is longer than the verdict's: this one is as short
				routers[1].end(t, s)
			}
			r.fire(t, fmt.Sprintf("wl.due.%s.0.1", s.Request), requests.Timer{Request: s.Request, Kind: approval.Escalate})
		})
		routers[0].approve(t, s, uint64(i+1))
		both.Wait()
	})
	decided := r.decisions(t, n, time.Minute)
	r.quiet(t)
	outcomes := map[events.Outcome]int{}
	for id := range decided {
		s, err := r.store.Load(t.Context(), id)
		if err != nil || s.Resolved == nil {
			t.Fatalf("%s: %v", id, err)
		}
		made := r.decision(t, id)
		outcomes[made.Outcome]++
		if made.Outcome != s.Items[0].Outcome.Outcome || made.DecidedBy.Kind != s.Resolved.By {
			t.Errorf("%s: the ledger says %s and the state %s", id, made.Outcome, s.Items[0].Outcome.Outcome)
		}
	}
	t.Logf("%d races: %v", n, outcomes)
	r.noDeadLetters(t)
}

// end ends the last tier of a request, as an escalator does, and tells what comes of it.
func (r *rig) end(t testing.TB, s approval.State) {
	t.Helper()
	st, effects, err := r.store.Apply(context.Background(), s.Request, approval.TimerFired{Kind: approval.Escalate}, time.Now())
	if err != nil {
		t.Error(err)
		return
	}
	r.tell(t, st, effects)
}

var router = identity(authz.ApproverRouter)

// startToKill starts an escalator; kill takes its connections away, as kill -9 does.
func (r *rig) startToKill(t *testing.T, cfg Config) (kill func()) {
	t.Helper()
	conn, replier := r.Connect(t, identity(authz.Escalator)), r.Connect(t, identity(authz.Replier))
	s, err := New(stream.Runtime{Conn: conn, Replier: replier, Subjects: r.Subjects, Logger: slog.New(slog.DiscardHandler)}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	streamtest.Go(t, s)
	streamtest.Eventually(t, "escalator is ready", s.Ready)
	return func() { conn.Close(); replier.Close() }
}

// each runs f for every number below n, several at once.
func each(n int, f func(int)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, 32)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() { defer func() { <-slots }(); f(i) })
	}
	all.Wait()
}

// decisions waits until there are n decisions, and returns when each was stored: one of each request.
func (r *rig) decisions(t *testing.T, n int, patience time.Duration) map[string]time.Time {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	made := make(map[string]time.Time, n)
	c, err := r.JS.OrderedConsumer(ctx, "WL_DECISIONS", jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for len(made) < n {
		m, err := c.Next(jetstream.FetchContext(ctx))
		if ctx.Err() != nil {
			t.Fatalf("%d of %d are decided: %v", len(made), n, err)
		}
		if err != nil {
			continue // the server is being killed
		}
		meta, err := m.Metadata()
		if err != nil {
			t.Fatal(err)
		}
		id := m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:]
		if _, twice := made[id]; twice && meta.NumDelivered == 1 {
			t.Logf("%s was read again after a reconnect", id)
		}
		made[id] = meta.Timestamp
	}
	s, err := r.JS.Stream(ctx, "WL_DECISIONS")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.CachedInfo().State.Msgs; got != uint64(n) {
		t.Errorf("%d decisions on %d requests", got, n)
	}
	return made
}

func quantiles(lags []time.Duration) string {
	if len(lags) == 0 {
		return "none"
	}
	slices.Sort(lags)
	at := func(q float64) time.Duration { return lags[int(q*float64(len(lags)-1))].Round(time.Millisecond) }
	return fmt.Sprintf("p50 %s, p99 %s, max %s of %d", at(0.5), at(0.99), at(1), len(lags))
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// serverMemory is the resident memory of the server's process, in bytes; 0 where the system does not tell.
func (r *rig) serverMemory(t *testing.T) int64 {
	t.Helper()
	pid := r.Pid()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	return 0
}

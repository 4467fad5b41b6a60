package sink

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/embedded/engine"
)

// A loop that is ended at any step of the cycle leaves nothing lost and nothing twice.
func TestEndedAtEveryStep(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, over address) {
		for _, step := range []string{stepPending, stepInserted, stepPublished, stepAttested, stepStored} {
			t.Run(step, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil, over)
				w.fill(0, 60)
				for round := range 2 {
					s := w.service(w.cfg)
					var mu sync.Mutex
					cycles := map[string]int{}
					s.reach = func(stream, at string) error {
						mu.Lock()
						defer mu.Unlock()
						if at == step {
							cycles[stream]++
						}
						if cycles[stream] > round {
							return errKilled
						}
						return nil
					}
					r := w.run(s)
					select {
					case <-r.done: // every loop was ended
					case <-time.After(patience):
						t.Fatal("the loops were not ended")
					}
					w.fill(60+round*60, 60) // new events arrive before those in flight come again
				}
				w.start()
				w.caughtUp()
				w.exactly(180)
			})
		}
	})
}

// A sink that finds messages in the hands of one that died gets them by going back once. It does not
// take them along with a pull of its own and go back again and again.
func TestGoesBackOnce(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, over address) {
		w := newWorld(t, nil, over)
		w.fill(0, 2000)
		dying := w.service(w.cfg)
		dying.reach = func(string, string) error { return errKilled }
		<-w.run(dying).done
		registry := prometheus.NewRegistry()
		w.cfg.Registerer = registry
		w.start()
		w.caughtUp()
		w.exactly(2000)
		for name, n := range counted(t, registry, "weighlock_auditsink_restarts_total") {
			if n > 2 {
				t.Errorf("%s started over %v times", name, n)
			}
		}
	})
}

// What was delivered to a sink that is gone and was never written comes again, although nothing new is stored that would show the gap.
func TestLostOnTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.fill(0, 50)
	first := w.start()
	w.caughtUp()
	first.stop()
	w.fill(50, 50)
	for _, name := range auditedStreams {
		w.steal(w.nats.Subjects.Stream(name), 50)
	}
	w.start()
	w.caughtUp()
	w.exactly(100)
}

// steal takes n messages from a sink's consumer and does nothing with them.
func (w *world) steal(name string, n int) {
	w.t.Helper()
	js, err := jetstream.New(w.nats.Connect(w.t, sinkIdentity))
	if err != nil {
		w.t.Fatal(err)
	}
	consumer, err := js.Consumer(w.t.Context(), name, consumerName)
	if err != nil {
		w.t.Fatal(err)
	}
	loot, err := consumer.Fetch(n, jetstream.FetchMaxWait(patience), jetstream.FetchPriorityGroup(priorityGroup))
	if err != nil {
		w.t.Fatal(err)
	}
	for range loot.Messages() {
		n--
	}
	if err := loot.Error(); err != nil || n > 0 {
		w.t.Fatalf("%d messages of %s are missing: %v", n, name, err)
	}
}

func TestEngineKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, over address) {
		e := ownEngine(t)
		w := newWorld(t, e, over)
		w.start()
		w.fill(0, 50)
		for i := range 3 {
			before := e.Restarts()
			if err := syscall.Kill(e.PID(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			w.fill(50+i*50, 50)
			w.until("the engine to be started again", func() bool { return e.Restarts() > before && e.PID() != 0 })
		}
		w.caughtUp()
		w.exactly(200)
	})
}

// A consumer that was deleted, or is new after an upgrade, does not bring all that was written once more.
func TestConsumersDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	w.fill(0, 100)
	w.caughtUp()
	for _, name := range auditedStreams {
		if err := w.js.DeleteConsumer(t.Context(), w.nats.Subjects.Stream(name), consumerName); err != nil {
			t.Fatal(err)
		}
	}
	w.fill(100, 10)
	w.caughtUp()
	w.exactly(110)
	for _, name := range auditedStreams {
		consumer, err := w.js.Consumer(t.Context(), w.nats.Subjects.Stream(name), consumerName)
		if err != nil {
			t.Fatal(err)
		}
		if n := consumer.CachedInfo().Delivered.Consumer; n > 20 {
			t.Errorf("%s: %d messages were delivered for 10 new ones", name, n)
		}
	}
}

func ownEngine(t *testing.T) *engine.Engine {
	t.Helper()
	source, err := engine.Locate(engine.LocateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	e, err := engine.Start(ctx, engine.Options{Dir: t.TempDir(), Source: source})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := e.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return e
}

// The first sink is held up between pending and insert until the second has taken over and gone on; then it wakes.
func TestTwoSinksFight(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, over address) {
		for _, step := range []string{stepPending, stepInserted} {
			t.Run(step, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil, over)
				w.fill(0, 50)
				slow := w.service(w.cfg)
				held, wake := make(chan string, 100), make(chan struct{})
				slow.reach = func(stream, at string) error {
					if at == step {
						select {
						case held <- stream:
						default:
						}
						<-wake
					}
					return nil
				}
				w.run(slow)
				for range auditedStreams {
					<-held
				}
				w.start()
				w.fill(50, 50)
				w.caughtUp()
				close(wake)
				w.fill(100, 50)
				w.caughtUp()
				w.exactly(150)
			})
		}
	})
}

// A sink that ClickHouse has refused for long learns that another one went on before it tries again: by now the batch's token may be forgotten.
func TestRefusedWhileAnotherWentOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cfg := w.cfg
	var shut atomic.Bool
	cfg.ClickHouseURL = behindGate(t, cfg.ClickHouseURL, &shut)
	refused := w.service(cfg)
	var once sync.Once
	refused.reach = func(_, at string) error {
		if at == stepPending {
			once.Do(func() { shut.Store(true) })
		}
		return nil
	}
	w.run(refused)
	w.fill(0, 30)
	w.until("ClickHouse to refuse", func() bool { return shut.Load() })
	other := w.start()
	w.caughtUp()
	for _, table := range []string{"events", "typed_actions"} {
		w.ask("ALTER TABLE " + table + " MODIFY SETTING non_replicated_deduplication_window = 1")
	}
	w.fill(30, 30)
	w.caughtUp()
	shut.Store(false)
	other.stop()
	w.fill(60, 30)
	w.caughtUp()
	w.exactly(90)
}

// behindGate is the address of ClickHouse behind a proxy that refuses everything while it is shut.
func behindGate(t *testing.T, address string, shut *atomic.Bool) string {
	t.Helper()
	clickhouse, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: clickhouse.Host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if shut.Load() {
			http.Error(w, "shut", http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	clickhouse.Host = strings.TrimPrefix(server.URL, "http://")
	return clickhouse.String()
}

// A sink that has not noticed that the stream was made anew does not bring the old manifest back.
func TestStreamMadeAnewUnnoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.fill(0, 10)
	name := w.nats.Subjects.Stream("EVENTS")
	asleep := newLoop(w.service(w.cfg), name)
	if err := asleep.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.caughtUp()
	old, err := w.js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.js.DeleteStream(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if _, err := w.js.CreateStream(t.Context(), old.CachedInfo().Config); err != nil {
		t.Fatal(err)
	}
	w.fill(10, 10)
	w.caughtUp()
	if err := asleep.reload(t.Context()); err == nil {
		t.Error("the sleeper goes on as if nothing had happened")
	}
	w.fill(20, 10)
	w.caughtUp()
	if got := w.ask("SELECT groupArray(n), groupArray(d) FROM (SELECT count() AS n, uniqExact(seq) AS d FROM events WHERE stream = '" + name + "' GROUP BY epoch ORDER BY epoch)"); got != "[10,20]\t[10,20]" {
		t.Errorf("rows per epoch are %s, want [10,20]", got)
	}
	w.chain(name)
}

// A stream that was made anew and then restored goes on where it was, and so does the other one, whichever comes next.
func TestEpochComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	kv, err := w.js.KeyValue(t.Context(), w.nats.Subjects.Stream(manifestBucket))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger{kv: kv, stream: "S"}
	written := map[uint64]uint64{}
	for i, epoch := range []uint64{1, 2, 1, 2, 3, 1} {
		if err := l.load(t.Context(), epoch, func(context.Context) (uint64, error) { return epoch, nil }); err != nil {
			t.Fatal(err)
		}
		if l.Epoch != epoch || l.HighWater != written[epoch] {
			t.Errorf("epoch %d goes on at %d of %d, want %d", epoch, l.HighWater, l.Epoch, written[epoch])
		}
		m := l.Manifest
		m.HighWater += uint64(i) + 1
		written[epoch] = m.HighWater
		if err := l.store(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStreamMadeAnew(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, over address) {
		w := newWorld(t, nil, over)
		w.start()
		w.fill(0, 30)
		w.caughtUp()
		name := w.nats.Subjects.Stream("EVENTS")
		old, err := w.js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		cfg := old.CachedInfo().Config
		if err := w.js.DeleteStream(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if _, err := w.js.CreateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		w.fill(30, 20)
		w.caughtUp()
		if got := w.ask("SELECT groupArray(n) FROM (SELECT count() AS n FROM events WHERE stream = '" + name + "' GROUP BY epoch ORDER BY epoch)"); got != "[30,20]" {
			t.Errorf("rows per epoch are %s, want [30,20]", got)
		}
		w.chain(name)
		kv, err := w.js.KeyValue(t.Context(), w.nats.Subjects.Stream(manifestBucket))
		if err != nil {
			t.Fatal(err)
		}
		aside, err := ReadManifest(t.Context(), kv, fmt.Sprintf("%s.%d", name, old.CachedInfo().Created.UnixNano()))
		if err != nil || aside.HighWater != 30 {
			t.Errorf("the manifest kept aside is %+v, %v", aside, err)
		}
	})
}

// Messages that leave the stream before the sink comes to them hold nothing up, and it is said how many there were.
func TestExpiredBeforeItsTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	first := w.start()
	w.fill(0, 10)
	w.caughtUp()
	first.stop()
	w.fill(10, 20)
	name := w.nats.Subjects.Stream("EVENTS")
	handle, err := w.js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := handle.Purge(t.Context(), jetstream.WithPurgeSequence(21)); err != nil {
		t.Fatal(err)
	}
	if err := handle.DeleteMsg(t.Context(), 25); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	w.cfg.Registerer = registry
	w.start()
	w.caughtUp()
	if got := w.ask("SELECT count(), uniqExact(seq) FROM events WHERE stream = '" + name + "'"); got != "19\t19" {
		t.Errorf("rows and different ones are %s, want 19", got)
	}
	w.chain(name)
	if got := counted(t, registry, "weighlock_auditsink_lost_total"); got[name] != 11 || len(got) != 1 {
		t.Errorf("it is said that %v were lost, want 11 of %s", got, name)
	}
}

// A message that has left the stream since it was delivered is not given up for those before it, which are gone too.
func TestExpiredOnTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.fill(0, 3)
	name := w.nats.Subjects.Stream("EVENTS")
	l := newLoop(w.service(w.cfg), name)
	if err := l.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	handle, err := w.js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := handle.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.gap(t.Context(), 1, 3); err != nil {
		t.Error(err)
	}
}

// counted is where a counter stands, by stream.
func counted(t *testing.T, registry *prometheus.Registry, name string) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				of[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	return of
}

func TestPendingBatchExpired(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, over address) {
		for step, lost := range map[string]int{stepPending: 20, stepInserted: 0, stepPublished: 0, stepAttested: 0} {
			t.Run(step, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil, over)
				w.fill(0, 30)
				s := w.service(w.cfg)
				s.reach = func(_, at string) error {
					if at == step {
						return errKilled
					}
					return nil
				}
				<-w.run(s).done
				name := w.nats.Subjects.Stream("EVENTS")
				handle, err := w.js.Stream(t.Context(), name)
				if err != nil {
					t.Fatal(err)
				}
				if err := handle.Purge(t.Context(), jetstream.WithPurgeSequence(21)); err != nil {
					t.Fatal(err)
				}
				w.start()
				w.fill(30, 10)
				w.caughtUp()
				if got := w.number("SELECT uniqExact(seq) FROM events WHERE stream = '" + name + "'"); got != 40-lost {
					t.Errorf("%d of 40 rows are stored, want %d", got, 40-lost)
				}
				if n := w.number("SELECT count() FROM events FINAL WHERE stream = '" + name + "'"); n != 40-lost {
					t.Errorf("%d rows, want %d: some are there twice", n, 40-lost)
				}
				w.chain(name)
			})
		}
	})
}

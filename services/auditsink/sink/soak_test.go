package sink

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// sinkVariable makes the test binary a sink that ends only when it is killed, or its parent is.
const sinkVariable = "WEIGHLOCK_TEST_SINK"

type sinkSpec struct {
	URL, Seed, Prefix string
	Config            Config
}

func runIfSink() {
	text := os.Getenv(sinkVariable)
	if text == "" {
		return
	}
	debug.SetMemoryLimit(MemoryLimit)
	if err := sinkChild(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func sinkChild(text string) error {
	var sp sinkSpec
	if err := json.Unmarshal([]byte(text), &sp); err != nil {
		return err
	}
	subjects, err := events.NewSubjects(sp.Prefix)
	if err != nil {
		return err
	}
	nc, err := authz.Connect(context.Background(), sp.URL, sp.Seed, sinkIdentity)
	if err != nil {
		return err
	}
	sp.Config.Registerer = prometheus.NewRegistry()
	s, err := New(stream.Runtime{Conn: nc, Subjects: subjects}, sp.Config)
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent
		os.Exit(0)
	}()
	return s.Run(context.Background())
}

// child is a sink in a process of its own.
type child struct {
	t       *testing.T
	command *exec.Cmd
}

func (w *world) child() *child {
	w.t.Helper()
	text, err := json.Marshal(sinkSpec{URL: w.nats.URL, Seed: w.nats.Add(w.t, sinkIdentity), Prefix: w.nats.Subjects.Prefix(), Config: w.cfg})
	if err != nil {
		w.t.Fatal(err)
	}
	c := &child{t: w.t, command: exec.Command(os.Args[0])}
	c.command.Env = append(os.Environ(), sinkVariable+"="+string(text))
	c.command.Stderr = os.Stderr
	if _, err := c.command.StdinPipe(); err != nil {
		w.t.Fatal(err)
	}
	if err := c.command.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.kill() })
	return c
}

func (c *child) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.command.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// kill is SIGKILL: nothing is flushed, nothing handed over.
func (c *child) kill() {
	_ = c.command.Process.Kill() // it may be dead already
	_ = c.command.Wait()
}

// written is how many messages the manifests say are in ClickHouse.
func (w *world) written() (n uint64) {
	w.t.Helper()
	kv, err := w.js.KeyValue(w.t.Context(), w.nats.Subjects.Stream(manifestBucket))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range auditedStreams {
		if m, err := ReadManifest(w.t.Context(), kv, w.nats.Subjects.Stream(name)); err == nil { // none before the first batch
			n += m.HighWater
		}
	}
	return n
}

// flood publishes like fill, many at once, and may run beside the test.
func (w *world) flood(first, n int) error {
	js, err := jetstream.New(w.nc, jetstream.WithPublishAsyncMaxPending(1024))
	if err != nil {
		return err
	}
	acks := make([]jetstream.PubAckFuture, 0, n*len(auditedStreams))
	for i := first; i < first+n; i++ {
		for _, m := range w.plain(i) {
			ack, err := js.PublishMsgAsync(m, jetstream.WithStallWait(time.Minute))
			if err != nil {
				return err
			}
			acks = append(acks, ack)
		}
	}
	for _, ack := range acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			return err
		}
	}
	return nil
}

// The engine and the sink are killed at random points while events come, and once two sinks fight: nothing is lost, nothing is
// there twice, the chain is whole, every row is signed, and the views say what the bytes say.
func TestKilledAtRandomPoints(t *testing.T) {
	t.Parallel()
	perStream, kills := 1200, 2
	if os.Getenv("WEIGHLOCK_SOAK") != "" {
		perStream, kills = 250_000, 20
	}
	e := ownEngine(t)
	w := newWorld(t, e)
	w.patience = 10 * time.Minute
	if perStream > 100_000 {
		w.cfg.BatchRows = 2000
	}
	sink := w.child()
	engineKills := uint64(0)
	killEngine := func() {
		w.until("the engine to run again", func() bool { return uint64(e.Restarts()) >= engineKills && e.PID() != 0 })
		if err := syscall.Kill(e.PID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		engineKills++
	}
	killSink := func() { sink.kill(); sink = w.child() }
	fight := func() { // the first is held up in the middle of whatever it does until the second has taken over, and wakes
		second, mark := w.child(), w.written()
		sink.signal(syscall.SIGSTOP)
		w.until("the second sink to take over", func() bool { return w.written() > mark })
		sink.signal(syscall.SIGCONT)
		t.Cleanup(second.kill)
	}
	faults := []func(){fight}
	for range kills {
		faults = append(faults, killEngine, killSink)
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	random.Shuffle(len(faults), func(i, k int) { faults[i], faults[k] = faults[k], faults[i] })
	t.Logf("%d events a stream, %d kills each of engine and sink, seed %d", perStream, kills, seed)
	began, done := time.Now(), 0
	for i, fault := range faults {
		n := perStream*(i+1)/len(faults) - done
		mark, flooded := w.written(), make(chan error, 1)
		go func() { flooded <- w.flood(done, n) }()
		w.until("the sink to write on", func() bool { return w.written() > mark })
		pause(t.Context(), time.Duration(random.IntN(200))*time.Millisecond) // anywhere in its cycle
		fault()
		if err := <-flooded; err != nil {
			t.Fatal(err)
		}
		done += n
	}
	w.caughtUp()
	t.Logf("%d events in %s, engine started again %d times", perStream*len(auditedStreams), time.Since(began).Round(time.Second), e.Restarts())
	w.exactly(perStream)
	w.recounted(perStream)
	w.recount()
}

// recounted compares the views with a count from the bytes alone.
func (w *world) recounted(perStream int) {
	w.t.Helper()
	for view, recount := range map[string]string{
		"SELECT count(), uniqExact(agent, action), min(tool), max(tool) FROM actions":    "SELECT count(), uniqExact(subject), min(JSONExtractString(data, 'tool')), max(JSONExtractString(data, 'tool')) FROM events FINAL WHERE startsWith(subject, 'wl.actions.')",
		"SELECT count(), uniqExact(agent, action), sum(score) FROM assessments":          "SELECT count(), uniqExact(subject), sum(JSONExtractInt(data, 'score')) FROM events FINAL WHERE startsWith(subject, 'wl.assessments.')",
		"SELECT count(), uniqExact(request), countIf(verdict = 'approve') FROM verdicts": "SELECT count(), uniqExact(subject), countIf(JSONExtractString(data, 'verdict') = 'approve') FROM events FINAL WHERE startsWith(subject, 'wl.verdicts.')",
		"SELECT count(), uniqExact(agent, action), sum(score) FROM decisions":            "SELECT count(), uniqExact(subject), sum(JSONExtractInt(data, 'score')) FROM events FINAL WHERE startsWith(subject, 'wl.decisions.')",
		"SELECT count(), countIf(state = 'approved') FROM action_state":                  "SELECT count(), countIf(JSONExtractString(data, 'outcome') = 'approved') FROM events FINAL WHERE startsWith(subject, 'wl.decisions.')",
	} {
		got, want := w.ask(view), w.ask(recount)
		if n := fmt.Sprintf("%d\t", perStream); got != want || len(got) < len(n) || got[:len(n)] != n {
			w.t.Errorf("%s: %s, and the bytes say %s", view, got, want)
		}
	}
}

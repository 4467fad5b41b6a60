package stream_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
	"github.com/weighlock/weighlock/pkg/events"
)

// start runs a worker with h on the actions of r.
func start(t *testing.T, r *streamtest.Rig, h stream.Handler, change ...func(*stream.Runtime, *stream.Config)) (*stream.Worker, *streamtest.Running) {
	t.Helper()
	rt, cfg := r.Runtime(t, r.URL), quick(r.Subjects)
	for _, c := range change {
		c(&rt, &cfg)
	}
	w, err := stream.NewWorker(rt, cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	return w, streamtest.Go(t, w)
}

func feed(t *testing.T, r *streamtest.Rig, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		subject, e := input(r.Subjects, n)
		r.Publish(t, subject, e)
	}
}

func settled(t *testing.T, r *streamtest.Rig) {
	t.Helper()
	streamtest.Eventually(t, "waiting for acknowledgements", func() error {
		counts, err := r.Counts(r.Subjects.Stream("ACTIONS"), ">")
		if err != nil || len(counts) == 0 {
			return fmt.Errorf("no input: %w", err)
		}
		return r.Settled(r.Subjects.Stream("ACTIONS"), "forwarder")
	})
}

// buriers bury everything and add a decision that denies.
type burier struct {
	stream.HandlerFunc
	s events.Subjects
}

func (b burier) Buried(m *stream.Message, _ error) []stream.Output {
	_, agent, action, _ := b.s.ParseAction(m.Subject)
	if action == "a3" {
		panic("over a grave")
	}
	e := events.Event{ID: "denied-" + action, Source: "/services/forwarder", Type: "t", Data: []byte("{}")}
	return []stream.Output{{Subject: b.s.Decision(agent, action), Event: e, Once: true}}
}

func TestPanicBuriesOneMessage(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	reg := prometheus.NewRegistry()
	good := assess(r.Subjects)
	h := burier{func(ctx context.Context, m *stream.Message) stream.Outcome {
		switch m.Event.ID {
		case "a1", "a3":
			panic("boom")
		case "a2":
			return stream.Permanent(errors.New("cannot be"))
		}
		return good(ctx, m)
	}, r.Subjects}
	start(t, r, h, func(rt *stream.Runtime, _ *stream.Config) { rt.Metrics = stream.NewMetrics(reg) })
	feed(t, r, 0, 6)
	settled(t, r)
	letters, err := r.Dead("forwarder")
	if err != nil || len(letters) != 3 {
		t.Fatalf("dead letters: %d, %v; want 3", len(letters), err)
	}
	for _, l := range letters {
		if want := map[bool]string{true: "cannot be", false: "boom"}[strings.HasSuffix(l.Subject, ".a2")]; !strings.Contains(l.Reason, want) {
			t.Errorf("%s was buried because %q, want %q", l.Subject, l.Reason, want)
		}
	}
	denied, err := r.Counts(r.Subjects.Stream("DECISIONS"), ">")
	if err != nil || len(denied) != 2 {
		t.Errorf("denials: %v, %v; want those of a1 and a2", denied, err)
	}
	if got := counter(t, reg, "weighlock_stream_buried_total"); got != 3 {
		t.Errorf("buried_total = %v, want 3", got)
	}
	if got := counter(t, reg, "weighlock_stream_handled_total"); got != 3 {
		t.Errorf("handled_total = %v, want 3", got)
	}
}

// counter is the value of a counter of the only worker.
func counter(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func TestRetryAfterComesBack(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	good := assess(r.Subjects)
	start(t, r, stream.HandlerFunc(func(ctx context.Context, m *stream.Message) stream.Outcome {
		if m.Deliveries < 3 {
			return stream.RetryAfter(10*time.Millisecond, errors.New("not yet"))
		}
		return good(ctx, m)
	}))
	feed(t, r, 0, 10)
	settled(t, r)
	counts, err := r.Counts(r.Subjects.Stream("EVENTS"), ">")
	if err != nil || len(counts) != 10 {
		t.Fatalf("outputs: %v, %v", counts, err)
	}
}

func TestOrderIsKeptPerKey(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	feed(t, r, 0, 600) // all at once, so that they are on their way side by side
	var mu sync.Mutex
	seen := make(map[string][]uint64)
	good := assess(r.Subjects)
	start(t, r, stream.HandlerFunc(func(ctx context.Context, m *stream.Message) stream.Outcome {
		for range m.Sequence % 5 * 200 {
			runtime.Gosched() // let others overtake, if they can
		}
		mu.Lock()
		key := stream.AgentKey(m)
		seen[key] = append(seen[key], m.Sequence)
		mu.Unlock()
		return good(ctx, m)
	}))
	settled(t, r)
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 4 {
		t.Errorf("%d keys, want 4 agents", len(seen))
	}
	for key, sequences := range seen {
		for i := 1; i < len(sequences); i++ {
			if sequences[i] <= sequences[i-1] {
				t.Fatalf("%s: sequence %d after %d", key, sequences[i], sequences[i-1])
			}
		}
	}
}

func TestWhatStandsInTheLedgerIsAnswered(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	agent := r.Connect(t, authz.Identity{Kind: authz.Agent, Name: "agent0"})
	answers, err := agent.SubscribeSync("_INBOX.agent0.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := agent.Flush(); err != nil {
		t.Fatal(err)
	}
	subject, e := input(r.Subjects, 0)
	stands := e
	stands.ID, stands.Data = "earlier", []byte(`{"n":2}`)
	r.Publish(t, r.Subjects.Decision("agent0", "a0"), stands)
	start(t, r, decide(r.Subjects), func(rt *stream.Runtime, _ *stream.Config) {
		rt.Replier = r.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.Replier})
	})
	r.Publish(t, subject, e)
	m, err := answers.NextMsg(30 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	got, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil || got.ID != "earlier" || string(got.Data) != `{"n":2}` {
		t.Fatalf("answer: %+v, %v; want what stood", got, err)
	}
	for k := range m.Header {
		if strings.HasPrefix(k, "Nats-") {
			t.Errorf("answer has the header %s", k)
		}
	}
	settled(t, r)
	if counts, err := r.Counts(r.Subjects.Stream("DECISIONS"), ">"); err != nil || len(counts) != 1 || counts[r.Subjects.Decision("agent0", "a0")] != 1 {
		t.Errorf("decisions: %v, %v", counts, err)
	}
}

func TestOversize(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	r := streamtest.NewRig(t, natstest.WithMaxPayload(limit))
	start(t, r, stream.HandlerFunc(func(_ context.Context, m *stream.Message) stream.Outcome {
		if m.Event.ID == "grown" {
			e := m.Event
			e.Data = make([]byte, limit+1)
			return stream.Done(stream.Output{Subject: r.Subjects.Assessment(events.Low, "a", "grown"), Event: e})
		}
		return stream.Permanent(errors.New(strings.Repeat("long ", 10_000)))
	}))
	_, e := input(r.Subjects, 0)
	big := append(append([]byte{'"'}, make([]byte, limit-2048)...), '"')
	e.ID, e.Data = "big", big
	r.Publish(t, r.Subjects.Action("a", "big"), e)
	e.ID, e.Data = "grown", []byte("{}")
	r.Publish(t, r.Subjects.Action("a", "grown"), e)
	e.ID, e.Extensions = "headers", map[string]string{"huge": strings.Repeat("\x01", limit/4)}
	r.Publish(t, r.Subjects.Action("a", "headers"), e)
	settled(t, r)
	letters, err := r.Dead("forwarder")
	if err != nil || len(letters) != 3 {
		t.Fatalf("dead letters: %d, %v; want 3", len(letters), err)
	}
	for _, l := range letters {
		if strings.HasSuffix(l.Subject, ".big") && (l.Data != nil || l.Size != len(big) || l.Digest != events.Digest(big)) {
			t.Errorf("dead letter of the big message: %d bytes of data, size %d, digest %s", len(l.Data), l.Size, l.Digest)
		}
		if strings.HasSuffix(l.Subject, ".grown") && !strings.Contains(l.Reason, nats.ErrMaxPayload.Error()) {
			t.Errorf("dead letter of the input that grew: %q", l.Reason)
		}
	}
}

func TestDeadLetterThatCannotBeStoredIsNotLost(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	s, err := r.JS.Stream(t.Context(), r.Subjects.Stream("EVENTS"))
	if err != nil {
		t.Fatal(err)
	}
	config := s.CachedInfo().Config
	broken := config
	broken.Subjects = []string{r.Subjects.Prefix() + ".nowhere.>"}
	if _, err := r.JS.UpdateStream(t.Context(), broken); err != nil {
		t.Fatal(err)
	}
	w, _ := start(t, r, stream.HandlerFunc(func(context.Context, *stream.Message) stream.Outcome { return stream.Permanent(errors.New("no")) }))
	feed(t, r, 0, 3)
	streamtest.Eventually(t, "waiting for the worker to report it", func() error {
		if err := w.Ready(); err == nil || !strings.Contains(err.Error(), "publish") {
			return fmt.Errorf("Ready() = %v", err)
		}
		return nil
	})
	if _, err := r.JS.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	settled(t, r)
	if letters, err := r.Dead("forwarder"); err != nil || len(letters) != 3 {
		t.Fatalf("dead letters: %d, %v; want 3", len(letters), err)
	}
	streamtest.Eventually(t, "waiting for the worker to be ready", w.Ready)
}

// Whoever publishes may know where its event is stored, also where an earlier try stored it.
func TestStoredIsToldTheSequence(t *testing.T) {
	t.Parallel()
	r := streamtest.NewRig(t)
	const n = 40
	var mu sync.Mutex
	told := map[string]uint64{}
	start(t, r, stream.HandlerFunc(func(_ context.Context, m *stream.Message) stream.Outcome {
		_, agent, action, err := r.Subjects.ParseAction(m.Subject)
		if err != nil {
			return stream.Permanent(err)
		}
		out := stream.Output{Subject: r.Subjects.Assessment(events.Low, agent, action), Event: m.Event, MsgID: action}
		if m.Sequence%4 == 0 { // as after a redelivery: the event is there already
			out.MsgID, out.Subject = "a0", r.Subjects.Assessment(events.Low, "agent0", "a0")
		}
		subject := out.Subject
		out.Stored = func(sequence uint64) {
			mu.Lock()
			defer mu.Unlock()
			if before, ok := told[subject]; ok && before != sequence {
				t.Errorf("%s is at %d and at %d", subject, before, sequence)
			}
			told[subject] = sequence
		}
		return stream.Done(out)
	}))
	feed(t, r, 0, n)
	settled(t, r)
	stored, err := r.JS.Stream(t.Context(), r.Subjects.Stream("EVENTS"))
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if want := n - n/4; len(told) < want {
		t.Errorf("%d were told, want %d", len(told), want)
	}
	for subject, sequence := range told {
		if m, err := stored.GetMsg(t.Context(), sequence); err != nil || m.Subject != subject {
			t.Errorf("%s is said to be at %d: %v, %v", subject, sequence, m, err)
		}
	}
}

package sink

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/clickhouse"
	"github.com/weighlock/weighlock/internal/embedded/engine"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} { // of the buckets that tests make
		if err := os.Setenv(name, "test"); err != nil {
			panic(err)
		}
	}
	runIfSink()
	enginetest.Main(m)
}

// sinkIdentity is what the sink runs as.
var sinkIdentity = authz.Identity{Kind: authz.Service, Name: authz.AuditSink}

// theAuditor is who asks for erasures and holds.
var theAuditor = authz.Identity{Kind: authz.Auditor, Name: "dora"}

const patience = time.Minute

// world is one pipeline's streams and one database.
type world struct {
	t    *testing.T
	nats *natstest.Server
	nc   *nats.Conn // the operator's
	js   jetstream.JetStream
	cfg  Config

	patience time.Duration
	web      *clickhouse.Client // how the test itself asks
}

func newWorld(t *testing.T, e *engine.Engine, over ...address) *world {
	t.Helper()
	return worldOn(t, natstest.Start(t), e, over...)
}

// worldOn is a world on a server of its own kind.
func worldOn(t *testing.T, server *natstest.Server, e *engine.Engine, over ...address) *world {
	t.Helper()
	w := &world{t: t, nats: server, patience: patience}
	w.nats.Add(t, theAuditor) // now: the server's own reload races with its clients
	w.nc = w.nats.Connect(t, authz.TheOperator())
	var err error
	if w.js, err = jetstream.New(w.nc); err != nil {
		t.Fatal(err)
	}
	if e == nil {
		e = enginetest.Engine(t)
	}
	w.cfg = Config{ClickHouseURL: e.URL(), Database: "sink_" + strings.ToLower(rand.Text()[:10]), BatchRows: 40, ProofKey: filepath.Join(t.TempDir(), "proof.pem"), ProofDir: t.TempDir(), IdleWait: 30 * time.Millisecond}
	for _, url := range over {
		w.cfg.ClickHouseURL = url(e)
	}
	if w.web, err = clickhouse.NewClient(e.URL(), ""); err != nil {
		t.Fatal(err)
	}
	return w
}

// address is one of the engine's, by which the sink reaches it.
type address func(*engine.Engine) string

// overBoth runs a test with a sink that writes over each of ClickHouse's interfaces.
func overBoth(t *testing.T, test func(t *testing.T, over address)) {
	for name, over := range map[string]address{"http": (*engine.Engine).URL, "native": (*engine.Engine).NativeURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, over)
		})
	}
}

// sink is a running sink; stop ends it cleanly.
type running struct {
	*Service
	stop func()
	done chan struct{}
}

func (w *world) service(cfg Config) *Service {
	w.t.Helper()
	rt := stream.Runtime{Conn: w.nats.Connect(w.t, sinkIdentity), Subjects: w.nats.Subjects, Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil))}
	s, err := New(rt, cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) run(s *Service) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Service: s, done: make(chan struct{})}
	r.stop = func() { cancel(); <-r.done }
	go func() {
		defer close(r.done)
		if err := s.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	w.t.Cleanup(r.stop)
	return r
}

func (w *world) start() *running { w.t.Helper(); return w.run(w.service(w.cfg)) }

// until waits for a condition; it is asked again every 10 ms.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(w.patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("waited %s for: %s", w.patience, what)
		}
	}
}

func (w *world) caughtUp() {
	w.t.Helper()
	w.until("the audit to catch up", func() bool {
		ok, err := CaughtUp(w.t.Context(), w.nc, w.nats.Subjects)
		if err != nil {
			w.t.Fatal(err)
		}
		return ok
	})
}

func (w *world) client() *clickhouse.Client {
	w.t.Helper()
	c, err := newClient(w.cfg.withDefaults())
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) ask(sql string) string {
	w.t.Helper()
	answer, err := w.web.Query(w.t.Context(), w.cfg.Database, sql)
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return strings.TrimSpace(answer)
}

func (w *world) number(sql string) int {
	w.t.Helper()
	n, err := strconv.Atoi(w.ask(sql))
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (w *world) publish(subject string, p events.Payload, id string) {
	w.t.Helper()
	m := w.message(subject, p, id)
	w.raw(m.Subject, m.Header, m.Data)
}

func (w *world) message(subject string, p events.Payload, id string) *nats.Msg {
	w.t.Helper()
	e, err := events.New(p, id, "/test/"+strings.Split(subject, ".")[1], time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	e.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		w.t.Fatal(err)
	}
	return &nats.Msg{Subject: subject, Header: nats.Header(header), Data: data}
}

func (w *world) raw(subject string, header nats.Header, data []byte) uint64 {
	w.t.Helper()
	ack, err := w.js.PublishMsg(w.t.Context(), &nats.Msg{Subject: subject, Header: header, Data: data})
	if err != nil {
		w.t.Fatalf("%s: %v", subject, err)
	}
	return ack.Sequence
}

// fill publishes n plain events to each of the four streams, numbered from first.
func (w *world) fill(first, n int) {
	w.t.Helper()
	for i := first; i < first+n; i++ {
		for _, m := range w.plain(i) {
			w.raw(m.Subject, m.Header, m.Data)
		}
	}
}

// plain is one event for each of the four streams.
func (w *world) plain(i int) []*nats.Msg {
	w.t.Helper()
	s := w.nats.Subjects
	agent, action := "agent-"+strconv.Itoa(i%7), "a-"+strconv.Itoa(i)
	ref := events.ActionRef{Agent: agent, Action: action, Sequence: uint64(i + 1), Digest: events.Digest(nil), ArgumentsDigest: events.Digest(nil)}
	return []*nats.Msg{
		w.message(s.Action(agent, action), proposed("search"), action),
		w.message(s.Assessment(events.Low, agent, action), &events.ActionAssessed{ActionRef: ref, Level: events.Low, Score: i % 30, Reason: "harmless"}, "s-"+action),
		w.message(s.Verdict("self", "alice", "r-"+action), &events.VerdictCast{Digest: events.Digest(nil), Verdict: events.Approve}, "v-"+action),
		w.message(s.Decision(agent, action), &events.DecisionMade{
			Agent: agent, Action: action, Outcome: events.Approved, Reason: "low risk", ArgumentsDigest: events.Digest(nil), Sequence: uint64(i + 1),
			Digest: events.Digest(nil), DecidedBy: events.Decider{Kind: events.ByPolicy}, Level: events.Low, Score: i % 30,
		}, "d-"+action),
	}
}

func proposed(tool string) *events.ActionProposed {
	return &events.ActionProposed{
		Breakpoint: events.AtToolCall, Tool: tool, Arguments: json.RawMessage(`{"q":"weather \"today\""}`), Request: "What is the weather?",
		Reasoning: "The user asks for it.", Session: "s-1", Principal: "carol", Target: &events.Target{Kind: "web", Name: "search", Environment: "production"},
	}
}

// exactly checks that each stream's rows 1..last are there once, with and without FINAL, and that the chain computed from the table
// is the manifest's.
func (w *world) exactly(perStream int) {
	w.t.Helper()
	for _, name := range auditedStreams {
		name = w.nats.Subjects.Stream(name)
		for _, final := range []string{"", "FINAL"} {
			got := w.ask("SELECT count(), uniqExact(seq), max(seq) FROM events " + final + " WHERE stream = '" + name + "'")
			if want := fmt.Sprintf("%d\t%d\t%d", perStream, perStream, perStream); got != want {
				w.t.Errorf("%s %s: rows, different ones and last are %s, want %s", name, final, got, want)
			}
		}
		w.chain(name)
	}
}

// chain recomputes every leaf in SQL and the chain in Go.
func (w *world) chain(name string) {
	w.t.Helper()
	kv, err := w.js.KeyValue(w.t.Context(), w.nats.Subjects.Stream(manifestBucket))
	if err != nil {
		w.t.Fatal(err)
	}
	m, err := ReadManifest(w.t.Context(), kv, name)
	if err != nil {
		w.t.Fatal(err)
	}
	head := proof.ChainStart(name, m.Epoch)
	w.pages(m.HighWater, func(where string) {
		rows := w.ask(fmt.Sprintf(`SELECT seq, lower(hex(leaf_hash)), lower(hex(chain_hash)), lower(hex(SHA256(concat('weighlock.leaf.v1\n',
		toString(length(subject)), ':', subject, toString(length(headers_raw)), ':', headers_raw, toString(length(data)), ':', data))))
		FROM events FINAL WHERE stream = '%s' AND epoch = %d AND %s ORDER BY seq`, name, m.Epoch, where))
		for line := range strings.Lines(rows) {
			f := strings.Fields(line)
			if len(f) != 4 || f[1] != f[3] {
				w.t.Fatalf("%s: the leaf computed in SQL is not the stored one: %v", name, f)
			}
			seq, _ := strconv.ParseUint(f[0], 10, 64)
			leaf, err := hex.DecodeString(f[1])
			if err != nil {
				w.t.Fatal(err)
			}
			if head = proof.ChainNext(head, seq, Hash(leaf)); head.String() != f[2] {
				w.t.Fatalf("%s: the chain breaks at %d", name, seq)
			}
		}
	})
	w.signed(name)
	if head.String() != m.ChainHead {
		w.t.Errorf("%s: the table's chain ends in %s, the manifest says %s", name, head, m.ChainHead)
	}
}

// pages calls each with conditions that together cover the sequences up to last and what is behind.
func (w *world) pages(last uint64, each func(where string)) {
	const page = 20000
	for lo := uint64(0); lo <= last; lo += page {
		if lo+page > last {
			each(fmt.Sprintf("seq >= %d", lo))
			return
		}
		each(fmt.Sprintf("seq >= %d AND seq < %d", lo, lo+page))
	}
}

package sink

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/clickhouse"
	"github.com/weighlock/weighlock/internal/embedded/engine"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/auditsink/schema"
)

// sample makes the three events of a low-risk action, about 1 KiB each like the bench's.
func sample(b *testing.B, s events.Subjects, n int) []message {
	b.Helper()
	reasoning := strings.Repeat("The user wants to know and nothing is changed by looking. ", 8)
	digest := events.Digest(nil)
	var all []message
	for i := range n {
		agent, action := "agent-"+strconv.Itoa(i%20), "act-"+strconv.Itoa(i)
		ref := events.ActionRef{Agent: agent, Action: action, Sequence: uint64(i + 1), Digest: digest, ArgumentsDigest: digest}
		p := proposed("search")
		p.Reasoning, p.Arguments = reasoning+strconv.Itoa(i), json.RawMessage(fmt.Sprintf(`{"q":"item %d","page":%d}`, i*7919, i))
		for subject, payload := range map[string]events.Payload{
			s.Action(agent, action):                 p,
			s.Assessment(events.Low, agent, action): &events.ActionAssessed{ActionRef: ref, Level: events.Low, Score: 5, Reason: "harmless", Rules: []events.FiredRule{{ID: "search", Reason: "only looks"}}, Tool: "search", Session: "s", Principal: "carol", Breakpoint: events.AtToolCall},
			s.Decision(agent, action):               &events.DecisionMade{Agent: agent, Action: action, Outcome: events.Approved, Reason: "low risk", ArgumentsDigest: digest, Sequence: uint64(i + 1), Digest: digest, DecidedBy: events.Decider{Kind: events.ByPolicy}, Level: events.Low, Score: 5},
		} {
			e, err := events.New(payload, "01J"+strconv.Itoa(i), "/services/x", time.Now())
			if err != nil {
				b.Fatal(err)
			}
			e.TraceParent, e.PolicyVersion = fmt.Sprintf("00-%032x-b7ad6b7169203331-01", i), digest
			h, data, err := events.EncodeBinary(e)
			if err != nil {
				b.Fatal(err)
			}
			all = append(all, message{subject, h, data, uint64(len(all) + 1), time.Now()})
		}
	}
	return all
}

// BenchmarkMap is decoding, lifting, hashing and appending, without sending: one operation is one event.
func BenchmarkMap(b *testing.B) {
	s, _ := events.NewSubjects("")
	all := sample(b, s, 5000)
	batch := newBatch(s, "WL_EVENTS", 1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(all) == 0 {
			batch.reset(Hash{})
		}
		batch.add(all[i%len(all)], time.Time{})
	}
}

func benchClient(b *testing.B, over address) *clickhouse.Client {
	b.Helper()
	cfg := Config{ClickHouseURL: over(enginetest.Engine(b)), Database: "bench_" + strings.ToLower(rand.Text()[:8])}.withDefaults()
	c, err := newClient(cfg)
	if err != nil {
		b.Fatal(err)
	}
	if err := schema.Apply(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	return c
}

// BenchmarkInsert is one insert of 15,000 rows over each interface: into the sink's table, and as plain rows of the same size
// (time, subject, data) into a plain MergeTree.
func BenchmarkInsert(b *testing.B) {
	s, _ := events.NewSubjects("")
	all := sample(b, s, 5000)
	batch := newBatch(s, "WL_EVENTS", 1)
	for _, over := range []struct {
		name    string
		address address
	}{{"http", (*engine.Engine).URL}, {"native", (*engine.Engine).NativeURL}} {
		c := benchClient(b, over.address)
		benchInserts(b, over.name+"/sink", c, len(all), func() *clickhouse.Table {
			batch.reset(Hash{})
			for _, m := range all {
				batch.add(m, time.Time{})
			}
			return &batch.events.Table
		})
		for name, codec := range map[string]string{"plain": "", "plain-zstd": " CODEC(ZSTD(3))"} {
			into := strings.ReplaceAll(name, "-", "_")
			if _, err := c.Query(b.Context(), c.Database, "CREATE TABLE "+into+" (seq UInt64, at DateTime64(9, 'UTC'), subject String, data String"+codec+") ENGINE = MergeTree ORDER BY seq"); err != nil {
				b.Fatal(err)
			}
			rows := plainTable(into, all)
			benchInserts(b, over.name+"/"+name, c, len(all), func() *clickhouse.Table { return rows })
		}
	}
}

func benchInserts(b *testing.B, name string, c *clickhouse.Client, rows int, fill func() *clickhouse.Table) {
	b.Run(name, func(b *testing.B) {
		n, engine, self := 0, engineCPU(b), cpuOf(b, "self")
		for b.Loop() {
			if err := c.Insert(b.Context(), fill(), rows, insertSettings(rand.Text())); err != nil {
				b.Fatal(err)
			}
			n += rows
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		b.ReportMetric(float64((engineCPU(b)-engine).Microseconds())/float64(n), "engine-us/row")
		b.ReportMetric(float64((cpuOf(b, "self")-self).Microseconds())/float64(n), "sink-us/row")
	})
}

// engineCPU is the processor time that the engine's process has used; merges are in it.
func engineCPU(b *testing.B) time.Duration {
	b.Helper()
	return cpuOf(b, strconv.Itoa(enginetest.Engine(b).PID()))
}

// cpuOf is the processor time of a process.
func cpuOf(b *testing.B, pid string) time.Duration {
	b.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+2:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

func plainTable(name string, all []message) *clickhouse.Table {
	t := &clickhouse.Table{Name: name}
	seq, at, subject, data := t.U64("seq"), t.Time("at", proto.PrecisionNano), t.Str("subject"), t.Str("data")
	var names []string
	var headers []byte
	for _, m := range all {
		seq.Append(m.seq)
		at.Append(m.storedAt)
		subject.Append(m.subject)
		headers, names = canonicalHeaders(headers[:0], names, m.header)
		data.AppendBytes(append(headers, m.data...))
	}
	return t
}

// BenchmarkEndToEnd is from the streams to ClickHouse, with server, sink and engine on the same cores, and what signing adds to that.
func BenchmarkEndToEnd(b *testing.B) {
	for _, rows := range []int{20_000, 1000} {
		b.Run(fmt.Sprintf("unsigned-%d", rows), func(b *testing.B) { endToEnd(b, Config{BatchRows: rows}) })
		b.Run(fmt.Sprintf("signed-%d", rows), func(b *testing.B) {
			endToEnd(b, Config{BatchRows: rows, ProofKey: filepath.Join(b.TempDir(), "proof.pem"), ProofDir: b.TempDir()})
		})
	}
}

func endToEnd(b *testing.B, cfg Config) {
	b.Helper()
	server := natstest.Start(b)
	nc := server.Connect(b, authz.TheOperator())
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(1024))
	if err != nil {
		b.Fatal(err)
	}
	const actions = 40000
	for _, m := range sample(b, server.Subjects, actions) {
		if _, err := js.PublishMsgAsync(&nats.Msg{Subject: m.subject, Header: m.header, Data: m.data}, jetstream.WithStallWait(time.Minute)); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	c := benchClient(b, (*engine.Engine).URL)
	cfg.ClickHouseURL, cfg.Database = enginetest.Engine(b).URL(), c.Database
	for b.Loop() {
		began, before := time.Now(), engineCPU(b)
		rt := stream.Runtime{Conn: server.Connect(b, sinkIdentity), Subjects: server.Subjects}
		s, err := New(rt, cfg)
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = s.Run(ctx) }()
		for ok := false; !ok; {
			if ok, err = CaughtUp(b.Context(), nc, server.Subjects); err != nil {
				b.Fatal(err)
			}
			<-time.After(5 * time.Millisecond)
		}
		b.ReportMetric(3*actions/time.Since(began).Seconds(), "rows/s")
		b.ReportMetric(float64((engineCPU(b)-before).Microseconds())/(3*actions), "engine-us/row")
		cancel()
		<-done
	}
}

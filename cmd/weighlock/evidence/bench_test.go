package evidence

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// BenchmarkVerify reads and judges 300,000 events of about 1 KiB, with the engine on the same cores. heap-MB is what the process
// holds at its end, what was read included.
func BenchmarkVerify(b *testing.B) {
	server := natstest.Start(b)
	nc := server.Connect(b, authz.TheOperator())
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(1024))
	if err != nil {
		b.Fatal(err)
	}
	const n = 300_000
	reasoning := strings.Repeat("The user wants to know and nothing is changed by looking. ", 8)
	for i := range n {
		action := fmt.Sprint("a-", i)
		e, err := events.New(&events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "search", Arguments: fmt.Appendf(nil, `{"q":%d}`, i), Request: "What is it?", Reasoning: reasoning + action}, action, "/agents/a", time.Now())
		if err != nil {
			b.Fatal(err)
		}
		header, data, err := events.EncodeBinary(e)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := js.PublishMsgAsync(&nats.Msg{Subject: server.Subjects.Action("a", action), Header: nats.Header(header), Data: data}, jetstream.WithStallWait(time.Minute)); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	place := Place{ClickHouseURL: enginetest.Engine(b).URL(), JetStream: js, Subjects: server.Subjects, Trusted: written(b, server, nc, b.TempDir())}
	runtime.GC()
	for b.Loop() {
		report, err := place.Verify(b.Context(), time.Unix(0, 0))
		if err != nil || len(report.Findings) > 0 || len(report.Parts) != 4 || report.Parts[0].Signed != n {
			b.Fatalf("%+v, %v", report, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.HeapInuse)/1e6, "heap-MB")
}

// written lets a sink write all there is, and returns the key it signed with. Key and digests are kept in dir.
func written(b testing.TB, server *natstest.Server, nc *nats.Conn, dir string) proof.Keys {
	b.Helper()
	key := filepath.Join(dir, "proof.pem")
	rt := stream.Runtime{Conn: server.Connect(b, authz.Identity{Kind: authz.Service, Name: authz.AuditSink}), Subjects: server.Subjects}
	s, err := sink.New(rt, sink.Config{ClickHouseURL: enginetest.Engine(b).URL(), ProofKey: key, ProofDir: filepath.Join(dir, "digests"), Registerer: prometheus.NewRegistry()})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for ok := false; !ok; {
		if ok, err = sink.CaughtUp(b.Context(), nc, server.Subjects); err != nil {
			b.Fatal(err)
		}
		<-time.After(5 * time.Millisecond)
	}
	text, err := os.ReadFile(proof.PublicPath(key))
	if err != nil {
		b.Fatal(err)
	}
	trusted := proof.Keys{}
	if err := trusted.Trust(string(text)); err != nil {
		b.Fatal(err)
	}
	return trusted
}

//go:build unix

package authz_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
)

// BenchmarkPublish compares what an agent gets through its service import with
// what the same server takes from inside the account that owns the stream.
func BenchmarkPublish(b *testing.B) {
	for _, id := range []authz.Identity{authz.TheOperator(), agent("bench")} {
		b.Run(string(id.Kind), func(b *testing.B) {
			s := natstest.Start(b)
			js, err := jetstream.New(s.Connect(b, id), jetstream.WithPublishAsyncMaxPending(1024))
			if err != nil {
				b.Fatal(err)
			}
			data, n, before := make([]byte, 1024), 0, cpu(b)
			for b.Loop() {
				if _, err := js.PublishAsync(s.Subjects.Action("bench", fmt.Sprint("a", n)), data, jetstream.WithStallWait(time.Minute)); err != nil {
					b.Fatal(err)
				}
				n++
			}
			<-js.PublishAsyncComplete()
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(n), "cpu-us/msg")
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "msgs/s")
		})
	}
}

// cpu is the processor time of client and server together: what the clock on the
// wall says depends on who else is at work.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

package authz_test

import (
	"fmt"
	"testing"

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
			data, n := make([]byte, 1024), 0
			for b.Loop() {
				if _, err := js.PublishAsync(s.Subjects.Action("bench", fmt.Sprint("a", n)), data); err != nil {
					b.Fatal(err)
				}
				n++
			}
			<-js.PublishAsyncComplete()
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "msgs/s")
		})
	}
}

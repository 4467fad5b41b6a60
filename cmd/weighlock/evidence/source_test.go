package evidence

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

// A stream says of an event the leaf that the sink has made of it, whatever its publisher has written, so that no row is taken for a forgery that is none.
func TestSourceHasTheLeavesOfTheSink(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	js, err := jetstream.New(s.Connect(t, authz.TheOperator(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})))
	if err != nil {
		t.Fatal(err)
	}
	headers := []string{
		"NATS/1.0\r\nce-id: 1\r\nA: b\r\nA: c\r\n\r\n", "NATS/1.0\r\nno colon\r\n\r\n", "NATS/1.0\r\nNats-Sequence: 9\r\nA: b\r\n\r\n",
		"NATS/1.0\r\nNats-Subject: wl.actions.x.y\r\nA: b\r\n\r\n\r\n", "NATS/1.0 404 None\r\n\r\n",
	}
	for i, header := range headers {
		s.PublishBytes(t, authz.Identity{Kind: authz.Agent, Name: "mallory"}, s.Subjects.Action("mallory", string(rune('a'+i))), header, "{}")
	}
	name := s.Subjects.Stream("ACTIONS")
	stream, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	source := Place{JetStream: js, Subjects: s.Subjects}.source(t.Context(), part{name, uint64(stream.CachedInfo().Created.UnixNano())})
	consumer, err := stream.OrderedConsumer(t.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for i, header := range headers {
		m, err := consumer.Next()
		if err != nil {
			t.Fatal(err)
		}
		if leaf, ok := source(uint64(i + 1)); !ok || leaf != sink.LeafOf(m.Subject(), m.Headers(), m.Data()) {
			t.Errorf("%q has another leaf in the stream than in the audit, or none (%t)", header, ok)
		}
	}
	if _, ok := source(99); ok {
		t.Error("there is a leaf of nothing")
	}
}

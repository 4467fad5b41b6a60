package natstest

import (
	"encoding/json"
	"fmt"
	"net"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
)

// tap keeps the connection under a client.
type tap struct{ net.Conn }

func (c *tap) Dial(network, address string) (_ net.Conn, err error) {
	c.Conn, err = net.Dial(network, address)
	return c.Conn, err
}

// PublishBytes stores a message with a header of any bytes, as no client writes them, and returns its sequence.
func (s *Server) PublishBytes(t testing.TB, id authz.Identity, subject, header, data string) uint64 {
	t.Helper()
	wire := &tap{}
	conn := s.Connect(t, id, nats.SetCustomDialer(wire), nats.NoReconnect())
	defer conn.Close()
	answers, err := conn.SubscribeSync(conn.NewInbox())
	if err == nil {
		err = conn.Flush()
	}
	if err == nil {
		_, err = fmt.Fprintf(wire, "HPUB %s %s %d %d\r\n%s%s\r\n", subject, answers.Subject, len(header), len(header)+len(data), header, data)
	}
	if err != nil {
		t.Fatal(err)
	}
	answer, err := answers.NextMsg(patience)
	if err != nil {
		t.Fatalf("publishing %s: %v", subject, err)
	}
	var ack jetstream.PubAck
	if err := json.Unmarshal(answer.Data, &ack); err != nil || ack.Sequence == 0 {
		t.Fatalf("publishing %s: %s", subject, answer.Data)
	}
	return ack.Sequence
}

package scoring

import (
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
)

// An agent writes into its headers what the server says when it reads a message out: it hides nothing of what stands behind it, and is itself read as
// it is stored.
func TestForgedHeadersAreNotTheServers(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	js := s.JetStream(t, authz.TheOperator())
	for i, h := range []nats.Header{
		{"Status": {"204"}}, {"Status": {"404"}}, {"Status": {"500"}},
		{"Nats-Sequence": {"7"}, "Nats-Subject": {"wl.actions.other.x"}, "Nats-Time-Stamp": {"2000-01-01T00:00:00Z"}}, {},
	} {
		if _, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: s.Subjects.Action("mallory", string(rune('a'+i))), Header: h}); err != nil {
			t.Fatal(err)
		}
	}
	const forged = "NATS/1.0\r\nNats-Subject: wl.actions.other.x\r\nNats-Sequence: 7\r\nNats-Time-Stamp: 2000-01-01T00:00:00Z\r\n\r\n\r\n" // hides the server's
	for i, header := range []string{"NATS/1.0\r\nno colon\r\n\r\n", forged, "NATS/1.0 204 EOB\r\n\r\n\r\n", "NATS/1.0\r\nA: b\r\n\r\n"} {
		s.PublishBytes(t, authz.Identity{Kind: authz.Agent, Name: "mallory"}, s.Subjects.Action("mallory", string(rune('f'+i))), header, "{}")
	}
	conn := s.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.RiskScorer}, nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	all, err := read(t.Context(), conn, s.Subjects.Stream("ACTIONS"), query{Seq: 1, Next: ">", Batch: 10})
	if err != nil || len(all) != 9 {
		t.Fatalf("%d of 9 messages were read: %v", len(all), err)
	}
	for i := range all {
		one, err := read(t.Context(), conn, s.Subjects.Stream("ACTIONS"), query{Seq: uint64(i + 1), Next: ">"})
		if err != nil || len(one) != 1 || one[0].sequence != all[i].sequence {
			t.Errorf("message %d is read as %v, %v", i+1, one, err)
		}
	}
	for i, m := range all {
		if want := s.Subjects.Action("mallory", string(rune('a'+i))); m.subject != want || m.sequence != uint64(i+1) || m.at.Year() == 2000 {
			t.Errorf("message %d is read as %s at %d, stored %s", i+1, m.subject, m.sequence, m.at)
		}
	}
}

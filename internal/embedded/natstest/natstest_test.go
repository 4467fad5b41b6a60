package natstest

import (
	"testing"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/topology"
)

func TestStreamsSurvive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options []Option
		end     func(*Server, testing.TB)
	}{
		"an orderly restart":           {nil, func(*Server, testing.TB) {}},
		"an orderly stop of a process": {[]Option{InOwnProcess()}, (*Server).Stop},
		"the kill of a process":        {[]Option{InOwnProcess()}, (*Server).Kill},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, test.options...)
			js := s.JetStream(t, authz.TheOperator())
			agent := s.JetStream(t, authz.Identity{Kind: authz.Agent, Name: "billing"})
			ack, err := agent.Publish(t.Context(), s.Subjects.Action("billing", "a1"), []byte("{}"))
			if err != nil {
				t.Fatal(err)
			}
			before := s.URL
			test.end(s, t)
			s.Restart(t)
			if got := s.backend().URL(); got != before {
				t.Fatalf("restarted on %s, was on %s", got, before)
			}
			// The same connections go on: they reconnect by themselves.
			s.WaitConnected(t, js.Conn(), agent.Conn())
			if err := topology.Check(t.Context(), js, s.Settings); err != nil {
				t.Fatal(err)
			}
			stream, err := js.Stream(t.Context(), s.Subjects.Stream("ACTIONS"))
			if err != nil {
				t.Fatal(err)
			}
			m, err := stream.GetMsg(t.Context(), ack.Sequence)
			if err != nil || string(m.Data) != "{}" {
				t.Fatalf("stored action: %v, %v", m, err)
			}
			if _, err := agent.Publish(t.Context(), s.Subjects.Action("billing", "a2"), nil); err != nil {
				t.Fatalf("the agent after the restart: %v", err)
			}
		})
	}
}

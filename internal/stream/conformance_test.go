package stream_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
	"github.com/weighlock/weighlock/pkg/events"
)

// quick is a config whose timeouts fit a test.
func quick(s events.Subjects) stream.Config {
	return stream.Config{
		Service: "forwarder", Stream: s.Stream("ACTIONS"), Consumer: "forwarder", Filters: []string{s.All("actions", 2)}, Workers: 4, Batch: 64,
		AckWait: 2 * time.Second, PinnedTTL: 500 * time.Millisecond, Drain: 5 * time.Second, PublishTimeout: time.Second,
	}
}

// input is the n-th action of the tests, of one of four agents.
func input(s events.Subjects, n int) (string, events.Event) {
	agent, action := fmt.Sprintf("agent%d", n%4), fmt.Sprintf("a%d", n)
	return s.Action(agent, action), events.Event{
		ID: action, Source: "/agents/" + agent, Type: events.ActionProposedType, DataContentType: events.ContentTypeJSON, Data: []byte(`{"n":1}`),
	}
}

// assess is what a risk scorer does to the runtime: one output per input.
func assess(s events.Subjects) stream.HandlerFunc {
	return func(_ context.Context, m *stream.Message) stream.Outcome {
		_, agent, action, err := s.ParseAction(m.Subject)
		if err != nil {
			return stream.Permanent(err)
		}
		e := m.Event
		e.ID = "as-" + e.ID
		return stream.Done(stream.Output{Subject: s.Assessment(events.Low, agent, action), Event: e.Because(m.Event), MsgID: e.ID})
	}
}

// decide is what a router does to the runtime: one decision in the ledger per input.
func decide(s events.Subjects) stream.HandlerFunc {
	return func(_ context.Context, m *stream.Message) stream.Outcome {
		_, agent, action, err := s.ParseAction(m.Subject)
		if err != nil {
			return stream.Permanent(err)
		}
		e := m.Event
		e.ID = "de-" + e.ID
		return stream.Done(stream.Output{Subject: s.Decision(agent, action), Event: e.Because(m.Event), Once: true, ReplyTo: "_INBOX." + agent + "." + action})
	}
}

func factory(r *streamtest.Rig, h stream.Handler, output func(n int) (string, string)) streamtest.Factory {
	return streamtest.Factory{
		Service: "forwarder", Stream: r.Subjects.Stream("ACTIONS"), Consumer: "forwarder", Unique: true,
		New:    func(rt stream.Runtime) (streamtest.Runner, error) { return stream.NewWorker(rt, quick(r.Subjects), h) },
		Input:  func(n int) (string, events.Event) { return input(r.Subjects, n) },
		Output: output,
		Poison: func(n int) string { return r.Subjects.Action("poisoner", fmt.Sprintf("p%d", n)) },
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("Outputs", func(t *testing.T) {
		streamtest.Exercise(t, func(r *streamtest.Rig) streamtest.Factory {
			return factory(r, assess(r.Subjects), func(n int) (string, string) {
				subject, _ := input(r.Subjects, n)
				_, agent, action, _ := r.Subjects.ParseAction(subject)
				return r.Subjects.Stream("EVENTS"), r.Subjects.Assessment(events.Low, agent, action)
			})
		})
	})
	t.Run("Ledger", func(t *testing.T) {
		streamtest.Exercise(t, func(r *streamtest.Rig) streamtest.Factory {
			return factory(r, decide(r.Subjects), func(n int) (string, string) {
				subject, _ := input(r.Subjects, n)
				return r.Subjects.Stream("DECISIONS"), strings.Replace(subject, ".actions.", ".decisions.", 1)
			})
		})
	})
}

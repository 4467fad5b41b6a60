package scoring

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/pkg/events"
)

// Reading without headers tells the same of every decision as reading with them: each once, in order, in its second.
func TestBareReadingTellsTheSame(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := server.JetStream(t, authz.TheOperator())
	metrics, err := NewMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	conn := server.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.RiskScorer})
	h := newHistory(conn, server.Subjects, lately.New(lately.Limits{}), 1000, time.Now, slog.New(slog.DiscardHandler), metrics)
	var got []stored
	bare := 0
	s := &feed{stream: server.Subjects.Stream("DECISIONS"), kinds: []string{"decisions"}, next: 1, bare: true, apply: func(m stored) {
		if m.Msg == nil {
			bare++
		}
		got = append(got, m)
	}}
	stream, err := js.Stream(t.Context(), s.stream)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for round := 0; bare < 3*batchMessages; round++ { // how much is stored within a second is up to the machine
		if round == 100 {
			t.Fatalf("after %d decisions only %d were read bare", n, bare)
		}
		for range []int{1, 700, 30}[round%3] {
			n++
			d := &events.DecisionMade{Agent: "billing", Action: fmt.Sprint("a", n), Sequence: uint64(n), Outcome: events.Denied, DecidedBy: events.Decider{Kind: events.ByPolicy}}
			e, err := events.New(d, fmt.Sprint("d", n), "/services/approver-router", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			header, data, err := events.EncodeBinary(e)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := js.PublishMsgAsync(&nats.Msg{Subject: server.Subjects.Decision("billing", fmt.Sprint("a", n)), Header: header, Data: data}); err != nil {
				t.Fatal(err)
			}
		}
		<-js.PublishAsyncComplete()
		if err := h.follow(t.Context(), s, 1<<62); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != n {
		t.Fatalf("read %d of %d", len(got), n)
	}
	for i, m := range got {
		want, err := stream.GetMsg(t.Context(), uint64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		e, err := eventOf(m, events.DecisionMadeType)
		if err != nil || m.sequence != want.Sequence || string(e.Data) != string(want.Data) || e.Type != events.DecisionMadeType || m.at.Unix() != want.Time.Unix() {
			t.Fatalf("%d: read %+v, %v, want %+v", i+1, m, err, want)
		}
	}
}

// Where not exactly the messages are there that were asked for, nothing says which they are.
func TestBareReadingWantsAllOfThem(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := server.JetStream(t, authz.TheOperator())
	name := server.Subjects.Stream("EVENTS")
	for i := range 10 {
		if _, err := js.Publish(t.Context(), server.Subjects.Dead("riskscorer"), fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	stream, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.DeleteMsg(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	conn := server.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.RiskScorer})
	for _, c := range []struct{ first, n, want int }{{1, 4, 4}, {6, 5, 5}, {1, 5, 0}, {5, 5, 0}, {8, 4, 0}, {11, 1, 0}} {
		all, err := readBare(t.Context(), conn, name, uint64(c.first), c.n)
		if err != nil || len(all) != c.want {
			t.Errorf("%+v: %d, %v", c, len(all), err)
		}
	}
}

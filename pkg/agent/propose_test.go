package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestProposeStoresTheActionOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	first := w.propose(c, payment("p-1"))
	if first.AlreadyAccepted || first.Sequence == 0 {
		t.Fatalf("first proposal: %+v", first)
	}
	again := w.propose(w.agent("billing"), payment("p-1"))
	if !again.AlreadyAccepted || again.Digest != first.Digest {
		t.Fatalf("second proposal: %+v after %+v", again, first)
	}
	e, sequence := w.stored("ACTIONS", "wl.actions.billing.p-1")
	if sequence != first.Sequence || events.Digest(e.Data) != first.Digest {
		t.Fatalf("stored %d %s, proposed %+v", sequence, events.Digest(e.Data), first)
	}
	if err := events.CheckReplyTo("billing", e.ReplyTo); err != nil || e.TraceParent == "" {
		t.Fatalf("replyto %q (%v), traceparent %q", e.ReplyTo, err, e.TraceParent)
	}
}

func TestProposeRefusesWhatIsMalformed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	for name, a := range map[string]agent.Action{
		"id":          {ID: "a.b", Tool: "x"},
		"wildcard":    {ID: "*", Tool: "x"},
		"no tool":     {},
		"arguments":   {Tool: "x", Arguments: json.RawMessage(`[1]`)},
		"not json":    {Tool: "x", Arguments: json.RawMessage(`{"a"`)},
		"trace":       {Tool: "x", TraceParent: "00-00000000000000000000000000000000-0000000000000000-01"},
		"plan":        {Breakpoint: events.AtPlan},
		"break point": {Breakpoint: "lunch", Tool: "x"},
	} {
		var field *events.FieldError
		if _, err := c.Propose(w.ctx(), a); !errors.As(err, &field) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p := w.propose(c, agent.Action{Tool: "x"}); len(p.ID) != 26 {
		t.Errorf("made id %q", p.ID)
	}
}

func TestProposeSaysSizeAndLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	a := payment("big")
	a.Reasoning = strings.Repeat("x", 1<<20)
	var large *agent.TooLargeError
	if _, err := c.Propose(w.ctx(), a); !errors.As(err, &large) || large.Limit != w.nc.MaxPayload() || large.Size <= 1<<20 {
		t.Fatalf("%v", err)
	}
	// The largest that fits is accepted, give or take the digits of the event's time: the
	// size counts every byte the server counts.
	a.Reasoning = a.Reasoning[:int64(len(a.Reasoning))-(large.Size-large.Limit)-10]
	if _, err := c.Propose(w.ctx(), a); err != nil {
		if _, ok := errors.AsType[*agent.StoreError](err); !ok {
			t.Fatal(err)
		}
	}
}

func TestWrongNameIsAnErrorAtConnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.options("billing")
	o.Agent = "payroll"
	var forbidden *agent.PermissionError
	if _, err := agent.Connect(w.ctx(), o); !errors.As(err, &forbidden) || forbidden.Agent != "payroll" {
		t.Fatalf("%v", err)
	}
	o.Agent = "*"
	var field *events.FieldError
	if _, err := agent.Connect(w.ctx(), o); !errors.As(err, &field) {
		t.Fatalf("%v", err)
	}
	o = w.options("billing")
	o.SeedFile = w.Add(t, authz.Identity{Kind: authz.Approver, Name: "billing"})
	if _, err := agent.Connect(w.ctx(), o); err == nil {
		t.Fatal("an approver's credentials passed for an agent's")
	}
}

func TestForbiddenSubjectIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.options("billing")
	o.Prefix = "other"
	c, err := agent.Connect(w.ctx(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var forbidden *agent.PermissionError
	// No deadline: only the server's refusal can end this.
	if _, err := c.Propose(context.Background(), payment("a")); !errors.As(err, &forbidden) || forbidden.Subject != "other.actions.billing.a" {
		t.Fatalf("propose: %v", err)
	}
	if _, err := c.Await(context.Background(), "a"); !errors.As(err, &forbidden) {
		t.Fatalf("await: %v", err)
	}
}

func TestMissingStreamIsAClearError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, natstest.WithoutTopology())
	if _, err := w.agent("billing").Propose(w.ctx(), payment("a")); !errors.Is(err, agent.ErrNoStream) {
		t.Fatalf("%v", err)
	}
}

// A full stream is reported with the same code as a repeated id, and is not the same.
func TestFullStreamIsNotTakenForAcceptance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stream, err := w.js.Stream(w.ctx(), "WL_ACTIONS")
	if err != nil {
		t.Fatal(err)
	}
	full := stream.CachedInfo().Config
	full.MaxMsgs = 1
	if _, err := w.js.UpdateStream(w.ctx(), full); err != nil {
		t.Fatal(err)
	}
	c := w.agent("billing")
	w.propose(c, payment("a"))
	var refused *agent.StoreError
	if p, err := c.Propose(w.ctx(), payment("b")); !errors.As(err, &refused) {
		t.Fatalf("%+v, %v", p, err)
	}
}

func TestProposeSurvivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	const n = 2000
	var pending []*agent.Pending
	var once sync.Once
	restarted := make(chan struct{})
	for i := range n {
		p, err := c.ProposeAsync(w.ctx(), payment(fmt.Sprintf("p-%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		pending = append(pending, p)
		if i == n/4 {
			go once.Do(func() { w.Restart(t); close(restarted) })
		}
	}
	for _, p := range pending {
		if _, err := p.Wait(w.ctx()); err != nil {
			t.Fatal(err)
		}
	}
	<-restarted
	w.WaitConnected(t, w.nc)
	s, err := w.js.Stream(w.ctx(), "WL_ACTIONS")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.CachedInfo().State.Msgs; got != n {
		t.Fatalf("%d of %d actions stored", got, n)
	}
}

func TestCloseAndCancelEndProposals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	w.Stop(t)
	ctx, cancel := context.WithCancel(context.Background())
	p, err := c.ProposeAsync(ctx, payment("a"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := p.Wait(ctx); !errors.Is(err, agent.ErrUnconfirmed) || !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	if p, err = c.ProposeAsync(context.Background(), payment("b")); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if _, err := p.Wait(context.Background()); !errors.Is(err, agent.ErrUnconfirmed) || !errors.Is(err, agent.ErrClosed) {
		t.Fatalf("closed: %v", err)
	}
	if _, err := c.Propose(context.Background(), payment("c")); !errors.Is(err, agent.ErrClosed) {
		t.Fatalf("after close: %v", err)
	}
}

func BenchmarkProposeAsync(b *testing.B) {
	s := natstest.Start(b)
	c, err := agent.Connect(b.Context(), agent.Options{URL: s.URL, Agent: "bench", SeedFile: s.Add(b, authz.Identity{Kind: authz.Agent, Name: "bench"})})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	pending := make([]*agent.Pending, 0, b.N)
	b.ResetTimer()
	for range b.N {
		p, err := c.ProposeAsync(b.Context(), agent.Action{Tool: "search", Arguments: json.RawMessage(`{"q": "canal locks"}`)})
		if err != nil {
			b.Fatal(err)
		}
		pending = append(pending, p)
	}
	for _, p := range pending {
		if _, err := p.Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "actions/s")
}

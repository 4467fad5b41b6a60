package agent_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestAwaitFindsTheDecision(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(w *world, c *agent.Client) *agent.Client{
		"reply before the wait": func(w *world, c *agent.Client) *agent.Client {
			d, cause := w.decision("billing", "a")
			w.reply(d, cause)
			return c
		},
		"reply lost": func(w *world, c *agent.Client) *agent.Client {
			d, cause := w.decision("billing", "a")
			w.ledger(d, cause)
			return c
		},
		"another session": func(w *world, c *agent.Client) *agent.Client {
			d, cause := w.decision("billing", "a")
			w.ledger(d, cause)
			w.reply(d, cause)
			c.Close()
			return w.agent("billing")
		},
		"restart in between": func(w *world, c *agent.Client) *agent.Client {
			d, cause := w.decision("billing", "a")
			w.ledger(d, cause)
			w.Restart(w.t)
			return c
		},
		"strays first": func(w *world, c *agent.Client) *agent.Client {
			d, cause := w.decision("billing", "a")
			other := d
			other.Action = "b"
			w.send(w.encode(other, cause, cause.ReplyTo))
			other = d
			other.Agent = "payroll"
			w.send(w.encode(other, cause, cause.ReplyTo))
			w.send(&nats.Msg{Subject: cause.ReplyTo, Data: []byte(`{"outcome":"approved"}`)})
			w.send(&nats.Msg{Subject: cause.ReplyTo + "x", Data: []byte(`{`)})
			w.reply(d, cause)
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.agent("billing")
			w.propose(c, payment("a"))
			c = play(w, c)
			if d := w.await(c, "a"); d.Outcome != events.Approved || d.Action != "a" || d.Agent != "billing" {
				t.Fatalf("%+v", d)
			}
		})
	}
}

func TestAwaitAfterARestartWhileWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	w.propose(c, payment("a"))
	got := make(chan error, 1)
	go func() {
		_, err := c.Await(w.ctx(), "a")
		got <- err
	}()
	d, cause := w.decision("billing", "a")
	w.Restart(t)
	w.WaitConnected(t, w.nc)
	w.ledger(d, cause) // and no reply
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

func TestAwaitEndsUndecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	w.propose(c, payment("a"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Await(ctx, "a"); !errors.Is(err, agent.ErrUndecided) || !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	w.send(&nats.Msg{Subject: "wl.decisions.billing.a", Data: []byte("approved")})
	if _, err := w.agent("billing").Await(w.ctx(), "a"); !errors.Is(err, agent.ErrUndecided) || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("garbage in the ledger: %v", err)
	}
	got := make(chan error, 1)
	go func() {
		_, err := c.Await(context.Background(), "b")
		got <- err
	}()
	c.Close()
	if err := <-got; !errors.Is(err, agent.ErrUndecided) || !errors.Is(err, agent.ErrClosed) {
		t.Fatalf("closed: %v", err)
	}
}

// Another agent can make the server put answers on a subject of its choice, but none that counts.
func TestNeighbourCannotAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	w.propose(c, payment("a"))
	hostile := w.agent("hostile")
	w.propose(hostile, payment("a"))
	own, ownCause := w.decision("hostile", "a")
	w.ledger(own, ownCause)
	d, cause := w.decision("billing", "a")
	raw := w.Connect(t, authz.Identity{Kind: authz.Agent, Name: "hostile"})
	forged := &nats.Msg{Subject: "$JS.API.DIRECT.GET.WL_DECISIONS.wl.decisions.hostile.a", Reply: cause.ReplyTo}
	if err := raw.PublishMsg(forged); err != nil {
		t.Fatal(err)
	}
	if err := raw.PublishMsg(w.encode(d, cause, cause.ReplyTo)); err != nil {
		t.Fatal(err)
	}
	if err := raw.Flush(); err != nil {
		t.Fatal(err)
	}
	d.Outcome = events.Rejected
	w.reply(d, cause)
	if got := w.await(c, "a"); got.Outcome != events.Rejected {
		t.Fatalf("%+v", got)
	}
}

func TestManyWaitersEachGetTheirs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.agent("billing")
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			id := fmt.Sprintf("a-%d", i)
			if _, err := c.Propose(w.ctx(), payment(id)); err != nil {
				t.Error(err)
				return
			}
			d, err := c.Await(w.ctx(), id)
			if err != nil || d.Action != id {
				t.Errorf("%s: %+v, %v", id, d, err)
			}
		})
	}
	for i := range 200 {
		d, cause := w.decision("billing", fmt.Sprintf("a-%d", i))
		w.ledger(d, cause)
		if i%3 > 0 { // every third reply is lost
			w.reply(d, cause)
		}
	}
	group.Wait()
}

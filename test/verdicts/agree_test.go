package verdicts

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// each reads everything that is stored on a filter.
func each(t *testing.T, p *pipeline, name, filter string, take func(subject string, e events.Event)) {
	t.Helper()
	c, err := p.js.OrderedConsumer(t.Context(), p.Subjects.Stream(name), jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}})
	if err != nil {
		t.Fatal(err)
	}
	info, err := c.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range info.NumPending {
		m, err := c.Next(jetstream.FetchMaxWait(patience))
		if err != nil {
			t.Fatal(err)
		}
		e, err := events.Decode(events.Header(m.Headers()), m.Data())
		if err != nil {
			t.Fatal(err)
		}
		take(m.Subject(), e)
	}
}

// agree insists that every action has exactly one decision, that every card tells the same outcome as the
// ledger, and that no action waits on an open card once it is decided.
func (p *pipeline) agree(t *testing.T) {
	t.Helper()
	ledger := make(map[string]events.DecisionMade)
	each(t, p, "DECISIONS", p.Subjects.All("decisions", 2), func(_ string, e events.Event) {
		d, err := events.As[events.DecisionMade](e)
		if err != nil {
			t.Fatal(err)
		}
		name := d.Agent + "/" + d.Action
		if _, twice := ledger[name]; twice {
			t.Errorf("%s is decided twice", name)
		}
		ledger[name] = *d
	})
	each(t, p, "ACTIONS", p.Subjects.All("actions", 2), func(subject string, _ events.Event) {
		_, agent, action, err := p.Subjects.ParseAction(subject)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := ledger[agent+"/"+action]; !ok {
			t.Errorf("%s/%s has no decision", agent, action)
		}
	})
	each(t, p, "EVENTS", p.Subjects.Approval("*", events.Resolved, "*"), func(_ string, e events.Event) {
		r, err := events.As[events.ApprovalResolved](e)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range r.Items {
			d := ledger[item.Agent+"/"+item.Action]
			if !item.Moved && d.Outcome != item.Outcome {
				t.Errorf("card %s says that %s/%s is %s, the ledger %s", r.Request, item.Agent, item.Action, item.Outcome, d.Outcome)
			}
			if item.Moved && d.Request == r.Request {
				t.Errorf("%s/%s was decided on card %s, which it has left", item.Agent, item.Action, r.Request)
			}
		}
	})
	list, err := p.people["alice"].Requests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		for _, item := range r.Items {
			if d, decided := ledger[item.Agent+"/"+item.Action]; decided && item.Open() {
				t.Errorf("%s/%s is %s and waits on card %s", item.Agent, item.Action, d.Outcome, r.ID)
			}
		}
	}
}

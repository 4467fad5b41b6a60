package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// readingTime is how long a person in the demo looks at a card.
const readingTime = 1200 * time.Millisecond

// person answers the cards of one group, but for the one about the bank, which nobody
// answers.
type person struct {
	name, group string
	client      *approver.Client
	problems    chan<- error
}

// cast of the demo: who answers for which group.
var people = map[string]string{"finance": "carol", "operations": "alice", "security": "dave"}

// work answers until ctx ends.
func (p *person) work(ctx context.Context) {
	err := p.client.Watch(ctx, func(ev approver.Event) {
		if ev.Kind == events.Requested && ev.Group == p.group {
			go p.answer(ctx, ev.ID)
		}
	})
	if err != nil && ctx.Err() == nil {
		p.problems <- fmt.Errorf("%s stopped watching: %w", p.name, err)
	}
}

func (p *person) answer(ctx context.Context, id string) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(readingTime):
	}
	if err := p.judge(ctx, id); err != nil && ctx.Err() == nil {
		p.problems <- fmt.Errorf("%s could not answer %s: %w", p.name, id, err)
	}
}

func (p *person) judge(ctx context.Context, id string) error {
	r, err := p.client.Get(ctx, id)
	if err != nil {
		return err
	}
	v := approver.Verdict{Request: id, Digest: r.Digest, Verdict: events.Approve, Comment: "looks right"}
	for _, item := range r.Items {
		proposed, _, err := p.client.Action(ctx, item.ActionRef)
		if err != nil {
			return err
		}
		if proposed.Target != nil && proposed.Target.Kind == "bank" {
			return nil
		}
		if why := objection(&proposed); why != "" {
			v.Items = append(v.Items, events.ItemVerdict{Number: item.Number, Verdict: events.Reject})
			v.Comment = why
		}
	}
	if len(v.Items) == 0 && r.Items[0].Tool == "issue_refund" { // what comes next is of the same delivery
		v.Grant = &events.GrantTerms{Seconds: 3600, Uses: 5, Amount: 100, Currency: "EUR"}
	}
	_, err = p.client.Cast(ctx, v)
	return err
}

// objection says why a careful person rejects an action; empty where nobody would.
func objection(a *events.ActionProposed) string {
	var args struct {
		Amount    float64 `json:"amount"`
		Recipient string  `json:"recipient"`
		ID        string  `json:"id"`
	}
	if len(a.Arguments) == 0 {
		return ""
	}
	if err := json.Unmarshal(a.Arguments, &args); err != nil {
		return "I cannot read the arguments"
	}
	switch {
	case args.Amount > 5000:
		return "we do not know " + args.Recipient + ", and nobody ordered anything there"
	case args.ID == "snap-004":
		return "keep snap-004, the audit still needs it"
	}
	return ""
}

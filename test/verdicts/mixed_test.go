package verdicts

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// What a day of several agents is made of: of ten actions eight are harmless enough and two wait for people.
var (
	harmless = []agent.Action{
		{Tool: "search_orders", Arguments: json.RawMessage(`{"query":"88123"}`)},
		{Tool: "read_file", Arguments: json.RawMessage(`{"path":"notes/today.md"}`)},
		{Tool: "query_database", Arguments: json.RawMessage(`{"sql":"select 1"}`)},
		{Tool: "list_invoices", Arguments: json.RawMessage(`{"customer":"acme"}`)},
	}
	risky = []agent.Action{
		{Tool: "refund_order", Arguments: json.RawMessage(`{"order":"88123","amount":12.5}`)},
		{Tool: "pay_invoice", Arguments: json.RawMessage(`{"invoice":"i-7","amount":900}`), Target: &events.Target{Kind: "account", Name: "acme"}},
		{Tool: "delete_record", Arguments: json.RawMessage(`{"table":"orders","id":88123}`)},
		{Tool: "delete_record", Arguments: json.RawMessage(`{"table":"orders","id":88124}`), Target: &events.Target{Kind: "database", Environment: "production"}},
		{Tool: "click", Breakpoint: events.AtComputerUse, Arguments: json.RawMessage(`{"x":10,"y":20}`)},
		{Tool: "run_shell", Arguments: json.RawMessage(`{"command":"rm -rf build"}`)},
		{Tool: "run_shell", Arguments: json.RawMessage(`{"command":"sudo systemctl stop nginx"}`)},
	}
)

// mixture is n actions in random order, a fifth of which are risky.
func mixture(n int) []agent.Action {
	all := make([]agent.Action, n)
	for i := range all {
		from := harmless
		if i%5 == 0 || i%50 == 1 { // some more, as a policy that remembers may see some as less
			from = risky
		}
		all[i] = from[i/5%len(from)]
		all[i].ID, all[i].Session, all[i].Principal = fmt.Sprintf("m-%d", i), fmt.Sprintf("s-%d", i%40), "mia@example.com"
	}
	rand.Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// The built-in routes on ten thousand actions of eight agents.
func TestMixed(t *testing.T) {
	t.Parallel()
	n := 10_000
	if testing.Short() {
		n = 2000
	}
	agents := []string{"billing", "support", "devops", "desk", "sales", "shop", "office", "lab"}
	p := startWith(t, config{agents: agents, people: []string{"alice", "bob", "carol", "dave"}})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var around sync.WaitGroup
	for name, groups := range map[string][]string{"alice": {"operations"}, "carol": {"finance"}, "dave": {"security"}} {
		around.Go(func() { p.answerEach(ctx, t, name, groups) })
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, 200)
	for i, a := range mixture(n) {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if _, err := p.agents[agents[i%len(agents)]].Propose(ctx, a); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	until(t, "every action to be decided", func(ctx context.Context) (bool, bool) {
		ledger, err := p.js.Stream(ctx, p.Subjects.Stream("DECISIONS"))
		return true, err == nil && int(ledger.CachedInfo().State.Msgs) >= n
	})
	stop()
	around.Wait()
	p.drained(t)
	p.agree(t)
	p.fewCards(t, n)
}

// answerEach answers every card of some groups once, most of it with approval.
func (p *pipeline) answerEach(ctx context.Context, t *testing.T, name string, groups []string) {
	client := p.people[name]
	_ = client.Watch(ctx, func(e approver.Event) {
		announced, ok := e.Payload.(*events.ApprovalRequested)
		if !ok || e.Kind != events.Requested || !slices.Contains(groups, announced.Group) {
			return
		}
		v := approver.Verdict{Request: announced.Request, Digest: announced.Digest, Verdict: events.Approve}
		switch rand.IntN(10) {
		case 0:
			v.Verdict = events.Reject
		case 1:
			v.Items = []events.ItemVerdict{{Number: 1, Verdict: events.Reject}}
		}
		if _, err := client.Cast(ctx, v); err != nil && ctx.Err() == nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}

// fewCards insists that people were asked at most a fifth as often as there was something to ask.
func (p *pipeline) fewCards(t *testing.T, n int) {
	t.Helper()
	high := 0
	for _, rec := range p.log.Events {
		a, err := events.As[events.ActionAssessed](rec.Event)
		if err == nil && a.Level == events.High && !a.Denied {
			high++
		}
	}
	list, err := p.people["alice"].Requests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	items, largest := 0, 0
	for _, r := range list {
		items, largest = items+len(r.Items), max(largest, len(r.Items))
	}
	t.Logf("%d actions, %d of them high, on %d cards of at most %d: %.1f times fewer", n, high, len(list), largest, float64(high)/float64(len(list)))
	if high < n/5 || items != high {
		t.Errorf("%d are high and %d are on cards", high, items)
	}
	if 5*len(list) > high && !testing.Short() { // of few actions the urgent ones, which go alone, say too much
		t.Errorf("%d cards are too many", len(list))
	}
}

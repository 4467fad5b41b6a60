package routing

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// seen is an item that waits with its action at hand.
func seen(action string, p *events.ActionProposed) waiting {
	w := held(assessment("billing", action, func(a *events.ActionAssessed) { a.Breakpoint, a.Tool = p.Breakpoint, p.Tool }))
	w.proposed = p
	return w
}

func payment(amount float64, change ...func(*events.ActionProposed)) *events.ActionProposed {
	p := &events.ActionProposed{
		Breakpoint: events.AtToolCall, Tool: "send_payment", Arguments: json.RawMessage(fmt.Sprintf(`{"recipient":"acme","amount":%v,"currency":"EUR","api_key":"sk-1234567890abcdef"}`, amount)),
		Request: "pay them, the password: hunter2222", Reasoning: "as ordered",
		Memory: []events.MemoryItem{{Origin: "crm", Trusted: true, Text: "good customer"}, {Origin: "mail", Text: "new bank details"}},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func TestCardsShowWhatItTakesToJudge(t *testing.T) {
	t.Parallel()
	card := newCard("r-1", testRoute(time.Second, 50), []waiting{
		seen("a", payment(840)), seen("b", payment(60.5, func(p *events.ActionProposed) { p.Reasoning = "the rest" })),
	}, mostRoom)
	named := seen("c", payment(1))
	named.assessment.Rules[0].Reason = "pays acme, SK1234567890ABCDEF"
	if shown := newCard("r-2", testRoute(time.Second, 50), []waiting{named}, mostRoom).Items[0].Reasons[0]; strings.Contains(shown, "1234567890") || !strings.HasPrefix(shown, "pays acme, ‹masked") {
		t.Errorf("a reason shows a secret: %s", shown)
	}
	text := string(marshal(t, card))
	for _, secret := range []string{"sk-1234567890", "hunter2222"} {
		if strings.Contains(text, secret) {
			t.Errorf("the card shows %s: %s", secret, text)
		}
	}
	if !strings.HasSuffix(card.Headline, "2 × send_payment on customers (production), 900.50 EUR in all") {
		t.Errorf("headline %q", card.Headline)
	}
	first := card.Items[0]
	if !strings.Contains(string(first.Arguments), `"amount":840`) || len(first.Masked) != 1 || first.Masked[0] != "/api_key" || first.Cut || first.Unseen {
		t.Errorf("%+v", first)
	}
	// What both have in common is told once; of the memory, what is not trusted comes first.
	shared := card.Context
	if shared == nil || !strings.HasPrefix(shared.UserRequest, "pay them") || shared.Reasoning != "" || len(shared.Memory) != 2 || shared.Memory[0].Origin != "mail" {
		t.Fatalf("%+v", shared)
	}
	if c := first.Context; c == nil || c.Reasoning != "as ordered" || c.UserRequest != "" || len(c.Memory) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestConfiguredPointersAreMasked(t *testing.T) {
	t.Parallel()
	route := testRoute(time.Second, 50)
	route.Mask = []string{"/recipient"}
	card := newCard("r-1", route, []waiting{seen("a", payment(1))}, mostRoom)
	if strings.Contains(string(card.Items[0].Arguments), "acme") || len(card.Items[0].Masked) != 2 {
		t.Errorf("%s, masked at %v", card.Items[0].Arguments, card.Items[0].Masked)
	}
}

func TestCardsSayWhenAnActionCannotBeSeen(t *testing.T) {
	t.Parallel()
	card := newCard("r-1", testRoute(time.Second, 50), []waiting{held(assessment("billing", "a"))}, mostRoom)
	if !card.Items[0].Unseen || card.Context != nil {
		t.Errorf("%+v", card)
	}
}

// A plan shows its steps with what each will be called with, and its headline what it is about.
func TestCardsShowPlans(t *testing.T) {
	t.Parallel()
	p := &events.ActionProposed{Breakpoint: events.AtPlan}
	for i := range 30 {
		p.Plan = append(p.Plan, events.PlanStep{Description: "pay", Tool: "send_payment", Arguments: json.RawMessage(fmt.Sprintf(`{"n":%d,"token":"sk-1234567890abcdef"}`, i))})
	}
	card := newCard("r-1", testRoute(time.Second, 50), []waiting{seen("a", p)}, mostRoom)
	c := card.Context
	if c == nil || c.PlanSteps != 30 || len(c.Plan) != mostSteps || !strings.Contains(string(c.Plan[3].Arguments), `"n":3`) || strings.Contains(string(marshal(t, card)), "sk-1234567890") {
		t.Errorf("%+v", c)
	}
	if !strings.HasPrefix(card.Headline, "billing: a plan of 30 steps, 30 × send_payment") {
		t.Errorf("headline %q", card.Headline)
	}
}

// However much agents write, and however many actions share a card, it stays within its room.
func TestCardsStayWithinTheirRoom(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("<\"é世\x00", 3_000)
	lists := `{"list":[` + strings.TrimSuffix(strings.Repeat(`"x",`, 5_000), ",") + `],"text":` + string(marshal(t, long)) + `}`
	var b strings.Builder
	for i := range 3_000 {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	many := "{" + strings.TrimSuffix(b.String(), ",") + "}"
	for _, arguments := range []string{lists, many} {
		for _, n := range []int{1, 7, 60} {
			items := make([]waiting, n)
			for i := range items {
				items[i] = seen(fmt.Sprint(i), payment(1, func(p *events.ActionProposed) {
					p.Arguments, p.Request, p.Reasoning = json.RawMessage(arguments), long, long+fmt.Sprint(i)
					p.Impact = &events.Impact{Summary: long}
					p.Memory = []events.MemoryItem{{Origin: long, Text: long}, {Text: long}, {Text: long}, {Text: long}}
					p.Plan = []events.PlanStep{{Description: long}, {Description: long}}
				}))
			}
			bare := newCard("r-1", testRoute(time.Second, n), items, 0)
			for i := range bare.Items {
				bare.Items[i].Arguments, bare.Items[i].Context = nil, nil
			}
			card := newCard("r-1", testRoute(time.Second, n), items, mostRoom)
			// JSON writes some characters as six: texts are bounded in characters.
			if extra := len(marshal(t, card)) - len(marshal(t, bare)); extra > 4*mostRoom {
				t.Errorf("%d items take %d bytes", n, extra)
			}
			if !card.Items[0].Cut {
				t.Error("nothing says that the arguments are cut")
			}
		}
	}
}

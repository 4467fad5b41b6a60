package policy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/pkg/events"
)

// What depends on private values is told by no reason; what does not is, and neither changes score or rules.
func TestReasonsHideWhatIsPrivate(t *testing.T) {
	t.Parallel()
	p := parse(t, knows+`
  - {id: money, when: 'money.sum > 1.0', points: 30, reason: "{money.kind} of {money.said} to {money.recipients} with {tool.name}"}
  - {id: tables, when: 'sql.found', points: 5, reason: "looks at {sql.tables_read} by {tool.name}"}
  - {id: breaks, when: 'int(arguments.recipient) > 0', points: 1, reason: r}
  - {id: sum, when: 'lately.amount_24h > 1.0', points: 1, reason: "{lately.amount_24h} today"}
`)
	action := call("send_payment", `{"recipient":"Dana Zwingli","amount":91,"currency":"EUR","query":"SELECT * FROM dana_private"}`)
	action.Plan = []events.PlanStep{{Description: "d", Tool: "send_payment", Arguments: json.RawMessage(`{"recipient":"Dana Zwingli","amount":92}`)}}
	split, _, err := events.Split("agent", "a-1", action, []string{"/arguments/recipient", "/arguments/amount", "/arguments/query", "/plan/0/arguments/amount", "/plan/0/arguments/recipient"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	in := func(a *events.ActionProposed) *input.Action { return input.New(a, "agent", noon, nil) }
	open, hiding := p.AssessAfter(nil, in(action)), p.AssessHiding(nil, in(action), in(split))
	if open.Score != hiding.Score || open.Level != hiding.Level || len(open.Rules) != len(hiding.Rules) {
		t.Fatalf("hiding changes %+v into %+v", open, hiding)
	}
	text, err := json.Marshal(hiding)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Dana", "Zwingli", "dana", "91", "92"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("it tells %s: %s", secret, text)
		}
	}
	for _, shown := range []string{"‹private›", "with send_payment", "by send_payment", "step 1: ", "could not be evaluated: ‹private›"} {
		if !strings.Contains(string(text), shown) {
			t.Errorf("it does not say %s: %s", shown, text)
		}
	}
	if all, _ := json.Marshal(open); !strings.Contains(string(all), "Dana Zwingli") || strings.Contains(string(all), "‹private›") {
		t.Errorf("in the open it says %s", all)
	}
}

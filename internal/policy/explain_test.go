package policy

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"cel.dev/cel-go/common/types"

	"github.com/weighlock/weighlock/pkg/events"
)

func TestExplanationShowsTheArithmetic(t *testing.T) {
	t.Parallel()
	p := build(t, base+`  - {id: small, when: words.pay && agent == 'calm', points: 30, cap: 20, reason: 'pays by {tool.name}'}
  - {id: floor, when: words.pay, points: 1, level: medium, shadow: true, reason: trial}
  - {id: lift, when: action.bytes > 1, level: medium, reason: lifts}
  - {id: never, when: request == 'no', effect: deny, reason: never}
tools: [{agents: [locked], allow: [x]}]
overrides: [{agents: [calm], reason: is calm, thresholds: {medium: 40, high: 95}, rules: [{id: pay, points: 41}]}]
`, "version: 1\napplies: agent == 'nobody'\nrules: [{id: unseen, when: 'true', points: 9, reason: r}]\n")
	a := call("pay", `{"x":1}`)
	a.Request, a.Plan = "no", []events.PlanStep{{Tool: "look", Arguments: json.RawMessage(`{}`)}}
	e := p.Explain(a, "calm", noon)
	text := e.Text()
	for _, want := range []string{
		"action \"pay\"\n", "    agent = \"calm\"\n", "    true: words.pay\n", "  b.yaml does not apply\n",
		"      0 + 30 = 20 (at most 20)  small: pays by pay\n", "     20 + 5 = 25  any: anything\n", "     25 + 41 = 66  pay: pays (changed here: is calm)\n",
		"  denied by never: never\n", "  at least medium (40) by lift: lifts\n", "  does not count: floor: trial\n", "  thresholds 40 and 95: is calm\n",
		"  score 95 is high (medium from 40, high from 95)\n", "step 1 \"look\"\n", "level high, score 95, denied: never (thresholds 40 and 95: is calm)\n", "policy sha256:",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the explanation lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	if got := p.Assess(a, events.ActionRef{Agent: "calm"}, noon); got.Score != e.Score || got.Level != e.Level || got.Reason != e.Reason || got.Denied != e.Denied {
		t.Errorf("explained as %+v, assessed as %+v", e, got)
	}
	if text := p.Explain(nil, "calm", noon).Text(); !strings.Contains(text, "there is no action to assess") {
		t.Error(text)
	}
	if text := p.Explain(call("x", "{"), "calm", noon).Text(); !strings.Contains(text, "arguments_texts = ? reading arguments: they are not JSON") {
		t.Error(text)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value Value
		empty bool
		text  string
	}{
		{Value{Value: false}, true, "false"}, {Value{Value: true}, false, "true"}, {Value{Value: ""}, true, `""`}, {Value{Value: "a\x1b"}, false, `"a\x1b"`},
		{Value{Value: int64(0)}, true, "0"}, {Value{Value: int64(3)}, false, "3"}, {Value{Value: 0.0}, true, "0"}, {Value{Value: 1.5}, false, "1.5"},
		{Value{Value: []string{}}, true, "[]"}, {Value{Value: []string{"a", "b"}}, false, `["a", "b"]`}, {Value{Value: make([]string, 12)}, false, `["", "", "", "", "", "", "", "", "", "", … 2 more]`},
		{Value{Error: "no\nidea"}, false, "? no idea"}, {Value{}, true, "<nil>"}, {valueOf("x", types.Double(math.Inf(1))), false, `"+Inf"`},
	} {
		if c.value.Empty() != c.empty || c.value.Text() != c.text {
			t.Errorf("%+v: empty %t, text %s", c.value, c.value.Empty(), c.value.Text())
		}
	}
}

// Inside exists and all the names of facts are looked up, which has to give the same.
func TestFactsInsideComprehensions(t *testing.T) {
	t.Parallel()
	for _, when := range []string{
		"['pay'].exists(x, tool.first == x)", "[1].all(x, words.pay)", "[1].all(x, now == timestamp('2026-03-01T12:00:00Z'))", "[1].exists(x, arguments.x == 1)",
		"['ann'].exists(x, x in lists.vips)", "tool.words.filter(x, x == agent).size() == 0 && !sql.writes", "tool.words.all(x, tool.words.exists(y, x == y && tool.plain))",
	} {
		p := build(t, strings.Replace(base, "action.bytes >= 0", strconv.Quote(when), 1))
		if got := assess(p, "bob", "pay", ""); got.Score != 45 {
			t.Errorf("%s: %+v", when, got)
		}
	}
	p := build(t, strings.Replace(base, "action.bytes >= 0", `"[1].exists(x, arguments.y == 1)"`, 1))
	if got := p.Assess(call("pay", "{"), events.ActionRef{}, noon); got.Level != events.High || !strings.Contains(got.Reason, "could not be evaluated") {
		t.Errorf("%+v", got)
	}
}

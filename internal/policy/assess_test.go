package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

func parse(t testing.TB, rules string) *Policy {
	t.Helper()
	p, err := Parse("test.yaml", []byte("version: 1\nthresholds: {medium: 30, high: 60}\nrules:\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const knows = "  - {id: knows, when: 'action.bytes >= 0', recognises: true, reason: known}\n"

func TestFailingRuleIsHigh(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]string{
		"missing argument": `arguments.nothing > 1`,
		"wrong type":       `arguments.text + 1 > 1`,
		"division by zero": `1 / (action.bytes - action.bytes) > 0`,
		"conversion":       `int(arguments.text) > 0`,
	} {
		p := parse(t, knows+fmt.Sprintf("  - {id: breaks, when: %q, points: 1, reason: r}\n", when))
		got := p.Assess(call("x", `{"text":"abc"}`), events.ActionRef{}, noon)
		if got.Level != events.High || got.Score < 60 || got.Rules[0].ID != "breaks" || !strings.Contains(got.Reason, "rule breaks could not be evaluated: ") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestHostileArgumentsCannotBuyTime(t *testing.T) {
	t.Parallel()
	p := parse(t, knows+"  - {id: slow, when: 'arguments_texts.exists(a, arguments_texts.exists(b, arguments_texts.exists(c, a + b + c == \"no\")))', points: 1, reason: r}\n")
	for n, want := range map[int]string{rulefile.MaxList - 1: "cost limit exceeded", rulefile.MaxList: "more than the 4096 that are looked at"} {
		got := p.Assess(call("x", `{"a":[`+strings.Repeat(`"x",`, n)+`"x"]}`), events.ActionRef{}, noon)
		if got.Level != events.High || !strings.Contains(got.Reason, want) {
			t.Errorf("%d texts: %s (%s)", n, got.Level, got.Reason)
		}
	}
	if got := p.Assess(call("x", `{"a":["x"]}`), events.ActionRef{}, noon); got.Level != events.Low {
		t.Errorf("small arguments: %s (%s)", got.Level, got.Reason)
	}
}

func TestMissingFactsReadAsEmpty(t *testing.T) {
	t.Parallel()
	// These say something of nothing: there is no command line, and nothing is unusual.
	says := map[string]bool{"shell.grade": true, "lately.burst": true, "asked.request_share": true, "asked.directing_share": true}
	for _, f := range facts.All() {
		if says[f.Name] {
			continue
		}
		when := map[string]string{"string": "%s == ''", "bool": "!%s || %[1]s == (1 > action.bytes)", "int": "%s == 0", "double": "%s == 0.0", "list(string)": "size(%s) == 0"}[f.Type.String()]
		p := parse(t, fmt.Sprintf("  - {id: r, when: %q, recognises: true, reason: r}\n", fmt.Sprintf(when, f.Name)))
		if got := p.Assess(&events.ActionProposed{}, events.ActionRef{}, noon); got.Level != events.Low {
			t.Errorf("%s (%s) of an empty action: %s", f.Name, f.Type, got.Reason)
		}
	}
	p := parse(t, `  - {id: r, when: "arguments.text('a') == '' && arguments.number('b') == 0.0 && arguments.text('c') == 'x' && arguments.number('d') == 2.0", recognises: true, reason: r}`+"\n")
	if got := p.Assess(call("x", `{"a":1,"b":"1","c":"x","d":2}`), events.ActionRef{}, noon); got.Level != events.Low {
		t.Errorf("lookups: %s", got.Reason)
	}
}

func TestDenyStands(t *testing.T) {
	t.Parallel()
	p := parse(t, knows+"  - {id: never, when: 'action.bytes >= 0 || false', effect: deny, reason: never}\n")
	if got := p.Assess(call("x", ""), events.ActionRef{}, noon); !got.Denied || got.Level != events.High || got.Score < 60 || got.Reason != "never" {
		t.Errorf("%+v", got)
	}
}

func TestReasonsAreShort(t *testing.T) {
	t.Parallel()
	p := parse(t, "  - {id: long, when: 'action.bytes >= 0', level: high, reason: '"+strings.Repeat("é", 5000)+"'}\n")
	got := p.Assess(call(strings.Repeat("x", 9000), ""), events.ActionRef{}, noon)
	if len(got.Reason) > maxReason || !strings.HasSuffix(got.Reason, "…") {
		t.Errorf("reason of %d bytes", len(got.Reason))
	}
}

func FuzzAssess(f *testing.F) {
	p := Default()
	f.Add("search", "tool_call", []byte(`{"query":"x"}`), "production")
	f.Add("send_email", "plan", []byte(`{"to":["a@example.com"]}`), "")
	f.Add("bash", "lunch", []byte(`{"command":"ls"`), "\xff")
	f.Fuzz(func(t *testing.T, tool, breakpoint string, arguments []byte, environment string) {
		a := &events.ActionProposed{
			Tool: tool, Breakpoint: events.Breakpoint(breakpoint), Arguments: arguments, Request: environment,
			Target: &events.Target{Environment: environment}, Plan: []events.PlanStep{{Tool: environment, Arguments: arguments}},
		}
		got := p.Assess(a, events.ActionRef{}, noon)
		if !got.Level.Valid() || got.Score < 0 || got.Score > 100 || got.Reason == "" || len(got.Rules) == 0 {
			t.Fatalf("assessment %+v", got)
		}
		if !json.Valid(arguments) && len(arguments) > 0 && strings.TrimSpace(string(arguments)) != "" && got.Level != events.High {
			t.Fatalf("unreadable arguments %q give %+v", arguments, got)
		}
	})
}

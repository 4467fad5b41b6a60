package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func call(tool, arguments string) *events.ActionProposed {
	return &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: tool, Arguments: json.RawMessage(arguments)}
}

// What fits a page stands in policies/tests; this is what does not.
func TestDefaultPolicyOfHugeActions(t *testing.T) {
	t.Parallel()
	p := Default()
	for name, a := range map[string]*events.ActionProposed{
		"large":         call("search", `{"q":"`+strings.Repeat("a", 70_000)+`"}`),
		"too large":     call("search", `{"q":"`+strings.Repeat("a", 900_000)+`"}`),
		"deeply nested": call("read_database", strings.Repeat(`{"a":`, 500)+"1"+strings.Repeat("}", 500)),
		"endless plan":  {Breakpoint: events.AtPlan, Plan: make([]events.PlanStep, maxSteps+1)},
		"heavy plan":    {Breakpoint: events.AtPlan, Plan: slices.Repeat([]events.PlanStep{{Tool: "search", Arguments: json.RawMessage(`{"q":"` + strings.Repeat("a", 20_000) + `"}`)}}, 20)},
		"nothing":       {},
		"no action":     nil,
	} {
		if got := p.Assess(a, events.ActionRef{}, noon); got.Level != events.High || got.Reason == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func BenchmarkAssess(b *testing.B) {
	p := Default()
	filler := strings.Repeat("word ", 150)
	for name, a := range map[string]*events.ActionProposed{
		"search":   call("search_documents", `{"query":"`+filler+`"}`),
		"mail":     call("send_email", `{"to":"bob@example.com","subject":"hello","body":"`+filler+`"}`),
		"database": call("query_database", `{"sql":"SELECT name FROM customers WHERE id = 1","note":"`+filler+`"}`),
		"shell":    call("bash", `{"command":"ls -la | grep foo"}`),
		"payment":  call("pay_invoice", `{"amount":10,"note":"`+filler+`"}`),
	} {
		a.Request, a.Reasoning, a.Target = "please do", "because", &events.Target{Kind: "k", Name: "n", Environment: "test"}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Assess(a, events.ActionRef{Agent: "a"}, noon)
			}
		})
	}
}

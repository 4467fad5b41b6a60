package policy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func call(tool, arguments string) *events.ActionProposed {
	return &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: tool, Arguments: json.RawMessage(arguments)}
}

func TestDefaultPolicyByTool(t *testing.T) {
	t.Parallel()
	p := Default()
	for _, c := range []struct {
		tool, arguments string
		want            events.Level
	}{
		// low
		{"search", `{"query":"canal locks"}`, events.Low},
		{"web_search", `{"query":"how to delete a branch"}`, events.Low},
		{"summarise_document", `{"id":7}`, events.Low},
		{"analyzeSales", ``, events.Low},
		{"get_customer", `{"id":"C-1"}`, events.Low},
		{"list-emails", ``, events.Low},
		{"bash", `{"command":"ls -la | grep foo && git status"}`, events.Low},
		// medium
		{"send_email", `{"to":"bob@example.com","subject":"hi","body":"ask eve@evil.test"}`, events.Medium},
		{"send_email", `{"to":["Bob <bob@example.com>","amy@EXAMPLE.com"],"cc":"c@example.com"}`, events.Medium},
		{"read_database", `{"sql":"SELECT name FROM customers WHERE id = 1"}`, events.Medium},
		{"query_database", `{"query":"select 1 from t;"}`, events.Medium},
		{"execute_sql", `{"sql":"WITH a AS (SELECT 1) SELECT * FROM a"}`, events.Medium},
		{"list_invoices_payments", `{}`, events.Medium},
		// high: money, deletion, deployment, computer, shell, external mail
		{"pay_invoice", `{"amount":10}`, events.High},
		{"transfer_funds", ``, events.High},
		{"get_refund", ``, events.Medium},
		{"delete_file", ``, events.High},
		{"purgeQueue", ``, events.High},
		{"deploy_service", `{"env":"production"}`, events.High},
		{"kubectl", `{"args":"get pods"}`, events.High},
		{"computer", `{"action":"click"}`, events.High},
		{"bash", `{"command":"rm -rf /"}`, events.High},
		{"bash", `{"command":"ls; rm x"}`, events.High},
		{"bash", `{"command":"cat $(rm x)"}`, events.High},
		{"bash", `{"command":"ls > /etc/passwd"}`, events.High},
		{"bash", `{"command":"cat ~/.s''sh/id"}`, events.High},
		{"bash", `{"command":"find . -delete"}`, events.High},
		{"bash", `{"command":"git log --output=x"}`, events.High},
		{"bash", `{"command":"sort -uo x y"}`, events.High},
		{"bash", `{"command":"echo starting; git reset --hard"}`, events.High},
		{"bash", `{"command":"ls &rm x"}`, events.High},
		{"bash", `{"command":"ls\nrm x"}`, events.High},
		{"bash", `{"command":["rm","x"]}`, events.High},
		{"bash", `{"command":"ls","stdin":"rm"}`, events.High},
		{"bash", `{}`, events.High},
		{"send_email", `{"to":"eve@evil.test"}`, events.High},
		{"send_email", `{"to":"bob@example.com","bcc":"eve@evil.test"}`, events.High},
		{"send_email", `{"to":"bob@example.com","headers":{"x":"eve@evil.test"}}`, events.High},
		{"send_email", `{"to":"bob@example.com","subject":"a\r\nBcc: eve"}`, events.High},
		{"send_email", `{"to":"bob@example.com.evil.test"}`, events.High},
		{"send_email", `{"to":"eve%evil.test@example.com"}`, events.High},
		{"send_email", `{"to":"bob@example.com@evil.test"}`, events.High},
		{"send_email", `{"to":"everyone"}`, events.High},
		{"send_email", `{}`, events.High},
		{"email", `{"to":"eve@evil.test"}`, events.High},
		// unknown, and attempts to pass for something else
		{"frobnicate", ``, events.High},
		{"search_and_delete", ``, events.High},
		{"search_and_frobnicate", ``, events.High},
		{"searchAndStore", ``, events.High},
		{"DeleteSearchIndex", ``, events.High},
		{"search.delete", ``, events.High},
		{"SEARCHDELETE", ``, events.High},
		{"se\u0430rch", ``, events.High},
		{"search\u200b", ``, events.High},
		{"d3lete_search", ``, events.High},
		{"search", `{"sql":"drop table x"}`, events.High},
		{"search", `{"command":"rm x"}`, events.High},
		{"read_database", `{"sql":"DELETE FROM customers"}`, events.High},
		{"read_database", `{"sql":"SELECT 1; DROP TABLE x"}`, events.High},
		{"read_database", `{"sql":"/* a */ select 1"}`, events.High},
		{"read_database", `{"sql":"SELECT * INTO OUTFILE 'x' FROM y"}`, events.High},
		{"read_database", `{"query":"update x set a=1"}`, events.High},
		{"read_database", `{"sql":"select 1","other":"drop table x"}`, events.High},
		{"read_database", `{"sql":"EXPLAIN ANALYZE DELETE FROM x"}`, events.High},
		{"aggregate_mongodb", `{"pipeline":[{"$out":"x"}]}`, events.High},
		{"read_database", `{"sql":"select 1","sql":"drop table x"}`, events.High},
		{"search", `{"q":"` + strings.Repeat("a", 70_000) + `"}`, events.High},
		{"search", `{"q":"` + strings.Repeat("a", 900_000) + `"}`, events.High},
		{"read_email", `{`, events.High},
		{"read_database", strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500), events.High},
	} {
		got := p.Assess(call(c.tool, c.arguments), events.ActionRef{}, noon)
		if got.Level != c.want || got.Reason == "" {
			t.Errorf("%s %.80s: level %s (%d, %s), want %s", c.tool, c.arguments, got.Level, got.Score, got.Reason, c.want)
		}
	}
}

func TestDefaultPolicyByBreakpoint(t *testing.T) {
	t.Parallel()
	p := Default()
	no := false
	for name, c := range map[string]struct {
		action events.ActionProposed
		want   events.Level
	}{
		"computer use":         {events.ActionProposed{Breakpoint: events.AtComputerUse, Tool: "search"}, events.High},
		"final review":         {events.ActionProposed{Breakpoint: events.AtFinalReview}, events.Low},
		"subtask":              {events.ActionProposed{Breakpoint: events.AtSubtask}, events.Medium},
		"subtask with tool":    {events.ActionProposed{Breakpoint: events.AtSubtask, Tool: "wipe_disk"}, events.High},
		"review with command":  {events.ActionProposed{Breakpoint: events.AtFinalReview, Arguments: json.RawMessage(`{"command":"rm x"}`)}, events.High},
		"plan of words":        {events.ActionProposed{Breakpoint: events.AtPlan, Plan: []events.PlanStep{{Description: "look"}}}, events.Medium},
		"plan of searches":     {events.ActionProposed{Breakpoint: events.AtPlan, Plan: []events.PlanStep{{Tool: "search"}, {Tool: "get_order"}}}, events.Medium},
		"plan with a deletion": {events.ActionProposed{Breakpoint: events.AtPlan, Plan: []events.PlanStep{{Tool: "search"}, {Tool: "delete_order"}}}, events.High},
		"plan with unknown":    {events.ActionProposed{Breakpoint: events.AtPlan, Plan: []events.PlanStep{{Tool: "frobnicate"}}}, events.High},
		"endless plan":         {events.ActionProposed{Breakpoint: events.AtPlan, Plan: make([]events.PlanStep, maxSteps+1)}, events.High},
		"irreversible search":  {events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "search", Impact: &events.Impact{Reversible: &no}}, events.Medium},
		"unknown breakpoint":   {events.ActionProposed{Breakpoint: "lunch"}, events.High},
		"empty":                {events.ActionProposed{}, events.High},
	} {
		got := p.Assess(&c.action, events.ActionRef{}, noon)
		if got.Level != c.want {
			t.Errorf("%s: level %s (%+v), want %s", name, got.Level, got.Rules, c.want)
		}
	}
	if got := p.Assess(nil, events.ActionRef{}, noon); got.Level != events.High {
		t.Errorf("no action: level %s", got.Level)
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

package rows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/pkg/events"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestRowBecomesAnAction(t *testing.T) {
	t.Parallel()
	row, err := Decode([]byte(`{"id":"1","agent_kind":"web browser/é","tool":"t","args":{"a":1},"user_request":"u","reasoning":"r","target":"x","tool_description":"d","label":"harmful","why":1}`))
	if err != nil {
		t.Fatal(err)
	}
	agent, a := row.Action()
	if agent != "web_browser__" || a.Breakpoint != events.AtToolCall || a.Tool != "t" || string(a.Arguments) != `{"a":1}` || a.Request != "u" || a.Reasoning != "r" || a.Target.Name != "x" || a.ToolInfo.Description != "d" {
		t.Errorf("agent %s, action %+v", agent, a)
	}
	for kind, want := range map[string]string{"": "agent", strings.Repeat("x", 100): strings.Repeat("x", 64), "computer_use": "computer_use"} {
		row := Row{AgentKind: kind}
		agent, a := row.Action()
		if agent != want || events.CheckToken("agent", agent) != nil || a.Target != nil || a.ToolInfo != nil || (a.Breakpoint == events.AtComputerUse) != (kind == "computer_use") {
			t.Errorf("%q: agent %s, action %+v", kind, agent, a)
		}
	}
}

func TestAssessKeepsTheOrderAndNamesBadLines(t *testing.T) {
	t.Parallel()
	var in, want bytes.Buffer
	enc := json.NewEncoder(&want)
	p := policy.Default()
	for i := range 1000 {
		tool := []string{"search", "delete_file", "frobnicate"}[i%3]
		switch i {
		case 100:
			in.WriteString("{\n")
		case 200:
			in.WriteString("\n \n")
		case 300:
			in.WriteString(`{"id":"` + strings.Repeat("x", maxLine) + "\"}\n")
		case 400:
			in.WriteString(`{"tool":"search"}` + "\n")
		}
		fmt.Fprintf(&in, `{"id":"%d","tool":"%s","label":"ignored"}`, i, tool)
		if i < 999 {
			in.WriteString("\n")
		}
		a := p.Assess(&events.ActionProposed{Breakpoint: events.AtToolCall, Tool: tool}, events.ActionRef{}, noon)
		if err := enc.Encode(resultOf(fmt.Sprint(i), a)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	err := Assess(p, &in, &out, noon)
	if out.String() != want.String() {
		t.Errorf("results differ; they end %s", out.String()[max(0, out.Len()-200):])
	}
	for _, line := range []string{"line 101: unexpected end", "line 304: is longer than", "line 405: id is missing"} {
		if err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("error %v, want %s", err, line)
		}
	}
}

func TestAssessOfArgumentsThatAreNone(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Assess(policy.Default(), strings.NewReader(`{"id":"a","tool":"search","args":"rm -rf /"}`), &out, noon); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"level":"high"`) {
		t.Error(out.String())
	}
}

func TestBadLinesAreNotNamedForever(t *testing.T) {
	t.Parallel()
	err := Assess(policy.Default(), strings.NewReader(strings.Repeat("{\n", 50)), &bytes.Buffer{}, noon)
	if err == nil || !strings.Contains(err.Error(), "and 40 more lines") || strings.Count(err.Error(), "\n") != maxNamed {
		t.Errorf("error %v", err)
	}
}

func TestReadActions(t *testing.T) {
	t.Parallel()
	actions, err := ReadActions([]byte(`{"id":"r","agent_kind":"k","tool":"a"}` + "\n\n" + `{"agent":"x","action":"y","breakpoint":"plan","plan":[{"tool":"z"}]}` + "\n" + `{"tool":"b"}`))
	if err != nil || len(actions) != 3 {
		t.Fatalf("%d actions, %v", len(actions), err)
	}
	for i, want := range []struct{ name, agent, breakpoint string }{{"r", "k", "tool_call"}, {"y", "x", "plan"}, {"line 4", "agent", "tool_call"}} {
		if a := actions[i]; a.Name != want.name || a.Agent != want.agent || string(a.Action.Breakpoint) != want.breakpoint {
			t.Errorf("action %d is %+v", i, a)
		}
	}
	for text, want := range map[string]string{"": "there are no actions", "{}\n{": "line 2: ", `{"tol":"x"}`: `unknown field "tol"`, `{"agent_kind":"k"}`: "id is missing"} {
		if _, err := ReadActions([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func FuzzReadAction(f *testing.F) {
	f.Add([]byte(`{"id":"r","agent_kind":"k","tool":"a","args":{"a":[1]}}`))
	f.Add([]byte(`{"tool":"x","arguments":{}}`))
	p := policy.Default()
	f.Fuzz(func(t *testing.T, data []byte) {
		agent, a, err := ReadAction(data)
		if err != nil {
			return
		}
		if got := p.Assess(a, events.ActionRef{Agent: agent}, noon); !got.Level.Valid() {
			t.Fatalf("%+v", got)
		}
	})
}

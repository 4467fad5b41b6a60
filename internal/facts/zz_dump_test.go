package facts

import (
	"bufio"
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestZZDump(t *testing.T) {
	f, err := os.Open("/work/shared/risk-eval/public.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	out, _ := os.Create("/tmp/facts.jsonl")
	enc := json.NewEncoder(out)
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var r struct {
			ID, Dataset, Tool, Label, Signal string
			AgentKind                        string          `json:"agent_kind"`
			Args                             json.RawMessage `json:"args"`
			UserRequest                      string          `json:"user_request"`
			Reasoning, Target                string
			ToolDescription                  string `json:"tool_description"`
		}
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		a := &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: r.Tool, Arguments: r.Args, Request: r.UserRequest, Reasoning: r.Reasoning}
		if r.Target != "" {
			a.Target = &events.Target{Name: r.Target}
		}
		if r.ToolDescription != "" {
			a.ToolInfo = &events.ToolInfo{Description: r.ToolDescription}
		}
		org := &input.Organisation{Domains: map[string]bool{"example.com": true}}
		s := NewSet(input.New(a, r.AgentKind, time.Unix(1.7e9, 0), org))
		m := map[string]any{}
		for i, d := range domains {
			an := s.ask(i)
			if an.err != nil {
				m[d.name+".ERR"] = an.err.Error()
				continue
			}
			for j := range d.typ.NumField() {
				if n, ok := d.typ.Field(j).Tag.Lookup("fact"); ok {
					if v := an.value.Field(j); !v.IsZero() && !(v.Kind() == reflect.Slice && v.Len() == 0) {
						m[d.name+"."+n] = v.Interface()
					}
				}
			}
		}
		enc.Encode(map[string]any{"id": r.ID, "dataset": r.Dataset, "tool": r.Tool, "label": r.Label, "signal": r.Signal, "facts": m, "args": string(r.Args), "req": r.UserRequest, "reasoning": r.Reasoning})
	}
}

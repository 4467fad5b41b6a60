// Package rows assesses actions that are given as lines of JSON.
package rows

import (
	"encoding/json"
	"strings"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/pkg/events"
)

// Row is one action as a line gives it. No other field of the line is read.
type Row struct {
	ID              string          `json:"id"`
	AgentKind       string          `json:"agent_kind"`
	Tool            string          `json:"tool"`
	Arguments       json.RawMessage `json:"args"`
	Request         string          `json:"user_request"`
	Reasoning       string          `json:"reasoning"`
	Target          string          `json:"target"`
	ToolDescription string          `json:"tool_description"`
}

// Action is the action that the row stands for, and the name of its agent.
func (r *Row) Action() (agent string, a *events.ActionProposed) {
	a = &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: r.Tool, Arguments: r.Arguments, Request: r.Request, Reasoning: r.Reasoning}
	if r.AgentKind == "computer_use" {
		a.Breakpoint = events.AtComputerUse
	}
	if r.Target != "" {
		a.Target = &events.Target{Name: r.Target}
	}
	if r.ToolDescription != "" {
		a.ToolInfo = &events.ToolInfo{Description: r.ToolDescription}
	}
	return token(r.AgentKind), a
}

// token makes a name that an agent may have.
func token(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '-' || r == '_' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z') {
			return r
		}
		return '_'
	}, name)
	if clean == "" {
		return "agent"
	}
	return clean[:min(len(clean), 64)]
}

// Result is what the policy says of a row.
type Result struct {
	ID    string       `json:"id"`
	Level events.Level `json:"level"`
	Score int          `json:"score"`
	// Rules are the ids of the rules that fired and counted, the heaviest first.
	Rules []string `json:"rules"`
}

func resultOf(id string, a policy.Assessment) Result {
	r := Result{ID: id, Level: a.Level, Score: a.Score, Rules: []string{}}
	for _, rule := range a.Rules {
		if !rule.Shadow {
			r.Rules = append(r.Rules, rule.ID)
		}
	}
	return r
}

package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/weighlock/weighlock/pkg/events"
)

// defaultAgent proposes actions that name none.
const defaultAgent = "agent"

// ReadAction reads an action in either form: a row, known by its agent_kind, or the data of a
// proposed action as agents publish it, with a tool_call where it names no breakpoint. It returns the
// agent's name, too.
func ReadAction(data []byte) (string, *events.ActionProposed, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return "", nil, fmt.Errorf("reading the action: %w", err)
	}
	if _, ok := fields["agent_kind"]; ok {
		row, err := Decode(data)
		if err != nil {
			return "", nil, fmt.Errorf("reading the action: %w", err)
		}
		agent, a := row.Action()
		return agent, a, nil
	}
	a := &events.ActionProposed{Breakpoint: events.AtToolCall}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(a); err != nil {
		return "", nil, fmt.Errorf("reading the action: %w", err)
	}
	agent := a.Agent
	if agent == "" {
		agent = defaultAgent
	}
	return agent, a, nil
}

// Named is an action with the name it goes by in reports.
type Named struct {
	Name, Agent string
	Action      *events.ActionProposed
}

// ReadActions reads one action a line, each as [ReadAction] does. The error names every line that
// cannot be read.
func ReadActions(data []byte) ([]Named, error) {
	var out []Named
	var bad []error
	number := 0
	for text := range bytes.Lines(data) {
		number++
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		agent, a, err := ReadAction(text)
		if err != nil {
			bad = append(bad, fmt.Errorf("line %d: %w", number, err))
			continue
		}
		out = append(out, Named{nameOf(text, number), agent, a})
	}
	if len(out) == 0 && len(bad) == 0 {
		return nil, errors.New("there are no actions")
	}
	return out, named(bad)
}

func nameOf(text []byte, number int) string {
	var in struct {
		ID     string `json:"id"`
		Action string `json:"action"`
	}
	_ = json.Unmarshal(text, &in) // it was read before
	switch {
	case in.ID != "":
		return in.ID
	case in.Action != "":
		return in.Action
	}
	return fmt.Sprintf("line %d", number)
}

package agent

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Action is one thing the agent wants to do.
type Action struct {
	// ID is unique within the agent: [A-Za-z0-9_-]{1,64}. Proposing an id again is
	// safe and changes nothing. Empty means a new random one.
	ID string
	// Tool is the name of the tool, Arguments exactly what it will be called with: a
	// struct, a map, or JSON as json.RawMessage. It must encode to a JSON object; nil is {}.
	Tool      string
	Arguments any
	// Breakpoint is where the agent paused; empty means [events.AtToolCall].
	Breakpoint events.Breakpoint

	// What an approver needs to judge.

	Request   string // what the user asked for
	Reasoning string // why the agent wants this
	Plan      []events.PlanStep
	Target    *events.Target
	Impact    *events.Impact
	Memory    []events.MemoryItem
	Session   string
	Principal string    // on whose behalf
	Deadline  time.Time // when the action loses its sense; zero means never
	// TraceParent is the W3C trace context to continue; empty starts a new trace.
	TraceParent string
}

// prepared is an action as it goes over the wire, and what is remembered of it.
type prepared struct {
	id              string
	event           events.Event
	digest          string // of the event's data
	arguments       json.RawMessage
	argumentsDigest string
}

func (a Action) prepare(agent string, now time.Time) (prepared, error) {
	p := prepared{id: a.ID}
	if p.id == "" {
		p.id = newID()
	}
	if err := events.CheckToken("action id", p.id); err != nil {
		return p, err
	}
	var err error
	if p.arguments, err = encodeArguments(a.Arguments); err != nil {
		return p, err
	}
	if p.argumentsDigest, err = events.ArgumentsDigest(p.arguments); err != nil {
		return p, err
	}
	proposed := &events.ActionProposed{
		Agent: agent, Action: p.id, Breakpoint: a.Breakpoint, Tool: a.Tool, Arguments: p.arguments,
		Target: a.Target, Request: a.Request, Reasoning: a.Reasoning, Plan: a.Plan, Impact: a.Impact,
		Memory: a.Memory, Session: a.Session, Principal: a.Principal,
	}
	if proposed.Breakpoint == "" {
		proposed.Breakpoint = events.AtToolCall
	}
	if !a.Deadline.IsZero() {
		proposed.Deadline = &a.Deadline
	}
	if p.event, err = events.New(proposed, p.id, "/agents/"+agent, now); err != nil {
		return p, err
	}
	p.event.Subject = agent + "/" + p.id
	p.event.TraceParent = a.TraceParent
	if p.event.TraceParent == "" {
		p.event.TraceParent = newTraceParent()
	}
	p.digest = events.Digest(p.event.Data)
	return p, nil
}

func encodeArguments(v any) (json.RawMessage, error) {
	if v == nil {
		return json.RawMessage("{}"), nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding the arguments: %w", err)
	}
	if bytes.Equal(raw, []byte("null")) {
		return json.RawMessage("{}"), nil
	}
	return raw, nil
}

// newID is 80 random bits: two agents' sessions never meet on one.
func newID() string {
	return "a-" + rand.Text()[:16]
}

// newTraceParent starts a W3C trace.
func newTraceParent() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	return "00-" + hex.EncodeToString(b[:16]) + "-" + hex.EncodeToString(b[16:]) + "-01"
}

package agent

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Action is one thing the agent wants to do, with what an approver needs to judge it.
// The fields have the meaning of [events.ActionProposed].
type Action struct {
	// ID is unique within the agent, one token (see [events.CheckToken]); "" means: a new ULID.
	// Give one to be able to go on with the same action after a restart.
	ID string
	// TraceParent is the W3C trace context the action belongs to; "" starts a new trace.
	TraceParent string

	// Breakpoint is where in its work the agent paused; "" means [events.AtToolCall].
	Breakpoint events.Breakpoint
	Tool       string
	ToolInfo   *events.ToolInfo
	// Arguments is a JSON object: exactly what the tool will be called with.
	Arguments json.RawMessage
	Target    *events.Target
	Request   string
	Reasoning string
	Plan      []events.PlanStep
	// PlanAction is the id of the agent's own action at plan of which this is a step: once people approved that plan, it passes as listed.
	PlanAction string
	Impact     *events.Impact
	Memory     []events.MemoryItem
	Session    string
	Principal  string
	// Deadline is when the action loses its sense; [Client.Guard] never runs it later.
	Deadline *time.Time
	// Private are JSON pointers to what is kept apart from the event, so that it can be erased, such as /arguments/iban, /request or
	// /memory/*/text; see [events.CheckPrivatePointer]. They come on top of Options.Private.
	Private []string
}

// proposed is an action made ready: its event and what names its content.
type proposed struct {
	content

	id              string
	event           events.Event
	digest          string // of the event's data
	argumentsDigest string
	private         *events.PrivateStored // what is to be stored first; nil where nothing is private
}

// content is what is needed of an action once it is proposed; its event and message can go.
type content struct {
	arguments json.RawMessage // as proposed, marks in the places of private values
	fields    []events.PrivateField
	reveals   events.Revealer
}

// prepare validates the action, splits off what is private and makes its event. salt is that of [events.Split]. Identical actions with the same id give
// identical data, so that a retry after a restart has the digest of the first attempt.
func (a Action) prepare(agent, replyTo string, now time.Time, salt func(events.PrivateValue) string) (proposed, error) {
	if err := events.CheckToken("action", a.ID); err != nil {
		return proposed{}, err
	}
	if a.TraceParent == "" {
		a.TraceParent = newTraceParent()
	} else if err := checkTraceParent(a.TraceParent); err != nil {
		return proposed{}, err
	}
	argumentsDigest, err := events.ArgumentsDigest(a.Arguments)
	if err != nil { // splitting could hide what makes them ambiguous
		return proposed{}, err
	}
	payload := a.payload(agent)
	split, private, err := events.Split(agent, a.ID, &payload, a.Private, salt)
	if err != nil {
		return proposed{}, fmt.Errorf("action %s: %w", a.ID, err)
	}
	if private != nil {
		if argumentsDigest, err = events.ArgumentsDigest(split.Arguments); err != nil {
			return proposed{}, err
		}
	}
	e, err := events.New(split, a.ID, "/agents/"+agent, now)
	if err != nil {
		return proposed{}, fmt.Errorf("action %s: %w", a.ID, err)
	}
	e.Subject = agent + "/" + a.ID
	e.TraceParent = a.TraceParent
	e.ReplyTo = replyTo + a.ID
	reveals, _ := events.Reveals(agent, a.ID, split.Private, private)
	return proposed{
		content: content{split.Arguments, split.Private, reveals},
		id:      a.ID, event: e, digest: events.Digest(e.Data), argumentsDigest: argumentsDigest, private: private,
	}, nil
}

func (a Action) payload(agent string) events.ActionProposed {
	if a.Breakpoint == "" {
		a.Breakpoint = events.AtToolCall
	}
	return events.ActionProposed{
		Agent: agent, Action: a.ID,
		Breakpoint: a.Breakpoint, Tool: a.Tool, ToolInfo: a.ToolInfo, Arguments: a.Arguments, Target: a.Target,
		Request: a.Request, Reasoning: a.Reasoning, Plan: a.Plan, PlanAction: a.PlanAction, Impact: a.Impact, Memory: a.Memory,
		Session: a.Session, Principal: a.Principal, Deadline: a.Deadline,
	}
}

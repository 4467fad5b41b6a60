package scoring

import (
	"context"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/pkg/events"
)

func (h *history) action(m stored) {
	_, agent, action, err := h.subjects.ParseAction(m.subject)
	if err != nil || h.state.Acted(m.sequence) {
		return
	}
	proposed := &events.ActionProposed{}
	if e, err := events.Decode(events.Header(m.Header), m.Data); err == nil {
		if p, err := events.As[events.ActionProposed](e); err == nil {
			proposed = p
			if open, err := open(context.Background(), h.conn, h.subjects, agent, action, p); err == nil { // else it counts without its private values
				proposed = open.action
			}
		}
	}
	in := input.New(proposed, agent, m.at, nil)
	in.Sequence = m.sequence
	h.state.Act(actOf(in))
}

// actOf is a proposed action as it is counted; one that cannot be read counts as well.
func actOf(in *input.Action) lately.Action {
	return lately.Action{Sequence: in.Sequence, At: in.Now, Agent: in.Agent, Principal: short(in.Principal), Seen: lately.SeenIn(in)}
}

// event is an assessment, or what became of a review.
func (h *history) event(m stored) {
	_, event, _, err := h.subjects.ParseReview(m.subject)
	switch {
	case err != nil:
		h.assessment(m)
	case event == events.ReviewFlag:
		h.flag(m)
	}
}

// flag counts that people flagged what an agent did with a tool.
func (h *history) flag(m stored) {
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return
	}
	if f, err := events.As[events.ReviewFlagged](e); err == nil {
		h.state.Flag(f.Agent, f.Tool, m.at, f.Until)
	}
}

func (h *history) assessment(m stored) {
	if id := m.Header.Get(jetstream.MsgIDHeader); id != "" { // own work is known without decoding it
		if n, err := strconv.ParseUint(id[strings.LastIndexByte(id, '/')+1:], 10, 64); err == nil && h.state.Assessed(n) {
			return
		}
	}
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return
	}
	if a, err := events.As[events.ActionAssessed](e); err == nil {
		h.state.Assess(assessOf(a))
	}
}

func assessOf(a *events.ActionAssessed) lately.Assessment {
	return lately.Assessment{Sequence: a.Sequence, At: a.ProposedAt, Agent: a.Agent, Principal: a.Principal, Level: a.Level, Denied: a.Denied}
}

func (h *history) decision(m stored) {
	e, err := eventOf(m, events.DecisionMadeType)
	if err != nil || e.Type != events.DecisionMadeType {
		return
	}
	var d decided
	if err := json.Unmarshal(e.Data, &d); err == nil && events.CheckToken("agent", d.Agent) == nil {
		h.state.Decide(lately.Decision{Ledger: m.sequence, At: m.at, Sequence: d.Sequence, Agent: d.Agent, Outcome: d.Outcome})
	}
}

// decided is what is counted of a decision. Only services write into the ledger: the rest is not looked at.
type decided struct {
	Agent    string         `json:"agent"`
	Sequence uint64         `json:"sequence"`
	Outcome  events.Outcome `json:"outcome"`
}

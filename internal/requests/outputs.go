package requests

import (
	"fmt"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// Outputs turns the effects of a step into what is published, in order. source is
// the service ("/services/escalator"), cause the event that made the step. Ids are
// the same at every repetition, so the ledger and the streams' windows drop repetitions.
func Outputs(s events.Subjects, source string, cause events.Event, st approval.State, effects []approval.Effect) ([]stream.Output, error) {
	o := outputs{subjects: s, source: source, cause: cause, state: st}
	out := make([]stream.Output, 0, len(effects))
	for _, effect := range effects {
		var one stream.Output
		var err error
		switch effect := effect.(type) {
		case approval.Tell:
			if events.CheckReplyTo(effect.Pending.Agent, effect.ReplyTo) != nil {
				continue
			}
			one, err = o.tell(effect)
		case approval.Decide:
			one, err = o.decide(effect)
		case approval.Reopen:
			one, err = o.reopen(effect)
		case approval.Announce:
			one, err = o.announce(effect)
		case approval.Arm:
			one, err = o.arm(effect)
		}
		if err != nil {
			return nil, fmt.Errorf("request %s: %w", st.Request, err)
		}
		out = append(out, one)
	}
	return out, nil
}

type outputs struct {
	subjects events.Subjects
	source   string
	cause    events.Event
	state    approval.State
}

func (o *outputs) decide(d approval.Decide) (stream.Output, error) {
	about := d.Decision.Agent + "/" + d.Decision.Action
	e, err := events.New(&d.Decision, about+"/decision", o.source, d.At)
	if err != nil {
		return stream.Output{}, fmt.Errorf("deciding %s: %w", about, err)
	}
	e.Subject, e.TraceParent, e.CausationID, e.PolicyVersion = about, d.TraceParent, d.CauseID, d.PolicyVersion
	out := stream.Output{Subject: o.subjects.Decision(d.Decision.Agent, d.Decision.Action), Event: e, Once: true}
	// Whoever proposed the action chose the subject of the answer: what lies outside
	// the agent's own inbox is never answered, though the decision stands.
	if events.CheckReplyTo(d.Decision.Agent, d.ReplyTo) == nil {
		out.ReplyTo = d.ReplyTo
	}
	return out, nil
}

// reopen hands an action with edited arguments back to routing, as an assessment like any other.
func (o *outputs) reopen(r approval.Reopen) (stream.Output, error) {
	a := &r.Assessed
	about := a.Agent + "/" + a.Action
	id := fmt.Sprintf("assessed/%s/%d/edit/%d", about, a.Sequence, r.Cause.Sequence)
	e, err := events.New(a, id, o.source, r.At)
	if err != nil {
		return stream.Output{}, fmt.Errorf("reopening %s: %w", about, err)
	}
	e.Subject, e.TraceParent, e.CausationID, e.PolicyVersion = about, r.TraceParent, r.Cause.EventID, r.PolicyVersion
	if events.CheckReplyTo(a.Agent, r.ReplyTo) == nil {
		e.ReplyTo = r.ReplyTo
	}
	return stream.Output{Subject: o.subjects.Assessment(a.Level, a.Agent, a.Action), Event: e, MsgID: id}, nil
}

func (o *outputs) announce(a approval.Announce) (stream.Output, error) {
	id := o.state.Request + "/" + a.Key
	e, err := events.New(a.Payload, id, o.source, a.At)
	if err != nil {
		return stream.Output{}, fmt.Errorf("announcing %s: %w", id, err)
	}
	e = e.Because(o.cause)
	e.Subject, e.TraceParent = o.state.Request, o.traceParent()
	return stream.Output{Subject: o.subjects.Approval(a.Group, a.Event, o.state.Request), Event: e, MsgID: id}, nil
}

// tell is an answer that is not stored.
func (o *outputs) tell(t approval.Tell) (stream.Output, error) {
	about := t.Pending.Agent + "/" + t.Pending.Action
	at := o.state.OpenedAt
	if o.cause.Time.After(at) {
		at = o.cause.Time
	}
	e, err := events.New(&t.Pending, about+"/pending/"+o.cause.ID, o.source, at)
	if err != nil {
		return stream.Output{}, fmt.Errorf("telling %s: %w", about, err)
	}
	e.Subject, e.TraceParent, e.CausationID = about, t.TraceParent, o.cause.ID
	return stream.Output{Event: e, ReplyTo: t.ReplyTo}, nil
}

// traceParent is the trace that led here, or else that of the riskiest item: a card
// has many items and an announcement one trace.
func (o *outputs) traceParent() string {
	if o.cause.TraceParent == "" && len(o.state.Items) > 0 {
		return o.state.Items[0].TraceParent
	}
	return o.cause.TraceParent
}

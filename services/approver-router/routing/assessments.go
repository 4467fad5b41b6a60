package routing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// assessments decides what it can alone and holds the rest for a card.
type assessments struct {
	subjects events.Subjects
	tables   *tables
	actions  *actions
	opener   *opener
	batches  *batcher
	passes   *passes
	floods   *floods
	posts    *postponed
	now      func() time.Time
}

// Handle implements [stream.Handler].
func (h *assessments) Handle(ctx context.Context, m *stream.Message) stream.Outcome {
	a, err := h.read(m)
	if err != nil {
		return stream.Permanent(err) // Buried denies it
	}
	d, alone := decideAlone(a)
	var route *routes.Route
	var about routes.Action
	var proposed *events.ActionProposed
	t := h.tables.get()
	if !alone || mayBeHeld(t.routes, a) {
		if proposed, err = h.actions.load(ctx, a.ActionRef); err != nil && !errors.Is(err, errNotAtHand) {
			return stream.RetryAfter(retryOpen, err)
		}
		about = subject(a, proposed, h.now())
		route = t.routes.Match(about)
		alone = alone && !makesWait(t.routes, a, route)
	}
	if alone {
		out, err := decisionOutput(h.subjects, d, m.Event, h.now())
		if err != nil {
			return stream.Permanent(err)
		}
		return stream.Done(out)
	}
	w := waiting{
		assessment: a, proposed: proposed, cause: m.Event, promise: stream.NewPromise(),
		version: t.routes.Version(), similar: route.Key(about),
	}
	if m.Deliveries > 1 { // it may be on a card already: do not wait for a window to find out
		if outcome, ok := h.opener.again(ctx, w); ok {
			return outcome
		}
	}
	if outcome, passed := h.passes.pass(ctx, m, route, about, w); passed {
		return outcome
	}
	if outcome, stopped := h.floods.stop(ctx, m, route, w); stopped {
		return outcome
	}
	if d := h.posts.wait(m, route.ReleaseAt(m.StoredAt, a), h.now()); d > 0 {
		return stream.Postpone(d)
	}
	h.batches.add(route, w)
	return stream.Later(w.promise)
}

// subject is what routes judge: the assessment and, where the action is at hand, its facts.
func subject(a *events.ActionAssessed, proposed *events.ActionProposed, now time.Time) routes.Action {
	s := routes.Action{Assessed: a}
	if proposed != nil {
		s.Facts = facts.NewSet(input.New(proposed, a.Agent, now, nil))
	}
	return s
}

// read takes an assessment that is about what its subject says.
func (h *assessments) read(m *stream.Message) (*events.ActionAssessed, error) {
	level, agent, action, err := h.subjects.ParseAssessment(m.Subject)
	if err != nil {
		return nil, err
	}
	a, err := events.As[events.ActionAssessed](m.Event)
	if err != nil {
		return nil, err
	}
	if a.Agent != agent || a.Action != action || a.Level != level {
		return nil, &events.FieldError{Field: "subject", Problem: fmt.Sprintf("%s does not fit an assessment of %s/%s as %s", m.Subject, a.Agent, a.Action, a.Level)}
	}
	return a, nil
}

// Buried implements [stream.Burier]: an action whose assessment cannot be read is denied, so
// that it too gets its one decision.
func (h *assessments) Buried(m *stream.Message, reason error) []stream.Output {
	// The level may be what is wrong, so the agent and the action are read as those of
	// a decision.
	tokens := strings.Split(m.Subject, ".")
	if len(tokens) < 2 {
		return nil
	}
	agent, action, err := h.subjects.ParseDecision(h.subjects.Decision(tokens[len(tokens)-2], tokens[len(tokens)-1]))
	if err != nil {
		return nil // nobody to tell
	}
	d := &events.DecisionMade{
		Agent: agent, Action: action, Outcome: events.Denied,
		Reason:    "the assessment of the action cannot be read: " + clip(oneLine(reason.Error()), maxText),
		DecidedBy: events.Decider{Kind: events.ByPolicy},
		Level:     events.High, ProposedAt: m.StoredAt,
	}
	if a, err := events.As[events.ActionAssessed](m.Event); err == nil && a.Agent == agent && a.Action == action {
		d.Sequence, d.Digest, d.Score, d.ProposedAt = a.Sequence, a.Digest, a.Score, a.ProposedAt
	}
	out, err := decisionOutput(h.subjects, d, m.Event, h.now())
	if err != nil {
		return nil // the names come from a parsed subject and the rest from here, so this cannot be
	}
	return []stream.Output{out}
}

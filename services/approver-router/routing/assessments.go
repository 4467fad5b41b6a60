package routing

import (
	"context"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// assessments decides what it can alone and holds the rest for a card.
type assessments struct {
	subjects events.Subjects
	routes   *routes.Routes
	batches  *batcher
	now      func() time.Time
}

// Handle implements [stream.Handler].
func (h *assessments) Handle(_ context.Context, m *stream.Message) stream.Outcome {
	level, agent, action, err := h.subjects.ParseAssessment(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	a, err := events.As[events.ActionAssessed](m.Event)
	if err != nil {
		return stream.Permanent(err)
	}
	if a.Agent != agent || a.Action != action || a.Level != level {
		return stream.Permanent(&events.FieldError{Field: "subject", Problem: fmt.Sprintf("%s does not fit an assessment of %s/%s as %s", m.Subject, a.Agent, a.Action, a.Level)})
	}
	if d, ok := decideAlone(a); ok {
		out, err := decisionOutput(h.subjects, d, m.Event, h.now())
		if err != nil {
			return stream.Permanent(err)
		}
		return stream.Done(out)
	}
	promise := stream.NewPromise()
	h.batches.add(h.routes.Match(a), waiting{assessment: a, cause: m.Event, promise: promise})
	return stream.Later(promise)
}

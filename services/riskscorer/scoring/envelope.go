package scoring

import (
	"encoding/json"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// cause is the event that an assessment follows from, without what would make the
// assessment outgrow a message: an agent chooses these texts.
func cause(m *stream.Message) events.Event {
	e := events.Event{ID: m.Event.ID, TraceParent: m.Event.TraceParent}
	if len(e.ID) > maxCauseID {
		e.ID = events.Digest([]byte(e.ID))
	}
	if len(e.TraceParent) > traceParentBytes {
		e.TraceParent = ""
	}
	return e
}

// replyTo is where the agent wants its answer. Of an event that could not be
// decoded it is read as well as may be, so that its agent learns of the denial.
func replyTo(m *stream.Message) string {
	if m.Event.ID != "" {
		return m.Event.ReplyTo
	}
	if values := m.Header["ce-replyto"]; len(values) == 1 {
		return values[0]
	}
	var envelope struct {
		ReplyTo string `json:"replyto"`
	}
	if err := json.Unmarshal(m.Data, &envelope); err != nil {
		return ""
	}
	return envelope.ReplyTo
}

var _ stream.Burier = (*scorer)(nil)

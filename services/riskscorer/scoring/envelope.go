package scoring

import (
	"encoding/json"

	"github.com/weighlock/weighlock/internal/stream"
)

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

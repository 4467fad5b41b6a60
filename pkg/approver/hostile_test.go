package approver_test

import (
	"testing"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/events"
)

// People read the action behind a card, whatever its agent has written where the server says what it has found.
func TestActionsWithHostileHeadersAreRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.alice()
	const data = `{"breakpoint":"tool_call","tool":"pay"}`
	const good = "NATS/1.0\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: /agents/billing\r\nce-type: " + events.ActionProposedType + "\r\n"
	for id, header := range map[string]string{
		"status": good + "Status: 404\r\n\r\n", "hidden": good + "\r\n\r\n", "another": good + "Nats-Subject: wl.actions.x.y\r\n\r\n\r\n",
	} {
		sequence := w.PublishBytes(t, authz.Identity{Kind: authz.Agent, Name: "billing"}, w.Subjects.Action("billing", id), header, data)
		a, _, err := alice.Action(w.ctx(), events.ActionRef{Agent: "billing", Action: id, Sequence: sequence, Digest: events.Digest([]byte(data)), ArgumentsDigest: events.Digest(nil)})
		if err != nil || a.Tool != "pay" {
			t.Errorf("%s: %+v, %v", id, a, err)
		}
	}
}

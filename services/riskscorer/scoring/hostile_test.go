package scoring_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

// structured is an action in structured mode, one attribute of which is 800 kB long.
func structured(attribute, data string) string {
	e := map[string]any{"specversion": "1.0", "id": "1", "source": "/x", "type": events.ActionProposedType, "data": json.RawMessage(data)}
	e[attribute] = strings.Repeat("ä", 400_000)
	body, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(body)
}

// Whatever an agent writes into an action, it has an assessment and is acknowledged: nothing is tried again for ever.
func TestEveryHostileActionIsAssessed(t *testing.T) {
	t.Parallel()
	const action = `{"breakpoint":"tool_call","tool":"x"}`
	binary := func(more, data string) [2]string {
		return [2]string{"NATS/1.0\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: /x\r\nce-type: " + events.ActionProposedType + "\r\n" + more + "\r\n", data}
	}
	var short strings.Builder
	for i := range 7_000 {
		fmt.Fprintf(&short, "%x:\r\n", i)
	}
	proposed := map[string][2]string{
		"many short headers":               {"NATS/1.0\r\n" + short.String() + "\r\n", strings.Repeat("x", 700_000)},
		"names that JSON escapes":          {"NATS/1.0\r\n" + strings.Repeat("<", 60_000) + ":\r\n\r\n", strings.Repeat("x", 700_000)},
		"a header that is not Unicode":     {"NATS/1.0\r\nA: \xff\r\n\r\n", "{}"},
		"a name that is not Unicode":       {"NATS/1.0\r\n\xff: a\r\n\r\n", "{}"},
		"no header":                        {"NATS/1.0\r\nno colon\r\n\r\n", "{}"},
		"a long id":                        {"", structured("id", action)},
		"a long id of nothing":             {"", structured("id", "{}")},
		"a long trace of nothing":          {"", structured("traceparent", "{}")},
		"a long inbox":                     {"", structured("replyto", action)},
		"a long type":                      {"", structured("type", action)},
		"what the server says when it has": binary("Status: 404\r\nNats-Time-Stamp: x\r\n", action),
		"500,000 levels":                   binary("", `{"breakpoint":"tool_call","tool":"x","arguments":{"a":`+strings.Repeat("[", 500_000)+strings.Repeat("]", 500_000)+`}}`),
		"9,000 levels":                     binary("", `{"breakpoint":"tool_call","tool":"x","arguments":{"a":`+strings.Repeat("[", 9_000)+strings.Repeat("]", 9_000)+`}}`),
	}
	r := start(t, scoring.Config{})
	billing := authz.Identity{Kind: authz.Agent, Name: "billing"}
	r.server.PublishBytes(t, billing, r.server.Subjects.Action("billing", "\xff"), "", "") // there is nobody to tell
	subjects := make(map[string]string)
	for name, m := range proposed {
		action := fmt.Sprintf("a-%d", len(subjects))
		subjects[name] = fmt.Sprintf("%s.*.billing.%s", r.server.Subjects.All("assessments", 0), action)
		r.server.PublishBytes(t, billing, r.server.Subjects.Action("billing", action), m[0], m[1])
	}
	eventually(t, "waiting until everything is acknowledged", func() error {
		c, err := r.js.Consumer(t.Context(), r.server.Subjects.Stream("ACTIONS"), scoring.Name)
		if err != nil {
			return err
		}
		if i := c.CachedInfo(); i.NumPending > 0 || i.NumAckPending > 0 {
			return fmt.Errorf("%d to deliver, %d to acknowledge", i.NumPending, i.NumAckPending)
		}
		return nil
	})
	assessed, err := r.js.Stream(t.Context(), r.server.Subjects.Stream("EVENTS"))
	if err != nil {
		t.Fatal(err)
	}
	for name, subject := range subjects {
		if info, err := assessed.Info(t.Context(), jetstream.WithSubjectFilter(subject)); err != nil || len(info.State.Subjects) != 1 {
			t.Errorf("%s: %v, %v", name, info.State.Subjects, err)
		}
	}
}

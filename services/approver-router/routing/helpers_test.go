package routing

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/similar"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// assessment is what the scorer says of a high-risk action.
func assessment(agent, action string, change ...func(*events.ActionAssessed)) *events.ActionAssessed {
	a := &events.ActionAssessed{
		ActionRef: events.ActionRef{
			Agent: agent, Action: action, Sequence: 1,
			Digest: events.Digest([]byte(agent + action)), ArgumentsDigest: events.Digest([]byte(action)),
		},
		Level: events.High, Score: 80, Reason: "it drops tables",
		Rules:      []events.FiredRule{{ID: "deletion", Points: 80, Reason: "it drops tables"}},
		Breakpoint: events.AtToolCall, Tool: "drop_table", Target: &events.Target{Kind: "database", Name: "customers", Environment: "production"},
		ProposedAt: noon,
	}
	for _, c := range change {
		c(a)
	}
	return a
}

func level(l events.Level) func(*events.ActionAssessed) {
	return func(a *events.ActionAssessed) { a.Level = l }
}

func tool(name string) func(*events.ActionAssessed) {
	return func(a *events.ActionAssessed) { a.Tool = name }
}

func score(n int) func(*events.ActionAssessed) {
	return func(a *events.ActionAssessed) { a.Score = n }
}

func held(a *events.ActionAssessed) waiting {
	return waiting{
		assessment: a, promise: stream.NewPromise(),
		cause: events.Event{ID: fmt.Sprintf("assessed/%s/%s/%d", a.Agent, a.Action, a.Sequence), ReplyTo: "_INBOX." + a.Agent + ".x", PolicyVersion: "p-1"},
	}
}

func testRoute(window time.Duration, maxItems int) *routes.Route {
	return &routes.Route{
		ID: "rest", Require: []approval.Requirement{{Group: "ops", Count: 1}}, RejectionEnds: true, Window: routes.Window{First: window, Max: window}, Similar: []routes.Similarity{routes.SameIn(similar.Default()...)}, MaxItems: maxItems, Otherwise: events.Expired,
		Path: routes.Path{Tiers: []routes.Tier{{Group: "ops", Wait: 10 * time.Minute}, {Group: "security", Wait: 20 * time.Minute}}},
	}
}

func timeAt(at time.Time) func() time.Time { return func() time.Time { return at } }

// assessedEvent is the event of an assessment, as the scorer publishes it.
func assessedEvent(t testing.TB, a *events.ActionAssessed) events.Event {
	t.Helper()
	data := marshal(t, a)
	return events.Event{
		ID: fmt.Sprintf("assessed/%s/%s/%d", a.Agent, a.Action, a.Sequence), Source: "/services/riskscorer", Type: events.ActionAssessedType, Time: noon,
		DataContentType: events.ContentTypeJSON, Subject: a.Agent + "/" + a.Action, ReplyTo: "_INBOX." + a.Agent + "." + a.Action, PolicyVersion: "p-1", Data: data,
	}
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// kindIn is the kind of an assessment on a route.
func kindIn(route *routes.Route, a *events.ActionAssessed) kind {
	return kindOf(route, waiting{assessment: a, similar: route.Key(routes.Action{Assessed: a})})
}

package plans

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const directory = `version: 1
people: {alice: {accounts: [alice-admin], principals: [alice@example.com]}, bob: {agents: [refunds]}, dave: {}}
groups: {ops: [alice, bob], security: [dave]}
`

// world is a plan with two steps that alice approved at noon, and its first step a minute later.
type world struct {
	plan  *Plan
	step  Step
	route *routes.Route
}

func newWorld() *world {
	arguments := json.RawMessage(`{"to":"acme","amount":500}`)
	digest, _ := events.ArgumentsDigest(arguments)
	return &world{
		plan: &Plan{
			Action: &events.ActionProposed{
				Breakpoint: events.AtPlan, Session: "s-1", Principal: "carol",
				Plan: []events.PlanStep{{Tool: "pay", Arguments: json.RawMessage(`{ "amount": 500, "to": "acme" }`)}, {Tool: "mail"}, {Tool: "pay", Arguments: arguments}},
			},
			Decision: &events.DecisionMade{
				Outcome: events.Approved, Score: 80,
				DecidedBy: events.Decider{Kind: events.ByApprovers, Approvers: []events.ApproverVerdict{{Approver: "alice", Channel: "self", Verdict: events.Approve}}},
			},
			DecidedAt: noon,
		},
		step: Step{
			Assessed: &events.ActionAssessed{ActionRef: events.ActionRef{Agent: "refunds-2", Action: "x", ArgumentsDigest: digest}, Level: events.High, Score: 80, Tool: "pay"},
			Proposed: &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "pay", Session: "s-1", Principal: "carol", PlanAction: "p"},
			At:       noon.Add(time.Minute),
		},
		route: &routes.Route{Require: []approval.Requirement{{Group: "ops", Count: 1}}, Plans: time.Hour},
	}
}

func TestListedStepsMatch(t *testing.T) {
	t.Parallel()
	d, err := people.Parse("approvers.yaml", []byte(directory))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	steps, why := w.plan.Matching(w.step, w.route, d)
	if len(steps) != 2 || steps[0] != 1 || steps[1] != 3 {
		t.Errorf("steps %v: %s", steps, why)
	}
}

// Whatever deviates from what people saw, or whom they are, is as if there were no plan.
func TestWhatDeviatesHasNoPlan(t *testing.T) {
	t.Parallel()
	d, err := people.Parse("approvers.yaml", []byte(directory))
	if err != nil {
		t.Fatal(err)
	}
	deadline := noon
	for name, c := range map[string]struct {
		change func(*world)
		want   string
	}{
		"other arguments":          {func(w *world) { w.step.Assessed.ArgumentsDigest = events.Digest(nil) }, "lists no step"},
		"no digest":                {func(w *world) { w.step.Assessed.ArgumentsDigest = "" }, "lists no step"},
		"other tool":               {func(w *world) { w.step.Assessed.Tool = "pay_all" }, "lists no step"},
		"another session":          {func(w *world) { w.step.Proposed.Session = "s-2" }, "session"},
		"no session at all":        {func(w *world) { w.step.Proposed.Session, w.plan.Action.Session = "", "" }, "session"},
		"another principal":        {func(w *world) { w.step.Proposed.Principal = "dave" }, "somebody else"},
		"too late":                 {func(w *world) { w.step.At = noon.Add(time.Hour) }, "more than 1h0m0s ago"},
		"after the approval's end": {func(w *world) { w.plan.Decision.ValidUntil = &deadline }, "has ended"},
		"after its deadline":       {func(w *world) { w.step.Proposed.Deadline = &deadline }, "deadline"},
		"the route never":          {func(w *world) { w.route.Plans = 0 }, "no plan stand"},
		"not a plan":               {func(w *world) { w.plan.Action.Breakpoint = events.AtSubtask }, "no plan"},
		"rejected":                 {func(w *world) { w.plan.Decision.Outcome = events.Rejected }, "rejected"},
		"withdrawn":                {func(w *world) { w.plan.Decision.Outcome = events.Withdrawn }, "withdrawn"},
		"approved by policy":       {func(w *world) { w.plan.Decision.DecidedBy.Kind = events.ByPolicy }, "no people"},
		"approved as another plan": {func(w *world) { w.plan.Decision.DecidedBy.Kind = events.ByPlan }, "no people"},
		"changed by people":        {func(w *world) { w.plan.Decision.Arguments = json.RawMessage(`{}`) }, "changed the plan"},
		"a plan itself":            {func(w *world) { w.step.Proposed.Breakpoint = events.AtPlan }, "is no step"},
		"a final review":           {func(w *world) { w.step.Proposed.Breakpoint = events.AtFinalReview }, "is no step"},
		"denied":                   {func(w *world) { w.step.Assessed.Denied = true }, "denies"},
		"edited":                   {func(w *world) { w.step.Assessed.Edited = &events.EditedArguments{} }, "changed it"},
		"riskier than the plan":    {func(w *world) { w.step.Assessed.Score = 81 }, "score"},
		"for other people":         {func(w *world) { w.route.Require = []approval.Requirement{{Group: "security", Count: 1}} }, "1 of security"},
		"for two people":           {func(w *world) { w.route.Require = []approval.Requirement{{Group: "ops", Count: 2}} }, "2 of ops"},
		"nobody required":          {func(w *world) { w.route.Require = nil }, "it needs"},
		"one person twice": {func(w *world) {
			w.route.Require = []approval.Requirement{{Group: "ops", Count: 2}}
			by := &w.plan.Decision.DecidedBy
			by.Approvers = append(by.Approvers, events.ApproverVerdict{Approver: "alice-admin", Channel: "self", Verdict: events.Approve})
		}, "2 of ops"},
		"on an untrusted channel": {func(w *world) { w.route.Channels = []string{"slack"} }, "it needs"},
		"without the comment":     {func(w *world) { w.route.CommentOn = []events.VerdictKind{events.Approve} }, "it needs"},
		"an edit":                 {func(w *world) { w.plan.Decision.DecidedBy.Approvers[0].Verdict = events.Edit }, "it needs"},
		"their own action": {func(w *world) {
			w.plan.Action.Principal, w.step.Proposed.Principal = "Alice@example.com", "Alice@example.com"
		}, "it needs"},
		"their own agent": {func(w *world) {
			w.plan.Decision.DecidedBy.Approvers[0].Approver, w.step.Assessed.Agent = "bob", "refunds"
		}, "it needs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			c.change(w)
			if steps, why := w.plan.Matching(w.step, w.route, d); len(steps) > 0 || !strings.Contains(why, c.want) {
				t.Errorf("steps %v because %q, want %q", steps, why, c.want)
			}
		})
	}
}

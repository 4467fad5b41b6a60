package policy

import (
	"strings"
	"testing"

	"github.com/weighlock/weighlock/pkg/events"
)

const permissions = base + `tools:
  - {agents: ["*"], deny: ["rm_*", shutdown], reason: nobody does this}
  - {agents: ["bill-*"], allow: [get_*, pay]}
  - {agents: [bill-one], allow: [extra], deny: [get_secret]}
`

func TestPermissionsComeBeforeScoring(t *testing.T) {
	t.Parallel()
	p := build(t, permissions)
	for _, c := range []struct {
		agent, tool, id string
	}{
		{"free", "look", ""}, {"free", "rm_all", toolDenied}, {"free", "RM_all", toolDenied}, {"free", "Shutdown", toolDenied}, {"free", "shutdown_now", ""},
		{"bill-one", "get_x", ""}, {"bill-one", "pay", ""}, {"bill-one", "extra", ""}, {"bill-two", "extra", toolNotAllowed}, {"bill-one", "GET_x", toolNotAllowed},
		{"bill-one", "get_secret", toolDenied}, {"bill-two", "get_secret", ""}, {"bill-one", "payroll", toolNotAllowed}, {"bill-one", "get_x\nrm", ""}, {"bill-one", "", toolNotAllowed},
	} {
		got := assess(p, c.agent, c.tool, "")
		if denied := c.id != ""; got.Denied != denied || denied && (got.Rules[0].ID != c.id || got.Score != 100 || got.Level != events.High || len(got.Rules) != 1) {
			t.Errorf("%s by %s: %+v", c.tool, c.agent, got)
		}
	}
	if got := assess(p, "free", "rm_all", ""); !strings.Contains(got.Reason, "nobody does this") {
		t.Errorf("reason %q", got.Reason)
	}
}

func TestPermissionsHoldForStepsOfPlans(t *testing.T) {
	t.Parallel()
	p := build(t, permissions)
	plan := &events.ActionProposed{Breakpoint: events.AtPlan, Plan: []events.PlanStep{{Description: "think"}, {Tool: "get_x"}}}
	if got := p.Assess(plan, events.ActionRef{Agent: "bill-one"}, noon); got.Denied {
		t.Errorf("a plan of what is allowed: %+v", got)
	}
	plan.Plan = append(plan.Plan, events.PlanStep{Tool: "rm_all"})
	if got := p.Assess(plan, events.ActionRef{Agent: "bill-one"}, noon); !got.Denied || !strings.HasPrefix(got.Reason, "step 3: ") {
		t.Errorf("a plan with what is not: %+v", got)
	}
}

const overridden = base + `  - {id: deadly, when: words.pay && target.environment == 'moon', effect: deny, reason: deadly}
overrides:
  - agents: ["test-*"]
    environments: [test, dev]
    reason: nothing real there
    rules: [{id: pay, points: 1}, {id: deadly, points: 3}]
  - tools: [pay_much]
    reason: much is much
    rules: [{id: pay, points: 60, level: high}]
  - agents: [calm]
    reason: is watched
    thresholds: {medium: 50, high: 90}
    rules: [{id: any, disable: true}]
`

func TestOverridesChooseByNames(t *testing.T) {
	t.Parallel()
	p := build(t, overridden)
	for _, c := range []struct {
		agent, tool, environment string
		score                    int
		level                    events.Level
	}{
		{"x", "pay", "test", 45, events.Medium}, {"test-1", "pay", "test", 6, events.Low}, {"test-1", "pay", "prod", 45, events.Medium}, {"test-1", "pay", "", 45, events.Medium},
		{"x", "pay_much", "", 65, events.High}, {"test-1", "pay_much", "dev", 65, events.High}, {"test-1", "pay", "Test", 45, events.Medium},
		{"calm", "pay", "", 90, events.High}, {"calm", "look", "", 90, events.High},
	} {
		if got := assess(p, c.agent, c.tool, c.environment); got.Score != c.score || got.Level != c.level {
			t.Errorf("%+v: %+v", c, got)
		}
	}
	if got := assess(p, "test-1", "pay", "moon"); !got.Denied {
		t.Errorf("%+v", got)
	}
}

func TestOverridesAreRecorded(t *testing.T) {
	t.Parallel()
	p := build(t, overridden)
	got := assess(p, "calm", "look", "")
	if last := got.Rules[len(got.Rules)-1]; last.ID != "any" || !last.Shadow || !strings.Contains(last.Reason, "switched off here: is watched") {
		t.Errorf("a rule that is switched off: %+v", got.Rules)
	}
	if !strings.Contains(got.Reason, "thresholds 50 and 90: is watched") {
		t.Errorf("reason %q", got.Reason)
	}
	if got := assess(p, "x", "pay_much", ""); got.Reason != "pays (changed here: much is much)" {
		t.Errorf("reason %q", got.Reason)
	}
}

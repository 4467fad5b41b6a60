package routing

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/grants"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// proposed stores an action of billing as the agent does, and returns its assessment as high.
func (r *rig) proposed(t *testing.T, action string, p *events.ActionProposed) *events.ActionAssessed {
	t.Helper()
	e, err := events.New(p, "proposed-"+action, "/agents/billing", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		t.Fatal(err)
	}
	ack, err := r.js.PublishMsg(t.Context(), &nats.Msg{Subject: r.s.Action("billing", action), Header: nats.Header(h), Data: data})
	if err != nil {
		t.Fatal(err)
	}
	digest, err := events.ArgumentsDigest(p.Arguments)
	if err != nil {
		t.Fatal(err)
	}
	return assessment("billing", action, func(a *events.ActionAssessed) {
		a.Sequence, a.Digest, a.ArgumentsDigest = ack.Sequence, events.Digest(data), digest
		a.Breakpoint, a.Tool, a.Session, a.Principal, a.Target = p.Breakpoint, p.Tool, p.Session, p.Principal, nil
	})
}

func drop(table string) json.RawMessage { return json.RawMessage(fmt.Sprintf(`{"table":%q}`, table)) }

// approvedPlan stores a plan that drops these tables, and has alice approve it.
func (r *rig) approvedPlan(t *testing.T, name string, tables ...string) {
	t.Helper()
	p := &events.ActionProposed{Breakpoint: events.AtPlan, Session: "s-1", Principal: "carol"}
	for _, table := range tables {
		p.Plan = append(p.Plan, events.PlanStep{Description: "drop " + table, Tool: "drop_table", Arguments: drop(table)})
	}
	r.assess(t, r.proposed(t, name, p))
	announced, _ := r.requested(t)
	r.approver(t, "alice").cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve})
	if d := r.decision(t, "billing", name); d.Outcome != events.Approved {
		t.Fatalf("the plan is %s: %s", d.Outcome, d.Reason)
	}
}

// step stores an action that claims to be a step of plan, and returns its assessment.
func (r *rig) step(t *testing.T, action, plan, table string, change ...func(*events.ActionProposed)) *events.ActionAssessed {
	t.Helper()
	p := &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "drop_table", Arguments: drop(table), Session: "s-1", Principal: "carol", PlanAction: plan}
	for _, f := range change {
		f(p)
	}
	return r.proposed(t, action, p)
}

// passed waits for the decision on an action that is a step.
func (r *rig) passed(t *testing.T, action string, step int) {
	t.Helper()
	d := r.decision(t, "billing", action)
	part := d.DecidedBy.Plan
	if d.Outcome != events.Approved || d.DecidedBy.Kind != events.ByPlan || part == nil || part.Step != step || part.Request == "" ||
		len(d.DecidedBy.Approvers) != 1 || d.DecidedBy.Approvers[0].Approver != "alice" || d.ArgumentsDigest == "" || !strings.Contains(d.Reason, "alice approved") {
		t.Errorf("%s: %+v", action, d)
	}
}

func TestStepsOfAnApprovedPlanPass(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	r.approvedPlan(t, "plan", "logs", "cache", "logs")
	r.assess(t, r.step(t, "one", "plan", "cache"))
	r.passed(t, "one", 2)
	r.assess(t, r.step(t, "two", "plan", "logs"))
	r.passed(t, "two", 1)
	r.assess(t, r.step(t, "three", "plan", "logs"))
	r.passed(t, "three", 3)
	// Every listed step has passed; one more is people's to judge, as is what was not listed.
	for action, a := range map[string]*events.ActionAssessed{
		"again":    r.step(t, "again", "plan", "logs"),
		"other":    r.step(t, "other", "plan", "customers"),
		"elsewhen": r.step(t, "elsewhen", "plan", "cache", func(p *events.ActionProposed) { p.Session = "s-2" }),
		"unknown":  r.step(t, "unknown", "no-such-plan", "cache"),
		"itself":   r.step(t, "itself", "itself", "cache"),
	} {
		r.assess(t, a)
		if _, card := r.requested(t); card.Items[0].Action != action {
			t.Errorf("the card is about %s", card.Items[0].Action)
		}
	}
	r.onOneCard(t, "billing/plan", "billing/again", "billing/other", "billing/elsewhen", "billing/unknown", "billing/itself")
}

// A plan that still waits lets nothing pass, and neither does one that was rejected.
func TestPlansThatAreNotApprovedLetNothingPass(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	p := &events.ActionProposed{Breakpoint: events.AtPlan, Session: "s-1", Principal: "carol", Plan: []events.PlanStep{{Tool: "drop_table", Arguments: drop("logs")}}}
	r.assess(t, r.proposed(t, "plan", p))
	announced, _ := r.requested(t)
	r.assess(t, r.step(t, "early", "plan", "logs"))
	if _, card := r.requested(t); card.Items[0].Action != "early" {
		t.Errorf("the card is about %s", card.Items[0].Action)
	}
	r.approver(t, "alice").cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Reject})
	r.decision(t, "billing", "plan")
	r.assess(t, r.step(t, "late", "plan", "logs"))
	if _, card := r.requested(t); card.Items[0].Action != "late" {
		t.Errorf("the card is about %s", card.Items[0].Action)
	}
}

// planner is the part of a router that lets steps pass, over connections of its own.
func (r *rig) planner(t *testing.T) (*passes, *routes.Route) {
	t.Helper()
	o, route := r.dead(t)
	table, err := r.cfg.load()
	if err != nil {
		t.Fatal(err)
	}
	standing := grants.NewStore(o.js, r.s)
	return &passes{
		opener: o, plans: &planned{actions: &actions{js: o.js, subjects: r.s}, opener: o, tables: newTables(table)},
		grants: &granted{subjects: r.s, store: standing, index: grants.NewIndex(standing), opener: o, tables: newTables(table)},
	}, route
}

// Two routers, both with every action at once, and more actions than steps: each step lets one action pass, and all others come
// onto one card each. No action has both.
func TestRoutersRaceForSteps(t *testing.T) {
	t.Parallel()
	const many, listed = 24, 5
	r := newRig(t, 1, "5m", 1)
	running := r.start(t)
	r.approvedPlan(t, "plan", slices.Repeat([]string{"logs"}, listed)...)
	running.stop()
	<-running.done
	type candidate struct {
		w  waiting
		at stream.Message
	}
	var candidates []candidate
	for i := range many {
		w := held(r.step(t, fmt.Sprintf("a-%d", i), "plan", "logs"))
		w.proposed = &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "drop_table", Session: "s-1", Principal: "carol", PlanAction: "plan"}
		candidates = append(candidates, candidate{w, stream.Message{StoredAt: time.Now(), Deliveries: 1 + i%2}})
	}
	var all sync.WaitGroup
	for range 2 {
		p, route := r.planner(t)
		for i := range candidates {
			all.Go(func() {
				c := candidates[i] // each router has its own promise
				c.w.promise = stream.NewPromise()
				if _, passed := p.pass(t.Context(), &c.at, route, routes.Action{Assessed: c.w.assessment}, c.w); !passed {
					p.opener.openOne(t.Context(), route, []waiting{c.w})
				}
			})
		}
	}
	all.Wait()
	asked, steps := []string{"billing/plan"}, map[int]string{}
	for _, c := range candidates {
		name := c.w.assessment.Action
		given, err := r.store.PassOf(t.Context(), "billing", name)
		switch {
		case errors.Is(err, requests.ErrNotFound):
			asked = append(asked, "billing/"+name)
		case err != nil:
			t.Fatal(err)
		case steps[given.Step] != "":
			t.Errorf("step %d let %s and %s pass", given.Step, steps[given.Step], name)
		default:
			steps[given.Step] = name
		}
	}
	// A step whose pass was burnt by a slower router lets nothing pass: people are asked once more than needed, never once less.
	if len(steps) == 0 || len(steps) > listed {
		t.Errorf("%d steps let actions pass", len(steps))
	}
	r.onOneCard(t, asked...)
}

// A router that dies after it gave a pass leaves the decision to the next one; a router that asks people instead finds the pass.
func TestRouterDiesAfterGivingAPass(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	first := r.start(t)
	r.approvedPlan(t, "plan", "logs")
	first.stop()
	<-first.done
	a := r.step(t, "one", "plan", "logs")
	p, route := r.planner(t)
	w := held(a)
	w.proposed = &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "drop_table", Session: "s-1", Principal: "carol", PlanAction: "plan"}
	if _, passed := p.pass(t.Context(), &stream.Message{StoredAt: time.Now(), Deliveries: 1}, route, routes.Action{Assessed: a}, w); !passed {
		t.Fatal("the step does not pass")
	}
	p.opener.openOne(t.Context(), route, []waiting{held(a)}) // a router that knows of no plan
	r.onOneCard(t, "billing/plan")
	// The plan may be too old by now, or the route changed: what was given stays.
	text, err := os.ReadFile(r.cfg.RoutesFile)
	if err == nil {
		err = os.WriteFile(r.cfg.RoutesFile, append(text, "  plans: never\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.assess(t, a)
	r.start(t)
	r.passed(t, "one", 1)
	r.assess(t, r.step(t, "two", "plan", "logs"))
	if _, card := r.requested(t); card.Items[0].Action != "two" {
		t.Errorf("the card is about %s", card.Items[0].Action)
	}
}

// Who claims an action for a card while its pass is being given burns the pass: it is one or the other.
func TestAPassIsBurntByACard(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	id := requests.PassID("plan", "billing", "plan", "1")
	if _, err := r.store.Claim(t.Context(), "billing", "one", id); err != nil { // the router dies here, or is slow
		t.Fatal(err)
	}
	claimed, err := r.store.Claim(t.Context(), "billing", "one", "r-card")
	if err != nil || claimed.Request != "r-card" {
		t.Fatalf("%+v, %v", claimed, err)
	}
	given, claimed, err := r.store.TakePass(t.Context(), id, requests.Pass{Agent: "billing", Action: "one", Plan: "plan", Step: 1})
	if err != nil || given.Of("billing", "one") {
		t.Errorf("%+v, claimed for %+v, %v", given, claimed, err)
	}
	if given, _, err = r.store.TakePass(t.Context(), id, requests.Pass{Agent: "billing", Action: "two", Plan: "plan", Step: 1}); err != nil || given.Of("billing", "two") {
		t.Errorf("a burnt pass was given: %+v, %v", given, err)
	}
}

package checker

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

const (
	proposed = `{"to":"acme","amount":500}`
	edited   = `{"to":"acme","amount":100}`
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// story writes a log by hand, an event a second.
type story struct {
	t     *testing.T
	log   Log
	rules Rules
	clock int
}

func newStory(t *testing.T) *story {
	t.Helper()
	s, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	return &story{t: t, log: Log{Subjects: s}, rules: Rules{
		People: []Person{
			{ID: "alice", Accounts: []string{"alice-admin"}, Names: []string{"alice@example.com"}}, {ID: "bob", Agents: []string{"bobs-*"}},
			{ID: "carol"}, {ID: "dave"}, {ID: "erin"},
		},
		Groups:      map[string][]string{"operations": {"alice", "bob", "carol"}, "security": {"dave"}},
		Routes:      map[string]Route{"rest": {Channels: []string{"self"}, MaxItems: 3}, "votes": {VotesAgainst: true}},
		Undisturbed: true,
	}}
}

func (s *story) now() time.Time { return noon.Add(time.Duration(s.clock) * time.Second) }

func (s *story) add(to *[]Record, subject string, p events.Payload) Record {
	s.t.Helper()
	s.clock++
	data, err := json.Marshal(p)
	if err != nil {
		s.t.Fatal(err)
	}
	rec := Record{Subject: subject, Sequence: uint64(len(*to) + 1), At: s.now(), Event: events.Event{
		ID: fmt.Sprintf("e-%d", s.clock), Source: "/test", Type: p.EventType(), Time: s.now(), DataContentType: events.ContentTypeJSON, Data: data,
	}}
	*to = append(*to, rec)
	return rec
}

// propose stores an action of billing; change may make it another.
func (s *story) propose(name string, change ...func(*events.ActionProposed)) events.CardItem {
	s.t.Helper()
	p := &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "pay", Arguments: json.RawMessage(proposed)}
	for _, f := range change {
		f(p)
	}
	rec := s.add(&s.log.Actions, s.log.Subjects.Action("billing", name), p)
	return events.CardItem{ActionRef: events.ActionRef{
		Agent: "billing", Action: name, Sequence: rec.Sequence, Digest: events.Digest(rec.Event.Data), ArgumentsDigest: digestOf(json.RawMessage(proposed)),
	}, Tool: "pay", Principal: p.Principal, Level: events.High, Score: 70, ProposedAt: rec.At}
}

func (s *story) assess(item events.CardItem, level events.Level, change ...func(*events.ActionAssessed)) {
	s.t.Helper()
	a := &events.ActionAssessed{ActionRef: item.ActionRef, Level: level, Score: 70, Reason: "pays"}
	for _, f := range change {
		f(a)
	}
	s.add(&s.log.Events, s.log.Subjects.Assessment(level, item.Agent, item.Action), a)
}

// open announces a card; change may make it another, also a later version.
func (s *story) open(items []events.CardItem, change ...func(*events.Card)) *events.ApprovalRequested {
	s.t.Helper()
	card := events.Card{
		Request: "r-1", Group: "operations", Route: "rest", Version: 1, Quorum: 1, Require: []events.Requirement{{Group: "operations", Count: 1}},
		Level: events.High, OpenedAt: s.now(), EndsAt: noon.Add(time.Hour), Otherwise: events.Expired,
	}
	for i, item := range items {
		item.Number = i + 1
		card.Items = append(card.Items, item)
	}
	for _, f := range change {
		f(&card)
	}
	data, err := json.Marshal(card)
	if err != nil {
		s.t.Fatal(err)
	}
	announced := &events.ApprovalRequested{Request: card.Request, Group: card.Group, Digest: events.Digest(data), Card: data}
	s.add(&s.log.Events, s.log.Subjects.Approval(card.Group, events.Requested, card.Request), announced)
	return announced
}

// cast stores a verdict of somebody through their own channel.
func (s *story) cast(who string, on *events.ApprovalRequested, kind events.VerdictKind, change ...func(*events.VerdictCast)) Record {
	s.t.Helper()
	v := &events.VerdictCast{Digest: on.Digest, Verdict: kind}
	for _, f := range change {
		f(v)
	}
	return s.add(&s.log.Verdicts, s.log.Subjects.Verdict("self", who, on.Request), v)
}

func editing(arguments string) func(*events.VerdictCast) {
	return func(v *events.VerdictCast) {
		v.Verdict, v.Items = "", []events.ItemVerdict{{Number: 1, Verdict: events.Edit, Arguments: json.RawMessage(arguments)}}
	}
}

// by is what a decision says of a verdict.
func by(rec Record, who string, kind events.VerdictKind) events.ApproverVerdict {
	return events.ApproverVerdict{Approver: who, Channel: "self", Verdict: kind, At: rec.At}
}

// decide writes into the ledger what people decided on r-1; change may make it another decision.
func (s *story) decide(item events.CardItem, outcome events.Outcome, approvers []events.ApproverVerdict, change ...func(*events.DecisionMade)) {
	s.t.Helper()
	d := &events.DecisionMade{
		Agent: item.Agent, Action: item.Action, Outcome: outcome, Reason: "said so", Sequence: item.Sequence, Digest: item.Digest,
		DecidedBy: events.Decider{Kind: events.ByApprovers, Approvers: approvers}, Level: events.High, Request: "r-1", ProposedAt: item.ProposedAt,
	}
	if outcome == events.Approved {
		d.ArgumentsDigest = item.ArgumentsDigest
	}
	for _, f := range change {
		f(d)
	}
	s.add(&s.log.Decisions, s.log.Subjects.Decision(item.Agent, item.Action), d)
}

func byKind(kind events.DeciderKind) func(*events.DecisionMade) {
	return func(d *events.DecisionMade) {
		d.DecidedBy = events.Decider{Kind: kind}
		if kind != events.ByTimeout {
			d.Request = ""
		}
	}
}

func (s *story) refuse(rec Record, who string) {
	s.t.Helper()
	s.add(&s.log.Events, s.log.Subjects.Approval("operations", events.Refused, "r-1"), &events.VerdictRefused{
		Request: "r-1", Channel: "self", Approver: who, Sequence: rec.Sequence, Code: events.RefusedClosed, Reason: "too late",
	})
}

func (s *story) resolve(item events.CardItem, outcome events.Outcome) {
	s.t.Helper()
	s.add(&s.log.Events, s.log.Subjects.Approval("operations", events.Resolved, "r-1"), &events.ApprovalResolved{
		Request: "r-1", Group: "operations", By: events.ByApprovers,
		Items: []events.ItemOutcome{{Number: 1, Agent: item.Agent, Action: item.Action, Outcome: outcome}},
	})
}

// one is an action on an open card.
func (s *story) one(change ...func(*events.Card)) (events.CardItem, *events.ApprovalRequested) {
	s.t.Helper()
	item := s.propose("a")
	s.assess(item, events.High)
	return item, s.open([]events.CardItem{item}, change...)
}

// planned tells of a plan with one step, which alice approves, and of actions that pass as that step; change makes it another plan.
func (s *story) planned(actions int, change ...func(*events.ActionProposed)) {
	s.t.Helper()
	plan := s.propose("plan", append([]func(*events.ActionProposed){func(p *events.ActionProposed) {
		p.Breakpoint, p.Tool, p.Session = events.AtPlan, "", "s-1"
		p.Plan = []events.PlanStep{{Description: "pay acme", Tool: "pay", Arguments: json.RawMessage(proposed)}}
	}}, change...)...)
	s.assess(plan, events.High)
	card := s.open([]events.CardItem{plan})
	v := by(s.cast("alice", card, events.Approve), "alice", events.Approve)
	s.decide(plan, events.Approved, []events.ApproverVerdict{v})
	for i := range actions {
		item := s.propose(fmt.Sprintf("step-%d", i), func(p *events.ActionProposed) { p.PlanAction, p.Session = "plan", "s-1" })
		s.assess(item, events.High)
		s.decide(item, events.Approved, nil, func(d *events.DecisionMade) {
			d.Request = ""
			d.DecidedBy = events.Decider{Kind: events.ByPlan, Approvers: []events.ApproverVerdict{v}, Plan: &events.PlanPart{Action: "plan", Step: 1, Request: "r-1"}}
		})
	}
}

// granted tells of a grant of alice for two actions, and of actions that pass by it; change makes it another grant.
func (s *story) granted(actions int, change ...func(*events.GrantCreated)) {
	s.t.Helper()
	g := &events.GrantCreated{
		Grant: "g-1", Approver: "alice", Person: "alice", Channel: "self", Route: "rest", Group: "operations", OfAgent: "billing", Uses: 2, Expires: noon.Add(time.Hour),
	}
	for _, f := range change {
		f(g)
	}
	s.add(&s.log.Events, s.log.Subjects.Grant(g.Grant, events.GrantGiven), g)
	for i := range actions {
		item := s.propose(fmt.Sprintf("a-%d", i))
		s.assess(item, events.High)
		s.decide(item, events.Approved, nil, func(d *events.DecisionMade) {
			d.Request = ""
			d.DecidedBy = events.Decider{Kind: events.ByGrant, Grant: "g-1", Approvers: []events.ApproverVerdict{{Approver: "alice", Channel: "self", Verdict: events.Approve, At: noon}}}
		})
	}
}

// warned tells of alice, who approves alone after she was warned.
func (s *story) warned(then string) {
	s.t.Helper()
	item, card := s.one()
	s.add(&s.log.Events, s.log.Subjects.Warning("alice"), &events.AttentionWarned{
		Person: "alice", Approver: "alice", Route: "rest", Rule: "fast", Then: then, Until: noon.Add(time.Hour), Request: "r-0", Sequence: 1,
	})
	s.decide(item, events.Approved, []events.ApproverVerdict{by(s.cast("alice", card, events.Approve), "alice", events.Approve)})
}

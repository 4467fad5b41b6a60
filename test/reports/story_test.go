package reports

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

// began is when the story begins.
var began = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// story publishes what happens as services, agents and people do, each event with its own time.
type story struct {
	t  *testing.T
	s  events.Subjects
	js jetstream.JetStream
	n  int
}

// at publishes what happens so many seconds after the story begins.
func (st *story) at(second int, subject string, p events.Payload) {
	st.t.Helper()
	st.n++
	e, err := events.New(p, "e-"+time.Duration(st.n).String(), "/services/teller", began.Add(time.Duration(second)*time.Second))
	if err != nil {
		st.t.Fatal(err)
	}
	e.PolicyVersion = events.Digest([]byte("policy"))
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		st.t.Fatal(err)
	}
	if _, err := st.js.PublishMsg(st.t.Context(), &nats.Msg{Subject: subject, Header: nats.Header(header), Data: data}); err != nil {
		st.t.Fatalf("%s: %v", subject, err)
	}
}

func ref(agent, action string) events.ActionRef {
	return events.ActionRef{Agent: agent, Action: action, Sequence: 1, Digest: events.Digest([]byte(action)), ArgumentsDigest: events.Digest([]byte("arguments of " + action))}
}

func (st *story) proposed(second int, agent, action string, level events.Level, score int, denied bool) {
	st.t.Helper()
	st.at(second, st.s.Action(agent, action), &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "send_payment", Arguments: json.RawMessage(`{"a":"` + action + `"}`)})
	st.at(second, st.s.Assessment(level, agent, action), &events.ActionAssessed{
		ActionRef: ref(agent, action), Level: level, Score: score, Denied: denied, Reason: "moves money", Rules: []events.FiredRule{{ID: "money", Points: score}},
	})
}

func (st *story) asked(second int, request string, actions ...string) {
	st.t.Helper()
	card := events.Card{Request: request, Group: "finance", Quorum: 1, Headline: "Pay", Level: events.High, Score: 80, EndsAt: began.Add(time.Duration(second+1800) * time.Second)}
	for i, action := range actions {
		card.Items = append(card.Items, events.CardItem{Number: i + 1, ActionRef: ref("billing", action), Level: events.High, Score: 80})
	}
	data, err := json.Marshal(card)
	if err != nil {
		st.t.Fatal(err)
	}
	st.at(second, st.s.Approval("finance", events.Requested, request), &events.ApprovalRequested{Request: request, Group: "finance", Digest: events.Digest(data), Card: data})
}

func (st *story) saw(second int, approver, request string, what events.Sight) {
	st.t.Helper()
	st.at(second, st.s.Attention("self", approver, request, what), &events.AttentionReported{Digest: events.Digest(nil)})
}

func (st *story) said(second int, approver, request string, verdict events.VerdictKind) {
	st.t.Helper()
	st.at(second, st.s.Verdict("self", approver, request), &events.VerdictCast{Digest: events.Digest(nil), Verdict: verdict})
}

func (st *story) decided(second int, agent, action string, outcome events.Outcome, level events.Level, score int, by events.Decider, request string, edited bool) {
	st.t.Helper()
	d := events.DecisionMade{Agent: agent, Action: action, Outcome: outcome, Reason: "so it is", Sequence: 1, Digest: events.Digest([]byte(action)), DecidedBy: by, Level: level, Score: score, Request: request}
	if outcome == events.Approved {
		d.ArgumentsDigest = ref(agent, action).ArgumentsDigest
	}
	if edited {
		d.Arguments = json.RawMessage(`{"a":"less"}`)
	}
	st.at(second, st.s.Decision(agent, action), &d)
}

func (st *story) ran(second int, agent, action, arguments string) {
	st.t.Helper()
	st.at(second, st.s.Receipt(agent, action), &events.ActionExecuted{Status: events.Succeeded, ArgumentsDigest: events.Digest([]byte(arguments))})
}

// tell is an hour in which everything happens that a report looks for.
func (st *story) tell() {
	st.t.Helper()
	policy := events.Decider{Kind: events.ByPolicy}
	people := func(name string, verdict events.VerdictKind) events.Decider {
		return events.Decider{Kind: events.ByApprovers, Approvers: []events.ApproverVerdict{{Approver: name, Channel: "self", Verdict: verdict}}}
	}
	// Two on one card, answered a minute later; one of them edited, and run with other arguments than were approved.
	st.proposed(0, "billing", "a1", events.High, 80, false)
	st.proposed(1, "billing", "a2", events.High, 75, false)
	st.asked(10, "r1", "a1", "a2")
	st.saw(40, "dan", "r1", events.CardOpened)
	st.saw(50, "dan", "r1", events.EvidenceOpened)
	st.said(70, "dan", "r1", events.Approve)
	st.decided(70, "billing", "a1", events.Approved, events.High, 80, people("dan", events.Approve), "r1", false)
	st.decided(70, "billing", "a2", events.Approved, events.High, 75, people("dan", events.Approve), "r1", true)
	st.ran(80, "billing", "a1", "arguments of a1")
	st.ran(81, "billing", "a2", "something else")
	// One that finance does not answer, and eve of the board rejects, later than finance had time.
	st.proposed(100, "billing", "a3", events.High, 90, false)
	st.asked(110, "r2", "a3")
	st.at(410, st.s.Approval("finance", events.Reminded, "r2"), &events.ApprovalReminded{Request: "r2", Group: "finance", Reminder: 1, EndsAt: began})
	st.at(1010, st.s.Approval("board", events.Escalated, "r2"), &events.ApprovalEscalated{Request: "r2", FromGroup: "finance", ToTier: 1, ToGroup: "board", Reason: "no answer", EndsAt: began})
	st.saw(1100, "eve", "r2", events.CardOpened)
	st.said(1130, "eve", "r2", events.Reject)
	st.decided(1130, "billing", "a3", events.Rejected, events.High, 90, people("eve", events.Reject), "r2", false)
	// One that nobody answers.
	st.proposed(2000, "billing", "a4", events.High, 60, false)
	st.asked(2010, "r3", "a4")
	st.decided(3810, "billing", "a4", events.Expired, events.High, 60, events.Decider{Kind: events.ByTimeout}, "r3", false)
	// What passes by itself: one runs, one never does, one is denied and runs all the same, one runs without any decision.
	st.proposed(2100, "search", "a5", events.Low, 10, false)
	st.decided(2100, "search", "a5", events.Approved, events.Low, 10, policy, "", false)
	st.ran(2101, "search", "a5", "arguments of a5")
	st.proposed(2200, "search", "a6", events.Medium, 40, false)
	st.decided(2200, "search", "a6", events.Approved, events.Medium, 40, policy, "", false)
	st.proposed(2300, "search", "a7", events.High, 95, true)
	st.decided(2300, "search", "a7", events.Denied, events.High, 95, policy, "", false)
	st.ran(2310, "search", "a7", "arguments of a7")
	st.ran(2400, "search", "a8", "arguments of a8")
	// One that passes by a grant.
	st.at(2500, st.s.Grant("g-1", events.GrantGiven), &events.GrantCreated{Grant: "g-1", Approver: "dan", Person: "dan", Channel: "self", Route: "money", Group: "finance", Tool: "send_payment", OfAgent: "billing", Uses: 4, Expires: began.Add(3 * time.Hour), Amount: 100, Currency: "EUR"})
	st.proposed(2510, "billing", "a9", events.High, 85, false)
	st.at(2511, st.s.Grant("g-1", events.GrantCounted), &events.GrantUsed{Grant: "g-1", Approver: "dan", Agent: "billing", Action: "a9", UsesLeft: 3, Amount: 10, Currency: "EUR"})
	st.decided(2511, "billing", "a9", events.Approved, events.High, 85, events.Decider{Kind: events.ByGrant, Grant: "g-1"}, "", false)
	st.ran(2512, "billing", "a9", "arguments of a9")
}

const patience = time.Minute

// told is a database with the story in it: written by the sink, and then put at the times at which it happens.
func told(t *testing.T) enginetest.Conn {
	t.Helper()
	server := natstest.Start(t)
	operator := server.Connect(t, authz.TheOperator())
	js, err := jetstream.New(operator)
	if err != nil {
		t.Fatal(err)
	}
	st := &story{t: t, s: server.Subjects, js: js}
	st.tell()
	written, db := enginetest.Database(t), database(t)
	s, err := sink.New(stream.Runtime{
		Conn: server.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.AuditSink}), Subjects: server.Subjects, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}, sink.Config{ClickHouseURL: enginetest.Engine(t).URL(), Database: written.Database, IdleWait: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); ; {
		if ok, err := sink.CaughtUp(t.Context(), operator, server.Subjects); err == nil && ok {
			break
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the audit did not catch up")
		}
	}
	db.Ask(t, "INSERT INTO events SELECT * REPLACE (toDateTime64(event_time, 9, 'UTC') AS stored_at) FROM "+written.Database+".events", nil)
	return db
}

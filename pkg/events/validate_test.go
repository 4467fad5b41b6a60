package events_test

import (
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

func TestValidateNamesTheField(t *testing.T) {
	t.Parallel()
	d := events.Digest(nil)
	late := time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -2*60*60)) // in the year 10000 of UTC, which JSON cannot say
	ref := events.ActionRef{Agent: "a", Action: "b", Sequence: 1, Digest: d, ArgumentsDigest: d}
	for _, c := range []struct {
		p     events.Payload
		field string
	}{
		{&events.ActionProposed{}, "breakpoint"},
		{&events.ActionProposed{Breakpoint: "x"}, "breakpoint"},
		{&events.ActionProposed{Breakpoint: events.AtComputerUse}, "tool"},
		{&events.ActionProposed{Breakpoint: events.AtPlan}, "plan"},
		{&events.ActionProposed{Breakpoint: events.AtPlan, Plan: []events.PlanStep{{}}}, "plan[0].description"},
		{&events.ActionProposed{Breakpoint: events.AtSubtask, Arguments: []byte("[]")}, "arguments"},
		{&events.ActionProposed{Breakpoint: events.AtSubtask, Deadline: &late}, "deadline"},
		{&events.ActionAssessed{}, "agent"},
		{&events.ActionAssessed{ActionRef: ref, Level: events.High, Deadline: &late}, "deadline"},
		{&events.ActionAssessed{ActionRef: events.ActionRef{Agent: "a", Action: "b"}}, "sequence"},
		{&events.ActionAssessed{ActionRef: ref}, "level"},
		{&events.ActionAssessed{ActionRef: ref, Score: 101}, "score"},
		{&events.ActionAssessed{ActionRef: events.ActionRef{Agent: "a", Action: "b", Sequence: 1, Digest: d}}, "argumentsDigest"},
		{&events.ActionExecuted{}, "argumentsDigest"},
		{&events.ActionExecuted{ArgumentsDigest: d}, "status"},
		{&events.ApprovalRequested{}, "card"},
		{&events.ApprovalRequested{Card: []byte("{}"), Request: "r", Group: "g"}, "digest"},
		{&events.ApprovalReminded{Request: "r", Group: "*"}, "group"},
		{&events.ApprovalEscalated{Request: "r", FromGroup: "g"}, "toGroup"},
		{&events.ApprovalResolved{Request: "a.b"}, "request"},
		{&events.VerdictCast{}, "digest"},
		{&events.VerdictCast{Digest: d}, "verdict"},
		{&events.VerdictCast{Digest: d, Verdict: "maybe"}, "verdict"},
		{&events.VerdictCast{Digest: d, Verdict: events.Approve, Comment: strings.Repeat("x", 4097)}, "comment"},
		{&events.VerdictCast{Digest: d, Items: []events.ItemVerdict{{Verdict: events.Reject}}}, "items[0].number"},
		{&events.VerdictCast{Digest: d, Items: []events.ItemVerdict{{Number: 1, Verdict: events.Reject}, {Number: 1, Verdict: events.Approve}}}, "items[1].number"},
		{&events.VerdictCast{Digest: d, Verdict: events.Edit}, "verdict"},
		{&events.VerdictCast{Digest: d, Verdict: events.Respond}, "guidance"},
		{&events.VerdictCast{Digest: d, Verdict: events.Reject, ReasonCode: "not a token"}, "reasonCode"},
		{&events.VerdictCast{Digest: d, Verdict: events.Reject, Guidance: strings.Repeat("x", 4097)}, "guidance"},
		{&events.VerdictCast{Digest: d, Items: []events.ItemVerdict{{Number: 1, Verdict: events.Edit}}}, "items[0].arguments"},
		{&events.VerdictCast{Digest: d, Items: []events.ItemVerdict{{Number: 1, Verdict: events.Approve, Arguments: []byte("{}")}}}, "items[0].arguments"},
		{&events.VerdictCast{Digest: d, Items: []events.ItemVerdict{{Number: 1, Verdict: events.Edit, Arguments: make([]byte, events.MaxEditLength+1)}}}, "items[0].arguments"},
		{&events.VerdictCast{Digest: d, Verdict: events.Approve, Limits: &events.ApprovalLimits{ValidUntil: &late}}, "limits.validUntil"},
		{&events.HandOverCast{Kind: events.Snooze, Until: &late}, "until"},
		{&events.VerdictRefused{}, "code"},
		{&events.VerdictRefused{Code: events.RefusedClosed, Request: "r", Channel: "c"}, "approver"},
		{&events.DecisionMade{Outcome: events.Approved}, "argumentsDigest"},
		{&events.DecisionMade{Agent: "a", Action: "b"}, "outcome"},
		{&events.DecisionMade{Agent: "a", Action: "b", Outcome: events.Denied}, "decidedBy.kind"},
		{&events.MessageDead{}, "reason"},
		{&events.MessageDead{Reason: "x"}, "service"},
	} {
		wantField(t, c.p.EventType(), c.p.Validate(), c.field)
	}
}

func TestParsersNameTheField(t *testing.T) {
	t.Parallel()
	s, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, err = s.ParseAction("wl.actions.a")
	wantField(t, "action", err, "subject")
	_, _, _, err = s.ParseAction("wl.actions.a.*")
	wantField(t, "action", err, "action")
	_, _, _, err = s.ParseAssessment("wl.assessments.none.a.b")
	wantField(t, "assessment", err, "level")
	_, _, _, err = s.ParseVerdict("wl.verdicts.self..r")
	wantField(t, "verdict", err, "approver")
	_, _, err = s.ParseDecision("other.decisions.a.b")
	wantField(t, "decision", err, "subject")
	_, _, _, err = s.ParseDue("wl.due.r.01.1")
	wantField(t, "due", err, "tier")
	_, _, _, err = s.ParseDue("wl.due.r.1.+1")
	wantField(t, "due", err, "generation")
	wantField(t, "reply", events.CheckReplyTo("*", "_INBOX.*.x"), "agent")
	wantField(t, "reply", events.CheckReplyTo("a", "_INBOX.b.x"), "replyto")
}

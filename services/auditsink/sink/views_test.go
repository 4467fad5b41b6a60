package sink

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// life publishes everything that happens to one high-risk action which two people are asked about.
func (w *world) life() {
	w.t.Helper()
	s, now := w.nats.Subjects, time.Now()
	digest := events.Digest([]byte("x"))
	ref := events.ActionRef{Agent: "billing", Action: "pay-1", Sequence: 1, Digest: digest, ArgumentsDigest: digest}
	w.publish(s.Action("billing", "pay-1"), proposed("transfer"), "p")
	w.publish(s.Assessment(events.High, "billing", "pay-1"), &events.ActionAssessed{
		ActionRef: ref, Level: events.High, Score: 80, Reason: "moves money", Rules: []events.FiredRule{{ID: "money", Points: 60}, {ID: "production", Points: 20}},
	}, "s")
	card, err := json.Marshal(events.Card{
		Request: "r1", Group: "finance", Quorum: 1, Headline: "Pay 100 EUR", Level: events.High, Score: 80,
		Items: []events.CardItem{{Number: 1, ActionRef: ref, Level: events.High, Score: 80}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.publish(s.Approval("finance", events.Requested, "r1"), &events.ApprovalRequested{Request: "r1", Group: "finance", Digest: events.Digest(card), Card: card}, "q")
	w.publish(s.Approval("finance", events.Reminded, "r1"), &events.ApprovalReminded{Request: "r1", Group: "finance", Reminder: 1, EndsAt: now}, "m")
	w.publish(s.Approval("board", events.Escalated, "r1"), &events.ApprovalEscalated{Request: "r1", FromGroup: "finance", ToTier: 1, ToGroup: "board", Reason: "no answer", EndsAt: now}, "e")
	w.publish(s.Verdict("self", "eve", "r1"), &events.VerdictCast{Digest: digest, Verdict: events.Approve}, "v1")
	w.publish(s.Approval("board", events.Refused, "r1"), &events.VerdictRefused{Request: "r1", Channel: "self", Approver: "eve", Sequence: 1, Code: events.RefusedNotEntitled, Reason: "a stranger"}, "x")
	w.publish(s.Verdict("slack", "dan", "r1"), &events.VerdictCast{Digest: events.Digest(card), Verdict: events.Approve, Comment: "fine"}, "v2")
	w.publish(s.Decision("billing", "pay-1"), &events.DecisionMade{
		Agent: "billing", Action: "pay-1", Outcome: events.Approved, Reason: "approved by dan", ArgumentsDigest: digest, Sequence: 1, Digest: digest,
		DecidedBy: events.Decider{Kind: events.ByApprovers, Approvers: []events.ApproverVerdict{{Approver: "dan", Channel: "slack", Verdict: events.Approve}}},
		Level:     events.High, Score: 80, Request: "r1",
	}, "d")
	w.publish(s.Receipt("billing", "pay-1"), &events.ActionExecuted{Status: events.Succeeded, ArgumentsDigest: digest}, "rc")
	w.publish(s.Action("billing", "ask-2"), proposed("search"), "p2")
	w.publish(s.Policy("riskscorer", events.Loaded), &events.PolicyLoaded{Service: "riskscorer", Version: digest, Previous: events.Digest(nil), Files: []string{"p.yaml"}}, "pl")
	w.publish(s.Policy("riskscorer", events.NotLoaded), &events.PolicyRefused{Service: "riskscorer", InUse: digest, Files: []string{"p.yaml"}, Reason: "p.yaml:3: no"}, "pr")
}

// What was asked, how was it scored, who decided what, when: also while every row is there twice, as before a merge.
func TestViewsAnswerTheFourQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.life()
	w.start()
	w.caughtUp()
	w.ask("SYSTEM STOP MERGES events")
	w.ask("INSERT INTO events SELECT * FROM events SETTINGS insert_deduplicate = 0")
	if n := w.number("SELECT count() FROM events WHERE action = 'ask-2'"); n != 2 {
		t.Fatalf("the test needs every row twice, it has %d", n)
	}
	for sql, want := range map[string]string{
		"SELECT tool, user_request, arguments, principal FROM actions WHERE action = 'pay-1'":                                                          `transfer	What is the weather?	{"q":"weather \\"today\\""}	carol`,
		"SELECT level, score, reason, rules FROM assessments":                                                                                          "high\t80\tmoves money\t['money','production']",
		"SELECT request, `group`, headline, quorum, items FROM approval_requests":                                                                      "r1\tfinance\tPay 100 EUR\t1\t['billing/pay-1']",
		"SELECT step, `group`, tier FROM escalations ORDER BY seq":                                                                                     "reminded\tfinance\t0\nescalated\tboard\t1",
		"SELECT approver, channel, verdict, comment, refused FROM verdicts ORDER BY seq":                                                               "eve\tself\tapprove\t\tnot_entitled\ndan\tslack\tapprove\tfine",
		"SELECT outcome, decided_by, approvers, request FROM decisions":                                                                                "approved\tapprovers\t['dan']\tr1",
		"SELECT status FROM receipts":                                                                                                                  "succeeded",
		"SELECT state, level, score, tool, `group`, decided_by, approvers, receipt, proposed_at < decided_at FROM action_state WHERE action = 'pay-1'": "approved\thigh\t80\ttransfer\tfinance\tapprovers\t['dan']\tsucceeded\t1",
		"SELECT state, score, tool FROM action_state WHERE action = 'ask-2'":                                                                           "proposed\t-1\tsearch",
		"SELECT outcome, files, reason, previous != '' FROM policies ORDER BY seq":                                                                     "loaded\t['p.yaml']\t\t1\nrefused\t['p.yaml']\tp.yaml:3: no\t0",
		"SELECT count() FROM action_state":                                                                                                             "2",
		"SELECT groupArray(event) FROM (SELECT event FROM action_timeline WHERE agent = 'billing' AND action = 'pay-1' ORDER BY at)":                   "['action.proposed','action.assessed','approval.requested','approval.reminded','approval.escalated','verdict.cast','verdict.refused','verdict.cast','decision.made','action.executed']",
		"SELECT actor, answer FROM action_timeline WHERE action = 'pay-1' AND actor_kind = 'approver' ORDER BY at":                                     "eve\tapprove\ndan\tapprove",
	} {
		if got := w.ask(sql); got != want {
			t.Errorf("%s:\n got %q\nwant %q", sql, got, want)
		}
	}
}

// A plan is counted with the actions that passed as its steps, also while every row is there twice.
func TestPlansAreCountedWithTheirSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, digest := w.nats.Subjects, events.Digest(nil)
	plan := proposed("")
	plan.Breakpoint, plan.Plan = events.AtPlan, []events.PlanStep{{Tool: "pay"}, {Tool: "pay"}, {Tool: "mail"}}
	w.publish(s.Action("billing", "plan"), plan, "p")
	by := events.Decider{Kind: events.ByApprovers, Approvers: []events.ApproverVerdict{{Approver: "dan", Channel: "self", Verdict: events.Approve}}}
	decided := events.DecisionMade{Agent: "billing", Action: "plan", Outcome: events.Approved, ArgumentsDigest: digest, Sequence: 1, Digest: digest, DecidedBy: by, Level: events.High, Request: "r1"}
	w.publish(s.Decision("billing", "plan"), &decided, "d")
	for _, name := range []string{"one", "two"} {
		step := decided
		step.Action, step.Request = name, ""
		step.DecidedBy = events.Decider{Kind: events.ByPlan, Approvers: by.Approvers, Plan: &events.PlanPart{Action: "plan", Step: 1}}
		w.publish(s.Decision("billing", name), &step, "d-"+name)
	}
	w.start()
	w.caughtUp()
	w.ask("SYSTEM STOP MERGES events")
	w.ask("INSERT INTO events SELECT * FROM events SETTINGS insert_deduplicate = 0")
	if got := w.ask("SELECT cell, agent, plan, outcome, approvers, steps, passed FROM plan_steps"); got != "wl\tbilling\tplan\tapproved\t['dan']\t3\t2" {
		t.Errorf("got %q", got)
	}
}

// A grant has one row with what passed by it, also while every row is there twice and its use was told twice.
func TestGrantsAreCountedWithTheirUses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := w.nats.Subjects
	w.publish(s.Grant("g-1", events.GrantGiven), &events.GrantCreated{
		Grant: "g-1", Approver: "alice", Person: "alice", Channel: "self", Route: "money", Group: "finance", Tool: "pay", OfAgent: "billing",
		Uses: 3, Expires: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Amount: 100, Currency: "EUR", Request: "r1",
	}, "c")
	for i, name := range []string{"one", "two", "two"} {
		w.publish(s.Grant("g-1", events.GrantCounted), &events.GrantUsed{Grant: "g-1", Approver: "alice", Agent: "billing", Action: name, UsesLeft: 2 - i, Amount: 10.5, Currency: "EUR"}, "u"+strconv.Itoa(i))
	}
	w.publish(s.Granting("self", "bob", "g-1"), &events.GrantRevocationAsked{Comment: "enough"}, "a")
	w.publish(s.Grant("g-1", events.GrantEnded), &events.GrantRevoked{Grant: "g-1", By: "bob", Used: 2}, "r")
	w.start()
	w.caughtUp()
	w.ask("SYSTEM STOP MERGES events")
	w.ask("INSERT INTO events SELECT * FROM events SETTINGS insert_deduplicate = 0")
	for sql, want := range map[string]string{
		"SELECT cell, grant, approver, `group`, of_agent, uses, used, amount, moved, currency, request, revoked_by, expires FROM grants": "wl\tg-1\talice\tfinance\tbilling\t3\t2\t100\t21\tEUR\tr1\tbob\t2026-03-02 12:00:00.000",
		"SELECT agent, action, approver, amount FROM grant_uses ORDER BY action":                                                         "billing\tone\talice\t10.5\nbilling\ttwo\talice\t10.5",
		"SELECT DISTINCT actor_kind, actor, reason FROM events WHERE kind = 'grantings'":                                                 "approver\tbob\tenough",
	} {
		if got := w.ask(sql); got != want {
			t.Errorf("%s:\n got %q\nwant %q", sql, got, want)
		}
	}
}

// A review has one row with what reviewers said, also while every row is there twice.
func TestReviewsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := w.nats.Subjects
	card := []byte(`{"review":"v-1","group":"ops","actions":12,"kinds":[],"items":[{"number":1},{"number":2},{"number":3}]}`)
	w.publish(s.Review("ops", events.ReviewIsOpen, "v-1"), &events.ReviewOpened{Review: "v-1", Group: "ops", Digest: events.Digest(card), Card: card}, "o")
	w.publish(s.ReviewMark("self", "bob", "v-1"), &events.ReviewCast{Digest: events.Digest(card), Mark: events.Fine, Comment: "one apart"}, "c")
	w.publish(s.Review("ops", events.ReviewFlag, "v-1"), &events.ReviewFlagged{Review: "v-1", Group: "ops", Agent: "billing", Action: "a", Tool: "send_email", Approver: "bob", Person: "bob", Comment: "wrong list"}, "f")
	w.publish(s.Review("ops", events.ReviewCounted, "v-1"), &events.ReviewMarked{Review: "v-1", Group: "ops", Approver: "bob", Person: "bob", Channel: "self", Sequence: 1, Fine: 1, Flagged: 1, Left: 1}, "m")
	w.start()
	w.caughtUp()
	w.ask("SYSTEM STOP MERGES events")
	w.ask("INSERT INTO events SELECT * FROM events SETTINGS insert_deduplicate = 0")
	for sql, want := range map[string]string{
		"SELECT cell, review, `group`, actions, items, flagged, answers, items_left, reviewers FROM reviews": "wl\tv-1\tops\t12\t3\t1\t1\t1\t['bob']",
		"SELECT review, agent, action, tool, approver, reason FROM flags":                                    "v-1\tbilling\ta\tsend_email\tbob\twrong list",
		"SELECT DISTINCT actor_kind, actor, verdict, reason FROM events WHERE kind = 'marks'":                "approver\tbob\tfine\tone apart",
	} {
		if got := w.ask(sql); got != want {
			t.Errorf("%s:\n got %q\nwant %q", sql, got, want)
		}
	}
}

// Each verdict has one row with what its approver saw before, also while every row is there twice.
func TestAttentionIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s, digest := w.nats.Subjects, events.Digest(nil)
	w.life()
	w.publish(s.Attention("slack", "dan", "r1", events.CardDelivered), &events.AttentionReported{Digest: digest}, "a1")
	w.publish(s.Attention("slack", "dan", "r1", events.CardOpened), &events.AttentionReported{Digest: digest}, "a2")
	w.publish(s.Attention("slack", "dan", "r1", events.EvidenceOpened), &events.AttentionReported{Digest: digest, Item: 1, Evidence: "memory"}, "a3")
	w.publish(s.Verdict("slack", "dan", "r1"), &events.VerdictCast{Digest: digest, Verdict: events.Reject}, "v9")
	w.publish(s.Warning("dan"), &events.AttentionWarned{Person: "dan", Approver: "dan", Route: "rest", Rule: "fast", Detail: "5 in a row", Then: "second", Until: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Request: "r1", Sequence: 9}, "w")
	w.start()
	w.caughtUp()
	w.ask("SYSTEM STOP MERGES events")
	w.ask("INSERT INTO events SELECT * FROM events SETTINGS insert_deduplicate = 0")
	for sql, want := range map[string]string{
		"SELECT cell, request, approver, channel, items, evidence, delivered_at < opened_at, seconds > 0 FROM attention WHERE verdict = 'reject'":   "wl\tr1\tdan\tslack\t1\t1\t1\t1",
		"SELECT approver, evidence, opened_at > answered_at OR toYear(opened_at) = 1970 FROM attention WHERE verdict = 'approve' ORDER BY approver": "dan\t0\t1\neve\t0\t1",
		"SELECT person, route, rule, detail, consequence, until, request FROM attention_warnings":                                                   "dan\trest\tfast\t5 in a row\tsecond\t2026-03-02 12:00:00.000\tr1",
	} {
		if got := w.ask(sql); got != want {
			t.Errorf("%s:\n got %q\nwant %q", sql, got, want)
		}
	}
}

// Each hand-over, question and storm has one row, also while every row is there twice.
func TestHandOversAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := w.nats.Subjects
	until := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, group := range []string{"finance", "ops"} { // told to each
		w.publish(s.Approval(group, events.Asked, "r1"), &events.ApprovalHanded{
			Request: "r1", Group: group, Kind: events.Ask, Channel: "self", Approver: "dan", Sequence: 7, Tier: 1, Until: &until, Question: "which?", QuestionID: "q-7", EndsAt: until,
		}, "h1"+group)
		w.publish(s.Approval(group, events.Reassigned, "r1"), &events.ApprovalHanded{
			Request: "r1", Group: group, Kind: events.Reassign, Channel: "self", Approver: "dan", Sequence: 8, To: "eve", Comment: "knows it", EndsAt: until,
		}, "h2"+group)
	}
	w.publish(s.Answer("billing", "a", "q-7"), &events.QuestionAnswered{Agent: "billing", Action: "a", Question: "q-7", Answer: "the one from May"}, "q")
	w.publish(s.Storm("ops", "finance"), &events.StormReported{Group: "finance", To: "ops", Open: 31, Since: until}, "s")
	w.start()
	w.caughtUp()
	w.ask("SYSTEM STOP MERGES events")
	w.ask("INSERT INTO events SELECT * FROM events SETTINGS insert_deduplicate = 0")
	for sql, want := range map[string]string{
		"SELECT cell, request, what, approver, tier, until, `to`, comment FROM hand_overs ORDER BY what": "wl\tr1\task\tdan\t1\t2026-03-02 12:00:00.000\t\t\nwl\tr1\treassign\tdan\t0\t1970-01-01 00:00:00.000\teve\tknows it",
		"SELECT request, question_id, approver, question, agent, answer FROM questions":                  "r1\tq-7\tdan\twhich?\tbilling\tthe one from May",
		"SELECT cell, `group`, told, open, since FROM storms":                                            "wl\tfinance\tops\t31\t2026-03-02 12:00:00.000",
		"SELECT DISTINCT actor_kind, actor, agent, action, reason FROM events WHERE kind = 'answers'":    "agent\tbilling\tbilling\ta\tthe one from May",
	} {
		if got := w.ask(sql); got != want {
			t.Errorf("%s:\n got %q\nwant %q", sql, got, want)
		}
	}
}

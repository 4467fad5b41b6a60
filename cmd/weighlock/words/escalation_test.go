package words

import (
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Every rung of a path, and what people do with a card beside answering it, is told in words.
func TestEveryRungHasWords(t *testing.T) {
	t.Parallel()
	s, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.Local)
	for want, c := range map[string]struct {
		subject string
		payload events.Payload
	}{
		"ops is reminded of r-1":                     {"", &events.ApprovalReminded{Request: "r-1", Group: "ops", Reminder: 1}},
		"ops (bob) is reminded of r-1":               {"", &events.ApprovalReminded{Request: "r-1", Group: "ops", OnCall: []string{"bob"}}},
		"ops is reminded of r-1, but for bob":        {"", &events.ApprovalReminded{Request: "r-1", Group: "ops", Quiet: []string{"bob"}}},
		"bob is reminded of r-1, as the snooze ends": {"", &events.ApprovalReminded{Request: "r-1", Group: "ops", Person: "bob"}},
		"r-1 goes on from ops to sec (carol) (tier 2): ops did not answer everything within 5m0s": {"", &events.ApprovalEscalated{
			Request: "r-1", FromGroup: "ops", ToTier: 1, ToGroup: "sec", OnCall: []string{"carol"}, Reason: "ops did not answer everything within 5m0s"}},
		"r-1 goes on from sec to ops (tier 3, round 2): why":                       {"", &events.ApprovalEscalated{Request: "r-1", FromTier: 1, FromGroup: "sec", ToTier: 2, ToGroup: "ops", Round: 1, Reason: "why"}},
		`alice looks at r-1, which holds the next tier back until 12:00:00 "soon"`: {"", &events.ApprovalHanded{Request: "r-1", Group: "ops", Channel: "self", Approver: "alice", Kind: events.Acknowledge, Until: &at, Comment: "soon"}},
		"alice hands r-1 to bob":                                                   {"", &events.ApprovalHanded{Request: "r-1", Group: "ops", Channel: "self", Approver: "alice", Kind: events.Reassign, To: "bob"}},
		`alice asks about item 2, on r-1 (q-7): "which?"`:                          {"", &events.ApprovalHanded{Request: "r-1", Group: "ops", Channel: "self", Approver: "alice", Kind: events.Ask, Item: 2, Question: "which?", QuestionID: "q-7"}},
		`alice is not reminded of r-1 until 12:00:00 "lunch"`:                      {"", &events.ApprovalHanded{Request: "r-1", Group: "ops", Channel: "self", Approver: "alice", Kind: events.Snooze, Until: &at, Comment: "lunch"}},
		"alice wants to snooze r-1 (self)":                                         {"wl.handovers.self.alice.r-1", &events.HandOverCast{Kind: events.Snooze, Until: &at}},
		`billing answers q-7: "the one from May"`:                                  {"wl.answers.billing.a.q-7", &events.QuestionAnswered{Agent: "billing", Action: "a", Question: "q-7", Answer: "the one from May"}},
		"ops is reminded of all its 31 open requests at once":                      {"", &events.StormReported{Group: "ops", To: "ops", Open: 31}},
		"sec is told that ops has 31 open requests":                                {"", &events.StormReported{Group: "ops", To: "sec", Open: 31}},
		"billing/a waits for ops; it is expired unless people answer by 12:00:00":  {"", &events.ApprovalPending{Agent: "billing", Action: "a", Request: "r-1", Group: "ops", EndsAt: at, Otherwise: events.Expired}},
		"billing/a went on to sec; it is expired unless people answer by 12:00:00": {"", &events.ApprovalPending{Agent: "billing", Action: "a", Request: "r-1", Group: "sec", Tier: 1, EndsAt: at, Otherwise: events.Expired}},
	} {
		e, err := events.New(c.payload, "e", "/services/x", at)
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if got := Event(s, c.subject, e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

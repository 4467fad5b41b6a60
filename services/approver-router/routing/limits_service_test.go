package routing

import (
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// What an approval is limited by is checked before it counts, and goes with the decision.
func TestApprovalsWithLimits(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, "5m", 1)
	r.start(t)
	r.assess(t, r.call(t, "pay", "send_payment", `{"recipient":"acme","amount":60,"currency":"EUR"}`))
	announced := r.asksPeople(t, "pay")
	alice, bob := r.approver(t, "alice"), r.approver(t, "bob")
	past, soon, later := time.Now().Add(-time.Minute), time.Now().Add(time.Hour).UTC().Round(0), time.Now().Add(2*time.Hour).UTC().Round(0)
	for want, limits := range map[string]events.ApprovalLimits{
		"which is past":         {ValidUntil: &past},
		"above the limit of 50": {Amount: 50, Currency: "EUR"},
		"the limit is in USD":   {Amount: 500, Currency: "USD"},
		"say until when":        {},
		"is -1":                 {Amount: -1, Currency: "EUR"},
	} {
		alice.cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve, Limits: &limits})
		if refused := r.refused(t, announced.Request); !strings.Contains(refused.Reason, want) {
			t.Errorf("%s: %s, want %q", refused.Code, refused.Reason, want)
		}
	}
	alice.cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve, Limits: &events.ApprovalLimits{ValidUntil: &later, Amount: 60, Currency: "EUR"}})
	bob.cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve, Limits: &events.ApprovalLimits{ValidUntil: &soon}})
	if d := r.decision(t, "billing", "pay"); d.Outcome != events.Approved || d.ValidUntil == nil || !d.ValidUntil.Equal(soon) {
		t.Errorf("%+v", d)
	}
}

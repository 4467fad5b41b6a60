package routing

import (
	"strings"
	"testing"

	"github.com/weighlock/weighlock/pkg/events"
)

// splitCall is a call with private arguments.
func (r *rig) splitCall(t *testing.T, action, tool, arguments string, pointers ...string) (*events.ActionAssessed, *events.ActionProposed) {
	t.Helper()
	var split *events.ActionProposed
	a := r.call(t, action, tool, arguments, func(p *events.ActionProposed) {
		p.Request = "Pay Acme"
		var err error
		if split, _, err = events.Split("billing", action, p, append(pointers, "/request"), nil); err != nil {
			t.Fatal(err)
		}
		*p = *split
	})
	return a, split
}

// The card shows the commitments, and the decision is on them.
func TestCardsShowCommitments(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	a, split := r.splitCall(t, "pay", "send_payment", `{"recipient":"acme","amount":60,"currency":"EUR"}`, "/arguments/recipient")
	r.assess(t, a)
	announced := r.asksPeople(t, "pay")
	for _, f := range split.Private {
		if !strings.Contains(string(announced.Card), f.Mark()) {
			t.Errorf("the mark of %s is not on the card %s", f.Pointer, announced.Card)
		}
	}
	for _, secret := range []string{"acme", "Acme"} {
		if strings.Contains(string(announced.Card), secret) {
			t.Errorf("%s is on the card %s", secret, announced.Card)
		}
	}
	r.approver(t, "alice").cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve})
	if d := r.decision(t, "billing", "pay"); d.Outcome != events.Approved || d.ArgumentsDigest != a.ArgumentsDigest {
		t.Errorf("%+v", d)
	}
}

// What an action with private arguments moves nobody knows here: it passes by no grant and is above every limit.
func TestPrivateArgumentsPassByNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	r.assess(t, r.call(t, "first", "drop_table", `{"schema":"tmp"}`))
	r.approveWith(t, &events.GrantTerms{Seconds: 3600, Uses: 9})
	grantEvent[events.GrantCreated](t, r, "*", events.GrantGiven)
	// Only its request is private: it is covered.
	open, _ := r.splitCall(t, "open", "drop_table", `{"schema":"tmp"}`)
	r.assess(t, open)
	if d := r.decision(t, "billing", "open"); d.DecidedBy.Kind != events.ByGrant {
		t.Fatalf("%+v", d)
	}
	for _, action := range []string{"hidden", "smuggled"} {
		arguments, pointers := `{"schema":"tmp"}`, []string{"/arguments/schema"}
		if action == "smuggled" { // the mark of another field stands in the arguments, in escapes
			pointers = nil
		}
		a, split := r.splitCall(t, action, "drop_table", arguments, pointers...)
		if action == "smuggled" {
			mark := strings.Replace(split.Private[0].Mark(), "private", `\u0070rivate`, 1)
			a = r.call(t, "smuggled-2", "drop_table", `{"schema":"`+mark+`"}`, func(p *events.ActionProposed) { p.Private = split.Private })
		}
		r.assess(t, a)
		announced := r.asksPeople(t, a.Action)
		alice := r.approver(t, "alice")
		alice.cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve, Limits: &events.ApprovalLimits{Amount: 1e9, Currency: "EUR"}})
		if refused := r.refused(t, announced.Request); !strings.Contains(refused.Reason, "private arguments") {
			t.Errorf("%s: %+v", action, refused)
		}
	}
}

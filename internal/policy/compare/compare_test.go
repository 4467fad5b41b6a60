package compare

import (
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/policy/rows"
)

func parse(t *testing.T, thresholds, rules string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte("version: 1\nthresholds: "+thresholds+"\nrules:\n  - {id: any, when: agent != '', recognises: true, points: 5, reason: anything}\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPoliciesAreComparedActionByAction(t *testing.T) {
	t.Parallel()
	actions, err := rows.ReadActions([]byte(`{"action":"one","tool":"pay"}
{"action":"two","tool":"look"}
{"action":"three","tool":"wipe"}
{"action":"four","tool":"peek"}
`))
	if err != nil {
		t.Fatal(err)
	}
	before := parse(t, "{medium: 30, high: 60}", `  - {id: pay, when: tool.name == 'pay', points: 60, reason: pays}
  - {id: wipe, when: tool.name == 'wipe', level: high, reason: wipes}
  - {id: peek, when: tool.name == 'peek', points: 1, reason: peeks}
`)
	after := parse(t, "{medium: 30, high: 70}", `  - {id: pay, when: tool.name == 'pay', points: 50, cap: 60, reason: pays}
  - {id: wipe-all, when: tool.name == 'wipe', effect: deny, reason: wipes}
  - {id: peek, when: tool.name == 'peek', points: 2, reason: peeks}
`)
	got := Policies(before, after, actions, time.Unix(1_800_000_000, 0))
	if got.Actions != 4 || len(got.Changes) != 2 || got.Scores != 1 {
		t.Fatalf("%+v", got)
	}
	pay, wipe := got.Changes[0], got.Changes[1]
	if pay.Name != "one" || pay.Before.Word() != "high" || pay.After.Word() != "medium" || pay.Raised() {
		t.Errorf("%+v", pay)
	}
	if why := strings.Join(pay.Why, "; "); why != "pay (50 points up to 60): pays, before 60 points; medium from 30 and high from 70, before 30 and 60" {
		t.Errorf("why %s", why)
	}
	if wipe.After.Word() != "denied" || !wipe.Raised() {
		t.Errorf("%+v", wipe)
	}
	if why := strings.Join(wipe.Why, "; "); !strings.HasPrefix(why, "now also wipe-all (0 points): wipes; no longer wipe (0 points): wipes; ") {
		t.Errorf("why %s", why)
	}
	if same := Policies(before, before, actions, time.Unix(1_800_000_000, 0)); len(same.Changes) != 0 || same.Scores != 0 {
		t.Errorf("%+v", same)
	}
}

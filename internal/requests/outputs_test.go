package requests

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

var cause = events.Event{ID: "cause", TraceParent: "00-cause"}

func outputsOf(t *testing.T, s approval.State, effects []approval.Effect) []stream.Output {
	t.Helper()
	subjects, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	out, err := Outputs(subjects, "/services/router", cause, s, effects)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestADecisionGoesToTheLedgerAndTheAgent(t *testing.T) {
	t.Parallel()
	s := newRequest(t, "r-1", 1, 1)
	verdict := approves(s, 1, "alice")
	s, effects := approval.Next(s, verdict, time.Now())
	out := outputsOf(t, s, effects)
	if len(out) != 2 {
		t.Fatalf("%d outputs", len(out))
	}
	d, e := out[0], out[0].Event
	if d.Subject != "wl.decisions.billing.r-1-1" || !d.Once || d.MsgID != "" || d.ReplyTo != "_INBOX.billing.x" {
		t.Errorf("decision goes out as %+v", d)
	}
	if e.ID != "billing/r-1-1/decision" || e.TraceParent != "00-r-1-1" || e.CausationID != "v-1" || e.PolicyVersion != "p" || e.Subject != "billing/r-1-1" || !e.Time.Equal(verdict.At) {
		t.Errorf("its event is %+v", e)
	}
	if made, err := events.As[events.DecisionMade](e); err != nil || made.Outcome != events.Approved {
		t.Errorf("it says %+v, %v", made, err)
	}
	r := out[1]
	if r.Subject != "wl.approvals.finance.resolved.r-1" || r.MsgID != "r-1/resolved/finance" || r.Event.ID != r.MsgID || r.Event.CausationID != "cause" || r.Once {
		t.Errorf("announced as %+v", r)
	}
	_, again := approval.Next(s, verdict, time.Now().Add(time.Hour))
	if !reflect.DeepEqual(outputsOf(t, s, again), out) {
		t.Error("a repetition goes out differently")
	}
}

// The agent chose replyto. What is not its own inbox is never published to.
func TestAForeignReplyIsNotAnswered(t *testing.T) {
	t.Parallel()
	for _, replyTo := range []string{"", "wl.decisions.billing.x", "_INBOX.other.x", "_INBOX.billing.*", "_INBOX.billing"} {
		s := newRequest(t, "r-1", 1, 1)
		s.Items[0].ReplyTo = replyTo
		s, effects := approval.Next(s, approves(s, 1, "alice"), time.Now())
		if out := outputsOf(t, s, effects); out[0].ReplyTo != "" || !out[0].Once {
			t.Errorf("%q is answered at %q", replyTo, out[0].ReplyTo)
		}
	}
}

func TestTimersHaveASubjectOfTheirOwnEachTime(t *testing.T) {
	t.Parallel()
	s := newRequest(t, "r-1", 1, 1)
	seen := make(map[string]bool)
	for range 100 {
		for _, o := range outputsOf(t, s, approval.Timers(s)) {
			if seen[o.Subject] {
				t.Fatalf("%s is armed again", o.Subject)
			}
			seen[o.Subject] = true
			timer, err := events.As[Timer](o.Event)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339Nano, strings.TrimPrefix(o.Header.Get("Nats-Schedule"), "@at "))
			if err != nil || at.Before(timer.Due) || at.After(timer.Due.Add(maxJitter)) {
				t.Fatalf("due at %s and armed for %s, %v", timer.Due, at, err)
			}
			target := o.Header.Get("Nats-Schedule-Target")
			if target != strings.Replace(o.Subject, "wl.timers.", "wl.due.", 1) || o.MsgID != fmt.Sprintf("%s/%d", approval.TimerID("r-1", timer.Tier, timer.Kind, timer.N), timer.Due.UnixMilli()) || o.Event.TraceParent != "00-cause" {
				t.Fatalf("armed as %+v", o)
			}
		}
	}
	if (&Timer{Request: "r-1", Kind: "approve"}).Validate() == nil || (&Timer{Kind: approval.Remind}).Validate() == nil {
		t.Error("a timer for nothing is valid")
	}
}

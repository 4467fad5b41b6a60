package routing

import (
	"testing"

	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestDecideAlone(t *testing.T) {
	t.Parallel()
	deny := func(a *events.ActionAssessed) { a.Denied = true }
	for name, c := range map[string]struct {
		a       *events.ActionAssessed
		alone   bool
		outcome events.Outcome
		review  bool
	}{
		"low":         {assessment("billing", "a", level(events.Low)), true, events.Approved, false},
		"medium":      {assessment("billing", "a", level(events.Medium)), true, events.Approved, true},
		"high":        {assessment("billing", "a", level(events.High)), false, "", false},
		"unknown":     {assessment("billing", "a", level("critical")), false, "", false},
		"none":        {assessment("billing", "a", level("")), false, "", false},
		"odd case":    {assessment("billing", "a", level("Low")), false, "", false},
		"low denied":  {assessment("billing", "a", level(events.Low), deny), true, events.Denied, false},
		"med denied":  {assessment("billing", "a", level(events.Medium), deny), true, events.Denied, false},
		"high denied": {assessment("billing", "a", deny), true, events.Denied, false},
		"odd denied":  {assessment("billing", "a", level("critical"), deny), true, events.Denied, false},
	} {
		d, ok := decideAlone(c.a)
		if ok != c.alone {
			t.Errorf("%s: decided alone is %v", name, ok)
			continue
		}
		if !ok {
			if d != nil {
				t.Errorf("%s: %+v", name, d)
			}
			continue
		}
		if d.Outcome != c.outcome || d.Review != c.review || d.DecidedBy.Kind != events.ByPolicy || d.Sequence != c.a.Sequence || d.Digest != c.a.Digest {
			t.Errorf("%s: %+v", name, d)
		}
		if approved := d.Outcome == events.Approved; approved != (d.ArgumentsDigest != "") {
			t.Errorf("%s is %s with arguments %q", name, d.Outcome, d.ArgumentsDigest)
		}
	}
}

func TestDecisionIsAnsweredInTheAgentsInboxOnly(t *testing.T) {
	t.Parallel()
	s, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	d, _ := decideAlone(assessment("billing", "a", level(events.Low)))
	for replyTo, want := range map[string]string{
		"_INBOX.billing.x.y":     "_INBOX.billing.x.y",
		"_INBOX.finance.x":       "",
		"_INBOX.billing.>":       "",
		"wl.decisions.billing.b": "",
		"":                       "",
	} {
		out, err := decisionOutput(s, d, events.Event{ID: "e", ReplyTo: replyTo, PolicyVersion: "p"}, noon)
		if err != nil {
			t.Fatal(err)
		}
		if out.ReplyTo != want || !out.Once || out.Subject != "wl.decisions.billing.a" || out.Event.ID != "billing/a/decision" || out.Event.PolicyVersion != "p" || out.Event.CausationID != "e" {
			t.Errorf("%q: %+v", replyTo, out)
		}
	}
}

// An assessment that cannot be used ends in a denial, whatever is wrong with it.
func TestUnusableAssessmentIsDenied(t *testing.T) {
	t.Parallel()
	s, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	h := &assessments{subjects: s, tables: newTables(&table{routes: routes.Default(), people: people.Default()}), batches: newBatcher(func(*batch) { t.Error("a card was opened") }), now: timeAt(noon)}
	for name, m := range map[string]*stream.Message{
		"unknown level":    {Subject: "wl.assessments.critical.billing.a", Event: assessedEvent(t, assessment("billing", "a", level(events.High)))},
		"other level":      {Subject: "wl.assessments.low.billing.a", Event: assessedEvent(t, assessment("billing", "a", level(events.High)))},
		"other agent":      {Subject: "wl.assessments.low.billing.a", Event: assessedEvent(t, assessment("finance", "a", level(events.Low)))},
		"other action":     {Subject: "wl.assessments.low.billing.a", Event: assessedEvent(t, assessment("billing", "b", level(events.Low)))},
		"no event":         {Subject: "wl.assessments.low.billing.a"},
		"other event type": {Subject: "wl.assessments.low.billing.a", Event: events.Event{ID: "x", Type: events.VerdictCastType, Data: []byte("{}")}},
	} {
		if _, err := h.read(m); err == nil {
			t.Errorf("%s was taken", name)
			continue
		}
		out := h.Buried(m, errRepeated)
		if len(out) != 1 || out[0].Subject != "wl.decisions.billing.a" || !out[0].Once {
			t.Errorf("%s: %+v", name, out)
			continue
		}
		d, err := events.As[events.DecisionMade](out[0].Event)
		if err != nil || d.Outcome != events.Denied || d.ArgumentsDigest != "" {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	if out := h.Buried(&stream.Message{Subject: "wl.assessments.low.b*d.a"}, errRepeated); out != nil {
		t.Errorf("an unsafe name was answered: %+v", out)
	}
}

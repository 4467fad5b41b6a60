package faults

import (
	"path/filepath"
	"testing"

	"github.com/weighlock/weighlock/internal/checker/checkertest"
	"github.com/weighlock/weighlock/pkg/events"
)

// oneDecisionEach has the checker judge the run, and compares what each action came to with what was planned.
func (w *world) oneDecisionEach(t *testing.T, plans []plan) {
	t.Helper()
	rules := checkertest.Load(t, filepath.Join("testdata", "routes.yaml"), filepath.Join("testdata", "approvers.yaml"))
	log := checkertest.Judge(t, w.js, w.Subjects, rules)
	decisions := map[string]*events.DecisionMade{}
	for _, rec := range log.Decisions {
		d, err := events.As[events.DecisionMade](rec.Event)
		if err != nil {
			t.Fatal(err)
		}
		decisions[d.Agent+"/"+d.Action] = d
	}
	if len(log.Actions) != len(plans) {
		t.Errorf("%d actions are stored, %d were planned", len(log.Actions), len(plans))
	}
	for _, p := range plans {
		d := decisions[p.key()]
		if d == nil {
			continue // the checker has said so
		}
		by := events.ByPolicy
		if p.kind.waits() {
			by = events.ByApprovers
		}
		if d.DecidedBy.Kind != by {
			t.Errorf("%s action %s was decided by %s", p.kind, p.key(), d.DecidedBy.Kind)
		}
	}
}

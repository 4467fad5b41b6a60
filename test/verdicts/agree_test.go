package verdicts

import (
	"testing"

	"github.com/weighlock/weighlock/internal/checker/checkertest"
	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
)

// agree has the checker judge the whole run, and insists that no action waits on an open card once it is decided.
func (p *pipeline) agree(t *testing.T) {
	t.Helper()
	rules := checkertest.Rules(people.Default(), routes.Default())
	if p.config.routes != "" {
		rules = checkertest.Load(t, p.config.routes, p.config.approvers)
	}
	rules.Undisturbed = !p.disturbed.Load()
	log := checkertest.Judge(t, p.js, p.Subjects, rules)
	p.log = log
	ledger := make(map[string]events.Outcome)
	for _, rec := range log.Decisions {
		d, err := events.As[events.DecisionMade](rec.Event)
		if err != nil {
			t.Fatal(err)
		}
		ledger[d.Agent+"/"+d.Action] = d.Outcome
	}
	list, err := p.people["alice"].Requests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		for _, item := range r.Items {
			if outcome, decided := ledger[item.Agent+"/"+item.Action]; decided && item.Open() {
				t.Errorf("%s/%s is %s and waits on card %s", item.Agent, item.Action, outcome, r.ID)
			}
		}
	}
}

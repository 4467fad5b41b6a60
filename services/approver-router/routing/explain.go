package routing

import (
	"time"

	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
)

// Explanation is what the router does with an assessed action, and why.
type Explanation struct {
	// Decision is what it decides without asking anybody; nil where people are asked.
	Decision *events.DecisionMade
	// Route says who is asked, Steps how it was found: through the tree, in its order. Where the router need not look,
	// they are what it would have found.
	Route *routes.Route
	Steps []routes.Step
}

// Load reads and checks the files of the configuration as the router does.
func (c *Config) Load() (*routes.Routes, *people.Directory, error) {
	t, err := c.load()
	if err != nil {
		return nil, nil, err
	}
	return t.routes, t.people, nil
}

// Explain says what a router with these routes does with an action. It is the router's own way of deciding.
func Explain(r *routes.Routes, a *events.ActionAssessed, proposed *events.ActionProposed, now time.Time) Explanation {
	d, alone := decideAlone(a)
	var x Explanation
	x.Route, x.Steps = r.Explain(subject(a, proposed, now))
	if alone && !makesWait(r, a, x.Route) {
		x.Decision = d
	}
	return x
}

// mayBeHeld reports whether a route may make an action wait that would be decided alone, and makesWait whether this
// one does.
func mayBeHeld(r *routes.Routes, a *events.ActionAssessed) bool {
	return a.Level == events.Medium && !a.Denied && r.MediumMayWait()
}

func makesWait(r *routes.Routes, a *events.ActionAssessed, route *routes.Route) bool {
	return mayBeHeld(r, a) && route.MediumWaits
}

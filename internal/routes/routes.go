// Package routes says which group is asked about an assessed action, how many of
// them must agree and what happens when nobody answers.
package routes

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/policies"
)

// Routes is a compiled routes file. It does not change and is safe for concurrent use.
type Routes struct {
	version string
	groups  map[string][]string // group -> its approvers, sorted
	routes  []*Route
}

// Route is where actions of one kind go.
type Route struct {
	ID    string
	Group string
	// Quorum is how many approvers must approve an item; at least 1.
	Quorum int
	// Window is how long similar actions are collected for one card.
	Window time.Duration
	// MaxItems is how many items a card holds at most.
	MaxItems int
	// Channels are the channels whose verdicts count; empty means all.
	Channels []string
	// Tiers is the escalation path. It has at least one tier; the first one's group is Group.
	Tiers []Tier
	// Otherwise is the outcome when nobody answers: rejected or expired, never approved.
	Otherwise events.Outcome

	when *rulefile.Condition // nil matches everything
}

// Tier is one rung of an escalation path.
type Tier struct {
	Group string
	// Wait is how long this tier has before the next one is brought in; positive.
	Wait time.Duration
	// RemindEvery is the time between reminders; 0 means none.
	RemindEvery time.Duration
}

// Load reads the routes file at path.
func Load(path string) (*Routes, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading routes: %w", err)
	}
	return Parse(path, data)
}

// Default returns the routes that are built in.
func Default() *Routes {
	r, err := Parse("policies/routes/default.yaml", policies.Routes)
	if err != nil {
		panic(err) // the embedded file is fixed at build time and tested
	}
	return r
}

// Version names the exact bytes of the file: "sha256:" and 64 hex digits.
func (r *Routes) Version() string { return r.version }

// All returns the routes in order; the last one takes what no other does. The caller does not change them.
func (r *Routes) All() []*Route { return r.routes }

// Members returns the approvers of a group, sorted; nil where there is no such group.
func (r *Routes) Members(group string) []string { return slices.Clone(r.groups[group]) }

// GroupsOf returns the groups that approver is in, sorted.
func (r *Routes) GroupsOf(approver string) []string {
	var groups []string
	for name, members := range r.groups {
		if slices.Contains(members, approver) {
			groups = append(groups, name)
		}
	}
	slices.Sort(groups)
	return groups
}

// Approvers returns everybody who is in a group, sorted.
func (r *Routes) Approvers() []string {
	var all []string
	for _, members := range r.groups {
		all = append(all, members...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Match returns the first route whose condition holds. A condition that cannot be
// evaluated does not hold; the last route takes every action, so there always is one.
func (r *Routes) Match(a *events.ActionAssessed) *Route {
	f := facts{a}
	for _, route := range r.routes {
		if route.when == nil {
			return route
		}
		if holds, err := route.when.Holds(f); err == nil && holds {
			return route
		}
	}
	return r.routes[len(r.routes)-1]
}

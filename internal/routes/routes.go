// Package routes says who is asked about an assessed action, how many of them must
// agree and what happens when nobody answers: a tree, of which the deepest match wins.
package routes

import (
	"fmt"
	"os"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/attention"
	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/policies"
)

// Routes is a compiled routes file. It does not change and is safe for concurrent use.
type Routes struct {
	version string
	root    *node
	nodes   []*node             // depth first
	medium  bool                // some route makes medium wait
	never   *rulefile.Condition // what is never granted; nil for nothing
	reviews []Review
}

// node is one route and those below it.
type node struct {
	Route

	when  *rulefile.Condition // nil for the root, which matches everything
	goOn  bool                // further siblings may match too
	below []*node
}

// Route is where actions of one kind go. What a route does not say, it has from the one above.
type Route struct {
	Path

	ID string
	// Require is who must approve an item, by different people.
	Require []approval.Requirement
	// RejectionEnds says that one rejection is enough; otherwise as many must reject as must approve.
	RejectionEnds bool
	// CommentOn are the verdicts that need a comment.
	CommentOn []events.VerdictKind
	// Window is how long similar actions are collected for one card after the first came.
	Window Window
	// Similar says which actions may share a card: those that are the same in all of it.
	Similar []Similarity
	// MaxItems is how many items a card holds at most.
	MaxItems int
	// Delivery is when cards go out.
	Delivery Delivery
	// Urgent says what never waits for others.
	Urgent Urgent
	// Flood says how many actions an agent may have put before people.
	Flood Flood
	// Channels are the channels whose verdicts count; empty means all.
	Channels []string
	// Otherwise is the outcome when nobody answers: rejected or expired, never approved.
	Otherwise events.Outcome
	// Mask are JSON pointers into arguments whose values are not shown to people.
	Mask []string
	// Plans is for how long a plan that people approved lets its steps pass; 0 means never.
	Plans time.Duration
	// Attention is what is taken for waving cards through, and what follows.
	Attention attention.Rules
	// Grants bounds the standing approvals that people may give here.
	Grants GrantBounds
	// MediumWaits says that medium actions wait for people too.
	MediumWaits bool
}

// Group is the group that is asked first.
func (r *Route) Group() string { return r.Require[0].Group }

// Delivery is when the cards of a route go out.
type Delivery string

// The deliveries.
const (
	Now    Delivery = "now"
	Hourly Delivery = "hourly" // at the full hour, UTC
	Daily  Delivery = "daily"  // at midnight, UTC
)

// Urgent is what never waits for others, whatever the window and delivery.
type Urgent struct {
	// Score is the least score that is urgent; 0 means none is.
	Score int
	// Deadline is how near a deadline is urgent.
	Deadline time.Duration
}

// Load reads the routes file at path; its groups are those of d.
func Load(path string, d *people.Directory) (*Routes, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading routes: %w", err)
	}
	return Parse(path, data, d)
}

// Default returns the routes that are built in, for the approvers that are built in.
func Default() *Routes {
	r, err := Parse("policies/routes/default.yaml", policies.Routes, people.Default())
	if err != nil {
		panic(err) // the embedded file is fixed at build time and tested
	}
	return r
}

// Version names the exact bytes of the file: "sha256:" and 64 hex digits.
func (r *Routes) Version() string { return r.version }

// MediumMayWait reports whether any route makes medium actions wait.
func (r *Routes) MediumMayWait() bool { return r.medium }

// NeverGranted reports whether no grant may let the action through. A condition that cannot be evaluated counts as one that holds.
func (r *Routes) NeverGranted(a Action) bool {
	if r.never == nil {
		return false
	}
	holds, err := r.never.Holds(a)
	return holds || err != nil
}

// Find returns the route with an id, nil where there is none.
func (r *Routes) Find(id string) *Route {
	for _, n := range r.nodes {
		if n.ID == id {
			return &n.Route
		}
	}
	return nil
}

// All returns every route, a route before those below it. The caller does not change them.
func (r *Routes) All() []*Route {
	all := make([]*Route, len(r.nodes))
	for i, n := range r.nodes {
		all[i] = &n.Route
	}
	return all
}

package checker

import (
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Record is one event as it is stored.
type Record struct {
	Subject  string
	Sequence uint64    // in its stream
	At       time.Time // when it was stored
	Event    events.Event
}

// Log is everything that the audited streams hold, each in its order.
type Log struct {
	Subjects                             events.Subjects
	Actions, Events, Verdicts, Decisions []Record
}

// Rules are what the run was configured with and its events do not say.
type Rules struct {
	People []Person
	Groups map[string][]string // group -> ids of its people, nested groups included
	// Routes are by id. What is said of no route is not checked.
	Routes map[string]Route
	// Undisturbed says that nothing was killed and nothing failed, so that verdicts counted in the order in which they were
	// stored; then it is checked too that no newer one was passed over.
	Undisturbed bool
	// Unfinished says that actions may still wait.
	Unfinished bool
}

// Person is somebody who may approve.
type Person struct {
	ID       string
	Accounts []string // further names of the person as approver
	Names    []string // what agents call the person on whose behalf they act
	Agents   []string // globs of the agents that ask in the person's name
}

// Route is what a route's cards do not show.
type Route struct {
	Channels     []string // the trusted ones; none means all
	MaxItems     int      // 0 means any number
	VotesAgainst bool     // rejections are counted like approvals instead of one being enough
}

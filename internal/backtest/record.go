// Package backtest says what a policy would have done with the actions that were recorded: who would have been asked more or less, which
// verdicts of people it contradicts, and how much of their time it takes.
package backtest

import (
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Fate is what became of an action, as far as people's time goes.
type Fate string

// The fates.
const (
	Passed   Fate = "passed"   // at once
	Reviewed Fate = "reviewed" // at once, to be looked at afterwards
	Asked    Fate = "asked"    // people
	Covered  Fate = "covered"  // high, but a grant or an approved plan let it through
	Denied   Fate = "denied"   // by the policy
)

// Fates lists them, the most permissive first.
func Fates() []Fate { return []Fate{Passed, Reviewed, Covered, Asked, Denied} }

// Record is an action and what became of it.
type Record struct {
	Sequence uint64 // in the stream of actions
	At       time.Time
	Agent    string
	Action   string
	// Proposed is nil where the recorded bytes are no action; then the policy has no say in it.
	Proposed *events.ActionProposed
	// Level, Score, Denied and Rules are the recorded assessment's; Level is empty where there is none.
	Level  events.Level
	Score  int
	Denied bool
	Rules  []string
	// Outcome and DecidedBy are the recorded decision's, empty where it is still open. Ledger is its sequence, DecidedAt when it was stored.
	Outcome   events.Outcome
	DecidedBy events.DeciderKind
	Ledger    uint64
	DecidedAt time.Time
	// Group is who was asked, CardItems how many actions were on that card; empty and 0 where nobody was.
	Group     string
	CardItems int
}

// Fate is what became of the action then.
func (r *Record) Fate() Fate {
	switch {
	case r.Group != "":
		return Asked
	case r.Denied, r.Outcome == events.Denied && r.DecidedBy == events.ByPolicy:
		return Denied
	case r.Level == events.Low:
		return Passed
	case r.Level == events.Medium:
		return Reviewed
	case r.DecidedBy == events.ByGrant, r.DecidedBy == events.ByPlan:
		return Covered
	}
	return Asked // high, withdrawn before anybody saw it, or not decided yet
}

// formal are the findings of the scorer's own about an action's form. No policy changes them.
var formal = map[string]bool{"malformed": true, "wrong_name": true, "wrong_inbox": true}

// fixed says that the action was denied for its form, or cannot be read.
func (r *Record) fixed() bool {
	if r.Proposed == nil {
		return true
	}
	for _, id := range r.Rules {
		if formal[id] {
			return r.Denied
		}
	}
	return false
}

// Package input makes a proposed action ready for looking into: its arguments are
// parsed and its tool's name is split, each once.
package input

import (
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Organisation is what a policy says about whose agents these are.
type Organisation struct {
	// Domains are the organisation's own, in lower case; a subdomain counts only where it is listed.
	Domains map[string]bool
	// Servers are the tool servers whose annotations are believed.
	Servers map[string]bool
	// Trees are the directories that agents work in, absolute and clean.
	Trees []string
}

// Action is a proposed action as the fact packages see it. It is used by one goroutine.
type Action struct {
	*events.ActionProposed

	// Agent is from the subject, never from the payload.
	Agent string
	// Sequence is the action's place in the stream of actions; 0 where it is not stored.
	Sequence uint64
	Now      time.Time
	Org      *Organisation
	// Words are the words of the tool's name, see [SplitWords].
	Words []string

	parsed *Arguments
	err    error
}

// New prepares an action. org may be nil.
func New(a *events.ActionProposed, agent string, now time.Time, org *Organisation) *Action {
	if org == nil {
		org = &Organisation{}
	}
	return &Action{ActionProposed: a, Agent: agent, Now: now, Org: org, Words: SplitWords(a.Tool)}
}

// Parsed returns the parsed arguments, or why they cannot be judged; both are remembered.
// A fact that needs them fails with this error, and a failing rule is high.
func (a *Action) Parsed() (*Arguments, error) {
	if a.parsed == nil && a.err == nil {
		a.parsed, a.err = Parse(a.Arguments)
	}
	return a.parsed, a.err
}

// Package attention notices when somebody seems to wave cards through. It is pure: answers go in, a warning comes out.
package attention

import (
	"fmt"
	"slices"
	"time"
)

// Rules are what a route takes for waving through, and what follows. The zero value notices nothing.
type Rules struct {
	// PerItem is the least time that somebody needs for an item of a card; InARow so many approvals below it, one after the other, are too fast. 0 for
	// no such rule.
	PerItem time.Duration `json:"perItem,omitempty"`
	InARow  int           `json:"inARow,omitempty"`
	// PerHour is the most cards that one person answers in an hour; 0 for no such rule.
	PerHour int  `json:"perHour,omitempty"`
	Then    Then `json:"then,omitempty"`
	// For is how long that lasts.
	For time.Duration `json:"for,omitempty"`
}

// Then is what follows a warning.
type Then string

// What follows.
const (
	Warn   Then = "warn"   // nothing but the warning
	Second Then = "second" // the person's approval does not suffice alone
	Rest   Then = "rest"   // the person's answers do not count
)

// The names of the rules in warnings.
const (
	Fast = "fast"
	Load = "load"
)

// kept is how many answers of a person are remembered: more than any rule asks for.
const kept = 256

// MaxInARow and MaxPerHour are what rules may ask for at most.
const (
	MaxInARow  = 50
	MaxPerHour = kept - 1
)

// Answer is one verdict that counted.
type Answer struct {
	Sequence uint64    `json:"sequence"` // in the stream of verdicts
	At       time.Time `json:"at"`
	Items    int       `json:"items"` // answered
	// Took is from when the person had the card open, or it was announced, to the answer.
	Took     time.Duration `json:"took"`
	Approves bool          `json:"approves,omitempty"`
}

// Warning is that a person broke a rule of a route.
type Warning struct {
	Rule     string    `json:"rule"`
	Detail   string    `json:"detail"`
	Then     Then      `json:"then"`
	Until    time.Time `json:"until"`
	Sequence uint64    `json:"sequence"` // of the answer that broke it
}

// State is what is remembered of one person.
type State struct {
	// Answers are the last ones, by sequence.
	Answers []Answer `json:"answers,omitempty"`
	// Warnings are those that stand, by route.
	Warnings map[string]Warning `json:"warnings,omitempty"`
}

// Standing is the warning that stands on a route at a time.
func (s *State) Standing(route string, at time.Time) (Warning, bool) {
	w, ok := s.Warnings[route]
	return w, ok && at.Before(w.Until)
}

// Count adds an answer and returns the warning that it leads to on the route, nil for none. An answer that is counted again leads to the same one.
func (s State) Count(a Answer, route string, rules Rules) (State, *Warning) {
	if w, ok := s.Warnings[route]; ok && w.Sequence == a.Sequence {
		return s, &w
	}
	at, found := slices.BinarySearchFunc(s.Answers, a.Sequence, func(x Answer, seq uint64) int {
		switch {
		case x.Sequence < seq:
			return -1
		case x.Sequence > seq:
			return 1
		}
		return 0
	})
	if found {
		return s, nil
	}
	next := s
	next.Answers = slices.Insert(slices.Clone(s.Answers), at, a)
	if len(next.Answers) > kept {
		next.Answers = next.Answers[len(next.Answers)-kept:]
	}
	if _, standing := s.Standing(route, a.At); standing || rules.Then == "" {
		return next, nil
	}
	rule, detail := broken(next.Answers, a, rules)
	if rule == "" {
		return next, nil
	}
	w := Warning{Rule: rule, Detail: detail, Then: rules.Then, Until: a.At.UTC().Add(rules.For), Sequence: a.Sequence}
	next.Warnings = make(map[string]Warning, len(s.Warnings)+1)
	for r, old := range s.Warnings { // those that are over are let go
		if a.At.Before(old.Until.Add(rules.For)) {
			next.Warnings[r] = old
		}
	}
	next.Warnings[route] = w
	return next, &w
}

// broken says which rule the last answers break.
func broken(answers []Answer, last Answer, rules Rules) (rule, detail string) {
	if rules.InARow > 0 && len(answers) >= rules.InARow {
		row := answers[len(answers)-rules.InARow:]
		slow := slices.ContainsFunc(row, func(a Answer) bool {
			return !a.Approves || a.Took >= time.Duration(max(a.Items, 1))*rules.PerItem
		})
		if !slow {
			return Fast, fmt.Sprintf("%d approvals in a row, each within %s an item", rules.InARow, rules.PerItem)
		}
	}
	if rules.PerHour > 0 {
		n := 0
		for _, a := range answers {
			if a.At.After(last.At.Add(-time.Hour)) && !a.At.After(last.At) {
				n++
			}
		}
		if n > rules.PerHour {
			return Load, fmt.Sprintf("%d cards within an hour", n)
		}
	}
	return "", ""
}

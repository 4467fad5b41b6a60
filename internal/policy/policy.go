// Package policy weighs an action: it reads files of CEL rules and gives every
// action a level, a score and the reasons for them.
package policy

import (
	"slices"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

// Policy is one or several compiled files. It does not change and is safe for concurrent use.
type Policy struct {
	version     string
	org         *input.Organisation
	thresholds  Thresholds
	unknown     events.Level // the level of what no rule recognises: medium or high
	groups      []group
	rules       int // how many, in all groups
	words       words
	permissions []permission
	overrides   []override
	assessors   []Assessor
}

// Thresholds are the least scores, 1 to 100, of the levels above low.
type Thresholds struct {
	Medium int `yaml:"medium" json:"medium"`
	High   int `yaml:"high"   json:"high"`
}

// least is the least score of a level.
func (t Thresholds) least(l events.Level) int {
	switch l {
	case events.High:
		return t.High
	case events.Medium:
		return t.Medium
	}
	return 0
}

func (t Thresholds) level(score int) events.Level {
	switch {
	case score >= t.High:
		return events.High
	case score >= t.Medium:
		return events.Medium
	}
	return events.Low
}

// group is the rules of one file.
type group struct {
	file  string
	guard *rulefile.Condition // nil where the file applies to everything
	rules []rule
}

type rule struct {
	number     int // among all rules, the key of overrides
	id         string
	reason     template
	when       rulefile.Condition
	points     int
	cap        int          // 1 to 100
	floor      events.Level // "" for none
	recognises events.Level // what an otherwise unknown action is at least where this rule knows it; "" where it does not
	deny       bool
	shadow     bool
	tags       []string
}

// Version names the exact bytes of the files and their order: "sha256:" and 64 hex digits.
func (p *Policy) Version() string { return p.version }

// Thresholds are the policy's own, before any override.
func (p *Policy) Thresholds() Thresholds { return p.thresholds }

// Files are the names of the policy's files, in their order.
func (p *Policy) Files() []string {
	out := make([]string, len(p.groups))
	for i, g := range p.groups {
		out[i] = g.file
	}
	return out
}

// RuleIDs are the ids of all rules, in the order of evaluation.
func (p *Policy) RuleIDs() []string {
	out := make([]string, 0, p.rules)
	for _, g := range p.groups {
		for i := range g.rules {
			out = append(out, g.rules[i].id)
		}
	}
	return out
}

// Reserved are the ids of the findings that no rule makes.
func Reserved() []string { return slices.Clone(reserved) }

// Package policy weighs an action: it reads a file of CEL rules and gives every
// action a level, a score and the reasons for them.
package policy

import (
	"fmt"
	"os"

	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/policies"
)

// Policy is a compiled policy file. It does not change and is safe for concurrent use.
type Policy struct {
	version      string
	medium, high int
	rules        []rule
	assessors    []Assessor
	domains      map[string]bool
	wordBits     map[string]uint64 // word -> the sets it is in
	setBits      map[string]uint64 // "words.<set>" -> its bit
}

type rule struct {
	id, reason string
	when       rulefile.Condition
	points     int
	floor      events.Level // "" for none
	recognises bool
	deny       bool
}

// Load reads the policy file at path.
func Load(path string) (*Policy, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	return Parse(path, data)
}

// Default returns the policy that is built in.
func Default() *Policy {
	p, err := Parse("policies/default.yaml", policies.Default)
	if err != nil {
		panic(err) // the embedded file is fixed at build time and tested
	}
	return p
}

// Version names the exact bytes of the file: "sha256:" and 64 hex digits.
func (p *Policy) Version() string { return p.version }

package routes

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// GrantBounds are the widest standing approvals that people may give.
type GrantBounds struct {
	// For is the longest life; 0 means that nothing is granted.
	For time.Duration
	// Uses is the most actions that may pass.
	Uses int
	// Amounts is the most money, by currency. What is not named moves no money by a grant.
	Amounts map[string]float64
}

const (
	defaultGrantFor  = 8 * time.Hour
	defaultGrantUses = 50
	maxGrantFor      = 7 * 24 * time.Hour
	maxGrantUses     = 500
	maxGrantAmount   = 1e12
)

// fileGrants are bounds as a user writes them, or "never".
type fileGrants struct {
	For    time.Duration      `yaml:"for"`
	Uses   int                `yaml:"uses"`
	Amount map[string]float64 `yaml:"amount"`
	never  bool
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (g *fileGrants) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		if node.Value != "never" {
			return fmt.Errorf("line %d: grants is %q: write never, or such as {for: 8h, uses: 50, amount: {EUR: 500}}", node.Line, node.Value)
		}
		g.never = true
		return nil
	}
	type plain fileGrants
	return node.Decode((*plain)(g))
}

// grants reads the bounds; what they leave out is as above.
func (r *reader) grants(at func(...any) []any, in *fileRoute, n *node) error {
	g := in.Grants
	switch {
	case g == nil:
		return nil
	case g.never:
		n.Grants = GrantBounds{}
		return nil
	}
	if n.Grants.For == 0 { // the route above grants nothing
		n.Grants = GrantBounds{For: defaultGrantFor, Uses: defaultGrantUses}
	}
	if g.For != 0 {
		n.Grants.For = g.For
	}
	if g.Uses != 0 {
		n.Grants.Uses = g.Uses
	}
	if g.Amount != nil {
		n.Grants.Amounts = g.Amount
	}
	switch {
	case n.Grants.For < time.Second || n.Grants.For > maxGrantFor:
		return r.file.Errorf(at("grants", "for"), fmt.Sprintf("give a time up to %s, or write grants: never", maxGrantFor), "is %s", n.Grants.For)
	case n.Grants.Uses < 1 || n.Grants.Uses > maxGrantUses:
		return r.file.Errorf(at("grants", "uses"), fmt.Sprintf("use 1 to %d", maxGrantUses), "is %d", n.Grants.Uses)
	}
	for _, currency := range slices.Sorted(maps.Keys(n.Grants.Amounts)) {
		if amount := n.Grants.Amounts[currency]; !(amount > 0 && amount <= maxGrantAmount) {
			return r.file.Errorf(at("grants", "amount", currency), "give an amount above zero", "is %v", amount)
		}
	}
	return nil
}

// joinGrants is what both allow.
func joinGrants(a, b GrantBounds) GrantBounds {
	out := GrantBounds{For: min(a.For, b.For), Uses: min(a.Uses, b.Uses)}
	for currency, amount := range a.Amounts {
		if other, ok := b.Amounts[currency]; ok {
			if out.Amounts == nil {
				out.Amounts = map[string]float64{}
			}
			out.Amounts[currency] = min(amount, other)
		}
	}
	return out
}

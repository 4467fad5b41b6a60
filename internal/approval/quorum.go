package approval

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// Requirement is a part of a quorum: so many different people of a group.
type Requirement = events.Requirement

// Supporter is one person who approves, with the groups whose requirements the person can fill.
type Supporter struct {
	Person string
	Groups []string
	// Senior marks somebody of a later tier, who stands in for any group that did not answer.
	Senior bool
}

// Total is how many people the requirements need; each counts once.
func Total(require []Requirement) int {
	n := 0
	for _, r := range require {
		n += r.Count
	}
	return n
}

// Words are requirements as people read them, such as "1 of finance and 2 of ops".
func Words(require []Requirement) string {
	parts := make([]string, len(require))
	for i, r := range require {
		parts[i] = fmt.Sprintf("%d of %s", r.Count, r.Group)
	}
	return strings.Join(parts, " and ")
}

// Met reports whether different people fill every requirement, each one place at most.
func Met(require []Requirement, supporters []Supporter) bool {
	holder := make([]int, 0, Total(require)) // place -> supporter, or -1
	groups := make([]string, 0, cap(holder))
	for _, r := range require {
		for range r.Count {
			groups, holder = append(groups, r.Group), append(holder, -1)
		}
	}
	if len(holder) == 0 {
		return false // nobody required is a mistake, never an open door
	}
	for place := range groups {
		if !fill(place, groups, holder, supporters, make([]bool, len(supporters))) {
			return false
		}
	}
	return true
}

// fill finds a supporter for a place, moving others to places that they can fill as well.
func fill(place int, groups []string, holder []int, supporters []Supporter, tried []bool) bool {
	for i, s := range supporters {
		if tried[i] || !s.Senior && !slices.Contains(s.Groups, groups[place]) {
			continue
		}
		tried[i] = true
		held := slices.Index(holder, i)
		if held < 0 || fill(held, groups, holder, supporters, tried) {
			holder[place] = i
			return true
		}
	}
	return false
}

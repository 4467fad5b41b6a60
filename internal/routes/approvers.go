package routes

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/people"
)

// The forms of one requirement: "finance", "finance: 2", "any 2 of finance".
var (
	groupOnly  = regexp.MustCompile(`^([A-Za-z0-9_-]+)$`)
	groupCount = regexp.MustCompile(`^([A-Za-z0-9_-]+)\s*:\s*(\d+)$`)
	anyOf      = regexp.MustCompile(`^any\s+(\d+)\s+of\s+([A-Za-z0-9_-]+)$`)
)

// maxRequired is how many people one card may need: more than anybody waits for.
const maxRequired = 20

// parseApprovers reads who must approve, such as "finance: 1 and security: 1" or "any 2 of ops".
// The error says what is wrong and is worded to follow the field's name.
func parseApprovers(text string) ([]approval.Requirement, error) {
	var all []approval.Requirement
	total := 0
	for part := range strings.SplitSeq(text, " and ") {
		one, err := parseRequirement(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			if other.Group == one.Group {
				return nil, fmt.Errorf("names group %s twice", one.Group)
			}
		}
		if total += one.Count; total > maxRequired {
			return nil, fmt.Errorf("asks for more than %d people", maxRequired)
		}
		all = append(all, one)
	}
	return all, nil
}

func parseRequirement(text string) (approval.Requirement, error) {
	var group, count string
	if m := groupOnly.FindStringSubmatch(text); m != nil {
		group, count = m[1], "1"
	} else if m := groupCount.FindStringSubmatch(text); m != nil {
		group, count = m[1], m[2]
	} else if m := anyOf.FindStringSubmatch(text); m != nil {
		group, count = m[2], m[1]
	} else {
		return approval.Requirement{}, fmt.Errorf("has %q", text)
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > maxRequired {
		return approval.Requirement{}, fmt.Errorf("asks for %s of %s", count, group)
	}
	return approval.Requirement{Group: group, Count: n}, nil
}

// unreachable says why the members of the groups can never meet the requirements with distinct
// persons; "" where they can.
func unreachable(require []approval.Requirement, d *people.Directory) string {
	votes := make([]approval.Supporter, 0, maxRequired)
	seen := map[string]bool{}
	for _, r := range require {
		members := d.Members(r.Group)
		if members == nil {
			return fmt.Sprintf("names %s, which is no group", r.Group)
		}
		if len(members) < r.Count {
			return fmt.Sprintf("asks for %d of %s, which has %d", r.Count, r.Group, len(members))
		}
		for _, person := range members {
			if !seen[person] {
				seen[person] = true
				votes = append(votes, approval.Supporter{Person: person, Groups: d.GroupsOf(person)})
			}
		}
	}
	if !approval.Met(require, votes) {
		return "cannot be met by as many different people: the groups overlap too much"
	}
	return ""
}

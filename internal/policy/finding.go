package policy

import (
	"cmp"
	"slices"

	"github.com/weighlock/weighlock/pkg/events"
)

// The findings that no rule makes; a policy's rules may not take these ids.
const (
	unrecognised   = "unrecognised"
	unreadable     = "unreadable"
	longPlan       = "long_plan"
	guardFailed    = "guard_failed"
	toolDenied     = "tool_denied"
	toolNotAllowed = "tool_not_allowed"
)

// maxScore is the highest score, and the cap of a rule that has none.
const maxScore = 100

// finding is a rule that fired, or one of this package's own findings.
type finding struct {
	id, reason string
	points     int
	cap        int          // 0 means maxScore
	floor      events.Level // "" for none
	recognises events.Level // "" where it does not
	deny       bool
	shadow     bool // recorded, without counting
	tags       []string
}

func (f *finding) limit() int {
	if f.cap == 0 {
		return maxScore
	}
	return f.cap
}

// weight orders findings: what counts, what denies, what forces a level, then points.
func (f *finding) weight() int {
	w := f.points + 1000*rank(f.floor)
	if f.deny {
		w += 10_000
	}
	if f.shadow {
		w -= 100_000
	}
	return w
}

func rank(l events.Level) int {
	switch l {
	case events.High:
		return 3
	case events.Medium:
		return 2
	case events.Low:
		return 1
	}
	return 0
}

func higher(a, b events.Level) events.Level {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// combine adds the points up: findings with a low cap come first, and none lifts the score
// above its cap. Every step keeps the order of two scores and lowers none, so one more finding,
// or more points, never lowers the outcome. step, where given, sees each one.
func combine(findings []finding, step func(f *finding, before, after int)) int {
	counted := make([]*finding, 0, len(findings))
	for i := range findings {
		if f := &findings[i]; !f.shadow && f.points > 0 {
			counted = append(counted, f)
		}
	}
	slices.SortStableFunc(counted, func(a, b *finding) int { return cmp.Compare(a.limit(), b.limit()) })
	score := 0
	for _, f := range counted {
		after := max(score, min(f.limit(), score+f.points))
		if step != nil {
			step(f, score, after)
		}
		score = after
	}
	return score
}

// floorOf is the highest level that a finding forces; what denies is high.
func floorOf(findings []finding) events.Level {
	floor := events.Low
	for i := range findings {
		switch f := &findings[i]; {
		case f.shadow:
		case f.deny:
			return events.High
		default:
			floor = higher(floor, f.floor)
		}
	}
	return floor
}

// noAction is what is said where nothing was given to weigh.
const noAction = "there is no action to assess"

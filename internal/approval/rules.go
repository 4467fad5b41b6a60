package approval

import (
	"fmt"
	"slices"
	"time"

	"github.com/weighlock/weighlock/internal/attention"
	"github.com/weighlock/weighlock/pkg/events"
)

// Rules are what a route asks for, frozen when the request opens: a later change
// of configuration does not change what was asked.
type Rules struct {
	// Require is who must approve an item, by different people; at least one requirement.
	Require []Requirement `json:"require"`
	// RejectionEnds says that one rejection is enough; otherwise as many must reject as must approve.
	RejectionEnds bool `json:"rejectionEnds"`
	// CommentOn are the verdicts that need a comment.
	CommentOn []events.VerdictKind `json:"commentOn,omitempty"`
	// Channels are the channels whose verdicts count; empty means every channel.
	Channels []string `json:"channels,omitempty"`
	// Attention is what the route takes for waving through.
	Attention attention.Rules `json:"attention,omitzero"`
	// Mask are JSON pointers into arguments whose values are not shown.
	Mask []string `json:"mask,omitempty"`
	// Tiers is the escalation path; at least one. At opening it is repeated as Repeat says, which then is 0.
	Tiers []Tier `json:"tiers"`
	// Repeat is how often the whole path begins anew after its end; 0 to [MaxRepeat].
	Repeat int `json:"repeat,omitempty"`
	// EarlierLeave says that a tier that has ended cannot answer any more; otherwise it stays able to.
	EarlierLeave bool `json:"earlierLeave,omitempty"`
	// Hold is how long somebody who looks at the request, or was handed it, holds the next tier back, once a tier; 0 for not at all.
	Hold time.Duration `json:"hold,omitempty"`
	// Stop is for how long at most a question to the agent stops the clock; 0 for not at all.
	Stop time.Duration `json:"stop,omitempty"`
	// Otherwise is the outcome of what nobody answered: rejected or expired.
	Otherwise events.Outcome `json:"otherwise"`
}

// Tier is one rung of an escalation path. In JSON its times are in nanoseconds.
type Tier struct {
	Group string `json:"group"`
	// Wait is how long the tier has before the next one comes in, Working the same in working time of its group; the tier
	// ends with whichever comes first, and 0 is neither. One of them is above zero.
	Wait    time.Duration `json:"wait,omitempty"`
	Working time.Duration `json:"working,omitempty"`
	// RemindEvery is the time until the first reminder; zero for none. Each following distance is RemindGrowth times the one
	// before (below 1 means 1), but at most RemindAtMost (0 for no limit). Reminders is how many there are at most; 0 means [MaxReminders].
	RemindEvery  time.Duration `json:"remindEvery,omitempty"`
	RemindGrowth float64       `json:"remindGrowth,omitempty"`
	RemindAtMost time.Duration `json:"remindAtMost,omitempty"`
	Reminders    int           `json:"reminders,omitempty"`
	// Round is how often the path had ended before this tier; see [Rules].Repeat.
	Round int `json:"round,omitempty"`
}

const (
	// MaxReminders is how often one tier can be reminded: more is noise, and what keeps a typing mistake in a route
	// from becoming a flood.
	MaxReminders = 100
	// MaxRepeat is how often a path can begin anew.
	MaxRepeat = 20

	// maxWait bounds the distance of reminders that grow.
	maxWait = 30 * 24 * time.Hour
)

// Validate names the first field that is wrong, as an [*events.FieldError].
func (r *Rules) Validate() error {
	if len(r.Require) == 0 {
		return &events.FieldError{Field: "require", Problem: "is empty", Fix: "require at least 1 approver"}
	}
	for i, q := range r.Require {
		if q.Count < 1 {
			return &events.FieldError{Field: fmt.Sprintf("require[%d].count", i), Problem: fmt.Sprintf("is %d", q.Count), Fix: "require at least 1 approver"}
		}
		if err := events.CheckToken(fmt.Sprintf("require[%d].group", i), q.Group); err != nil {
			return err
		}
	}
	if r.Otherwise != events.Rejected && r.Otherwise != events.Expired {
		return &events.FieldError{Field: "otherwise", Problem: fmt.Sprintf("is %q", string(r.Otherwise)), Fix: "use rejected or expired: silence is never consent"}
	}
	if len(r.Tiers) == 0 {
		return &events.FieldError{Field: "tiers", Problem: "are missing", Fix: "name at least one group to ask"}
	}
	switch {
	case r.Repeat < 0 || r.Repeat > MaxRepeat:
		return &events.FieldError{Field: "repeat", Problem: fmt.Sprintf("is %d", r.Repeat), Fix: fmt.Sprintf("use 0 to %d", MaxRepeat)}
	case len(r.Tiers)*(r.Repeat+1) > MaxRungs:
		return &events.FieldError{Field: "tiers", Problem: fmt.Sprintf("are %d with their repetitions", len(r.Tiers)*(r.Repeat+1)), Fix: fmt.Sprintf("use at most %d", MaxRungs)}
	case r.Hold < 0:
		return &events.FieldError{Field: "hold", Problem: "is below zero", Fix: "use 0 for not at all"}
	case r.Stop < 0:
		return &events.FieldError{Field: "stop", Problem: "is below zero", Fix: "use 0 for not at all"}
	}
	for i, t := range r.Tiers {
		if err := t.validate(fmt.Sprintf("tiers[%d]", i)); err != nil {
			return err
		}
	}
	for i, c := range r.Channels {
		if err := events.CheckToken(fmt.Sprintf("channels[%d]", i), c); err != nil {
			return err
		}
	}
	return nil
}

func (t Tier) validate(field string) error {
	if err := events.CheckToken(field+".group", t.Group); err != nil {
		return err
	}
	if t.Wait < 0 || t.Working < 0 || t.Wait+t.Working == 0 {
		return &events.FieldError{Field: field + ".wait", Problem: fmt.Sprintf("is %s", t.Wait), Fix: "give the group some time to answer"}
	}
	if t.RemindEvery < 0 || t.RemindAtMost < 0 {
		return &events.FieldError{Field: field + ".remindEvery", Problem: fmt.Sprintf("is %s", t.RemindEvery), Fix: "use 0 for no reminders"}
	}
	if t.Reminders < 0 || t.Reminders > MaxReminders {
		return &events.FieldError{Field: field + ".reminders", Problem: fmt.Sprintf("is %d", t.Reminders), Fix: fmt.Sprintf("remind at most %d times", MaxReminders)}
	}
	return nil
}

// trusts reports whether verdicts of channel count.
func (r *Rules) trusts(channel string) bool {
	return len(r.Channels) == 0 || slices.Contains(r.Channels, channel)
}

// asked are the groups that tier brings in: in the first of a round everybody who is required.
func (r *Rules) asked(tier int) []string {
	groups := []string{r.Tiers[tier].Group}
	if !r.first(tier) {
		return groups
	}
	for _, q := range r.Require {
		if !slices.Contains(groups, q.Group) {
			groups = append(groups, q.Group)
		}
	}
	return groups
}

// entitled reports whether a member of groups may answer once tier is current.
func (r *Rules) entitled(groups []string, tier int) bool {
	from := 0
	if r.EarlierLeave {
		from = tier
	}
	for t := from; t <= tier; t++ {
		if slices.ContainsFunc(r.asked(t), func(g string) bool { return slices.Contains(groups, g) }) {
			return true
		}
	}
	return false
}

// senior reports whether a member of groups was brought in by a tier after the first, and stands in for
// whoever did not answer.
func (r *Rules) senior(groups []string, tier int) bool {
	for t := 1; t <= tier; t++ {
		if !r.first(t) && slices.Contains(groups, r.Tiers[t].Group) {
			return true
		}
	}
	return false
}

// onPath reports whether a member of groups is brought in by any tier.
func (s *State) onPath(groups []string) bool {
	for tier := range s.Rules.Tiers {
		if slices.ContainsFunc(s.Rules.asked(tier), func(g string) bool { return slices.Contains(groups, g) }) {
			return true
		}
	}
	return false
}

// senior reports whether the person stands in for whoever did not answer: brought in by a tier after the first, or handed the
// request as a member of one.
func (s *State) senior(person string, groups []string) bool {
	if s.Rules.senior(groups, s.Tier) {
		return true
	}
	return slices.ContainsFunc(groups, func(g string) bool {
		return s.handedTo(person, g) && s.Rules.senior([]string{g}, len(s.Rules.Tiers)-1)
	})
}

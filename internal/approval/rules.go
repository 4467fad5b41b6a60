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
	// Tiers is the escalation path; at least one.
	Tiers []Tier `json:"tiers"`
	// Otherwise is the outcome of what nobody answered: rejected or expired.
	Otherwise events.Outcome `json:"otherwise"`
}

// Tier is one rung of an escalation path.
type Tier struct {
	Group string `json:"group"`
	// Wait is how long the tier has before the next one comes in; above zero. In
	// JSON it is in nanoseconds, as is RemindEvery.
	Wait time.Duration `json:"wait"`
	// RemindEvery is the time between reminders; zero for none.
	RemindEvery time.Duration `json:"remindEvery,omitempty"`
}

// MaxReminders is how often one tier can be reminded: what keeps a typing mistake
// in a route from becoming a flood.
const MaxReminders = 1000

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
	if t.Wait <= 0 {
		return &events.FieldError{Field: field + ".wait", Problem: fmt.Sprintf("is %s", t.Wait), Fix: "give the group some time to answer"}
	}
	if t.RemindEvery < 0 {
		return &events.FieldError{Field: field + ".remindEvery", Problem: fmt.Sprintf("is %s", t.RemindEvery), Fix: "use 0 for no reminders"}
	}
	if t.RemindEvery > 0 && t.Wait/t.RemindEvery > MaxReminders {
		return &events.FieldError{Field: field + ".remindEvery", Problem: fmt.Sprintf("reminds more than %d times", MaxReminders), Fix: "remind less often"}
	}
	return nil
}

// trusts reports whether verdicts of channel count.
func (r *Rules) trusts(channel string) bool {
	return len(r.Channels) == 0 || slices.Contains(r.Channels, channel)
}

// asked are the groups that tier brings in: at first everybody who is required.
func (r *Rules) asked(tier int) []string {
	groups := []string{r.Tiers[tier].Group}
	if tier > 0 {
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
	for t := range tier + 1 {
		if slices.ContainsFunc(r.asked(t), func(g string) bool { return slices.Contains(groups, g) }) {
			return true
		}
	}
	return false
}

// senior reports whether a member of groups was brought in by a tier after the first, and stands in for
// whoever did not answer.
func (r *Rules) senior(groups []string, tier int) bool {
	return slices.ContainsFunc(r.Tiers[1:tier+1], func(t Tier) bool { return slices.Contains(groups, t.Group) })
}

// span is the length of the escalation path up to the end of tier.
func (r *Rules) span(tier int) time.Duration {
	var d time.Duration
	for _, t := range r.Tiers[:tier+1] {
		d += t.Wait
	}
	return d
}

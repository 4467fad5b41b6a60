package approval

import (
	"fmt"
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Rules are what a route asks for, frozen when the request opens: a later change
// of configuration does not change what was asked.
type Rules struct {
	// Quorum is how many distinct approvers must approve an item; at least 1.
	Quorum int `json:"quorum"`
	// Channels are the channels whose verdicts count; empty means every channel.
	Channels []string `json:"channels,omitempty"`
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
	if r.Quorum < 1 {
		return &events.FieldError{Field: "quorum", Problem: fmt.Sprintf("is %d", r.Quorum), Fix: "require at least 1 approver"}
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

// entitled reports whether a member of groups may answer once tier is current.
func (r *Rules) entitled(groups []string, tier int) bool {
	return slices.ContainsFunc(r.Tiers[:tier+1], func(t Tier) bool { return slices.Contains(groups, t.Group) })
}

// span is the length of the escalation path up to the end of tier.
func (r *Rules) span(tier int) time.Duration {
	var d time.Duration
	for _, t := range r.Tiers[:tier+1] {
		d += t.Wait
	}
	return d
}

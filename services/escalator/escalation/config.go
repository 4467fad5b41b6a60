package escalation

import (
	"flag"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/pkg/events"
)

// Config is what can be set. The zero value of a field means its default.
type Config struct {
	// ApproversFile is the YAML file with people, calendars and on-call schedules; "" means the built-in one. It is the router's.
	ApproversFile string
	// Reload is how often that file is looked at for changes; default 2s.
	Reload time.Duration
	// Storm is how many requests a group can have open before their reminders become one digest; default 30. StormEvery is the time
	// between two digests; default 10m.
	Storm      int
	StormEvery time.Duration
	// Sweep is the time between two looks for timers that were missed; default 1m.
	Sweep time.Duration
	// Grace is how late a timer may be before the sweep arms it again; default 10s.
	Grace time.Duration
	// AckWait, PinnedTTL and Drain are those of the workers: after which time a dead
	// escalator's messages go to another (default 30s), after which silence a standby takes
	// over (default 2s), and how long a shutdown waits (default 10s).
	AckWait, PinnedTTL, Drain time.Duration
}

// Register adds the settings to fs.
func (c *Config) Register(fs *flag.FlagSet) {
	fs.StringVar(&c.ApproversFile, "approvers", "", "YAML `file` with people and on-call schedules, that of the router; empty means the built-in example")
	fs.DurationVar(&c.Reload, "reload", 0, "`time` between looks at approvers for changes; 0 means 2s")
	fs.IntVar(&c.Storm, "storm", 0, "`number` of open requests of a group above which reminders become one digest; 0 means 30")
	fs.DurationVar(&c.StormEvery, "storm-every", 0, "`time` between two digests of a group; 0 means 10m")
	fs.DurationVar(&c.Sweep, "sweep", 0, "`time` between two looks for timers that were missed; 0 means 1m")
	fs.DurationVar(&c.Grace, "grace", 0, "`time` a timer may be late before the sweep arms it again; 0 means 10s")
	fs.DurationVar(&c.AckWait, "ack-wait", 0, "`time` after which a dead escalator's messages go to another; 0 means 30s")
	fs.DurationVar(&c.PinnedTTL, "pinned-ttl", 0, "`time` of silence after which a standby takes over; 0 means 2s")
	fs.DurationVar(&c.Drain, "drain", 0, "`time` a shutdown waits for what is in flight; 0 means 10s")
}

// Validate names the first field that is wrong.
func (c Config) Validate() error {
	for _, f := range []struct {
		field string
		value time.Duration
		least time.Duration
	}{
		{"Reload", c.Reload, 10 * time.Millisecond}, {"StormEvery", c.StormEvery, time.Second}, {"Sweep", c.Sweep, 10 * time.Millisecond}, {"Grace", c.Grace, 0},
		{"AckWait", c.AckWait, 100 * time.Millisecond}, {"PinnedTTL", c.PinnedTTL, 100 * time.Millisecond}, {"Drain", c.Drain, 0},
	} {
		if f.value != 0 && f.value < f.least || f.value < 0 {
			return &events.FieldError{Field: f.field, Problem: fmt.Sprintf("is %s", f.value), Fix: fmt.Sprintf("use at least %s, or leave it out for the default", max(f.least, time.Nanosecond))}
		}
	}
	if c.Storm < 0 {
		return &events.FieldError{Field: "Storm", Problem: fmt.Sprintf("is %d", c.Storm), Fix: "use a number above 0, or leave it out for 30"}
	}
	if c.ApproversFile != "" {
		_, err := people.Load(c.ApproversFile)
		return err
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Reload == 0 {
		c.Reload = 2 * time.Second
	}
	if c.Storm == 0 {
		c.Storm = 30
	}
	if c.StormEvery == 0 {
		c.StormEvery = 10 * time.Minute
	}
	if c.Sweep == 0 {
		c.Sweep = time.Minute
	}
	if c.Grace == 0 {
		c.Grace = 10 * time.Second
	}
	return c
}

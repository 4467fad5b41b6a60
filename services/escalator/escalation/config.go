package escalation

import (
	"flag"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Config is what can be set. The zero value of a field means its default.
type Config struct {
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
		{"Sweep", c.Sweep, 10 * time.Millisecond}, {"Grace", c.Grace, 0},
		{"AckWait", c.AckWait, 100 * time.Millisecond}, {"PinnedTTL", c.PinnedTTL, 100 * time.Millisecond}, {"Drain", c.Drain, 0},
	} {
		if f.value != 0 && f.value < f.least || f.value < 0 {
			return &events.FieldError{Field: f.field, Problem: fmt.Sprintf("is %s", f.value), Fix: fmt.Sprintf("use at least %s, or leave it out for the default", max(f.least, time.Nanosecond))}
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Sweep == 0 {
		c.Sweep = time.Minute
	}
	if c.Grace == 0 {
		c.Grace = 10 * time.Second
	}
	return c
}

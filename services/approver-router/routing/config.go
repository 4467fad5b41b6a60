package routing

import (
	"flag"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// Name is the service's name, of its identity and its dead letters.
const Name = "approver-router"

// Config is what a user sets. The zero value is usable.
type Config struct {
	// RoutesFile is the YAML file with the routes; "" means the built-in ones.
	RoutesFile string `yaml:"routesFile"`
	// ApproversFile is the YAML file with people and groups; "" means the built-in ones.
	ApproversFile string `yaml:"approversFile"`
	// Reload is how often both files are looked at for changes; 0 means 2s. They are taken over once they were the same
	// twice, both together.
	Reload time.Duration `yaml:"reload"`
	// AckWait is after which time a dead router's messages go to another; 0 means 30s.
	AckWait time.Duration `yaml:"ackWait"`
	// PinnedTTL is after which silence a standby takes over; 0 means 2s.
	PinnedTTL time.Duration `yaml:"pinnedTTL"`
	// Drain is how long a shutdown waits for what is in flight; 0 means 10s.
	Drain time.Duration `yaml:"drain"`
}

// Register adds the settings to fs.
func (c *Config) Register(fs *flag.FlagSet) {
	fs.StringVar(&c.RoutesFile, "routes", "", "YAML `file` with the routes; empty means the built-in example")
	fs.StringVar(&c.ApproversFile, "approvers", "", "YAML `file` with people and groups; empty means the built-in example")
	fs.DurationVar(&c.Reload, "reload", 0, "`time` between looks at routes and approvers for changes; 0 means 2s")
	fs.DurationVar(&c.AckWait, "ack-wait", 0, "`time` after which a dead router's messages go to another; 0 means 30s")
	fs.DurationVar(&c.PinnedTTL, "pinned-ttl", 0, "`time` of silence after which a standby takes over; 0 means 2s")
	fs.DurationVar(&c.Drain, "drain", 0, "`time` a shutdown waits for what is in flight; 0 means 10s")
}

// Validate names the first setting that is wrong. It reads the file that is named, so
// that a mistake is found before anything starts.
func (c *Config) Validate() error {
	subjects, err := events.NewSubjects("")
	if err != nil {
		return err
	}
	if c.Reload < 0 || c.Reload > 0 && c.Reload < 10*time.Millisecond {
		return &events.FieldError{Field: "reload", Problem: "is " + c.Reload.String(), Fix: "use at least 10ms, or 0 for 2s"}
	}
	if err := c.assessed(subjects).Validate(); err != nil {
		return err
	}
	_, err = c.load()
	return err
}

// load reads and checks both files.
func (c *Config) load() (*table, error) {
	f, err := c.read()
	if err != nil {
		return nil, err
	}
	return c.parse(f)
}

// assessed is the worker of the assessments.
func (c *Config) assessed(s events.Subjects) stream.Config {
	return stream.Config{
		Service: Name, Stream: s.Stream("EVENTS"), Consumer: "approver-router-assessments",
		Filters: []string{s.All("assessments", 3)},
		AckWait: c.AckWait, PinnedTTL: c.PinnedTTL, Drain: c.Drain,
	}
}

// answered is the worker of the verdicts and hand-overs. Those on one request keep their order.
func (c *Config) answered(s events.Subjects) stream.Config {
	return stream.Config{
		Service: Name, Stream: s.Stream("VERDICTS"), Consumer: "approver-router-verdicts",
		Filters: []string{s.All("verdicts", 3), s.All("handovers", 3)},
		AckWait: c.AckWait, PinnedTTL: c.PinnedTTL, Drain: c.Drain,
		// The request is the last token of a verdict's subject.
		Key: func(m *stream.Message) string { return m.Subject[strings.LastIndexByte(m.Subject, '.')+1:] },
	}
}

// returned is the worker of the withdrawals, and of the answers to questions.
func (c *Config) returned(s events.Subjects) stream.Config {
	return stream.Config{
		Service: Name, Stream: s.Stream("ACTIONS"), Consumer: "approver-router-withdrawals",
		Filters: []string{s.All("withdrawals", 2), s.All("answers", 3)},
		AckWait: c.AckWait, PinnedTTL: c.PinnedTTL, Drain: c.Drain,
	}
}

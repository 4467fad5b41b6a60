package scoring

import (
	"flag"
	"time"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// Name is the service's name, of its identity, consumer, dead letters and metrics.
const Name = "riskscorer"

// Config is what a user sets. The zero value is usable.
type Config struct {
	// PolicyFile is the paths of the policy's files and directories in their order, separated by
	// commas, "default" standing for the built-in ones; "" means these alone.
	PolicyFile string `yaml:"policyFile"`
	// PolicyCheck is how often the policy's files are looked at for changes; 0 means 2s.
	PolicyCheck time.Duration `yaml:"policyCheck"`
	// HistoryLimit is how many messages of each stream are read at the start to know what happened
	// lately; 0 means half a million.
	HistoryLimit int `yaml:"historyLimit"`
	// HistoryWait is how long the first action waits for that; 0 means 30s. Reading goes on after that.
	HistoryWait time.Duration `yaml:"historyWait"`
	// Workers is how many actions are assessed at a time; 0 means one per core.
	Workers int `yaml:"workers"`
	// AckWait is after which time a dead scorer's actions are assessed by another; 0 means 30s.
	AckWait time.Duration `yaml:"ackWait"`
	// PinnedTTL is after which silence a standby takes over; 0 means 2s.
	PinnedTTL time.Duration `yaml:"pinnedTTL"`
	// Drain is how long a shutdown waits for actions being assessed; 0 means 10s.
	Drain time.Duration `yaml:"drain"`
}

// Register adds the settings to fs.
func (c *Config) Register(fs *flag.FlagSet) {
	fs.Var((*paths)(&c.PolicyFile), "policy", "`path` of a file or directory with the risk policy; several are separated by commas or given one by one, in their order; \"default\" stands for the built-in ones, and nothing for these alone")
	fs.DurationVar(&c.PolicyCheck, "policy-check", 0, "`time` between two looks at the policy's files for changes, which take effect at the second look; 0 means 2s")
	fs.IntVar(&c.HistoryLimit, "history-limit", 0, "`number` of messages of each stream that are read at the start to know the last 24 hours; 0 means half a million")
	fs.DurationVar(&c.HistoryWait, "history-wait", 0, "`time` the first action waits for that at most; 0 means 30s")
	fs.IntVar(&c.Workers, "workers", 0, "`number` of actions assessed at a time; 0 means one per core")
	fs.DurationVar(&c.AckWait, "ack-wait", 0, "`time` after which a dead scorer's actions are assessed by another; 0 means 30s")
	fs.DurationVar(&c.PinnedTTL, "pinned-ttl", 0, "`time` of silence after which a standby takes over; 0 means 2s")
	fs.DurationVar(&c.Drain, "drain", 0, "`time` a shutdown waits for actions being assessed; 0 means 10s")
}

// Validate names the first setting that is wrong.
func (c Config) Validate() error {
	subjects, err := events.NewSubjects("")
	if err != nil {
		return err
	}
	for field, negative := range map[string]bool{"policy-check": c.PolicyCheck < 0, "history-limit": c.HistoryLimit < 0, "history-wait": c.HistoryWait < 0} {
		if negative {
			return &events.FieldError{Field: field, Problem: "is negative", Fix: "leave it out for the default"}
		}
	}
	return c.worker(subjects).Validate()
}

func (c Config) withDefaults() Config {
	if c.PolicyCheck == 0 {
		c.PolicyCheck = 2 * time.Second
	}
	if c.HistoryLimit == 0 {
		c.HistoryLimit = 500_000
	}
	if c.HistoryWait == 0 {
		c.HistoryWait = 30 * time.Second
	}
	return c
}

// files are the policy's files as the setting names them; none for the built-in policy.
func (c Config) files() []string { return policy.Paths(c.PolicyFile) }

func (c Config) load() (rules, error) {
	p, err := policy.Load(c.files()...)
	if err != nil {
		return nil, err // not p, which would be a policy that is nil
	}
	return p, nil
}

// maxHeld is how many actions are in flight, those included about which further assessors are asked.
const maxHeld = 20_000

func (c Config) worker(s events.Subjects) stream.Config {
	return stream.Config{
		Service: Name, Stream: s.Stream("ACTIONS"), Consumer: Name, Filters: []string{s.All("actions", 2)},
		MaxInFlight: maxHeld, Workers: c.Workers, AckWait: c.AckWait, PinnedTTL: c.PinnedTTL, Drain: c.Drain,
	}
}

// paths is a setting that may be given several times: its values follow one another.
type paths string

// String implements [flag.Value].
func (p *paths) String() string { return string(*p) }

// Set implements [flag.Value].
func (p *paths) Set(value string) error {
	if *p != "" {
		*p += ","
	}
	*p += paths(value)
	return nil
}

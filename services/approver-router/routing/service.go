package routing

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// Name is the service's name, of its identity and its dead letters.
const Name = "approver-router"

// Config is what a user sets.
type Config struct {
	// RoutesFile is the YAML file with groups and routes; empty means the default ones.
	RoutesFile string
	// AckWait, PinnedTTL and Drain are those of the workers: after which time a dead
	// router's messages go to another (default 30s), after which silence a standby takes
	// over (default 2s), and how long a shutdown waits (default 10s).
	AckWait, PinnedTTL, Drain time.Duration
}

// Register adds the settings to fs.
func (c *Config) Register(fs *flag.FlagSet) {
	fs.StringVar(&c.RoutesFile, "routes", "", "YAML `file` with groups and routes; empty means the built-in example")
	fs.DurationVar(&c.AckWait, "ack-wait", 0, "`time` after which a dead router's messages go to another; 0 means 30s")
	fs.DurationVar(&c.PinnedTTL, "pinned-ttl", 0, "`time` of silence after which a standby takes over; 0 means 2s")
	fs.DurationVar(&c.Drain, "drain", 0, "`time` a shutdown waits for what is in flight; 0 means 10s")
}

// Validate reads the file that is named, so that a mistake is found before anything
// starts.
func (c *Config) Validate() error {
	subjects, err := events.NewSubjects("")
	if err != nil {
		return err
	}
	for _, worker := range []stream.Config{c.assessments(subjects), c.verdicts(subjects)} {
		if err := worker.Validate(); err != nil {
			return err
		}
	}
	_, err = c.load()
	return err
}

func (c *Config) assessments(s events.Subjects) stream.Config {
	return stream.Config{
		Service: Name, Stream: s.Stream("EVENTS"), Consumer: "approver-router-assessments",
		Filters: []string{s.All("assessments", 3)},
		AckWait: c.AckWait, PinnedTTL: c.PinnedTTL, Drain: c.Drain,
	}
}

func (c *Config) verdicts(s events.Subjects) stream.Config {
	return stream.Config{
		Service: Name, Stream: s.Stream("VERDICTS"), Consumer: "approver-router-verdicts",
		Filters: []string{s.All("verdicts", 3)}, Key: requestKey,
		AckWait: c.AckWait, PinnedTTL: c.PinnedTTL, Drain: c.Drain,
	}
}

func (c *Config) load() (*routes.Routes, error) {
	if c.RoutesFile == "" {
		return routes.Default(), nil
	}
	return routes.Load(c.RoutesFile)
}

// Service is the approver-router.
type Service struct {
	assessed *stream.Worker
	answered *stream.Worker
	batches  *batcher
	stop     context.CancelFunc
}

// New makes the service; it does nothing before Run.
func New(rt stream.Runtime, cfg Config) (*Service, error) {
	table, err := cfg.load()
	if err != nil {
		return nil, err
	}
	if rt.Replier == nil {
		return nil, errors.New("the approver-router answers agents: give it the key of service/replier (replier-key)")
	}
	js, err := jetstream.New(rt.Conn)
	if err != nil {
		return nil, fmt.Errorf("opening JetStream: %w", err)
	}
	store := requests.NewStore(js, rt.Subjects)
	// Opening outlives the message that asked for it; it ends with the service.
	work, stop := context.WithCancel(context.Background())
	o := &opener{subjects: rt.Subjects, store: store, now: rt.Now, opened: func(int) {}}
	s := &Service{stop: stop}
	s.batches = newBatcher(func(b *batch) { o.open(work, b) })
	s.assessed, err = stream.NewWorker(rt, cfg.assessments(rt.Subjects), &assessments{subjects: rt.Subjects, routes: table, batches: s.batches, now: rt.Now})
	if err != nil {
		stop()
		return nil, err
	}
	s.answered, err = stream.NewWorker(rt, cfg.verdicts(rt.Subjects), &verdicts{subjects: rt.Subjects, store: store, routes: table, now: rt.Now})
	if err != nil {
		stop()
		return nil, err
	}
	return s, nil
}

// Run works until ctx ends, then drains: open batches are stored, what could not be is
// left for the next router.
func (s *Service) Run(ctx context.Context) error {
	defer s.stop()
	defer context.AfterFunc(ctx, s.batches.closeAll)()
	var group errgroup.Group
	group.Go(func() error { return s.assessed.Run(ctx) })
	group.Go(func() error { return s.answered.Run(ctx) })
	return group.Wait()
}

// Ready says what the service still waits for.
func (s *Service) Ready() error {
	return daemon.NotReady(map[string]func() error{"assessments": s.assessed.Ready, "verdicts": s.answered.Ready})
}

// requestKey keeps the verdicts on one request in order: the request is the last
// token of their subject.
func requestKey(m *stream.Message) string { return m.Subject[strings.LastIndexByte(m.Subject, '.')+1:] }

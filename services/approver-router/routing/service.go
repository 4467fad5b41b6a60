package routing

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
)

// Name is the service's name, of its identity and its dead letters.
const Name = "approver-router"

// Config is what a user sets.
type Config struct {
	// RoutesFile is the YAML file with groups and routes; empty means the default ones.
	RoutesFile string
}

// Register adds the settings to fs.
func (c *Config) Register(fs *flag.FlagSet) {
	fs.StringVar(&c.RoutesFile, "routes", "", "YAML `file` with groups and routes; empty means the built-in example")
}

// Validate reads the file that is named, so that a mistake is found before anything
// starts.
func (c *Config) Validate() error {
	_, err := c.load()
	return err
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
	s.assessed, err = stream.NewWorker(rt, stream.Config{
		Service: Name, Stream: rt.Subjects.Stream("EVENTS"), Consumer: "approver-router-assessments",
		Filters: []string{rt.Subjects.All("assessments", 3)},
	}, &assessments{subjects: rt.Subjects, routes: table, batches: s.batches, now: rt.Now})
	if err != nil {
		stop()
		return nil, err
	}
	s.answered, err = stream.NewWorker(rt, stream.Config{
		Service: Name, Stream: rt.Subjects.Stream("VERDICTS"), Consumer: "approver-router-verdicts",
		Filters: []string{rt.Subjects.All("verdicts", 3)},
		Key:     requestKey,
	}, &verdicts{subjects: rt.Subjects, store: store, routes: table, now: rt.Now})
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

package routing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/internal/attention"
	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/grants"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/reviews"
	"github.com/weighlock/weighlock/internal/stream"
)

// Service is the approver-router.
type Service struct {
	assessed *stream.Worker
	answered *stream.Worker
	returned *stream.Worker
	commands *stream.Worker
	marks    *stream.Worker
	digests  *digests
	reloads  *reloader
	batches  *batcher
	posts    *postponed
	stop     context.CancelFunc // ends the opening of requests
}

// New makes the service; it does nothing before Run, which must follow.
func New(rt stream.Runtime, cfg Config) (*Service, error) {
	reloads, err := newReloader(&cfg, rt)
	if err != nil {
		return nil, err
	}
	if rt.Replier == nil {
		return nil, errors.New("the approver-router answers agents: give it the key of service/replier (replier-key)")
	}
	if rt.Now == nil {
		rt.Now = time.Now
	}
	if rt.Logger == nil {
		rt.Logger = slog.Default()
	}
	js, err := jetstream.New(rt.Conn)
	if err != nil {
		return nil, fmt.Errorf("opening JetStream: %w", err)
	}
	store, standing := requests.NewStore(js, rt.Subjects), grants.NewStore(js, rt.Subjects)
	stored := &actions{js: js, subjects: rt.Subjects}
	gives := &granter{subjects: rt.Subjects, js: js, store: standing, actions: stored, tables: reloads.tables, now: rt.Now}
	o := &opener{js: js, subjects: rt.Subjects, store: store, tables: reloads.tables, now: rt.Now}
	// Opening outlives the message that asked for it; it ends with the service.
	work, stop := context.WithCancel(context.Background())
	s := &Service{stop: stop, reloads: reloads, batches: newBatcher(func(b *batch) { o.open(work, b) })}
	o.load = s.batches.load
	// A tenth stays free for what has to be decided now.
	s.posts = newPostponed(cfg.assessed(rt.Subjects).MaxUnsettled()/10*9, func() int { return s.assessed.Unsettled() })
	s.assessed, err = stream.NewWorker(rt, cfg.assessed(rt.Subjects), &assessments{
		subjects: rt.Subjects, tables: reloads.tables, actions: stored, opener: o, batches: s.batches, posts: s.posts, now: rt.Now,
		passes: &passes{
			opener: o, plans: &planned{actions: stored, opener: o, tables: reloads.tables},
			grants: &granted{subjects: rt.Subjects, store: standing, index: grants.NewIndex(standing), opener: o, tables: reloads.tables},
		},
		floods: &floods{subjects: rt.Subjects, opener: o, posts: s.posts, answers: newAnswers(js, rt.Subjects), now: rt.Now},
	})
	if err == nil {
		s.answered, err = stream.NewWorker(rt, cfg.answered(rt.Subjects), &verdicts{
			subjects: rt.Subjects, store: store, tables: reloads.tables, load: s.batches.load, now: rt.Now,
			editor:   &editor{conn: rt.Conn, subjects: rt.Subjects, actions: stored},
			announce: &announcer{js: js, subjects: rt.Subjects}, granter: gives,
			watch: &attentive{js: js, subjects: rt.Subjects, store: attention.NewStore(js, rt.Subjects), now: rt.Now},
		})
	}
	if err == nil {
		s.commands, err = stream.NewWorker(rt, cfg.commanded(rt.Subjects), &grantings{gives})
	}
	looked := reviews.NewStore(js, rt.Subjects)
	if err == nil {
		s.marks, err = stream.NewWorker(rt, cfg.marked(rt.Subjects), &marks{subjects: rt.Subjects, store: looked, tables: reloads.tables, now: rt.Now})
	}
	s.digests = &digests{
		js: js, subjects: rt.Subjects, store: looked, tables: reloads.tables, answers: newAnswers(js, rt.Subjects), logger: rt.Logger, now: rt.Now,
	}
	if err == nil {
		s.returned, err = stream.NewWorker(rt, cfg.returned(rt.Subjects), &withdrawals{subjects: rt.Subjects, store: store, actions: stored, load: s.batches.load, now: rt.Now})
	}
	if err != nil {
		stop()
		return nil, err
	}
	return s, nil
}

// Run works until ctx ends, then drains: open batches are stored at once, and what
// could not be is left for the next router.
func (s *Service) Run(ctx context.Context) error {
	early := context.AfterFunc(ctx, s.batches.closeAll)
	looking, done := context.WithCancel(ctx)
	var group, looks errgroup.Group
	looks.Go(func() error { s.reloads.run(looking); return nil })
	looks.Go(func() error { s.digests.run(looking); return nil })
	group.Go(func() error { return s.assessed.Run(ctx) })
	group.Go(func() error { return s.answered.Run(ctx) })
	group.Go(func() error { return s.returned.Run(ctx) })
	group.Go(func() error { return s.commands.Run(ctx) })
	group.Go(func() error { return s.marks.Run(ctx) })
	err := group.Wait()
	done()
	_ = looks.Wait()
	// Whatever is still being opened belongs to messages that were given back.
	early()
	s.stop()
	s.batches.closeAll()
	s.batches.wait()
	return err
}

// Ready says what the service still waits for.
func (s *Service) Ready() error {
	return daemon.NotReady(map[string]func() error{"assessments": s.assessed.Ready, "verdicts": s.answered.Ready, "withdrawals": s.returned.Ready, "grantings": s.commands.Ready, "marks": s.marks.Ready})
}

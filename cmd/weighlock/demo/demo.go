// Package demo plays a morning of four agents and the people who answer for them on
// a real pipeline, and checks at its end that nothing was lost.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/policies"
)

// limit bounds the demo; it takes about half a minute.
const limit = 110 * time.Second

// pace is the pause of an agent between two actions.
const pace = 150 * time.Millisecond

// stage is a running demo.
type stage struct {
	pipeline *dev.Pipeline
	operator *nats.Conn
	works    []work
	out      io.Writer
	problems chan error
}

// Run plays the demo and writes what happens to out. It returns an error unless every action has
// exactly one decision and every event is in ClickHouse.
func Run(ctx context.Context, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s := &stage{out: out, problems: make(chan error, 64)}
	if s.works, err = morning(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "weighlock-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := s.build(ctx, dir); err != nil {
		return err
	}
	defer s.pipeline.Stop()
	if s.operator, err = s.pipeline.Connect(ctx, authz.TheOperator()); err != nil {
		return err
	}
	defer s.operator.Close()
	if err := s.play(ctx); err != nil {
		return err
	}
	return s.check(ctx)
}

// build starts the pipeline in dir with the demo's routes and people.
func (s *stage) build(ctx context.Context, dir string) (err error) {
	routes, approvers := filepath.Join(dir, "routes.yaml"), filepath.Join(dir, "approvers.yaml")
	if err := errors.Join(os.WriteFile(routes, routesYAML, 0o600), os.WriteFile(approvers, policies.Approvers, 0o600)); err != nil {
		return err
	}
	var ids []authz.Identity
	for _, name := range agents(s.works) {
		ids = append(ids, authz.Identity{Kind: authz.Agent, Name: name})
	}
	for _, name := range people {
		ids = append(ids, authz.Identity{Kind: authz.Approver, Name: name})
	}
	fmt.Fprintln(s.out, "Starting NATS, the services and ClickHouse's engine …")
	if s.pipeline, err = dev.Start(ctx, dev.Options{Dir: dir, RoutesFile: routes, ApproversFile: approvers, Identities: ids}); err != nil {
		return err
	}
	if s.pipeline.Place.ClickHouseURL == "" {
		s.pipeline.Stop()
		return errors.New("no ClickHouse engine was found: run `make engine`")
	}
	return nil
}

// play lets the agents work and the people answer, and tells what happens.
func (s *stage) play(ctx context.Context) error {
	if err := s.narrate(); err != nil {
		return err
	}
	answering, stop := context.WithCancel(ctx)
	defer stop()
	for group, name := range people {
		client, err := approver.Connect(ctx, approver.Options{
			URL: s.pipeline.Place.NATSURL, Approver: name, SeedFile: s.pipeline.Keys.Path(authz.Identity{Kind: authz.Approver, Name: name}),
		})
		if err != nil {
			return err
		}
		defer client.Close()
		p := &person{name: name, group: group, client: client, problems: s.problems}
		go p.work(answering)
	}
	all, ctx := errgroup.WithContext(ctx)
	for _, name := range agents(s.works) {
		all.Go(func() error { return s.act(ctx, name) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	select {
	case problem := <-s.problems:
		return problem
	default:
		return nil
	}
}

// act is one agent's morning. Actions of the same tool in a row are proposed together, as
// agents do that call tools in parallel.
func (s *stage) act(ctx context.Context, name string) error {
	client, err := agent.Connect(ctx, agent.Options{
		URL: s.pipeline.Place.NATSURL, Agent: name, SeedFile: s.pipeline.Keys.Path(authz.Identity{Kind: authz.Agent, Name: name}),
	})
	if err != nil {
		return err
	}
	defer client.Close()
	for _, w := range s.works {
		if w.Agent != name {
			continue
		}
		for from := 0; from < len(w.Actions); {
			to := from + 1
			for to < len(w.Actions) && w.Actions[to].Tool == w.Actions[from].Tool {
				to++
			}
			if err := together(ctx, client, w, from, to); err != nil {
				return err
			}
			from = to
		}
	}
	return nil
}

// together guards the actions from..to-1 of w at the same time.
func together(ctx context.Context, client *agent.Client, w work, from, to int) error {
	var all errgroup.Group
	for n := from; n < to; n++ {
		action, err := w.action(n)
		if err != nil {
			return err
		}
		all.Go(func() error {
			err := client.Guard(ctx, action, func(ctx context.Context, _ json.RawMessage) error {
				select { // the tool itself
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(pace):
					return nil
				}
			})
			if _, ok := errors.AsType[*agent.RejectedError](err); ok {
				return nil // an agent goes on without
			}
			return err
		})
	}
	return all.Wait()
}

// told are the kinds of event that the narrator tells, in the order of an action's life.
var told = []string{
	events.ApprovalRequestedType, events.ApprovalRemindedType, events.ApprovalEscalatedType,
	events.VerdictCastType, events.DecisionMadeType, events.MessageDeadType, events.VerdictRefusedType,
}

// narrate prints events as they happen.
func (s *stage) narrate() error {
	start := time.Now()
	_, err := s.operator.Subscribe(s.pipeline.Subjects.Prefix()+".>", func(m *nats.Msg) {
		e, err := events.Decode(m.Header, m.Data)
		if err != nil || !slices.Contains(told, e.Type) {
			return
		}
		fmt.Fprintf(s.out, "%6.2fs  %s\n", time.Since(start).Seconds(), words.Printable(words.Clip(words.Event(s.pipeline.Subjects, m.Subject, e), 150)))
	})
	if err != nil {
		return fmt.Errorf("listening to what happens: %w", err)
	}
	return s.operator.Flush()
}

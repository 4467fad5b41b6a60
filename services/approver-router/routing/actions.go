package routing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/pkg/events"
)

// actions reads proposed actions where they were stored.
type actions struct {
	js       jetstream.JetStream
	subjects events.Subjects
	handles  handles
}

// errNotAtHand says that an action is not stored any more, or is another than was assessed: nothing will
// bring it back.
var errNotAtHand = errors.New("the action is not at hand")

// load returns the action that ref names, exactly as it was assessed.
func (a *actions) load(ctx context.Context, ref events.ActionRef) (*events.ActionProposed, error) {
	about := ref.Agent + "/" + ref.Action
	m, err := bucket.At(ctx, a.js.Conn(), a.subjects.Stream("ACTIONS"), ref.Sequence)
	e, err := decode(about, m, err)
	if err != nil {
		return nil, err
	}
	if m.Subject != a.subjects.Action(ref.Agent, ref.Action) || events.Digest(e.Data) != ref.Digest {
		return nil, fmt.Errorf("reading action %s: %w: %s at %d is another", about, errNotAtHand, m.Subject, ref.Sequence)
	}
	p, err := events.As[events.ActionProposed](e)
	if err != nil {
		return nil, fmt.Errorf("reading action %s: %w: %w", about, errNotAtHand, err)
	}
	return p, nil
}

// stored is what is known of an action from where it is stored.
type stored struct {
	ref     events.ActionRef
	replyTo string
	at      time.Time
}

// last finds an action by its name.
func (a *actions) last(ctx context.Context, agent, action string) (stored, error) {
	about := agent + "/" + action
	m, err := bucket.Last(ctx, a.js.Conn(), a.subjects.Stream("ACTIONS"), a.subjects.Action(agent, action))
	e, err := decode(about, m, err)
	if err != nil {
		return stored{}, err
	}
	at, err := m.StoredAt()
	if err != nil {
		return stored{}, fmt.Errorf("reading action %s: %w", about, err)
	}
	ref := events.ActionRef{Agent: agent, Action: action, Sequence: m.Sequence, Digest: events.Digest(e.Data)}
	return stored{ref: ref, replyTo: e.ReplyTo, at: at}, nil
}

func decode(about string, m *bucket.Entry, err error) (events.Event, error) {
	switch {
	case err != nil:
		return events.Event{}, fmt.Errorf("reading action %s: %w", about, err)
	case m == nil:
		return events.Event{}, fmt.Errorf("reading action %s: %w: nothing is stored there", about, errNotAtHand)
	}
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return events.Event{}, fmt.Errorf("reading action %s: %w: %w", about, errNotAtHand, err)
	}
	return e, nil
}

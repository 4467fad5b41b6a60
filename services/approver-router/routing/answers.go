package routing

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// answer is what became of the card about a flood.
type answer struct {
	*events.DecisionMade

	at time.Time // when it was decided
}

// answers looks into the ledger for the decisions on the actions that floods wait for: thousands may wait for one.
type answers struct {
	js       jetstream.JetStream
	subjects events.Subjects
	handles  handles

	mu    sync.Mutex
	known map[string]looked // by "agent/action"
}

// looked is what a look found: a decision, which stays, or none so far.
type looked struct {
	answer *answer
	at     time.Time
}

const (
	// lookAgain is how long none so far is believed; mostAnswers how many looks are remembered.
	lookAgain   = 250 * time.Millisecond
	mostAnswers = 1000
)

func newAnswers(js jetstream.JetStream, s events.Subjects) *answers {
	return &answers{js: js, subjects: s, known: make(map[string]looked)}
}

// to returns the decision on an action; nil where there is none so far.
func (l *answers) to(ctx context.Context, agent, action string, now time.Time) (*answer, error) {
	key := agent + "/" + action
	l.mu.Lock()
	before, ok := l.known[key]
	l.mu.Unlock()
	if ok && (before.answer != nil || now.Sub(before.at) < lookAgain) {
		return before.answer, nil
	}
	found, err := l.look(ctx, agent, action)
	if err != nil {
		return nil, fmt.Errorf("looking for the decision on %s: %w", key, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.known) >= mostAnswers {
		clear(l.known)
	}
	l.known[key] = looked{found, now}
	return found, nil
}

func (l *answers) look(ctx context.Context, agent, action string) (*answer, error) {
	ledger, err := l.handles.of(ctx, l.js, l.subjects.Stream("DECISIONS"))
	if err != nil {
		return nil, err
	}
	m, err := ledger.GetLastMsgForSubject(ctx, l.subjects.Decision(agent, action))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil //nolint:nilnil // none so far
	}
	if err != nil {
		return nil, err
	}
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return nil, err
	}
	d, err := events.As[events.DecisionMade](e)
	if err != nil {
		return nil, err
	}
	return &answer{d, e.Time}, nil
}

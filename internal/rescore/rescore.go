// Package rescore is the question that a router asks the risk scorer about edited
// arguments, by request and reply on NATS.
package rescore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Ask names an action as it was stored, and the arguments in the place of its own.
type Ask struct {
	Action    events.ActionRef `json:"action"`
	Arguments json.RawMessage  `json:"arguments"`
}

// Answer is the assessment of the action with the arguments, or why there is none.
type Answer struct {
	Assessed *events.ActionAssessed `json:"assessed,omitempty"`
	Problem  string                 `json:"problem,omitempty"`
}

// timeout is how long a router waits: an assessment takes well under a millisecond, a standby's start a few seconds.
const timeout = 5 * time.Second

// ErrUnanswered says that no risk scorer answered in time: ask again later.
var ErrUnanswered = errors.New("no risk scorer answered")

// Request asks. The answer comes on a subject that only the risk scorer may use. A problem that the scorer names comes back in the answer, not as an error.
func Request(ctx context.Context, nc *nats.Conn, subjects events.Subjects, ask Ask) (Answer, error) {
	data, err := json.Marshal(ask)
	if err != nil {
		return Answer{}, fmt.Errorf("asking for an assessment: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m, err := request(ctx, nc, subjects, data)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrUnanswered, err)
	}
	var a Answer
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return Answer{}, fmt.Errorf("%w readably: %w", ErrUnanswered, err)
	}
	if a.Problem == "" && !answers(a.Assessed, ask) {
		return Answer{}, fmt.Errorf("%w with a valid assessment of what was asked", ErrUnanswered)
	}
	return a, nil
}

func request(ctx context.Context, nc *nats.Conn, subjects events.Subjects, data []byte) (*nats.Msg, error) {
	reply := subjects.Rescored(rand.Text())
	sub, err := nc.SubscribeSync(reply)
	if err != nil {
		return nil, err
	}
	defer sub.Unsubscribe() //nolint:errcheck // a closed connection has none left
	if err := nc.PublishMsg(&nats.Msg{Subject: subjects.Rescore(), Reply: reply, Data: data}); err != nil {
		return nil, err
	}
	return sub.NextMsgWithContext(ctx)
}

// answers reports whether a is an assessment of the action that was asked about, with those arguments.
func answers(a *events.ActionAssessed, ask Ask) bool {
	if a == nil || a.Validate() != nil {
		return false
	}
	want := ask.Action
	var err error
	want.ArgumentsDigest, err = events.ArgumentsDigest(ask.Arguments)
	return err == nil && a.ActionRef == want
}

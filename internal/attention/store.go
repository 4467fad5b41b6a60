package attention

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/pkg/events"
)

// Bucket is the part of the bucket's name that follows the prefix.
const Bucket = "ATTENTION"

// Keep is how long a person is remembered after the last answer.
const Keep = 7 * 24 * time.Hour

// ErrContended says that others kept changing what is remembered of a person: try again later.
var ErrContended = errors.New("it is being changed by others")

// Store remembers people. It is safe for concurrent use, also by several processes.
type Store struct {
	js      jetstream.JetStream
	name    string // of the stream behind the bucket
	subject string // of a key
}

// NewStore returns the store of the cell that subjects belong to. It does not talk to the server.
func NewStore(js jetstream.JetStream, subjects events.Subjects) *Store {
	name := subjects.Stream(Bucket)
	return &Store{js: js, name: "KV_" + name, subject: "$KV." + name + "."}
}

// Load returns what is remembered of a person: nothing where there is nothing, or it cannot be read.
func (st *Store) Load(ctx context.Context, person string) (State, error) {
	s, _, err := st.load(ctx, person)
	return s, err
}

// Count is [State.Count] of what is stored.
func (st *Store) Count(ctx context.Context, person string, a Answer, route string, rules Rules) (*Warning, error) {
	for range bucket.Attempts {
		s, revision, err := st.load(ctx, person)
		if err != nil {
			return nil, err
		}
		next, w := s.Count(a, route, rules)
		value, err := json.Marshal(next)
		if err != nil {
			return nil, fmt.Errorf("remembering %s: %w", person, err)
		}
		_, err = st.js.PublishMsg(ctx, &nats.Msg{Subject: st.subject + person, Data: value},
			jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithMsgTTL(Keep))
		if err == nil {
			return w, nil
		}
		if !bucket.Lost(err) {
			return nil, fmt.Errorf("remembering %s: %w", person, err)
		}
		if err := bucket.BackOff(ctx); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("remembering %s: %w", person, ErrContended)
}

func (st *Store) load(ctx context.Context, person string) (s State, revision uint64, err error) {
	if err := events.CheckToken("person", person); err != nil {
		return s, 0, err
	}
	stream, err := st.js.Stream(ctx, st.name)
	if err != nil {
		return s, 0, fmt.Errorf("opening %s: %w", st.name, err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, st.subject+person)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return s, 0, nil
	case err != nil:
		return s, 0, fmt.Errorf("reading what is remembered of %s: %w", person, err)
	}
	if json.Unmarshal(m.Data, &s) != nil { // a marker, or damaged: the person is counted anew
		s = State{}
	}
	return s, m.Sequence, nil
}

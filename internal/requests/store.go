// Package requests keeps the state of approval requests in a key-value bucket and
// turns the effects of a step into what is published.
package requests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/pkg/events"
)

// Bucket is the part of the bucket's name that follows the prefix.
const Bucket = "REQUESTS"

// KeepResolved is how long a resolved request can still be read.
const KeepResolved = 24 * time.Hour

var (
	// ErrNotFound says that there is no such request, or that it was resolved longer
	// than [KeepResolved] ago.
	ErrNotFound = errors.New("no such request")
	// ErrGone is an [ErrNotFound] whose id cannot be used any more: the request was resolved
	// long ago, or its id was burnt before it was stored, see [Store.Claim].
	ErrGone = fmt.Errorf("%w any more", ErrNotFound)
	// ErrExists says that another card was put before people under the same request id.
	ErrExists = errors.New("the request exists with another card")
	// ErrUnreadable says that what is stored is not the state of a request.
	ErrUnreadable = errors.New("its state cannot be read")
	// ErrFull says that the request has no more room for what people say.
	ErrFull = errors.New("the request has no room for more")
	// ErrContended says that others kept changing a request: try again later.
	ErrContended = errors.New("the request is being changed by others")
)

// Store keeps the states. It is safe for concurrent use, also by several processes.
type Store struct {
	js      jetstream.JetStream
	name    string // of the stream behind the bucket
	subject string // of a key: "$KV.<bucket>."

	mu     sync.Mutex
	stream jetstream.Stream // nil until it was first looked up
}

// NewStore returns the store of the cell that subjects belong to. It does not talk
// to the server.
func NewStore(js jetstream.JetStream, subjects events.Subjects) *Store {
	name := subjects.Stream(Bucket)
	return &Store{js: js, name: "KV_" + name, subject: "$KV." + name + "."}
}

// Create stores a new request and returns what is stored. Where the request exists
// with the same card, that is its present state; with another card, the error is
// [ErrExists] and the state the one that stands; where the id is used up, it is [ErrGone].
func (st *Store) Create(ctx context.Context, s approval.State) (approval.State, error) {
	value, err := json.Marshal(s)
	if err != nil {
		return s, fmt.Errorf("creating request %s: %w", s.Request, err)
	}
	for range bucket.Attempts {
		err = st.put(ctx, s, value, 0) // never over a marker: it may be what burnt the id
		if err == nil {
			return s, nil
		}
		if !bucket.Lost(err) {
			return s, fmt.Errorf("creating request %s: %w", s.Request, err)
		}
		stands, loadErr := st.Load(ctx, s.Request)
		switch {
		case loadErr == nil && stands.Digest != s.Digest:
			return stands, fmt.Errorf("creating request %s: %w", s.Request, ErrExists)
		case loadErr == nil:
			return stands, nil
		case errors.Is(loadErr, ErrGone), !errors.Is(loadErr, ErrNotFound):
			return s, fmt.Errorf("creating request %s: %w", s.Request, loadErr)
		}
		if err := bucket.BackOff(ctx); err != nil {
			return s, fmt.Errorf("creating request %s: %w", s.Request, err)
		}
	}
	return s, fmt.Errorf("creating request %s: %w", s.Request, ErrContended)
}

// Load returns the state of a request, or [ErrNotFound].
func (st *Store) Load(ctx context.Context, request string) (approval.State, error) {
	s, _, _, err := st.load(ctx, request)
	return s, err
}

// Apply moves a request on by one input. The stored state is the commit point:
// publish the effects, then acknowledge the input. The error is [ErrNotFound] where
// there is no such request, [ErrFull] where what somebody says has no room in it, and [ErrContended] where others kept winning.
func (st *Store) Apply(ctx context.Context, request string, in approval.Input, now time.Time) (approval.State, []approval.Effect, error) {
	return st.ApplyTo(ctx, request, func(*approval.State) (approval.Input, error) { return in, nil }, now)
}

// ApplyTo is [Store.Apply] of an input that depends on the state it is applied to. What input
// returns as an error is returned as it is.
func (st *Store) ApplyTo(ctx context.Context, request string, input func(*approval.State) (approval.Input, error), now time.Time) (approval.State, []approval.Effect, error) {
	for range bucket.Attempts {
		s, stored, revision, err := st.load(ctx, request)
		if err != nil {
			return s, nil, err
		}
		in, err := input(&s)
		if err != nil {
			return s, nil, err
		}
		next, effects := approval.Next(s, in, now)
		value, err := json.Marshal(next)
		if err != nil {
			return s, nil, fmt.Errorf("writing request %s: %w", request, err)
		}
		if string(value) == string(stored) {
			return next, effects, nil
		}
		if len(value) > st.room(in) {
			return s, nil, fmt.Errorf("writing request %s: %w", request, ErrFull)
		}
		err = st.put(ctx, next, value, revision)
		if err == nil {
			return next, effects, nil
		}
		if !bucket.Lost(err) {
			return s, nil, fmt.Errorf("writing request %s: %w", request, err)
		}
		if err := bucket.BackOff(ctx); err != nil {
			return s, nil, fmt.Errorf("writing request %s: %w", request, err)
		}
	}
	return approval.State{}, nil, fmt.Errorf("writing request %s: %w", request, ErrContended)
}

// room is how large a state may become by an input, in bytes. People leave a quarter to what ends the request: it must always fit.
func (st *Store) room(in approval.Input) int {
	most := int(st.js.Conn().MaxPayload())
	switch in.(type) {
	case approval.Verdict, approval.HandOver:
		return most / 4 * 3
	}
	return most
}

func (st *Store) load(ctx context.Context, request string) (s approval.State, value []byte, revision uint64, err error) {
	if err := events.CheckToken("request", request); err != nil {
		return s, nil, 0, fmt.Errorf("reading request: %w: %w", ErrNotFound, err)
	}
	m, err := st.last(ctx, request)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return s, nil, 0, fmt.Errorf("reading request %s: %w", request, ErrNotFound)
	case err != nil:
		return s, nil, 0, fmt.Errorf("reading request %s: %w", request, err)
	case bucket.IsMarker(m):
		return s, nil, 0, fmt.Errorf("reading request %s: %w", request, ErrGone)
	}
	if err := json.Unmarshal(m.Data, &s); err != nil {
		return s, nil, 0, fmt.Errorf("reading request %s: %w: %w", request, ErrUnreadable, err)
	}
	return s, m.Data, m.Sequence, nil
}

func (st *Store) last(ctx context.Context, request string) (*jetstream.RawStreamMsg, error) {
	stream, err := st.handle(ctx)
	if err != nil {
		return nil, err
	}
	return stream.GetLastMsgForSubject(ctx, st.subject+request)
}

// handle looks the stream up once: the client wants to know how it may be read.
func (st *Store) handle(ctx context.Context) (jetstream.Stream, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.stream == nil {
		stream, err := st.js.Stream(ctx, st.name)
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", st.name, err)
		}
		st.stream = stream
	}
	return st.stream, nil
}

// put writes a state over revision; 0 means there is none. A resolved state ages out.
// The client's key-value Update has no time to live, so this publishes by itself.
func (st *Store) put(ctx context.Context, s approval.State, value []byte, revision uint64) error {
	opts := []jetstream.PublishOpt{jetstream.WithExpectLastSequencePerSubject(revision)}
	if s.Resolved != nil {
		opts = append(opts, jetstream.WithMsgTTL(KeepResolved))
	}
	_, err := st.js.PublishMsg(ctx, &nats.Msg{Subject: st.subject + s.Request, Data: value}, opts...)
	return err
}

package grants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/pkg/events"
)

// Bucket is the part of the bucket's name that follows the prefix.
const Bucket = "GRANTS"

// KeepEnded is how long a grant can be read after it expired: as long as an assessment may be delivered again, so that
// it finds its use.
const KeepEnded = 7 * 24 * time.Hour

var (
	// ErrNotFound says that there is no such grant, or not any more.
	ErrNotFound = errors.New("no such grant")
	// ErrExists says that the id was given to another grant.
	ErrExists = errors.New("the id belongs to another grant")
	// ErrUnreadable says that what is stored is no grant.
	ErrUnreadable = errors.New("it cannot be read")
	// ErrContended says that others kept changing the grant: try again later.
	ErrContended = errors.New("the grant is being changed by others")
)

// Store keeps grants. It is safe for concurrent use, also by several processes.
type Store struct {
	js      jetstream.JetStream
	name    string // of the stream behind the bucket
	subject string // of a key: "$KV.<bucket>."

	mu     sync.Mutex
	stream jetstream.Stream // nil until it was first looked up
}

// NewStore returns the store of the cell that subjects belong to. It does not talk to the server.
func NewStore(js jetstream.JetStream, subjects events.Subjects) *Store {
	name := subjects.Stream(Bucket)
	return &Store{js: js, name: "KV_" + name, subject: "$KV." + name + "."}
}

// Create stores a grant given at now and returns what stands. Creating the same grant again changes nothing, so take
// its times from the message that asked for it; for another one under its id the error is [ErrExists].
func (st *Store) Create(ctx context.Context, g Grant, now time.Time) (State, error) {
	s := State{Grant: g}
	stands, err := st.load(ctx, g.ID)
	if errors.Is(err, ErrNotFound) {
		if err := g.Validate(now); err != nil {
			return s, err
		}
		if err := st.put(ctx, s, 0, now); err == nil {
			return s, nil
		} else if !bucket.Lost(err) {
			return s, fmt.Errorf("creating grant %s: %w", g.ID, err)
		}
		stands, err = st.load(ctx, g.ID)
	}
	if err != nil {
		return s, fmt.Errorf("creating grant %s: %w", g.ID, err)
	}
	if !same(stands.Grant, g) {
		return stands.State, fmt.Errorf("creating grant %s: %w", g.ID, ErrExists)
	}
	return stands.State, nil
}

// Load returns a grant, or [ErrNotFound].
func (st *Store) Load(ctx context.Context, grant string) (State, error) {
	e, err := st.load(ctx, grant)
	return e.State, err
}

// Use counts one use for a. A nil error is the commit point: from then on the action is granted, whoever asks again.
// A [*RefusedError] says that it is not; after any other error it is open, and asking again tells.
func (st *Store) Use(ctx context.Context, grant string, a Action, now time.Time) (State, error) {
	return st.change(ctx, grant, now, func(s State) (State, error) {
		next, refusal := Use(s, a, now)
		if refusal != nil {
			return s, refusal
		}
		return next, nil
	})
}

// Revoke ends a grant at once: no use is counted after it. Who revoked it first stays.
func (st *Store) Revoke(ctx context.Context, grant, by string, now time.Time) (State, error) {
	return st.change(ctx, grant, now, func(s State) (State, error) {
		if s.Revoked == nil {
			s.Revoked = &Revocation{By: by, At: now}
		}
		return s, nil
	})
}

func (st *Store) change(ctx context.Context, grant string, now time.Time, step func(State) (State, error)) (State, error) {
	for range bucket.Attempts {
		e, err := st.load(ctx, grant)
		if err != nil {
			return e.State, err
		}
		next, err := step(e.State)
		if err != nil || same(next, e.State) {
			return next, err
		}
		if err = st.put(ctx, next, e.revision, now); err == nil {
			return next, nil
		}
		if !bucket.Lost(err) {
			return e.State, fmt.Errorf("writing grant %s: %w", grant, err)
		}
		if err := bucket.BackOff(ctx); err != nil {
			return e.State, fmt.Errorf("writing grant %s: %w", grant, err)
		}
	}
	return State{}, fmt.Errorf("writing grant %s: %w", grant, ErrContended)
}

type entry struct {
	State
	revision uint64
}

func (st *Store) load(ctx context.Context, grant string) (entry, error) {
	failed := func(err error) (entry, error) { return entry{}, fmt.Errorf("reading grant %s: %w", grant, err) }
	if err := events.CheckToken("grant", grant); err != nil {
		return failed(fmt.Errorf("%w: %w", ErrNotFound, err))
	}
	stream, err := st.handle(ctx)
	if err != nil {
		return failed(err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, st.subject+grant)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return failed(ErrNotFound)
	}
	if err != nil {
		return failed(err)
	}
	if len(m.Data) == 0 || m.Header.Get("Nats-Marker-Reason") != "" || m.Header.Get("KV-Operation") != "" {
		return failed(ErrNotFound)
	}
	e := entry{revision: m.Sequence}
	if err := json.Unmarshal(m.Data, &e.State); err != nil {
		return failed(fmt.Errorf("%w: %w", ErrUnreadable, err))
	}
	if e.ID != grant {
		return failed(fmt.Errorf("%w: it says that it is %q", ErrUnreadable, e.ID))
	}
	return e, nil
}

// handle looks the stream up once.
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

// put writes over revision; 0 means that there is nothing, not even what is left of an older grant.
func (st *Store) put(ctx context.Context, s State, revision uint64, now time.Time) error {
	value, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	keep := max(s.Expires.Sub(now), 0) + KeepEnded
	_, err = st.js.PublishMsg(ctx, &nats.Msg{Subject: st.subject + s.ID, Data: value},
		jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithMsgTTL(keep.Round(time.Second)))
	return err
}

func same[T any](a, b T) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// GiveBack takes back the use of an action that was put before people after all. Only whoever knows that it will never pass may do so.
func (st *Store) GiveBack(ctx context.Context, grant, agent, action string, now time.Time) (State, error) {
	return st.change(ctx, grant, now, func(s State) (State, error) {
		used := maps.Clone(s.Used)
		delete(used, agent+"/"+action)
		s.Used = used
		return s, nil
	})
}

package reviews

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
const Bucket = "REVIEWS"

// Keep is how long a review can be answered.
const Keep = 30 * 24 * time.Hour

var (
	// ErrNotFound says that there is no such review, or not any more.
	ErrNotFound = errors.New("no such review")
	// ErrContended says that others kept changing it: try again later.
	ErrContended = errors.New("it is being changed by others")
)

// Store keeps reviews, and how far digests were made. It is safe for concurrent use, also by several processes.
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

// Create stores a review unless it is stored, and returns the one that stands.
func (st *Store) Create(ctx context.Context, s State) (State, error) {
	value, err := json.Marshal(s)
	if err != nil {
		return s, fmt.Errorf("creating review %s: %w", s.Review, err)
	}
	err = st.put(ctx, s.Review, value, 0, Keep)
	if err == nil {
		return s, nil
	}
	if !bucket.Lost(err) {
		return s, fmt.Errorf("creating review %s: %w", s.Review, err)
	}
	return st.Load(ctx, s.Review)
}

// Load returns a review, or [ErrNotFound].
func (st *Store) Load(ctx context.Context, review string) (State, error) {
	s, _, err := st.load(ctx, review)
	return s, err
}

// Change moves a review on.
func (st *Store) Change(ctx context.Context, review string, step func(State) State) (State, error) {
	for range bucket.Attempts {
		s, revision, err := st.load(ctx, review)
		if err != nil {
			return s, err
		}
		next := step(s)
		value, err := json.Marshal(next)
		if err != nil {
			return s, fmt.Errorf("writing review %s: %w", review, err)
		}
		if before, err := json.Marshal(s); err == nil && string(before) == string(value) {
			return next, nil
		}
		err = st.put(ctx, review, value, revision, Keep)
		if err == nil {
			return next, nil
		}
		if !bucket.Lost(err) {
			return s, fmt.Errorf("writing review %s: %w", review, err)
		}
		if err := bucket.BackOff(ctx); err != nil {
			return s, err
		}
	}
	return State{}, fmt.Errorf("writing review %s: %w", review, ErrContended)
}

// Until is up to when digests of a period were made; the zero time means never. advance moves that on, unless somebody else did.
func (st *Store) Until(ctx context.Context, every time.Duration) (until time.Time, advance func(context.Context, time.Time) error, err error) {
	key := "until." + every.String()
	m, err := st.last(ctx, key)
	revision := uint64(0)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
	case err != nil:
		return until, nil, fmt.Errorf("reading how far reviews go: %w", err)
	default:
		revision = m.Sequence
		if until, err = time.Parse(time.RFC3339, string(m.Data)); err != nil {
			until = time.Time{} // it is begun anew
		}
	}
	return until, func(ctx context.Context, to time.Time) error {
		err := st.put(ctx, key, []byte(to.UTC().Format(time.RFC3339)), revision, 0)
		if err != nil && !bucket.Lost(err) {
			return fmt.Errorf("noting how far reviews go: %w", err)
		}
		return nil
	}, nil
}

func (st *Store) load(ctx context.Context, review string) (s State, revision uint64, err error) {
	if err := events.CheckToken("review", review); err != nil {
		return s, 0, fmt.Errorf("reading a review: %w: %w", ErrNotFound, err)
	}
	m, err := st.last(ctx, review)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound), err == nil && (len(m.Data) == 0 || m.Header.Get("Nats-Marker-Reason") != "" || m.Header.Get("KV-Operation") != ""):
		return s, 0, fmt.Errorf("reading review %s: %w", review, ErrNotFound)
	case err != nil:
		return s, 0, fmt.Errorf("reading review %s: %w", review, err)
	}
	if err := json.Unmarshal(m.Data, &s); err != nil {
		return s, 0, fmt.Errorf("reading review %s: %w: %w", review, ErrNotFound, err)
	}
	return s, m.Sequence, nil
}

func (st *Store) last(ctx context.Context, key string) (*jetstream.RawStreamMsg, error) {
	stream, err := st.js.Stream(ctx, st.name)
	if err != nil {
		return nil, err
	}
	return stream.GetLastMsgForSubject(ctx, st.subject+key)
}

func (st *Store) put(ctx context.Context, key string, value []byte, revision uint64, keep time.Duration) error {
	opts := []jetstream.PublishOpt{jetstream.WithExpectLastSequencePerSubject(revision)}
	if keep > 0 {
		opts = append(opts, jetstream.WithMsgTTL(keep))
	}
	_, err := st.js.PublishMsg(ctx, &nats.Msg{Subject: st.subject + key, Data: value}, opts...)
	return err
}

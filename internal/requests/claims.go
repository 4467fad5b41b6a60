package requests

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/pkg/events"
)

// KeepClaims is how long it is remembered which request an action is on: longer than
// an assessment can be redelivered after the request was stored.
const KeepClaims = 7 * 24 * time.Hour

// ClaimKey is the key in the bucket that says which request an action is on.
func ClaimKey(agent, action string) string { return "claim." + agent + "." + action }

// Claimed says who has an action.
type Claimed struct {
	// Request is the request that the action is on, or will be; or the id of its pass, see [Claimed.IsPass].
	Request string
}

// IsPass reports whether the action comes onto no request because it has a pass.
func (c Claimed) IsPass() bool { return isPass(c.Request) }

// Claim puts an action on request, unless it is on one already: then that one is
// returned. So an assessment that is delivered again, to this router or to the next,
// never puts its action on a second card.
//
// A claim may name a request that was never stored, because its router died in between.
// That id is burnt first: a router that is merely slow then finds its id taken and starts
// over, instead of storing a second card for the action. A claim may also name a request
// that was stored without the action, because the router never learnt that its claim
// had succeeded; what is on a card never changes, so such a claim is void.
func (st *Store) Claim(ctx context.Context, agent, action, request string) (Claimed, error) {
	failed := func(err error) (Claimed, error) {
		return Claimed{}, fmt.Errorf("claiming %s/%s: %w", agent, action, err)
	}
	key := ClaimKey(agent, action)
	mine, revision := Claimed{Request: request}, uint64(0)
	for range bucket.Attempts {
		err := st.write(ctx, key, []byte(request), revision, KeepClaims)
		if err == nil {
			return mine, nil
		}
		if !bucket.Lost(err) {
			return failed(err)
		}
		claim, err := st.last(ctx, key)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound): // being written, or a replica is behind
			revision = 0
		case err != nil:
			return failed(err)
		case string(claim.Data) == request:
			return mine, nil
		default:
			free, err := st.void(ctx, claim, agent, action)
			if err != nil {
				return failed(err)
			}
			if !free {
				return Claimed{Request: string(claim.Data)}, nil
			}
			revision = claim.Sequence
		}
		if err := bucket.BackOff(ctx); err != nil {
			return failed(err)
		}
	}
	return failed(ErrContended)
}

// Find returns the stored request that an action is on, or [ErrNotFound].
func (st *Store) Find(ctx context.Context, agent, action string) (approval.State, error) {
	none := fmt.Errorf("looking for the request of %s/%s: %w", agent, action, ErrNotFound)
	claim, err := st.last(ctx, ClaimKey(agent, action))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound), err == nil && bucket.IsMarker(claim):
		return approval.State{}, none
	case err != nil:
		return approval.State{}, fmt.Errorf("looking for the request of %s/%s: %w", agent, action, err)
	}
	s, err := st.Load(ctx, string(claim.Data))
	if err == nil && !Shows(s, agent, action) {
		return approval.State{}, none
	}
	return s, err
}

// MovedFrom returns the request from which an edit moved the action to a card of its own, where it is not on that card yet; "" where none did.
func (st *Store) MovedFrom(ctx context.Context, agent, action string) (string, error) {
	claim, err := st.last(ctx, ClaimKey(agent, action))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound), err == nil && (bucket.IsMarker(claim) || isPass(string(claim.Data))):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("looking for the request of %s/%s: %w", agent, action, err)
	}
	s, err := st.Load(ctx, string(claim.Data))
	switch {
	case errors.Is(err, ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	}
	for i, item := range s.ReadCard().Items {
		if item.Agent == agent && item.Action == action && s.Items[i].Moved != nil {
			return s.Request, nil
		}
	}
	return "", nil
}

// FindOrBar is [Store.Find], and where the action is on no request it makes sure that it comes onto none that claimed
// it already: a router that is just about to store that request finds its id burnt and starts over.
func (st *Store) FindOrBar(ctx context.Context, agent, action string) (approval.State, error) {
	failed := func(err error) (approval.State, error) {
		return approval.State{}, fmt.Errorf("barring %s/%s from requests: %w", agent, action, err)
	}
	claim, err := st.last(ctx, ClaimKey(agent, action))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return failed(ErrNotFound)
	case err != nil:
		return failed(err)
	}
	free, err := st.void(ctx, claim, agent, action)
	switch {
	case err != nil:
		return failed(err)
	case free, isPass(string(claim.Data)): // what has a pass comes onto no request
		return failed(ErrNotFound)
	}
	return st.Load(ctx, string(claim.Data))
}

// void reports whether the action will never be on the request that its claim names, which
// it makes sure of.
func (st *Store) void(ctx context.Context, claim *jetstream.RawStreamMsg, agent, action string) (bool, error) {
	request := string(claim.Data)
	if isPass(request) && !bucket.IsMarker(claim) {
		return st.passVoid(ctx, request, agent, action)
	}
	if bucket.IsMarker(claim) || events.CheckToken("request", request) != nil {
		return true, nil //nolint:nilerr // a claim that names no request is void
	}
	for range bucket.Attempts {
		s, err := st.Load(ctx, request)
		switch {
		case err == nil:
			return !Shows(s, agent, action), nil
		case errors.Is(err, ErrGone):
			return true, nil
		case !errors.Is(err, ErrNotFound):
			return false, err
		}
		// Only once the id is burnt, or seen to be, is it sure that its router comes too late.
		if err := st.burn(ctx, request); err == nil || !bucket.Lost(err) {
			return err == nil, err
		}
		if err := bucket.BackOff(ctx); err != nil {
			return false, err
		}
	}
	return false, ErrContended
}

// Shows reports whether the action is on the card of s, and has not moved to another.
func Shows(s approval.State, agent, action string) bool {
	i := slices.IndexFunc(s.ReadCard().Items, func(i events.CardItem) bool { return i.Agent == agent && i.Action == action })
	return i >= 0 && s.Items[i].Moved == nil
}

// burn takes the id of a request that is not stored, for longer than its router can be slow.
func (st *Store) burn(ctx context.Context, request string) error {
	m := &nats.Msg{Subject: st.subject + request, Header: nats.Header{"KV-Operation": {"DEL"}}}
	_, err := st.js.PublishMsg(ctx, m, jetstream.WithExpectLastSequencePerSubject(0), jetstream.WithMsgTTL(KeepClaims))
	return err
}

// write puts a value that ages out over revision; 0 means there is none.
func (st *Store) write(ctx context.Context, key string, value []byte, revision uint64, keep time.Duration) error {
	_, err := st.js.PublishMsg(ctx, &nats.Msg{Subject: st.subject + key, Data: value},
		jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithMsgTTL(keep))
	return err
}

package requests

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// KeepClaims is how long it is remembered which request an action is on: longer than
// an assessment can be redelivered after the request was stored.
const KeepClaims = 7 * 24 * time.Hour

// ClaimKey is the key in the bucket that says which request an action is on.
func ClaimKey(agent, action string) string { return "claim." + agent + "." + action }

// Claim puts an action on request, unless it is on one already: then that one's id
// comes back. So an assessment that is delivered again, to this router or to the next,
// never puts its action on a second card.
//
// A claim may name a request that was never stored, because its router died in between.
// That id is burnt first: a router that is merely slow then finds its id taken and starts
// over, instead of storing a second card for the action.
func (st *Store) Claim(ctx context.Context, agent, action, request string) (holder string, err error) {
	key := ClaimKey(agent, action)
	for range attempts {
		err = st.write(ctx, key, []byte(request), 0, KeepClaims)
		if err == nil {
			return request, nil
		}
		if !lost(err) {
			return "", fmt.Errorf("claiming %s/%s: %w", agent, action, err)
		}
		claim, err := st.last(ctx, key)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("reading the claim on %s/%s: %w", agent, action, err)
		}
		free, err := st.abandoned(ctx, claim, request)
		if err != nil {
			return "", err
		}
		if !free {
			return string(claim.Data), nil
		}
		if err := st.write(ctx, key, []byte(request), claim.Sequence, KeepClaims); err == nil {
			return request, nil
		} else if !lost(err) {
			return "", fmt.Errorf("claiming %s/%s: %w", agent, action, err)
		}
	}
	return "", fmt.Errorf("claiming %s/%s: %w", agent, action, ErrContended)
}

// abandoned reports whether the request that a claim names will never be stored, which it
// makes sure of.
func (st *Store) abandoned(ctx context.Context, claim *jetstream.RawStreamMsg, mine string) (bool, error) {
	holder := string(claim.Data)
	if isMarker(claim) || events.CheckToken("request", holder) != nil {
		return true, nil //nolint:nilerr // no request can have such a name
	}
	if holder == mine {
		return false, nil
	}
	_, err := st.Load(ctx, holder)
	if err == nil {
		return false, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return false, err
	}
	err = st.burn(ctx, holder)
	if lost(err) { // stored, or burnt by another, just now
		_, err = st.Load(ctx, holder)
		if err == nil {
			return false, nil
		}
		if errors.Is(err, ErrNotFound) {
			return true, nil
		}
	}
	return err == nil, err
}

// burn takes the id of a request that is not stored, for ever.
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

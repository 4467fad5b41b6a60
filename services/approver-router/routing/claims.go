package routing

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/requests"
)

// claims remember which request an action went on, so that an assessment that is
// delivered again, to this router or to the next, never puts it on a second card.
type claims struct {
	kv    jetstream.KeyValue
	store *requests.Store
}

func claimKey(agent, action string) string { return "claim." + agent + "." + action }

// take claims an action for request. Where a request that exists has it already, that
// one's id comes back instead.
//
// A claim may point to a request that was never stored, because its router died in
// between. Its id is then burnt first: a router that is merely slow finds the id taken
// and starts over, instead of storing a second card for the action.
func (c *claims) take(ctx context.Context, agent, action, request string) (holder string, err error) {
	key := claimKey(agent, action)
	for range maxClaimTries {
		if _, err = c.kv.Create(ctx, key, []byte(request)); err == nil {
			return request, nil
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return "", fmt.Errorf("claiming %s/%s: %w", agent, action, err)
		}
		entry, err := c.kv.Get(ctx, key)
		if err != nil {
			return "", fmt.Errorf("reading the claim on %s/%s: %w", agent, action, err)
		}
		holder = string(entry.Value())
		if holder == request {
			return request, nil
		}
		stored, err := c.store.Exists(ctx, holder)
		if err != nil {
			return "", err
		}
		if stored {
			return holder, nil
		}
		if burnt, err := c.store.Burn(ctx, holder); err != nil {
			return "", err
		} else if !burnt {
			continue // it was stored just now
		}
		if _, err = c.kv.Update(ctx, key, []byte(request), entry.Revision()); err == nil {
			return request, nil
		}
	}
	return "", fmt.Errorf("claiming %s/%s: others keep claiming it", agent, action)
}

const maxClaimTries = 8

package authz

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Connect connects as id with the seed at seedPath: under the inbox prefix id may
// read, named after id, reconnecting for ever. opts come last and win. The deadline of ctx
// bounds the first connection only.
func Connect(ctx context.Context, url, seedPath string, id Identity, opts ...nats.Option) (*nats.Conn, error) {
	if err := id.Validate(); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	key, err := nats.NkeyOptionFromSeed(seedPath)
	if err != nil {
		return nil, fmt.Errorf("connecting as %s with seed %s: %w", id, seedPath, err)
	}
	all := []nats.Option{
		key,
		nats.Name("weighlock " + id.String()),
		nats.CustomInboxPrefix(id.InboxPrefix()),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(), // the server may come back before its list of users does
		nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, time.Second),
	}
	if deadline, ok := ctx.Deadline(); ok {
		all = append(all, nats.Timeout(time.Until(deadline)))
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("connecting as %s: %w", id, err)
	}
	nc, err := nats.Connect(url, append(all, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("connecting as %s to %s: %w", id, url, err)
	}
	return nc, nil
}

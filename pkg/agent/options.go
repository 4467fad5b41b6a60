package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/weighlock/weighlock/pkg/events"
)

// Options say where the pipeline is and who the agent is.
type Options struct {
	// URL is the NATS server, or several with commas between; "" means nats.DefaultURL.
	URL string
	// Agent is the agent's name, the one its credentials were made for.
	Agent string
	// SeedFile is a file with the agent's nkey seed; Seed is the seed itself and wins over it. Neither
	// means a server without authentication.
	SeedFile string
	Seed     []byte
	// Prefix is the pipeline's subject prefix; "" means [events.DefaultPrefix].
	Prefix string
	// Timeout bounds a proposal whose context has no deadline, and the storing of a
	// receipt; 0 means 30 s.
	Timeout time.Duration
	// MaxOutstanding is how many proposals may wait for the server at once before
	// [Client.ProposeAsync] blocks; 0 means 1024, beyond which more does not help.
	MaxOutstanding int
	// OnDecision, where set, is called with each decision that arrives on the agent's reply subject,
	// from one goroutine and in order of arrival; it must not block. A decision whose reply was
	// lost is not announced; Await finds it.
	OnDecision func(Decision)
	// OnWaiting, where set, is called in the same way with news of an action that waits for people: that it does, that others were brought
	// in, and what they want to know, see [Client.Answer]. News can be lost; nothing depends on it.
	OnWaiting func(Waiting)
	// Private are the fields that are private by tool, "*" for every tool: pointers as in [Action.Private].
	Private map[string][]string
	// Logger takes what has no caller to be returned to; nil discards.
	Logger *slog.Logger
	// NATS are further options of the connection, such as TLS.
	NATS []nats.Option
}

func (o *Options) defaults() error {
	if err := events.CheckToken("agent", o.Agent); err != nil {
		return err
	}
	if o.Timeout < 0 {
		return &events.FieldError{Field: "timeout", Problem: "is negative", Fix: "use 0 for 30 s"}
	}
	if o.MaxOutstanding < 0 {
		return &events.FieldError{Field: "maxOutstanding", Problem: "is negative", Fix: "use 0 for 1024"}
	}
	for tool, pointers := range o.Private {
		for _, pointer := range pointers {
			if err := events.CheckPrivatePointer(pointer); err != nil {
				return fmt.Errorf("private fields of tool %s: %w", tool, err)
			}
		}
	}
	if o.URL == "" {
		o.URL = nats.DefaultURL
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxOutstanding == 0 {
		o.MaxOutstanding = 1024
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// dial connects as the agent and gives up when ctx ends.
func dial(ctx context.Context, o Options, handlers ...nats.Option) (*nats.Conn, error) {
	opts := append([]nats.Option{
		nats.Name("agent/" + o.Agent),
		nats.CustomInboxPrefix(events.AgentInboxPrefix + "." + o.Agent),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		// What waits for an answer is sent again after a reconnect anyway: buffering it
		// would send it twice, and send what its caller has given up.
		nats.ReconnectBufSize(-1),
		nats.Timeout(5 * time.Second),
	}, o.NATS...)
	nkey, err := credentials(o)
	if err != nil {
		return nil, err
	}
	if nkey != nil {
		opts = append(opts, nkey)
	}
	opts = append(opts, handlers...)
	type result struct {
		nc  *nats.Conn
		err error
	}
	done := make(chan result, 1)
	go func() {
		nc, err := nats.Connect(o.URL, opts...)
		done <- result{nc, err}
	}()
	select {
	case r := <-done:
		if errors.Is(r.err, nats.ErrAuthorization) {
			return nil, fmt.Errorf("connecting agent %s to %s: the server does not know these credentials: %w", o.Agent, o.URL, r.err)
		}
		if r.err != nil {
			return nil, fmt.Errorf("connecting agent %s to %s: %w", o.Agent, o.URL, r.err)
		}
		return r.nc, nil
	case <-ctx.Done():
		go func() {
			if r := <-done; r.nc != nil {
				r.nc.Close()
			}
		}()
		return nil, fmt.Errorf("connecting agent %s to %s: %w", o.Agent, o.URL, context.Cause(ctx))
	}
}

// credentials reads the seed once and signs the server's challenges with it; nil where there is none.
func credentials(o Options) (nats.Option, error) {
	seed := o.Seed
	if len(seed) == 0 && o.SeedFile != "" {
		var err error
		if seed, err = os.ReadFile(o.SeedFile); err != nil {
			return nil, fmt.Errorf("reading the seed of agent %s: %w", o.Agent, err)
		}
	}
	if len(seed) == 0 {
		return nil, nil
	}
	pair, err := nkeys.ParseDecoratedNKey(seed)
	if err != nil {
		return nil, fmt.Errorf("reading the seed of agent %s: %w", o.Agent, err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("reading the seed of agent %s: %w", o.Agent, err)
	}
	return nats.Nkey(public, pair.Sign), nil
}

package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/weighlock/weighlock/pkg/events"
)

// Options say who the agent is and where Weighlock is.
type Options struct {
	// URL is one or more NATS server URLs, separated by commas.
	URL string
	// Agent is the agent's name: the one its credentials are for.
	Agent string
	// SeedFile is the file with the agent's nkey seed; Seed is the seed itself and wins.
	SeedFile string
	Seed     []byte
	// Prefix is the subject prefix of the pipeline; empty means [events.DefaultPrefix].
	Prefix string
	// MaxPending bounds the proposals under way to the server, 1 or more; 0 means 1024.
	MaxPending int
	// NATS are further options of the connection, such as TLS.
	NATS []nats.Option
}

// Client is an agent's connection. It is safe for concurrent use and survives the
// server's restarts.
type Client struct {
	agent    string
	subjects events.Subjects
	nc       *nats.Conn
	js       jetstream.JetStream
	inbox    string // replies to action a come to inbox + "." + a
	waiting  *waiting

	mu       sync.Mutex
	unproven map[string]chan error // subjects of proposals under way
}

// Connect opens the connection. It fails where the name or the seed is wrong, or no
// server answers before ctx ends.
func Connect(ctx context.Context, o Options) (*Client, error) {
	if err := events.CheckToken("agent", o.Agent); err != nil {
		return nil, err
	}
	subjects, err := events.NewSubjects(o.Prefix)
	if err != nil {
		return nil, err
	}
	credentials, err := o.credentials()
	if err != nil {
		return nil, err
	}
	inbox := events.AgentInboxPrefix + "." + o.Agent
	c := &Client{
		agent: o.Agent, subjects: subjects, unproven: make(map[string]chan error),
		inbox: inbox + "." + rand.Text(), waiting: newWaiting(),
	}
	options := append([]nats.Option{
		nats.Name("weighlock agent " + o.Agent), nats.CustomInboxPrefix(inbox), credentials,
		nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.ErrorHandler(c.asyncError),
		nats.ReconnectHandler(func(*nats.Conn) { c.waiting.wake() }),
	}, o.NATS...)
	if deadline, ok := ctx.Deadline(); ok {
		options = append(options, nats.Timeout(time.Until(deadline)))
	}
	if c.nc, err = nats.Connect(o.URL, options...); err != nil {
		return nil, fmt.Errorf("connecting to %s as agent %s: %w", o.URL, o.Agent, err)
	}
	if err := c.start(o); err != nil {
		c.nc.Close()
		return nil, err
	}
	return c, nil
}

func (c *Client) start(o Options) (err error) {
	pending := o.MaxPending
	if pending == 0 {
		pending = 1024
	}
	if c.js, err = jetstream.New(c.nc, jetstream.WithPublishAsyncMaxPending(pending), jetstream.WithPublishAsyncTimeout(proposeTimeout)); err != nil {
		return fmt.Errorf("opening JetStream: %w", err)
	}
	sub, err := c.nc.Subscribe(c.inbox+".*", c.receive)
	if err != nil {
		return fmt.Errorf("subscribing to decisions: %w", err)
	}
	// Replies are small and a lost one is in the ledger: no limit that could drop
	// the connection's other traffic.
	if err := sub.SetPendingLimits(-1, 64<<20); err != nil {
		return fmt.Errorf("subscribing to decisions: %w", err)
	}
	return c.nc.Flush()
}

// Close ends the connection. Waits that are under way end with [ErrUndecided].
func (c *Client) Close() {
	c.waiting.close()
	c.nc.Close()
}

// Agent is the name this client acts under.
func (c *Client) Agent() string { return c.agent }

func (o Options) credentials() (nats.Option, error) {
	seed := o.Seed
	if len(seed) == 0 {
		if o.SeedFile == "" {
			return nil, &events.FieldError{Field: "SeedFile", Problem: "is empty", Fix: "give the file with the agent's nkey seed"}
		}
		data, err := os.ReadFile(o.SeedFile)
		if err != nil {
			return nil, fmt.Errorf("reading the agent's seed: %w", err)
		}
		seed = []byte(strings.TrimSpace(string(data)))
	}
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		return nil, fmt.Errorf("reading the agent's seed: %w", err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("reading the agent's seed: %w", err)
	}
	return nats.Nkey(public, pair.Sign), nil
}

// asyncError turns the server's refusal, which comes apart from the publish it refuses, into
// the error of the proposal that caused it.
func (c *Client) asyncError(_ *nats.Conn, _ *nats.Subscription, err error) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return
	}
	text := err.Error()
	c.mu.Lock()
	defer c.mu.Unlock()
	for subject, failed := range c.unproven {
		if strings.Contains(strings.ToLower(text), `"`+strings.ToLower(subject)+`"`) {
			select {
			case failed <- fmt.Errorf("%w: agent %s may not publish on %s; are these its own credentials?", ErrNotPermitted, c.agent, subject):
			default:
			}
		}
	}
}

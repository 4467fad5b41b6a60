package approver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/weighlock/weighlock/pkg/events"
)

// SelfChannel is the channel of approvers who answer with credentials of their own.
const SelfChannel = "self"

// Options say where the pipeline is and who answers.
type Options struct {
	// URL is the NATS server, or several with commas between; "" means nats.DefaultURL.
	URL string
	// Approver is the approver's name. An adapter, which answers for the people it has authenticated, may leave it
	// empty and name the approver in each [Verdict].
	Approver string
	// Channel is how answers come in; "" means [SelfChannel]. Another channel needs the adapter's credentials.
	Channel string
	// SeedFile is a file with the nkey seed; Seed is the seed itself and wins over it.
	SeedFile string
	Seed     []byte
	// Prefix is the pipeline's subject prefix; "" means [events.DefaultPrefix].
	Prefix string
	// Logger takes what has no caller to be returned to; nil discards.
	Logger *slog.Logger
	// NATS are further options of the connection, such as TLS.
	NATS []nats.Option
}

// Client is the connection of an approver or adapter; safe for many goroutines.
type Client struct {
	nc       *nats.Conn
	opts     Options
	subjects events.Subjects
	log      *slog.Logger

	mu        sync.Mutex
	refused   map[string][]chan error    // by subject: who waits for an answer there
	reconnect map[chan struct{}]struct{} // who wants to know of reconnects
	closed    chan struct{}
	once      sync.Once
}

// ErrClosed says that the client is closed.
var ErrClosed = errors.New("approver client is closed")

// PermissionError says that the credentials do not allow what was asked for.
type PermissionError struct {
	Name    string // "approver/alice" or "adapter/slack"
	Subject string
}

func (e *PermissionError) Error() string {
	return fmt.Sprintf("%s may not use %s: the credentials belong to another name or channel, or the pipeline has another prefix", e.Name, e.Subject)
}

func (o *Options) name() string {
	if o.Channel == SelfChannel {
		return "approver/" + o.Approver
	}
	return "adapter/" + o.Channel
}

func (o *Options) inbox() string {
	if o.Channel == SelfChannel {
		return "_INBOX_APPROVER." + o.Approver
	}
	return "_INBOX_ADAPTER." + o.Channel
}

func (o *Options) defaults() error {
	if o.Channel == "" {
		o.Channel = SelfChannel
	}
	if o.Approver != "" || o.Channel == SelfChannel {
		if err := events.CheckToken("approver", o.Approver); err != nil {
			return err
		}
	}
	if o.URL == "" {
		o.URL = nats.DefaultURL
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return events.CheckToken("channel", o.Channel)
}

// Connect connects as the approver, or as the adapter of the channel; afterwards the client
// reconnects for ever. Credentials of another name are a [*PermissionError].
func Connect(ctx context.Context, o Options) (*Client, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	subjects, err := events.NewSubjects(o.Prefix)
	if err != nil {
		return nil, err
	}
	c := &Client{
		opts: o, subjects: subjects, log: o.Logger.With("identity", o.name()),
		refused: make(map[string][]chan error), reconnect: make(map[chan struct{}]struct{}), closed: make(chan struct{}),
	}
	opts := append([]nats.Option{
		nats.Name(o.name()), nats.CustomInboxPrefix(o.inbox()),
		nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond), nats.ReconnectBufSize(-1), nats.Timeout(5 * time.Second),
	}, o.NATS...)
	nkey, err := credentials(o)
	if err != nil {
		return nil, err
	}
	opts = append(opts, nkey...)
	opts = append(opts, nats.ErrorHandler(c.asyncError), nats.ReconnectHandler(c.reconnected),
		nats.ClosedHandler(func(*nats.Conn) { c.shut() }))
	if c.nc, err = nats.Connect(o.URL, opts...); err != nil {
		return nil, fmt.Errorf("connecting %s to %s: %w", o.name(), o.URL, err)
	}
	if err := c.checkName(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// checkName finds out whether the inbox is the credentials' own.
func (c *Client) checkName(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	sub, err := c.nc.SubscribeSync(c.nc.NewInbox())
	if err == nil {
		err = c.nc.FlushWithContext(ctx)
	}
	if err != nil {
		return fmt.Errorf("connecting %s: %w", c.opts.name(), err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // the subscription only tried the permission
	if errors.Is(c.nc.LastError(), nats.ErrPermissionViolation) {
		return &PermissionError{Name: c.opts.name(), Subject: c.opts.inbox() + ".>"}
	}
	return nil
}

func credentials(o Options) ([]nats.Option, error) {
	seed := o.Seed
	if len(seed) == 0 && o.SeedFile != "" {
		var err error
		if seed, err = os.ReadFile(o.SeedFile); err != nil {
			return nil, fmt.Errorf("reading the seed of %s: %w", o.name(), err)
		}
	}
	if len(seed) == 0 {
		return nil, nil
	}
	pair, err := nkeys.ParseDecoratedNKey(seed)
	if err != nil {
		return nil, fmt.Errorf("reading the seed of %s: %w", o.name(), err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("reading the seed of %s: %w", o.name(), err)
	}
	return []nats.Option{nats.Nkey(public, pair.Sign)}, nil
}

// Close ends the connection and whatever waits on it.
func (c *Client) Close() { c.shut(); c.nc.Close() }

func (c *Client) shut() { c.once.Do(func() { close(c.closed) }) }

var forbidden = regexp.MustCompile(`Permissions Violation for (?:Publish|Subscription) to "([^"]+)"`)

func (c *Client) asyncError(_ *nats.Conn, _ *nats.Subscription, err error) {
	m := forbidden.FindStringSubmatch(err.Error())
	if m == nil {
		c.log.Warn("connection error", "error", err)
		if errors.Is(err, nats.ErrSlowConsumer) {
			c.wake()
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ch := range c.refused[m[1]] {
		select {
		case ch <- &PermissionError{Name: c.opts.name(), Subject: m[1]}:
		default:
		}
	}
}

func (c *Client) reconnected(*nats.Conn) { c.wake() }

// wake tells the watches that messages may have been lost.
func (c *Client) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ch := range c.reconnect {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// onRefusal returns where a permission error on subject is reported until stop is called.
func (c *Client) onRefusal(subject string) (refusal <-chan error, stop func()) {
	ch := make(chan error, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused[subject] = append(c.refused[subject], ch)
	return ch, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		rest := c.refused[subject][:0]
		for _, other := range c.refused[subject] {
			if other != ch {
				rest = append(rest, other)
			}
		}
		if c.refused[subject] = rest; len(rest) == 0 {
			delete(c.refused, subject)
		}
	}
}

// Name is the approver of the client's options; "" for an adapter that answers for others.
func (c *Client) Name() string { return c.opts.Approver }

package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Client is one agent's connection to a pipeline; safe for many goroutines.
type Client struct {
	nc       *nats.Conn
	opts     Options
	subjects events.Subjects
	log      *slog.Logger

	replyTo  string // "_INBOX.billing.<session>."; an action's decision goes to replyTo + its id
	exchange *exchange
	mail     *mailbox
	slots    chan struct{} // one per outstanding proposal
	lookups  chan struct{} // one per read of the ledger

	guarded sync.Map // ids Guard is at work on
	closed  chan struct{}
	once    sync.Once
}

// Connect connects as o.Agent. It fails where the server cannot be reached before ctx ends,
// does not know the credentials, or the credentials belong to an agent of another name
// ([*PermissionError]). Afterwards the client reconnects for ever, unless the server
// comes to refuse the credentials.
func Connect(ctx context.Context, o Options) (*Client, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	subjects, err := events.NewSubjects(o.Prefix)
	if err != nil {
		return nil, err
	}
	own := events.AgentInboxPrefix + "." + o.Agent + "."
	c := &Client{
		opts: o, subjects: subjects, log: o.Logger.With("agent", o.Agent),
		replyTo: own + newSecret() + ".",
		// The answers' subject is a second secret: the first is shown to whoever reads the action.
		exchange: &exchange{inbox: own + newSecret() + ".", calls: make(map[string]*call)},
		mail:     newMailbox(),
		slots:    make(chan struct{}, o.MaxOutstanding),
		lookups:  make(chan struct{}, 64),
		closed:   make(chan struct{}),
	}
	nc, err := dial(ctx, o,
		nats.ErrorHandler(c.asyncError),
		nats.ReconnectHandler(func(*nats.Conn) { c.reconnected() }),
		nats.ClosedHandler(func(*nats.Conn) { c.shut() }),
	)
	if err != nil {
		return nil, err
	}
	c.nc, c.exchange.nc = nc, nc
	if err := c.listen(ctx); err != nil {
		c.Close()
		return nil, err
	}
	go c.sweep()
	return c, nil
}

// listen subscribes to the two inboxes; that the server lets it is the proof that the name is
// the credentials' own.
func (c *Client) listen(ctx context.Context) error {
	if _, err := c.nc.Subscribe(c.exchange.inbox+"*", c.exchange.received); err != nil {
		return fmt.Errorf("subscribing agent %s to its inbox: %w", c.opts.Agent, err)
	}
	if _, err := c.nc.Subscribe(c.replyTo+"*", c.replied); err != nil {
		return fmt.Errorf("subscribing agent %s to its inbox: %w", c.opts.Agent, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := c.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("subscribing agent %s to its inbox: %w", c.opts.Agent, err)
	}
	if errors.Is(c.nc.LastError(), nats.ErrPermissionViolation) {
		return &PermissionError{Agent: c.opts.Agent, Verb: "subscribe to", Subject: c.replyTo + "*"}
	}
	return nil
}

// Agent is the agent's name.
func (c *Client) Agent() string { return c.opts.Agent }

// Close ends the connection. What waits ends with [ErrClosed]: proposals as unconfirmed, decisions as
// undecided. Close when Guard's calls have returned, or their receipts are lost.
func (c *Client) Close() {
	c.shut()
	c.nc.Close()
}

func (c *Client) shut() {
	c.once.Do(func() { close(c.closed) })
	c.exchange.close(ErrClosed)
}

var forbiddenPublish = regexp.MustCompile(`Permissions Violation for Publish to "([^"]+)"`)

// asyncError turns what the server says out of band into answers: a forbidden publish fails
// its call at once instead of by a timeout.
func (c *Client) asyncError(_ *nats.Conn, _ *nats.Subscription, err error) {
	if m := forbiddenPublish.FindStringSubmatch(err.Error()); m != nil && errors.Is(err, nats.ErrPermissionViolation) {
		refusal := &PermissionError{Agent: c.opts.Agent, Verb: "publish on", Subject: m[1]}
		c.exchange.fail(refusal, func(call *call) bool { return call.msg.Subject == m[1] })
		return
	}
	c.log.Warn("connection error", "error", err)
	if errors.Is(err, nats.ErrSlowConsumer) {
		c.mail.missed() // replies were dropped: the ledger has them
	}
}

func (c *Client) reconnected() {
	c.log.Info("reconnected", "server", c.nc.ConnectedUrlRedacted())
	c.mail.missed()
	c.exchange.resend(time.Now())
}

func (c *Client) sweep() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-c.closed:
			return
		case now := <-tick.C:
			c.exchange.sweep(now)
		}
	}
}

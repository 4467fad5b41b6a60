package approver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

var (
	// ErrNotFound says that there is no such request, action or decision, or no longer.
	ErrNotFound = errors.New("not found")
	// ErrNoStream says that the pipeline's streams are missing or JetStream is off.
	ErrNoStream = errors.New("no stream takes it: JetStream is off, the pipeline's streams are missing or its prefix is another")
)

const (
	batch = 64
	// answerWithin bounds one read where the caller's context does not.
	answerWithin = 10 * time.Second
)

func (c *Client) bucket() string { return c.subjects.Stream("REQUESTS") }

// Requests lists the open requests and those resolved within the last day, in the order of
// their last change. One that cannot be read is left out and named in the error, which is joined to
// the rest of the list.
func (c *Client) Requests(ctx context.Context) ([]Request, error) {
	var list []Request
	var unreadable []error
	err := c.entries(ctx, c.bucket(), func(id string, data []byte) error {
		r, err := readRequest(id, data)
		if err != nil {
			unreadable = append(unreadable, err)
			return nil
		}
		list = append(list, r)
		return nil
	})
	if err != nil {
		return list, fmt.Errorf("listing requests: %w", err)
	}
	return latest(list), errors.Join(unreadable...)
}

// entries hands every entry of a bucket to each, in the order of their last change.
func (c *Client) entries(ctx context.Context, bucket string, each func(id string, data []byte) error) error {
	key := "$KV." + bucket + "."
	next := uint64(1)
	for {
		messages, pending, err := c.page(ctx, bucket, next, key+"*")
		if err != nil {
			return err
		}
		for _, m := range messages {
			sequence, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
			if err != nil || sequence < next {
				return fmt.Errorf("the server gave sequence %q after %d", m.Header.Get("Nats-Sequence"), next-1)
			}
			next = sequence + 1
			if isMarker(m) {
				continue
			}
			if err := each(strings.TrimPrefix(m.Header.Get("Nats-Subject"), key), m.Data); err != nil {
				return err
			}
		}
		if pending == 0 || len(messages) == 0 {
			return nil
		}
	}
}

// latest keeps the last entry of each request: one that changed between two pages is on both.
func latest(list []Request) []Request {
	last := make(map[string]int, len(list))
	for i, r := range list {
		last[r.ID] = i
	}
	kept := list[:0]
	for i, r := range list {
		if last[r.ID] == i {
			kept = append(kept, r)
		}
	}
	return kept
}

// isMarker reports whether an entry only says that a key was deleted or aged out.
func isMarker(m *nats.Msg) bool {
	return len(m.Data) == 0 || m.Header.Get("KV-Operation") != "" || m.Header.Get("Nats-Marker-Reason") != ""
}

// page reads a batch of a bucket's entries by direct get, which needs no consumer (the
// server answers with each message and then status 204).
func (c *Client) page(ctx context.Context, bucket string, from uint64, subject string) (messages []*nats.Msg, pending uint64, err error) {
	api := "$JS.API.DIRECT.GET.KV_" + bucket
	query, err := json.Marshal(map[string]any{"seq": from, "next_by_subj": subject, "batch": batch})
	if err != nil {
		return nil, 0, err
	}
	err = c.ask(ctx, &nats.Msg{Subject: api, Data: query}, func(m *nats.Msg) (bool, error) {
		switch status := m.Header.Get("Status"); status {
		case "":
			messages = append(messages, m)
			return false, nil
		case "204":
			pending, err = strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
			return true, err
		case "404":
			return true, nil
		default:
			return true, statusError(m)
		}
	})
	return messages, pending, err
}

func statusError(m *nats.Msg) error {
	switch status := m.Header.Get("Status"); status {
	case "404":
		return ErrNotFound
	case "503":
		return ErrNoStream
	default:
		return fmt.Errorf("the server answered %s %s", status, m.Header.Get("Description"))
	}
}

// ask sends a message and hands the answers to each until it says that it was the last.
func (c *Client) ask(ctx context.Context, msg *nats.Msg, each func(*nats.Msg) (last bool, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	refusal, stop := c.onRefusal(msg.Subject)
	defer stop()
	answers := make(chan *nats.Msg, 2*batch)
	msg.Reply = c.nc.NewInbox()
	sub, err := c.nc.ChanSubscribe(msg.Reply, answers)
	if err == nil {
		defer sub.Unsubscribe() //nolint:errcheck // a closed connection has none left
		err = c.nc.PublishMsg(msg)
	}
	if err != nil {
		return err
	}
	for {
		select {
		case m := <-answers:
			if last, err := each(m); last || err != nil {
				return err
			}
		case err := <-refusal:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.closed:
			return ErrClosed
		}
	}
}

// last reads the last message on a subject of a stream.
func (c *Client) last(ctx context.Context, stream, subject string) (*nats.Msg, error) {
	var found *nats.Msg
	err := c.ask(ctx, &nats.Msg{Subject: "$JS.API.DIRECT.GET." + stream + "." + subject}, func(m *nats.Msg) (bool, error) {
		// What has data is a message, whatever its publisher wrote into its header, and however that ends before the server's lines: the server
		// answers a question about one subject with nothing else.
		if len(m.Data) == 0 && m.Header.Get("Status") != "" {
			return true, statusError(m)
		}
		found = m
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", subject, err)
	}
	return found, nil
}

// Get returns one request, open or resolved within the last day, or [ErrNotFound].
func (c *Client) Get(ctx context.Context, id string) (Request, error) {
	if err := events.CheckToken("request", id); err != nil {
		return Request{}, err
	}
	m, err := c.last(ctx, "KV_"+c.bucket(), "$KV."+c.bucket()+"."+id)
	if err != nil {
		return Request{}, err
	}
	if isMarker(m) {
		return Request{}, fmt.Errorf("reading request %s: %w", id, ErrNotFound)
	}
	return readRequest(id, m.Data)
}

// Action returns the action an item refers to, with the event it came in. It fails where what is
// stored is not what the card was made from.
func (c *Client) Action(ctx context.Context, ref events.ActionRef) (events.ActionProposed, events.Event, error) {
	if err := ref.Validate(); err != nil {
		return events.ActionProposed{}, events.Event{}, err
	}
	subject := c.subjects.Action(ref.Agent, ref.Action)
	m, err := c.last(ctx, c.subjects.Stream("ACTIONS"), subject)
	if err != nil {
		return events.ActionProposed{}, events.Event{}, err
	}
	e, err := events.Decode(m.Header, m.Data)
	if err != nil {
		return events.ActionProposed{}, e, fmt.Errorf("reading %s: %w", subject, err)
	}
	if got := events.Digest(e.Data); got != ref.Digest {
		return events.ActionProposed{}, e, fmt.Errorf("reading %s: the card was made from %s, stored is %s", subject, ref.Digest, got)
	}
	a, err := events.As[events.ActionProposed](e)
	if err != nil {
		return events.ActionProposed{}, e, fmt.Errorf("reading %s: %w", subject, err)
	}
	return *a, e, nil
}

// Decision returns the ledger's decision on an action, or [ErrNotFound].
func (c *Client) Decision(ctx context.Context, agent, action string) (events.DecisionMade, error) {
	for field, name := range map[string]string{"agent": agent, "action": action} {
		if err := events.CheckToken(field, name); err != nil {
			return events.DecisionMade{}, err
		}
	}
	subject := c.subjects.Decision(agent, action)
	m, err := c.last(ctx, c.subjects.Stream("DECISIONS"), subject)
	if err != nil {
		return events.DecisionMade{}, err
	}
	e, err := events.Decode(m.Header, m.Data)
	if err != nil {
		return events.DecisionMade{}, fmt.Errorf("reading %s: %w", subject, err)
	}
	d, err := events.As[events.DecisionMade](e)
	if err == nil && (d.Agent != agent || d.Action != action) {
		err = fmt.Errorf("it decides on %s/%s", d.Agent, d.Action)
	}
	if err != nil {
		return events.DecisionMade{}, fmt.Errorf("reading %s: %w", subject, err)
	}
	return *d, nil
}

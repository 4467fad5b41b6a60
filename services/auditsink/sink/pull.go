package sink

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/stream"
)

// puller asks a consumer for messages, one request after the other and not ahead.
//
// nats.go's own takes what a publisher wrote into headers for the server's word: a message without data that has a header "Status" ends its
// pull and is never seen, and "Nats-Pin-Id" makes it ask with a pin that nobody has. It also counts bytes otherwise than the server, and drops
// what the server sends beyond them.
type puller struct {
	conn    *nats.Conn
	subject string // where requests go
	group   string // the priority group; empty for none
	batch   int    // messages of one request
	bytes   int    // of one request
	pin     stream.Pin

	sub      *nats.Subscription // of the request under way; nil for none
	messages chan *nats.Msg
	left     int       // messages that may still come
	got      bool      // one has come
	large    bool      // the next message is larger than a request may be
	ends     time.Time // when the request is over even if the server's word of that was lost
}

func newPuller(conn *nats.Conn, name, consumer, group string, batch, bytes int) *puller {
	return &puller{conn: conn, subject: "$JS.API.CONSUMER.MSG.NEXT." + name + "." + consumer, group: group, batch: batch, bytes: bytes}
}

// next returns the next message, or nil when the request ended or none came within patience. It asks when no request is under way.
func (p *puller) next(ctx context.Context, patience time.Duration) (*nats.Msg, error) {
	if p.sub == nil {
		if err := p.ask(); err != nil {
			return nil, fmt.Errorf("pulling: %w", err)
		}
	}
	select { // the usual case needs no timer
	case m := <-p.messages:
		return p.take(m)
	default:
	}
	timer := time.NewTimer(min(patience, time.Until(p.ends)))
	defer timer.Stop()
	select {
	case m := <-p.messages:
		return p.take(m)
	case now := <-timer.C:
		if !now.Before(p.ends) {
			p.end()
		}
		return nil, nil //nolint:nilnil // documented
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *puller) ask() error {
	r := stream.PullRequest{Batch: p.batch, Expires: pullExpiry, MaxBytes: p.bytes, Group: p.group, Pin: p.pin.ID()}
	if p.large {
		r.Batch, r.MaxBytes = 1, 0
	}
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	inbox := p.conn.NewInbox()
	p.messages = make(chan *nats.Msg, r.Batch+1) // and the word of the end
	if p.sub, err = p.conn.ChanSubscribe(inbox, p.messages); err != nil {
		return err
	}
	p.left, p.got, p.ends = r.Batch, false, time.Now().Add(2*pullExpiry)
	if err := p.conn.PublishRequest(p.subject, inbox, body); err != nil {
		p.end()
		return err
	}
	return nil
}

// take returns a message, or nil for the server's word that the request ended: that alone cannot be answered.
func (p *puller) take(m *nats.Msg) (*nats.Msg, error) {
	if m.Reply == "" {
		return nil, p.ended(m.Header.Get("Status"), m.Header.Get("Description"))
	}
	if p.group != "" {
		p.pin.Learn(m)
	}
	p.got, p.large, p.ends = true, false, time.Now().Add(2*pullExpiry)
	if p.left--; p.left == 0 {
		p.end()
	}
	return m, nil
}

func (p *puller) ended(status, description string) error {
	p.end()
	switch {
	case status == "404" || status == "408":
		return nil
	case status == "409" && strings.EqualFold(description, "Message Size Exceeds MaxBytes"):
		p.large = !p.got
		return nil
	case status == "409" && strings.EqualFold(description, "Batch Completed"):
		return nil
	case status == "423":
		p.pin.Refused()
		return nil
	}
	return fmt.Errorf("pulling: the server answers %s %s", status, description)
}

// asking says whether a request is under way.
func (p *puller) asking() bool { return p.sub != nil }

// end forgets the request under way.
func (p *puller) end() {
	if p.sub != nil {
		p.sub.Unsubscribe() //nolint:errcheck // a closed connection has forgotten it too
		p.sub = nil
	}
}

// drain drops what still comes of the request under way, which is over soon.
func (p *puller) drain(ctx context.Context) {
	for p.asking() && ctx.Err() == nil {
		if _, err := p.next(ctx, pullExpiry); err != nil {
			return
		}
	}
}

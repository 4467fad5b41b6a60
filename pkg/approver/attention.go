package approver

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Seen is what somebody saw of a card.
type Seen struct {
	// Request and Digest name the card as it was shown.
	Request string
	Digest  string
	// Item is the item whose evidence was opened, from 1; 0 for the card.
	Item int
	// Evidence names what was opened, such as "action" or "memory".
	Evidence string
	// Approver is who saw it; "" means Options.Approver. Only an adapter may name others.
	Approver string
}

// Delivered reports that a card reached a person's device.
func (c *Client) Delivered(ctx context.Context, s Seen) error {
	return c.report(ctx, s, events.CardDelivered)
}

// Opened reports that a person has a card before them. The time from then to the answer tells reading from waving through; without a report it is
// counted from when the card was announced.
func (c *Client) Opened(ctx context.Context, s Seen) error {
	return c.report(ctx, s, events.CardOpened)
}

// EvidenceOpened reports that a person looked behind a card.
func (c *Client) EvidenceOpened(ctx context.Context, s Seen) error {
	return c.report(ctx, s, events.EvidenceOpened)
}

func (c *Client) report(ctx context.Context, s Seen, what events.Sight) error {
	if s.Approver == "" {
		s.Approver = c.opts.Approver
	}
	for _, token := range [][2]string{{"approver", s.Approver}, {"request", s.Request}} {
		if err := events.CheckToken(token[0], token[1]); err != nil {
			return err
		}
	}
	e, err := events.New(&events.AttentionReported{Digest: s.Digest, Item: s.Item, Evidence: s.Evidence}, rand.Text(), "/channels/"+c.opts.Channel+"/"+s.Approver, time.Now())
	if err != nil {
		return err
	}
	e.Subject = s.Request
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return err
	}
	if _, err := c.store(ctx, &nats.Msg{Subject: c.subjects.Attention(c.opts.Channel, s.Approver, s.Request, what), Header: nats.Header(header), Data: data}); err != nil {
		return fmt.Errorf("reporting that %s was %s: %w", s.Request, what, err)
	}
	return nil
}

package approver

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Review is a digest of actions that went through, with what reviewers said of them.
type Review struct {
	// Card is what is to be looked at; Digest names its exact bytes, and goes into every answer.
	Card   events.ReviewCard `json:"card"`
	Digest string            `json:"digest"`
	// Marks are what was said last of items, by number.
	Marks map[int]ReviewMark `json:"marks,omitempty"`
}

// ReviewMark is what somebody said of an item.
type ReviewMark struct {
	Mark   events.Mark `json:"mark"`
	Person string      `json:"person"`
}

// Left is how many items nobody has marked.
func (r Review) Left() int { return len(r.Card.Items) - len(r.Marks) }

// ReviewRefusedError says why an answer to a review does not count.
type ReviewRefusedError struct{ events.ReviewRefused }

func (e *ReviewRefusedError) Error() string {
	return fmt.Sprintf("the answer to review %s was refused: %s", e.Review, e.Reason)
}

func readReview(id string, data []byte) (Review, error) {
	var s struct {
		Group  string             `json:"group"`
		Digest string             `json:"digest"`
		Card   json.RawMessage    `json:"card"`
		Marks  map[int]ReviewMark `json:"marks"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return Review{}, fmt.Errorf("reading review %s: %w", id, err)
	}
	opened := events.ReviewOpened{Review: id, Group: s.Group, Digest: s.Digest, Card: s.Card}
	card, err := opened.ReadCard()
	if err != nil {
		return Review{}, fmt.Errorf("reading review %s: %w", id, err)
	}
	return Review{Card: *card, Digest: s.Digest, Marks: s.Marks}, nil
}

// Reviews lists the reviews of the last 30 days, in the order of their last change.
func (c *Client) Reviews(ctx context.Context) ([]Review, error) {
	var list []Review
	err := c.entries(ctx, c.subjects.Stream("REVIEWS"), func(id string, data []byte) error {
		r, err := readReview(id, data)
		if err == nil {
			list = append(list, r)
		}
		return err
	})
	if err != nil {
		return list, fmt.Errorf("listing reviews: %w", err)
	}
	return list, nil
}

// MarkReview stores what a reviewer says, and waits until it counts or is refused, which is a [*ReviewRefusedError]. approver is who says it; ""
// means Options.Approver, and only an adapter may name others.
func (c *Client) MarkReview(ctx context.Context, approver, review string, answer events.ReviewCast) (events.ReviewMarked, error) {
	if approver == "" {
		approver = c.opts.Approver
	}
	for _, token := range [][2]string{{"approver", approver}, {"review", review}} {
		if err := events.CheckToken(token[0], token[1]); err != nil {
			return events.ReviewMarked{}, err
		}
	}
	e, err := events.New(&answer, rand.Text(), "/channels/"+c.opts.Channel+"/"+approver, time.Now())
	if err != nil {
		return events.ReviewMarked{}, err
	}
	e.Subject = review
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return events.ReviewMarked{}, err
	}
	steps := make(chan *nats.Msg, 256) // listening starts before answering: nothing can come in between
	sub, err := c.nc.ChanSubscribe(c.subjects.Review("*", "*", review), steps)
	if err != nil {
		return events.ReviewMarked{}, fmt.Errorf("answering review %s, not sent: %w", review, err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // a closed connection has none left
	sequence, err := c.store(ctx, &nats.Msg{Subject: c.subjects.ReviewMark(c.opts.Channel, approver, review), Header: nats.Header(header), Data: data})
	if err != nil {
		return events.ReviewMarked{}, fmt.Errorf("answering review %s: %w", review, err)
	}
	for {
		select {
		case m := <-steps:
			e, err := events.Decode(m.Header, m.Data)
			if err != nil {
				continue
			}
			if marked, err := events.As[events.ReviewMarked](e); err == nil && marked.Sequence == sequence {
				return *marked, nil
			}
			if refused, err := events.As[events.ReviewRefused](e); err == nil && refused.Sequence == sequence {
				return events.ReviewMarked{}, &ReviewRefusedError{*refused}
			}
		case <-ctx.Done():
			return events.ReviewMarked{}, fmt.Errorf("waiting for the answer about review %s: %w", review, context.Cause(ctx))
		case <-c.closed:
			return events.ReviewMarked{}, fmt.Errorf("waiting for the answer about review %s: %w", review, ErrClosed)
		}
	}
}

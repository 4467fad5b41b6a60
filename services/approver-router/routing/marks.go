package routing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/reviews"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// marks counts what reviewers say. Who answers is taken from the subject, which the server has authorised.
type marks struct {
	subjects events.Subjects
	store    *reviews.Store
	tables   *tables
	now      func() time.Time
}

// Handle implements [stream.Handler].
func (k *marks) Handle(ctx context.Context, m *stream.Message) stream.Outcome {
	channel, approver, review, err := k.subjects.ParseReviewMark(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	cast, err := events.As[events.ReviewCast](m.Event)
	if err != nil {
		return stream.Permanent(err) // Buried refuses it
	}
	directory := k.tables.get().people
	answer := reviews.Answer{
		Cast: cast, Sequence: m.Sequence, Approver: approver, Person: directory.PersonOf(approver), Channel: channel, Groups: directory.GroupsOf(approver), At: m.StoredAt,
	}
	var marked *events.ReviewMarked
	var flags []events.ReviewFlagged
	refused := ""
	_, err = k.store.Change(ctx, review, func(s reviews.State) (next reviews.State) {
		answer.Own = map[int]string{}
		for _, item := range s.ReadCard().Items {
			if why := directory.OwnAction(approver, item.Principal, item.Agent); why != "" {
				answer.Own[item.Number] = why
			}
		}
		next, marked, flags, refused = s.Apply(answer)
		return next
	})
	switch {
	case errors.Is(err, reviews.ErrNotFound):
		refused = fmt.Sprintf("there is no review %s, or it was opened long ago", review)
	case err != nil:
		return stream.RetryAfter(retryOpen, err)
	}
	if refused != "" {
		out, err := k.refusal(m, channel, approver, review, refused)
		if err != nil {
			return stream.Permanent(err)
		}
		return stream.Done(out)
	}
	return k.told(m, marked, flags)
}

// told publishes what an answer came to.
func (k *marks) told(m *stream.Message, marked *events.ReviewMarked, flags []events.ReviewFlagged) stream.Outcome {
	if marked == nil { // the person has said something newer
		return stream.Done()
	}
	var out []stream.Output
	for i := range flags {
		f := &flags[i]
		one, err := k.output(f, f.Group, events.ReviewFlag, f.Review, fmt.Sprintf("review/flagged/%d/%s/%s", m.Sequence, f.Agent, f.Action), m.Event)
		if err != nil {
			return stream.Permanent(err)
		}
		out = append(out, one)
	}
	one, err := k.output(marked, marked.Group, events.ReviewCounted, marked.Review, fmt.Sprintf("review/marked/%d", m.Sequence), m.Event)
	if err != nil {
		return stream.Permanent(err)
	}
	return stream.Done(append(out, one)...)
}

// Buried implements [stream.Burier]: whoever sent what cannot be read is told why.
func (k *marks) Buried(m *stream.Message, reason error) []stream.Output {
	channel, approver, review, err := k.subjects.ParseReviewMark(m.Subject)
	if err != nil {
		return nil
	}
	out, err := k.refusal(m, channel, approver, review, reason.Error())
	if err != nil {
		return nil
	}
	return []stream.Output{out}
}

func (k *marks) refusal(m *stream.Message, channel, approver, review, reason string) (stream.Output, error) {
	refused := &events.ReviewRefused{Review: review, Approver: approver, Channel: channel, Sequence: m.Sequence, Reason: clip(oneLine(reason), maxText)}
	return k.output(refused, noGroup, events.ReviewDenied, review, fmt.Sprintf("review/refused/%d", m.Sequence), m.Event)
}

func (k *marks) output(p events.Payload, group string, event events.ReviewEvent, review, id string, cause events.Event) (stream.Output, error) {
	e, err := events.New(p, id, source, k.now())
	if err != nil {
		return stream.Output{}, err
	}
	e = e.Because(cause)
	e.Subject = review
	return stream.Output{Subject: k.subjects.Review(group, event, review), Event: e, MsgID: id}, nil
}

// marked is the worker of what reviewers say. Answers to one review keep their order.
func (c *Config) marked(s events.Subjects) stream.Config {
	return stream.Config{
		Service: Name, Stream: s.Stream("VERDICTS"), Consumer: "approver-router-marks",
		Filters: []string{s.All("marks", 3)},
		AckWait: c.AckWait, PinnedTTL: c.PinnedTTL, Drain: c.Drain,
		Key: func(m *stream.Message) string { return m.Subject[strings.LastIndexByte(m.Subject, '.')+1:] },
	}
}

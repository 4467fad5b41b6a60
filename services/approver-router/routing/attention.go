package routing

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/attention"
	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// attentive remembers how people answer, and what follows where they seem to wave cards through.
type attentive struct {
	js       jetstream.JetStream
	subjects events.Subjects
	store    *attention.Store
	now      func() time.Time
}

// standing is what follows for a verdict from the warning that stands on the request's route.
func (w *attentive) standing(ctx context.Context, s *approval.State, in *approval.Verdict) error {
	if s.Rules.Attention.Then == "" || s.Rules.Attention.Then == attention.Warn {
		return nil
	}
	remembered, err := w.store.Load(ctx, in.Person)
	if err != nil {
		return err
	}
	warning, ok := remembered.Standing(s.ReadCard().Route, in.At)
	if !ok || warning.Sequence >= in.Sequence {
		return nil
	}
	switch warning.Then {
	case attention.Rest:
		in.Resting = fmt.Sprintf("%s: please take a rest until %s; others can answer meanwhile", warning.Detail, warning.Until.Format("15:04 MST"))
	case attention.Second:
		in.Doubted = true
	}
	return nil
}

// count remembers a verdict that counts, and tells of the warning that it leads to.
func (w *attentive) count(ctx context.Context, s *approval.State, in *approval.Verdict, cause events.Event) ([]stream.Output, error) {
	rules := s.Rules.Attention
	if rules.Then == "" || s.Counted[in.Person] != in.Sequence {
		return nil, nil
	}
	shownAt, err := w.shownAt(ctx, s, in)
	if err != nil {
		return nil, err
	}
	items, approves := 0, false
	for n := 1; n <= len(s.Items); n++ {
		if kind := kindOn(&in.Cast, n); kind != "" {
			items++
			approves = approves || kind == events.Approve
		}
	}
	route := s.ReadCard().Route
	answer := attention.Answer{Sequence: in.Sequence, At: in.At.UTC(), Items: items, Took: in.At.Sub(shownAt), Approves: approves}
	warning, err := w.store.Count(ctx, in.Person, answer, route, rules)
	if err != nil || warning == nil {
		return nil, err
	}
	id := fmt.Sprintf("attention/%s/%s/%d", in.Person, route, warning.Sequence)
	e, err := events.New(&events.AttentionWarned{
		Person: in.Person, Approver: in.Approver, Route: route, Rule: warning.Rule, Detail: warning.Detail, Then: string(warning.Then), Until: warning.Until,
		Request: s.Request, Sequence: warning.Sequence,
	}, id, source, w.now())
	if err != nil {
		return nil, err
	}
	e = e.Because(cause)
	e.Subject = in.Person
	return []stream.Output{{Subject: w.subjects.Warning(in.Person), Event: e, MsgID: id}}, nil
}

// shownAt is when the person had the card before them: when they opened it first, as was reported, or else when it was announced.
func (w *attentive) shownAt(ctx context.Context, s *approval.State, in *approval.Verdict) (time.Time, error) {
	at := s.OpenedAt
	if s.Revised != nil {
		at = s.Revised.At
	}
	subject := w.subjects.Attention(in.Channel, in.Approver, s.Request, events.CardOpened)
	first, err := bucket.First(ctx, w.js.Conn(), w.subjects.Stream("VERDICTS"), subject, at)
	if err != nil {
		return at, fmt.Errorf("looking for when %s opened %s: %w", in.Approver, s.Request, err)
	}
	if first == nil {
		return at, nil
	}
	opened, err := first.StoredAt()
	if err != nil || opened.After(in.At) {
		return at, nil //nolint:nilerr // then nothing was reported that helps
	}
	return opened, nil
}

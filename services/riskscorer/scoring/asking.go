package scoring

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// Bounds of what is asked at a time, which bounds the memory of questions, and of an answer.
const (
	maxQuestions   = 256
	maxAnswerBytes = 16 << 10
	maxTags        = 8
	maxTagBytes    = 64
)

// asker asks further assessors by request and reply.
type asker struct {
	conn     *nats.Conn
	subjects events.Subjects
	metrics  *Metrics
	slots    chan struct{} // one for each question at a time
}

func newAsker(conn *nats.Conn, s events.Subjects, m *Metrics) *asker {
	return &asker{conn, s, m, make(chan struct{}, maxQuestions)}
}

// ask asks all of list at once and returns a finding for each, within the longest of their timeouts. It fails only where ctx ends.
func (k *asker) ask(ctx context.Context, list []policy.Assessor, ref events.ActionRef, m *stream.Message, w policy.Assessment) ([]policy.Finding, error) {
	question := sync.OnceValues(func() ([]byte, error) { // not before there is a slot for it
		return json.Marshal(&events.AssessorQuestion{
			ActionRef: ref, Data: m.Event.Data,
			Assessment: events.PreliminaryAssessment{Level: w.Level, Score: w.Score, Reason: w.Reason, Rules: w.Rules},
		})
	})
	findings := make([]policy.Finding, len(list))
	var all sync.WaitGroup
	for i := range list {
		all.Go(func() {
			findings[i] = k.one(ctx, list[i], question)
		})
	}
	all.Wait()
	return findings, ctx.Err()
}

// one asks one assessor. Waiting for a slot is part of its time: many slow answers end as silence, not as a queue.
func (k *asker) one(ctx context.Context, a policy.Assessor, question func() ([]byte, error)) policy.Finding {
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	count := func(outcome string) { k.metrics.answers.WithLabelValues(a.Name, outcome).Inc() }
	began := time.Now()
	answer, err := k.request(ctx, a.Name, question)
	if err != nil {
		count("silent")
		return a.Failed(a.OnSilence)
	}
	k.metrics.assessorSeconds.WithLabelValues(a.Name).Observe(time.Since(began).Seconds())
	finding, err := readAnswer(a, answer)
	if err != nil {
		count("nonsense")
		f := a.Failed(a.OnNonsense)
		f.Reason = policy.Shorten(f.Reason+": "+err.Error(), maxText)
		return f
	}
	count("answered")
	return finding
}

func (k *asker) request(ctx context.Context, name string, question func() ([]byte, error)) ([]byte, error) {
	select {
	case k.slots <- struct{}{}:
		defer func() { <-k.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	body, err := question()
	if err != nil {
		return nil, fmt.Errorf("asking assessor %s: %w", name, err)
	}
	m, err := k.conn.RequestWithContext(ctx, k.subjects.Assessor(name), body)
	if err != nil {
		return nil, fmt.Errorf("asking assessor %s: %w", name, err)
	}
	return m.Data, nil
}

// readAnswer is strict: an answer that leaves room for doubt counts as nonsense.
func readAnswer(a policy.Assessor, data []byte) (policy.Finding, error) {
	if len(data) > maxAnswerBytes {
		return policy.Finding{}, fmt.Errorf("it has %d bytes", len(data))
	}
	var in events.AssessorAnswer
	if err := json.Unmarshal(data, &in); err != nil {
		return policy.Finding{}, errors.New("it is not the JSON of an answer")
	}
	switch {
	case (in.Score == nil) == (in.Points == nil):
		return policy.Finding{}, errors.New("it needs either score or points")
	case in.Reason == "":
		return policy.Finding{}, errors.New("it gives no reason")
	case len(in.Tags) > maxTags:
		return policy.Finding{}, fmt.Errorf("it has %d tags", len(in.Tags))
	}
	for _, t := range in.Tags {
		if len(t) > maxTagBytes {
			return policy.Finding{}, fmt.Errorf("it has a tag of %d bytes", len(t))
		}
	}
	reason := in.Reason
	if len(in.Tags) > 0 {
		reason += " [" + strings.Join(in.Tags, "] [") + "]"
	}
	score, err := number("score", in.Score)
	if err != nil {
		return policy.Finding{}, err
	}
	points, err := number("points", in.Points)
	if err != nil {
		return policy.Finding{}, err
	}
	return a.FindingOf(score, points, reason), nil
}

// number rounds up, 0 where there is none.
func number(name string, v *float64) (int, error) {
	switch {
	case v == nil:
		return 0, nil
	case !(*v >= 0 && *v <= 100): // true for what is no number, too
		return 0, fmt.Errorf("its %s is %g", name, *v)
	}
	return int(math.Ceil(*v)), nil
}

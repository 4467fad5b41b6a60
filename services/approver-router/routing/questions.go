package routing

import (
	"context"
	"errors"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/mask"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// errNoQuestion says that an answer is to a question that nobody asked about the action, or that is answered.
var errNoQuestion = errors.New("nobody asked this question about the action, or it is answered, or the action is decided")

// answer puts an agent's answer onto the card. It comes through the consumer of withdrawals, so that what an agent says keeps its order.
func (h *withdrawals) answer(ctx context.Context, m *stream.Message) stream.Outcome {
	agent, action, question, err := h.subjects.ParseAnswer(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	said, err := events.As[events.QuestionAnswered](m.Event)
	if err != nil {
		return stream.Permanent(err)
	}
	if said.Agent != agent || said.Action != action || said.Question != question {
		return stream.Permanent(&events.FieldError{Field: "question", Problem: "is another than the subject says", Fix: "answer on the question's own subject"})
	}
	s, err := h.store.Find(ctx, agent, action)
	if errors.Is(err, requests.ErrNotFound) {
		return stream.Permanent(errNoQuestion)
	}
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	text, err := h.shown(ctx, &s, agent, action, said.Answer)
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	in := approval.Answered{Agent: agent, Action: action, Question: question, Sequence: m.Sequence, EventID: m.Event.ID, Text: text, At: m.StoredAt}
	s, effects, err := h.store.Apply(ctx, s.Request, in, h.now())
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	if len(effects) == 0 {
		return stream.Permanent(errNoQuestion)
	}
	out, err := requests.Outputs(h.subjects, source, m.Event, s, effects)
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	return stream.Done(out...)
}

// shown is an answer as people read it: without the secrets of its action.
func (h *withdrawals) shown(ctx context.Context, s *approval.State, agent, action, text string) (string, error) {
	var secrets []string
	for n := 1; n <= len(s.Items); n++ {
		item := s.CardItem(n)
		if item.Agent != agent || item.Action != action {
			continue
		}
		proposed, err := h.actions.load(ctx, item.ActionRef)
		if err != nil && !errors.Is(err, errNotAtHand) {
			return "", err
		}
		if err == nil {
			_, _, secrets = mask.Secrets(proposed.Arguments, s.Rules.Mask)
		}
	}
	return clip(mask.Scrub(mask.Text(oneLine(text)), secrets), events.MaxAnswerLength), nil
}

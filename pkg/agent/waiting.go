package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Waiting is how an action stands that waits for people: who is asked, since when others were brought in, by when an answer is due, and what
// people want to know of the agent.
type Waiting = events.ApprovalPending

// waits passes news of an action that waits on, if it is about this one.
func (c *Client) waits(e events.Event, action string) {
	p, err := events.As[events.ApprovalPending](e)
	if err == nil && (p.Agent != c.opts.Agent || p.Action != action) {
		err = fmt.Errorf("it is about %s/%s", p.Agent, p.Action)
	}
	if err != nil {
		c.log.Warn("dropped a message on the reply subject", "action", action, "error", err)
		return
	}
	if c.opts.OnWaiting != nil {
		c.opts.OnWaiting(*p)
	}
}

// Answer answers a question that people asked about an action, see [Options].OnWaiting, and returns once the answer is durably stored. It goes
// onto their card as it is, with secrets masked; answer is at most [events.MaxAnswerLength] bytes. Only the first answer to a question
// counts. The errors are those of [Client.Propose]; [ErrUnconfirmed] says that it may or may not have been stored, and doing it again is harmless.
func (c *Client) Answer(ctx context.Context, action, question, answer string) error {
	payload := &events.QuestionAnswered{Agent: c.opts.Agent, Action: action, Question: question, Answer: answer}
	if err := payload.Validate(); err != nil {
		return err
	}
	return c.say(ctx, c.subjects.Answer(c.opts.Agent, action, question), payload, action, "answer/"+question)
}

// say stores what the agent says about an action beside proposing it; what is the last part of the event's id.
func (c *Client) say(ctx context.Context, subject string, payload events.Payload, action, what string) error {
	fail := func(err error) error { return fmt.Errorf("saying %s of action %s: %w", what, action, err) }
	e, err := events.New(payload, action+"/"+what, "/agents/"+c.opts.Agent, time.Now())
	if err != nil {
		return fail(err)
	}
	e.Subject = c.opts.Agent + "/" + action
	msg, err := c.message(subject, e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout(ctx))
	defer cancel()
	_, err = c.store(ctx, msg)
	if err == nil {
		return nil
	}
	if errors.Is(err, errNoAnswer) || errors.Is(err, ErrClosed) || ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return fail(err)
}

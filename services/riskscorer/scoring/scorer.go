package scoring

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// source is the CloudEvents source of every assessment.
const source = "/services/" + Name

// maxText is the longest text an assessment repeats of an action, in bytes.
const maxText = 256

// The findings that no policy makes: these actions are denied whatever they do.
const (
	foundMalformed  = "malformed"
	foundWrongName  = "wrong_name"
	foundWrongInbox = "wrong_inbox"
	deniedScore     = 100
)

// scorer is the handler. Who proposed which action is taken from the subject, which the
// server has checked, never from the payload.
type scorer struct {
	keeper   *keeper
	asker    *asker
	state    *lately.State
	handled  *atomic.Int64 // see [history.bound]
	conn     *nats.Conn
	subjects events.Subjects
	now      func() time.Time
}

// retryAfter is when an action is tried again whose stored assessment could not be looked for.
const retryAfter = time.Second

// Handle implements stream.Handler.
func (s *scorer) Handle(ctx context.Context, m *stream.Message) stream.Outcome {
	s.handled.Store(s.now().UnixNano())
	_, agent, action, err := s.subjects.ParseAction(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	proposed, err := events.As[events.ActionProposed](m.Event)
	if err != nil {
		return stream.Permanent(fmt.Errorf("reading action %s/%s: %w", agent, action, err))
	}
	ref := events.ActionRef{Agent: agent, Action: action, Sequence: m.Sequence, Digest: events.Digest(m.Event.Data)}
	if ref.ArgumentsDigest, err = events.ArgumentsDigest(proposed.Arguments); err != nil {
		return stream.Permanent(fmt.Errorf("reading action %s/%s: %w", agent, action, err))
	}
	open, again := s.open(ctx, m, ref, proposed)
	if again != nil {
		return stream.RetryAfter(privateRetry, again)
	}
	in := inputOf(m, agent, open.action)
	switch done, err := s.assessedBefore(ctx, m, ref); {
	case err != nil:
		return stream.RetryAfter(retryAfter, err)
	case done:
		s.state.Act(actOf(in))
		return stream.Done()
	}
	p := s.keeper.rules()
	w, asked := s.weigh(p, m, ref, in, open.shownIn(m, agent))
	s.state.Act(actOf(in))
	if w = open.judge(w); w.Denied {
		asked = nil
	}
	if len(asked) == 0 {
		return s.finish(p, m, assessmentOf(m, ref, proposed, w))
	}
	promise := stream.NewPromise()
	go func() {
		findings, err := s.asker.ask(ctx, asked, ref, m, w)
		if err != nil {
			return // shutting down: the next scorer asks again
		}
		promise.Resolve(s.finish(p, m, assessmentOf(m, ref, proposed, p.Combine(w, findings))))
	}()
	return stream.Later(promise)
}

// assessedBefore says whether the action has an assessment that is stored. The first one stands: further
// assessors may answer otherwise the next time.
func (s *scorer) assessedBefore(ctx context.Context, m *stream.Message, ref events.ActionRef) (bool, error) {
	if m.Deliveries <= 1 && !s.state.Assessed(m.Sequence) {
		return false, nil
	}
	q := query{Last: fmt.Sprintf("%s.*.%s.%s", s.subjects.All("assessments", 0), ref.Agent, ref.Action)}
	found, err := read(ctx, s.conn, s.subjects.Stream("EVENTS"), q)
	if err != nil || len(found) == 0 {
		return false, err
	}
	e, err := events.Decode(events.Header(found[0].Header), found[0].Data)
	if err != nil {
		return false, nil //nolint:nilerr // what is stored there is no assessment
	}
	a, err := events.As[events.ActionAssessed](e)
	if err != nil || a.Sequence != m.Sequence {
		return false, nil //nolint:nilerr // as above, or of an action that aged out
	}
	s.state.Assess(assessOf(a))
	return true, nil
}

// finish publishes an assessment.
func (s *scorer) finish(p rules, m *stream.Message, a *events.ActionAssessed) stream.Outcome {
	out, err := s.output(p, m, a)
	if err != nil {
		return stream.Permanent(err)
	}
	s.state.Assess(assessOf(a))
	return stream.Done(out)
}

// weigh asks the policy, unless the action is one that is denied by its form, and says who else is to be asked. shown is the action without its private
// values; nil where it has none.
func (s *scorer) weigh(p rules, m *stream.Message, ref events.ActionRef, in, shown *input.Action) (policy.Assessment, []policy.Assessor) {
	a := in.ActionProposed
	if a.Agent != "" && a.Agent != ref.Agent {
		return deny(foundWrongName, fmt.Sprintf("the action of agent %s claims to be of agent %.80q", ref.Agent, a.Agent)), nil
	}
	if a.Action != "" && a.Action != ref.Action {
		return deny(foundWrongName, fmt.Sprintf("action %s claims to be action %.80q", ref.Action, a.Action)), nil
	}
	if replyTo := m.Event.ReplyTo; replyTo != "" {
		if err := events.CheckReplyTo(ref.Agent, replyTo); err != nil {
			return deny(foundWrongInbox, err.Error()), nil
		}
	}
	w := p.AssessHiding(s.state, in, shown)
	if w.Denied {
		return w, nil
	}
	return w, p.Assessors(s.state, in)
}

// inputOf is the action as it is weighed and counted. The time is the server's, when it stored the action: a redelivery
// is weighed like the first delivery.
func inputOf(m *stream.Message, agent string, a *events.ActionProposed) *input.Action {
	in := input.New(a, agent, m.StoredAt, nil)
	in.Sequence = m.Sequence
	return in
}

func deny(id, reason string) policy.Assessment {
	reason = policy.Shorten(reason, maxText)
	return policy.Assessment{
		Level: events.High, Score: deniedScore, Denied: true, Reason: reason,
		Rules: []events.FiredRule{{ID: id, Points: deniedScore, Reason: reason}},
	}
}

// Buried implements stream.Burier: an action that cannot be read is denied, so that it too
// gets its one decision.
func (s *scorer) Buried(m *stream.Message, reason error) []stream.Output {
	_, agent, action, err := s.subjects.ParseAction(m.Subject)
	if err != nil {
		return nil // nobody to tell
	}
	data := m.Event.Data
	if m.Event.ID == "" {
		data = m.Data
	}
	ref := events.ActionRef{Agent: agent, Action: action, Sequence: m.Sequence, Digest: events.Digest(data)}
	a := assessmentOf(m, ref, &events.ActionProposed{}, deny(foundMalformed, reason.Error()))
	s.state.Act(actOf(inputOf(m, agent, &events.ActionProposed{})))
	s.state.Assess(assessOf(a))
	out, err := s.output(s.keeper.rules(), m, a)
	if err != nil {
		return nil // the ids come from a parsed subject and the rest from here, so this cannot be
	}
	return []stream.Output{out}
}

// assessmentOf repeats of the action what routing needs, cut to sane lengths: an
// assessment never outgrows a message, whatever the action holds.
func assessmentOf(m *stream.Message, ref events.ActionRef, a *events.ActionProposed, w policy.Assessment) *events.ActionAssessed {
	out := &events.ActionAssessed{
		ActionRef: ref, Level: w.Level, Score: w.Score, Denied: w.Denied, Reason: w.Reason, Rules: w.Rules,
		Breakpoint: a.Breakpoint, Tool: short(a.Tool), Session: short(a.Session), Principal: short(a.Principal),
		Deadline: a.Deadline, ProposedAt: m.StoredAt,
	}
	if t := a.Target; t != nil {
		out.Target = &events.Target{Kind: short(t.Kind), Name: short(t.Name), Environment: short(t.Environment)}
	}
	return out
}

func short(s string) string { return policy.Shorten(s, maxText) }

// output wraps an assessment. Its ids follow from the action alone, so that a
// redelivered action repeats its assessment instead of getting a second one.
func (s *scorer) output(p rules, m *stream.Message, a *events.ActionAssessed) (stream.Output, error) {
	id := fmt.Sprintf("assessed/%s/%s/%d", a.Agent, a.Action, a.Sequence)
	e, err := events.New(a, id, source, s.now())
	if err != nil {
		return stream.Output{}, fmt.Errorf("assessing %s/%s: %w", a.Agent, a.Action, err)
	}
	e = e.Because(m.Event)
	e.Subject = a.Agent + "/" + a.Action
	e.PolicyVersion = p.Version()
	if replyTo := replyTo(m); events.CheckReplyTo(a.Agent, replyTo) == nil {
		e.ReplyTo = replyTo
	}
	return stream.Output{Subject: s.subjects.Assessment(a.Level, a.Agent, a.Action), Event: e, MsgID: id, Stored: s.state.Told}, nil
}

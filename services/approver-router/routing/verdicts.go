package routing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// noGroup stands for the group in the subject of a refusal whose request nobody knows.
const noGroup = "unknown"

// A request that is not found is looked for again: the replica of the bucket that was
// asked may be behind the card that the approver answers.
const (
	patience     = 3 // deliveries
	retryUnknown = 100 * time.Millisecond
)

// verdicts turns what approvers answer into decisions.
type verdicts struct {
	subjects events.Subjects
	store    *requests.Store
	tables   *tables
	editor   *editor
	announce *announcer
	granter  *granter
	watch    *attentive
	load     *load
	now      func() time.Time
}

// Handle implements [stream.Handler]. Who answers, and through which channel, is taken from the
// subject, which the server has authorised; a payload that claims others is refused.
func (v *verdicts) Handle(ctx context.Context, m *stream.Message) stream.Outcome {
	if _, _, _, err := v.subjects.ParseHandOver(m.Subject); err == nil {
		return v.handOver(ctx, m)
	}
	channel, approver, request, err := v.subjects.ParseVerdict(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	cast, err := events.As[events.VerdictCast](m.Event)
	if err == nil {
		err = claimsMatch(cast.Request, cast.Approver, approver, request)
	}
	if err != nil {
		return stream.Permanent(err) // Buried refuses it
	}
	if outcome, done := v.settled(ctx, m, request); done {
		return outcome
	}
	var in approval.Verdict // as it was applied last
	state, effects, err := v.store.ApplyTo(ctx, request, func(s *approval.State) (_ approval.Input, err error) {
		in, err = v.input(ctx, s, m, cast, channel, approver)
		return in, err
	}, v.now())
	if err != nil {
		return v.failed(m, request, channel, approver, err)
	}
	if state.Resolved != nil {
		v.load.resolved(state.ReadCard().Group, request)
	}
	out, err := requests.Outputs(v.subjects, source, m.Event, state, effects)
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	warned, err := v.watch.count(ctx, &state, &in, m.Event)
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	out = append(out, warned...)
	granted, err := v.granter.give(ctx, &state, &in, m.Event)
	if refused, ok := errors.AsType[*refusedError](err); ok { // its bounds have changed since the verdict counted
		granted, err = v.ungranted(m, request, &in, refused.reason)
	}
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	return stream.Done(append(out, granted...)...)
}

// settled says what becomes of what was refused before: it stays refused, whatever has changed since.
func (v *verdicts) settled(ctx context.Context, m *stream.Message, request string) (_ stream.Outcome, done bool) {
	if m.Deliveries == 1 {
		return stream.Outcome{}, false
	}
	refused, err := v.refusedBefore(ctx, m, request)
	if err != nil {
		return stream.RetryAfter(retryOpen, err), true
	}
	return stream.Done(), refused
}

// failed says what becomes of what could not be applied to its request.
func (v *verdicts) failed(m *stream.Message, request, channel, approver string, err error) stream.Outcome {
	switch {
	case errors.Is(err, requests.ErrNotFound) && m.Deliveries < patience:
		return stream.RetryAfter(retryUnknown, err)
	case errors.Is(err, requests.ErrNotFound):
		return v.refuse(m, events.VerdictRefused{
			Request: request, Channel: channel, Approver: approver, Sequence: m.Sequence,
			Code: events.RefusedUnknownRequest, Reason: fmt.Sprintf("there is no request %s, or it was resolved long ago", request),
		})
	case errors.Is(err, requests.ErrFull):
		return v.refuse(m, events.VerdictRefused{
			Request: request, Channel: channel, Approver: approver, Sequence: m.Sequence, Code: events.RefusedMalformed, Reason: err.Error() + ": answer without comments",
		})
	case errors.Is(err, requests.ErrUnreadable):
		return stream.Permanent(err) // Buried refuses it
	}
	return stream.RetryAfter(retryOpen, err)
}

// refusedBefore reports whether an earlier delivery of the verdict was refused, and that was told.
func (v *verdicts) refusedBefore(ctx context.Context, m *stream.Message, request string) (bool, error) {
	conn, name, subjects := v.announce.js.Conn(), v.subjects.Stream("EVENTS"), v.subjects.Approval("*", events.Refused, request)
	first, err := bucket.First(ctx, conn, name, subjects, m.StoredAt)
	if err != nil || first == nil {
		return false, err
	}
	for next := first.Sequence; ; {
		page, more, err := bucket.Page(ctx, conn, name, subjects, next)
		if err != nil {
			return false, fmt.Errorf("looking for refusals on %s: %w", request, err)
		}
		for i := range page {
			next = page[i].Sequence + 1
			e, err := events.Decode(events.Header(page[i].Header), page[i].Data)
			if err != nil {
				continue
			}
			if refused, err := events.As[events.VerdictRefused](e); err == nil && refused.Sequence == m.Sequence {
				return true, nil
			}
		}
		if !more {
			return false, nil
		}
	}
}

// ungranted says that a verdict counts and what it was to let pass too does not pass.
func (v *verdicts) ungranted(m *stream.Message, request string, in *approval.Verdict, reason string) ([]stream.Output, error) {
	refused := &events.GrantRefused{Grant: request, Approver: in.Approver, Channel: in.Channel, Sequence: m.Sequence, Reason: clip(oneLine(reason), maxText)}
	out, err := grantOutput(v.subjects, request, events.GrantDenied, refused, fmt.Sprintf("grant/refused/%d", m.Sequence), m.Event, v.now())
	return []stream.Output{out}, err
}

// input is the verdict with what the directory and the risk scorer say of it: who is behind the account, which items are
// their own, and what edited arguments would do.
func (v *verdicts) input(ctx context.Context, s *approval.State, m *stream.Message, cast *events.VerdictCast, channel, approver string) (approval.Verdict, error) {
	if s.Resolved == nil && cast.Digest == s.Digest {
		if err := v.announce.ensure(ctx, s, m.Event); err != nil {
			return approval.Verdict{}, err
		}
	}
	directory := v.tables.get().people
	in := approval.Verdict{
		Sequence: m.Sequence, EventID: m.Event.ID, Channel: channel, Approver: approver,
		Person: directory.PersonOf(approver), Groups: directory.GroupsOf(approver), Cast: *cast, At: m.StoredAt,
		Own: make(map[int]string),
	}
	for n := 1; n <= len(s.Items); n++ {
		item := s.CardItem(n)
		if why := directory.OwnAction(approver, item.Principal, item.Agent); why != "" {
			in.Own[n] = why
		}
	}
	var err error
	if s.Resolved == nil {
		if err = v.watch.standing(ctx, s, &in); err != nil {
			return in, err
		}
	}
	if s.Resolved == nil && cast.Limits != nil && cast.Limits.Amount > 0 {
		if in.OverLimit, err = v.overLimit(ctx, s, cast); err != nil {
			return in, err
		}
	}
	if s.Resolved == nil && cast.Grant != nil {
		if in.GrantRefused, err = v.granter.onVerdict(ctx, s, &in); err != nil {
			return in, err
		}
	}
	if s.Resolved != nil || !cast.Uses(events.Edit) {
		return in, nil
	}
	in.Edits, err = v.editor.assess(ctx, s, cast, in.Person)
	return in, err
}

// Buried implements [stream.Burier]: whoever cast a verdict that cannot be read is told why.
func (v *verdicts) Buried(m *stream.Message, reason error) []stream.Output {
	channel, approver, request, err := v.subjects.ParseVerdict(m.Subject)
	if err != nil {
		channel, approver, request, err = v.subjects.ParseHandOver(m.Subject)
	}
	if err != nil {
		return nil
	}
	out, err := v.refusal(m, events.VerdictRefused{
		Request: request, Channel: channel, Approver: approver, Sequence: m.Sequence,
		Code: events.RefusedMalformed, Reason: clip(oneLine(reason.Error()), maxText),
	})
	if err != nil {
		return nil
	}
	return []stream.Output{out}
}

// claimsMatch compares what a payload claims of its request and approver with its subject.
func claimsMatch(claimsRequest, claimsApprover, approver, request string) error {
	if claimsRequest != "" && claimsRequest != request {
		return &events.FieldError{Field: "request", Problem: fmt.Sprintf("is %q but the subject says %q", claimsRequest, request), Fix: "answer on the request's own subject"}
	}
	if claimsApprover != "" && claimsApprover != approver {
		return &events.FieldError{Field: "approver", Problem: fmt.Sprintf("is %q but the subject says %q", claimsApprover, approver), Fix: "answer under your own name"}
	}
	return nil
}

func (v *verdicts) refuse(m *stream.Message, refused events.VerdictRefused) stream.Outcome {
	out, err := v.refusal(m, refused)
	if err != nil {
		return stream.Permanent(err)
	}
	return stream.Done(out)
}

func (v *verdicts) refusal(m *stream.Message, refused events.VerdictRefused) (stream.Output, error) {
	id := fmt.Sprintf("refused-%d", m.Sequence)
	e, err := events.New(&refused, id, source, v.now())
	if err != nil {
		return stream.Output{}, err
	}
	e = e.Because(m.Event)
	e.Subject = refused.Request
	return stream.Output{Subject: v.subjects.Approval(noGroup, events.Refused, refused.Request), Event: e, MsgID: id}, nil
}

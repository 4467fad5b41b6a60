package routing

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/grants"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// grantings do what people command about grants. Who commands is taken from the subject, which the server has authorised.
type grantings struct{ *granter }

// Handle implements [stream.Handler]. Whatever is refused is told to the one who asked.
func (g *grantings) Handle(ctx context.Context, m *stream.Message) stream.Outcome {
	channel, approver, id, err := g.subjects.ParseGranting(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	giver := grants.Giver{Person: g.tables.get().people.PersonOf(approver), Approver: approver, Channel: channel}
	var out []stream.Output
	switch m.Event.Type {
	case events.GrantAskedType:
		out, err = g.asked(ctx, m, id, giver)
	case events.GrantRevocationAskedType:
		out, err = g.revocation(ctx, m, id, giver)
	default:
		err = &events.FieldError{Field: "type", Problem: fmt.Sprintf("is %.80q", m.Event.Type), Fix: "send " + events.GrantAskedType + " or " + events.GrantRevocationAskedType}
		return stream.Permanent(err) // Buried refuses it
	}
	refused, isRefused := errors.AsType[*refusedError](err)
	_, isWrong := errors.AsType[*events.FieldError](err)
	switch {
	case isRefused:
		out, err = g.refusal(m, id, giver, refused.reason)
	case isWrong:
		return stream.Permanent(err) // Buried refuses it
	}
	if err != nil {
		return stream.RetryAfter(retryOpen, err)
	}
	return stream.Done(out...)
}

// asked gives a grant by the example of an action that was assessed.
func (g *grantings) asked(ctx context.Context, m *stream.Message, id string, giver grants.Giver) ([]stream.Output, error) {
	ask, err := events.As[events.GrantAsked](m.Event)
	if err != nil {
		return nil, err
	}
	a, err := g.assessed(ctx, ask.Agent, ask.Action)
	if err != nil {
		return nil, err
	}
	proposed, err := g.actions.load(ctx, a.ActionRef)
	if errors.Is(err, errNotAtHand) {
		return nil, refusef("action %s/%s is not stored any more: take a newer one as the example", ask.Agent, ask.Action)
	}
	if err != nil {
		return nil, err
	}
	t := g.tables.get()
	about := subject(a, proposed, m.StoredAt)
	route := t.routes.Match(about)
	key := route.Key(about)
	switch _, alone := decideAlone(a); {
	case alone && !makesWait(t.routes, a, route):
		return nil, refusef("%s/%s needs nobody's approval, so there is nothing to grant", ask.Agent, ask.Action)
	case t.routes.NeverGranted(about):
		return nil, refusef("the routes say that actions like %s/%s are never granted", ask.Agent, ask.Action)
	case len(key) > grants.MaxKey:
		return nil, refusef("what actions like %s/%s have in common is too long to be granted", ask.Agent, ask.Action)
	}
	if why := mayGrant(route, t.people, giver.Approver, giver.Channel); why != "" {
		return nil, refusef("%s", why)
	}
	if err := withinBounds(route, &ask.GrantTerms); err != nil {
		return nil, err
	}
	like := []example{{ref: a.ActionRef, principal: a.Principal, tool: a.Tool, arguments: proposed.Arguments}}
	made, err := grant(id, giver, route.ID, route.Group(), key, &ask.GrantTerms, like, m.StoredAt)
	if err != nil {
		return nil, err
	}
	return g.create(ctx, made, a.Tool, "", m.Sequence, m.Event)
}

// assessed finds the assessment of an action that waits, or waited, for people.
func (g *granter) assessed(ctx context.Context, agent, action string) (*events.ActionAssessed, error) {
	s, err := g.handles.of(ctx, g.js, g.subjects.Stream("EVENTS"))
	if err != nil {
		return nil, err
	}
	for _, level := range []events.Level{events.High, events.Medium} {
		m, err := s.GetLastMsgForSubject(ctx, g.subjects.Assessment(level, agent, action))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("looking for the assessment of %s/%s: %w", agent, action, err)
		}
		e, err := events.Decode(events.Header(m.Header), m.Data)
		if err != nil {
			continue
		}
		a, err := events.As[events.ActionAssessed](e)
		if err != nil {
			continue
		}
		if a.Edited != nil {
			return nil, refusef("%s/%s was edited by people: take as the example what was approved as proposed", agent, action)
		}
		return a, nil
	}
	return nil, refusef("no assessment of %s/%s as high or medium is stored: take another action as the example", agent, action)
}

func (g *grantings) revocation(ctx context.Context, m *stream.Message, id string, by grants.Giver) ([]stream.Output, error) {
	ask, err := events.As[events.GrantRevocationAsked](m.Event)
	if err != nil {
		return nil, err
	}
	state, err := g.store.Load(ctx, id)
	switch {
	case errors.Is(err, grants.ErrNotFound), errors.Is(err, grants.ErrUnreadable):
		return nil, refusef("there is no grant %s, or it ended long ago", id)
	case err != nil:
		return nil, err
	case !revokers(&state, g.tables.get().people, by.Approver):
		return nil, refusef("%s did not give grant %s and is not in %s", by.Approver, id, state.Group)
	}
	if state, err = g.store.Revoke(ctx, id, by.Person, m.StoredAt); err != nil {
		return nil, err
	}
	out, err := grantOutput(g.subjects, id, events.GrantEnded, &events.GrantRevoked{Grant: id, By: state.Revoked.By, Used: len(state.Used), Comment: ask.Comment}, "grant/"+id+"/revoked", m.Event, g.now())
	return []stream.Output{out}, err
}

// Buried implements [stream.Burier]: whoever sent what cannot be read is told why.
func (g *grantings) Buried(m *stream.Message, reason error) []stream.Output {
	channel, approver, id, err := g.subjects.ParseGranting(m.Subject)
	if err != nil {
		return nil
	}
	out, err := g.refusal(m, id, grants.Giver{Approver: approver, Channel: channel}, reason.Error())
	if err != nil {
		return nil
	}
	return out
}

func (g *grantings) refusal(m *stream.Message, id string, asker grants.Giver, reason string) ([]stream.Output, error) {
	refused := &events.GrantRefused{Grant: id, Approver: asker.Approver, Channel: asker.Channel, Sequence: m.Sequence, Reason: clip(oneLine(reason), maxText)}
	out, err := grantOutput(g.subjects, id, events.GrantDenied, refused, fmt.Sprintf("grant/refused/%d", m.Sequence), m.Event, g.now())
	return []stream.Output{out}, err
}

// commanded is the worker of the commands about grants. Those about one grant keep their order.
func (c *Config) commanded(s events.Subjects) stream.Config {
	return stream.Config{
		Service: Name, Stream: s.Stream("VERDICTS"), Consumer: "approver-router-grantings",
		Filters: []string{s.All("grantings", 3)},
		AckWait: c.AckWait, PinnedTTL: c.PinnedTTL, Drain: c.Drain,
		Key: func(m *stream.Message) string { return m.Subject[strings.LastIndexByte(m.Subject, '.')+1:] },
	}
}

package routing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/grants"
	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// granter gives grants and ends them, on the word of people who could approve by themselves what is to pass.
type granter struct {
	subjects events.Subjects
	js       jetstream.JetStream
	store    *grants.Store
	actions  *actions
	tables   *tables
	handles  handles
	now      func() time.Time
}

// example is an action by which a grant is given: actions like it pass.
type example struct {
	ref       events.ActionRef
	principal string
	tool      string
	arguments json.RawMessage
}

// refusedError says to the one who asked why a grant is not given.
type refusedError struct{ reason string }

func (e *refusedError) Error() string { return e.reason }

func refusef(format string, args ...any) error { return &refusedError{fmt.Sprintf(format, args...)} }

// grant is the grant on the terms, by examples that it must fit all.
func grant(id string, giver grants.Giver, route, group, key string, terms *events.GrantTerms, examples []example, at time.Time) (grants.Grant, error) {
	first := examples[0]
	g := grants.Grant{
		ID: id, Giver: giver, Route: route, Group: group, Key: key, Created: at.UTC(), Expires: at.UTC().Add(time.Duration(terms.Seconds) * time.Second), Uses: terms.Uses,
	}
	for _, e := range examples {
		switch {
		case !terms.AnyAgent && e.ref.Agent != first.ref.Agent:
			return g, refusef("what is approved is of several agents: grant it for one of them, or for any agent")
		case !terms.AnyPrincipal && e.principal != first.principal:
			return g, refusef("what is approved is on behalf of several people: grant it for one of them, or for anybody")
		}
	}
	if !terms.AnyAgent {
		g.Agent = first.ref.Agent
	}
	if !terms.AnyPrincipal {
		g.Principal, g.Nobodys = first.principal, first.principal == ""
	}
	if terms.Amount > 0 {
		limit, err := grants.MoneyOf(terms.Amount, terms.Currency)
		if err != nil {
			return g, refusef("grant.amount: %s", err)
		}
		g.Limit = &limit
	}
	for _, pointer := range terms.Same {
		value, err := common(examples, pointer)
		if err != nil {
			return g, err
		}
		if g.Equal == nil {
			g.Equal = make(map[string]json.RawMessage, len(terms.Same))
		}
		g.Equal[pointer] = value
	}
	if err := g.Validate(at); err != nil {
		return g, refusef("%s", err)
	}
	return g, nil
}

// common is the value that all examples have at a pointer.
func common(examples []example, pointer string) (json.RawMessage, error) {
	value, ok := grants.At(examples[0].arguments, pointer)
	for _, e := range examples[1:] {
		other, found := grants.At(e.arguments, pointer)
		ok = ok && found && string(other) == string(value)
	}
	if !ok {
		return nil, refusef("grant.same: %s is not one value in what is approved", pointer)
	}
	return value, nil
}

// withinBounds says why the terms are wider than the route allows.
func withinBounds(route *routes.Route, terms *events.GrantTerms) error {
	b := route.Grants
	switch {
	case time.Duration(terms.Seconds)*time.Second > b.For || terms.Seconds > int(b.For/time.Second):
		return refusef("grant.seconds is %d: route %s grants for at most %s", terms.Seconds, route.ID, b.For)
	case terms.Uses > b.Uses:
		return refusef("grant.uses is %d: route %s grants at most %d", terms.Uses, route.ID, b.Uses)
	case terms.Amount > b.Amounts[terms.Currency]:
		return refusef("grant.amount is %v %s: route %s grants at most %v", terms.Amount, terms.Currency, route.ID, b.Amounts[terms.Currency])
	}
	return nil
}

// onVerdict says why what the verdict wants to let pass too is more than its approver may; "" where it is not.
func (g *granter) onVerdict(ctx context.Context, s *approval.State, in *approval.Verdict) (string, error) {
	var approved []int
	for n := 1; n <= len(s.Items); n++ {
		if kindOn(&in.Cast, n) == events.Approve && s.Items[n-1].Outcome == nil && s.Items[n-1].Moved == nil {
			approved = append(approved, n)
		}
	}
	if len(approved) == 0 {
		return "", nil // there is nothing left to approve, which is for others to say
	}
	_, err := g.ofRequest(ctx, s, in.Sequence, in, approved)
	if refused, ok := errors.AsType[*refusedError](err); ok {
		return refused.reason, nil
	}
	return "", err
}

// ofRequest is the grant that a verdict gives with its items.
func (g *granter) ofRequest(ctx context.Context, s *approval.State, sequence uint64, in *approval.Verdict, approved []int) (grants.Grant, error) {
	card, table := s.ReadCard(), g.tables.get()
	route := table.routes.Find(card.Route)
	key := s.Items[0].Similar
	switch {
	case route == nil:
		return grants.Grant{}, refusef("there is no single route %s any more, so nothing can be granted on it", card.Route)
	case card.Flood != nil:
		return grants.Grant{}, refusef("a card about a flood grants nothing")
	case in.Doubted:
		return grants.Grant{}, refusef("%s seems to answer too fast: nothing can be granted for some time", in.Approver)
	case key == "":
		return grants.Grant{}, refusef("what the actions have in common is too long to be granted")
	case len(s.Rules.Require) != 1 || s.Rules.Require[0].Count != 1:
		return grants.Grant{}, refusef("the card needs %s, and a grant is only for what one person may approve alone", approval.Words(s.Rules.Require))
	}
	if why := mayGrant(route, table.people, in.Approver, in.Channel); why != "" {
		return grants.Grant{}, refusef("%s", why)
	}
	if err := withinBounds(route, in.Cast.Grant); err != nil {
		return grants.Grant{}, err
	}
	examples := make([]example, 0, len(approved))
	for _, n := range approved {
		item := s.CardItem(n)
		e := example{ref: item.ActionRef, principal: item.Principal, tool: item.Tool}
		if len(in.Cast.Grant.Same) > 0 {
			proposed, err := g.actions.load(ctx, item.ActionRef)
			if errors.Is(err, errNotAtHand) {
				return grants.Grant{}, refusef("item %d is not stored any more, so its values cannot be granted", n)
			}
			if err != nil {
				return grants.Grant{}, err
			}
			e.arguments = proposed.Arguments
		}
		examples = append(examples, e)
	}
	sum := sha256.Sum256([]byte(s.Request + "/" + strconv.FormatUint(sequence, 10)))
	giver := grants.Giver{Person: table.people.PersonOf(in.Approver), Approver: in.Approver, Channel: in.Channel}
	return grant("g-"+hex.EncodeToString(sum[:6]), giver, route.ID, card.Group, key, in.Cast.Grant, examples, in.At)
}

// give creates the grant of a verdict that counted, once its request has taken it, and says so. A verdict that comes again gives the same grant.
func (g *granter) give(ctx context.Context, s *approval.State, in *approval.Verdict, cause events.Event) ([]stream.Output, error) {
	if in.Cast.Grant == nil {
		return nil, nil
	}
	var approved []int
	for n := 1; n <= len(s.Items); n++ {
		o := s.Items[n-1].Outcome
		if o != nil && o.Outcome == events.Approved && o.Cause.Sequence == in.Sequence && kindOn(&in.Cast, n) == events.Approve {
			approved = append(approved, n)
		}
	}
	if len(approved) == 0 {
		return nil, nil
	}
	made, err := g.ofRequest(ctx, s, in.Sequence, in, approved)
	if err != nil {
		return nil, err
	}
	return g.create(ctx, made, s.CardItem(approved[0]).Tool, s.Request, in.Sequence, cause)
}

// create stores a grant and announces it.
func (g *granter) create(ctx context.Context, made grants.Grant, tool, request string, sequence uint64, cause events.Event) ([]stream.Output, error) {
	state, err := g.store.Create(ctx, made, made.Created)
	if errors.Is(err, grants.ErrExists) {
		return nil, refusef("%s", err)
	}
	if err != nil {
		return nil, err
	}
	created := &events.GrantCreated{
		Grant: state.ID, Approver: state.Giver.Approver, Person: state.Giver.Person, Channel: state.Giver.Channel, Route: state.Route, Group: state.Group, Tool: tool,
		OfAgent: state.Agent, OnBehalfOf: state.Principal, Equal: state.Equal, Uses: state.Uses, Created: state.Created, Expires: state.Expires, Request: request, Sequence: sequence,
	}
	if state.Limit != nil {
		created.Amount, created.Currency = grants.Amount(state.Limit.Micros), state.Limit.Currency
	}
	out, err := grantOutput(g.subjects, state.ID, events.GrantGiven, created, "grant/"+state.ID+"/created", cause, g.now())
	return []stream.Output{out}, err
}

// kindOn is how the verdict answers an item.
func kindOn(v *events.VerdictCast, number int) events.VerdictKind {
	for _, item := range v.Items {
		if item.Number == number {
			return item.Verdict
		}
	}
	return v.Verdict
}

func grantOutput(s events.Subjects, id string, event events.GrantEvent, p events.Payload, msgID string, cause events.Event, now time.Time) (stream.Output, error) {
	e, err := events.New(p, msgID, source, now)
	if err != nil {
		return stream.Output{}, err
	}
	e = e.Because(cause)
	e.Subject = id
	return stream.Output{Subject: s.Grant(id, event), Event: e, MsgID: msgID}, nil
}

// revokers are those who may end a grant: its giver, and the members of the group whose actions it lets pass.
func revokers(s *grants.State, d *people.Directory, account string) bool {
	return d.PersonOf(account) == s.Giver.Person || slices.Contains(d.GroupsOf(account), s.Group)
}

package scoring

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// The findings about private values.
const (
	foundPrivateMissing  = "private_missing"
	foundPrivateMismatch = "private_mismatch"
)

const (
	// A value is stored before its action, but a replica may answer that does not have it yet: it is looked for so often.
	privateTries = 3
	privateRetry = 200 * time.Millisecond
	// maxFindings is how many findings an assessment lists.
	maxFindings = 20
)

// opened is an action with its private values in their places.
type opened struct {
	action  *events.ActionProposed
	shown   *events.ActionProposed // the action without them; nil where it has none
	lacking []events.PrivateField
	stored  bool // something is stored, so that what lacks was never there or was swapped
}

// open reads an action's private values and puts them in their places. Without private fields it does nothing.
func open(ctx context.Context, conn *nats.Conn, s events.Subjects, agent, action string, a *events.ActionProposed) (opened, error) {
	out := opened{action: a}
	if len(a.Private) == 0 {
		return out, nil
	}
	out.shown = a
	kept, err := keptFor(ctx, conn, s, agent, action)
	if err != nil {
		return opened{action: a, shown: a, lacking: a.Private}, err
	}
	out.stored = kept != nil
	r, lacking := events.Reveals(agent, action, a.Private, kept)
	out.lacking = lacking
	out.action, err = r.Action(a)
	if err != nil { // as if nothing were known of it
		return opened{action: a, shown: a, lacking: a.Private, stored: out.stored}, nil //nolint:nilerr // said by lacking
	}
	return out, nil
}

// shownIn is what may be told of the action, as it is weighed; nil where all of it may.
func (o *opened) shownIn(m *stream.Message, agent string) *input.Action {
	if o.shown == nil {
		return nil
	}
	return inputOf(m, agent, o.shown)
}

// keptFor is what is stored for an action; nil where nothing is, or nothing that can be read.
func keptFor(ctx context.Context, conn *nats.Conn, s events.Subjects, agent, action string) (*events.PrivateStored, error) {
	found, err := read(ctx, conn, s.Stream("PRIVATE"), query{Last: s.Private(agent, action)})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	e, err := events.Decode(events.Header(found[0].Header), found[0].Data)
	if err == nil {
		var kept *events.PrivateStored
		if kept, err = events.As[events.PrivateStored](e); err == nil {
			return kept, nil
		}
	}
	return &events.PrivateStored{}, nil // stored, and of no use
}

// open is [open] for an action that was delivered; again says that it is to be delivered once more before something counts as missing.
func (s *scorer) open(ctx context.Context, m *stream.Message, ref events.ActionRef, a *events.ActionProposed) (o opened, again error) {
	o, err := open(ctx, s.conn, s.subjects, ref.Agent, ref.Action, a)
	switch {
	case m.Deliveries >= privateTries:
		return o, nil
	case err != nil:
		return o, err
	case len(o.lacking) > 0 && !o.stored:
		return o, fmt.Errorf("the private values of %s/%s are not there yet", ref.Agent, ref.Action)
	}
	return o, nil
}

// judge adds to an assessment what is to be said about private values: what is unknown is riskier, what was swapped is denied. That
// reasons say nothing of the values the policy has seen to.
func (o *opened) judge(w policy.Assessment) policy.Assessment {
	if len(o.lacking) > 0 && o.stored {
		return deny(foundPrivateMismatch, "the private value of "+o.lacking[0].Pointer+" is another than the action committed to")
	}
	if len(o.lacking) == 0 || w.Denied {
		return w
	}
	reason := policy.Shorten("the private value of "+o.lacking[0].Pointer+" is not at hand, so nobody has weighed it", maxText)
	rule := events.FiredRule{ID: foundPrivateMissing, Reason: reason}
	w.Rules = append([]events.FiredRule{rule}, w.Rules[:min(len(w.Rules), maxFindings-1)]...)
	w.Level, w.Score, w.Reason = events.High, max(w.Score, w.Thresholds.High), reason
	return w
}

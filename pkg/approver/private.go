package approver

import (
	"context"
	"errors"
	"fmt"

	"github.com/weighlock/weighlock/pkg/events"
)

// Private are the private values of an action, to be shown to whoever judges it. The zero Private knows none.
type Private struct {
	// Revealer puts the values in the places of their marks.
	events.Revealer

	// Shown are the fields with a value, Lacking those without: their marks stay where they are.
	Shown, Lacking []events.PrivateField
	// Gone says that nothing is stored for the action: it was erased, or is older than values are kept. Where fields are lacking and it is
	// false, what is stored is not what the action committed to, and is not used.
	Gone bool
}

// Private returns the private values of an action, which [Client.Action] returned for ref. Nothing is read where it has none. Each
// value's commitment is computed anew: one that the action did not commit to is never shown. A verdict's edited arguments must keep the
// marks: a value in their place would be in the audit for good.
func (c *Client) Private(ctx context.Context, ref events.ActionRef, a *events.ActionProposed) (Private, error) {
	if len(a.Private) == 0 {
		return Private{}, nil
	}
	if err := ref.Validate(); err != nil {
		return Private{}, err
	}
	subject := c.subjects.Private(ref.Agent, ref.Action)
	m, err := c.last(ctx, c.subjects.Stream("PRIVATE"), subject)
	if errors.Is(err, ErrNotFound) {
		return Private{Lacking: a.Private, Gone: true}, nil
	}
	if err != nil {
		return Private{}, err
	}
	e, err := events.Decode(m.Header, m.Data)
	if err != nil {
		return Private{}, fmt.Errorf("reading %s: %w", subject, err)
	}
	stored, err := events.As[events.PrivateStored](e)
	if err != nil {
		return Private{}, fmt.Errorf("reading %s: %w", subject, err)
	}
	var p Private
	p.Revealer, p.Lacking = events.Reveals(ref.Agent, ref.Action, a.Private, stored)
	lacking := make(map[events.PrivateField]bool, len(p.Lacking))
	for _, f := range p.Lacking {
		lacking[f] = true
	}
	for _, f := range a.Private {
		if !lacking[f] {
			p.Shown = append(p.Shown, f)
		}
	}
	return p, nil
}

package approver

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
// value's commitment is computed anew: one that the action did not commit to is never shown. In edited arguments [Client.Cast] puts the marks
// back where a value was left as it is; what is typed anew is in the audit for good.
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

// keepMarks puts marks again into a verdict's edited arguments where the values of an item's action were left as they are, so that they do not come
// into the audit by way of the verdict. Nothing is read where nothing is edited.
func (c *Client) keepMarks(ctx context.Context, v *Verdict) error {
	if !slices.ContainsFunc(v.Items, edits) {
		return nil
	}
	r, err := c.Get(ctx, v.Request)
	if errors.Is(err, ErrNotFound) {
		return nil // the verdict will be refused
	}
	if err != nil {
		return err
	}
	v.Items = slices.Clone(v.Items)
	for i := range v.Items {
		item := &v.Items[i]
		if n := item.Number; !edits(*item) || n < 1 || n > len(r.Items) {
			continue
		}
		ref := r.Items[item.Number-1].ActionRef
		a, _, err := c.Action(ctx, ref)
		if errors.Is(err, ErrNotFound) {
			continue // as old as this nothing private is stored of it
		}
		if err != nil {
			return err
		}
		p, err := c.Private(ctx, ref, &a)
		if err != nil {
			return err
		}
		if item.Arguments, err = p.Keep(item.Arguments, p.Shown); err != nil {
			return fmt.Errorf("reading the edited arguments of item %d: %w", item.Number, err)
		}
	}
	return nil
}

func edits(item events.ItemVerdict) bool { return item.Verdict == events.Edit }

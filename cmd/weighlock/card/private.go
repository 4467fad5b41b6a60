package card

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/mask"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// Filled is the item as whoever judges it sees it, with its private values in their places. Secrets in them stay masked unless they are to be
// revealed, in Arguments and Context; Edited and Proposed have them. It is never what an edit starts from: that keeps the marks.
func (f Fetched) Filled(shared *events.CardContext, reveal bool) Fetched {
	p := f.Private
	if p == nil {
		return f
	}
	f.Arguments = filled(p, f.Arguments)
	if !reveal {
		f.Arguments, _ = mask.JSON(f.Arguments, f.Masked)
	}
	f.Edited = filled(p, f.Edited)
	f.Proposed = filledAction(p, f.Proposed)
	var c events.CardContext
	for _, of := range []*events.CardContext{shared, f.Context} {
		if of != nil {
			merge(&c, of)
		}
	}
	fillContext(&c, p, reveal)
	f.Context = &c
	return f
}

// filled are arguments with their values; as they were where they cannot be read.
func filled(p *approver.Private, arguments json.RawMessage) json.RawMessage {
	whole, err := p.JSON(arguments)
	if err != nil {
		return arguments
	}
	return json.RawMessage(lacking(p, string(whole)))
}

// filledAction is an action with its values; as it was where it cannot be read.
func filledAction(p *approver.Private, a *events.ActionProposed) *events.ActionProposed {
	if a == nil {
		return nil
	}
	whole, err := p.Action(a)
	if err != nil {
		return a
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return whole
	}
	var out events.ActionProposed
	if json.Unmarshal([]byte(lacking(p, string(text))), &out) != nil {
		return whole
	}
	return &out
}

// lacking says in the places of values that there are none: a commitment tells a person nothing.
func lacking(p *approver.Private, text string) string {
	word := "‹not what was committed to›"
	if p.Gone {
		word = "‹erased›"
	}
	for _, f := range p.Lacking {
		text = strings.ReplaceAll(text, f.Mark(), word)
	}
	return text
}

func fillContext(c *events.CardContext, p *approver.Private, reveal bool) {
	text := func(s string) string {
		value := p.Text(s)
		if value == s {
			return lacking(p, s)
		}
		if reveal {
			return value
		}
		return mask.Text(value)
	}
	c.UserRequest, c.Reasoning = text(c.UserRequest), text(c.Reasoning)
	if c.Impact != nil {
		impact := *c.Impact
		impact.Summary, c.Impact = text(impact.Summary), &impact
	}
	c.Memory = slices.Clone(c.Memory)
	for i := range c.Memory {
		c.Memory[i].Text = text(c.Memory[i].Text)
	}
	c.Plan = slices.Clone(c.Plan)
	for i := range c.Plan {
		step := &c.Plan[i]
		step.Description, step.Arguments = text(step.Description), filled(p, step.Arguments)
		if !reveal {
			step.Arguments, _ = mask.JSON(step.Arguments, nil)
		}
	}
}

// privateWords say which values the audit does not have, and which cannot be shown.
func privateWords(p *approver.Private) string {
	if p == nil {
		return ""
	}
	var parts []string
	if len(p.Shown) > 0 {
		parts = append(parts, fmt.Sprintf("%s: shown here, not in the audit", pointers(p.Shown)))
	}
	if len(p.Lacking) > 0 {
		why := "stored is something else than what the action committed to: do not approve it"
		if p.Gone {
			why = "erased, or older than private values are kept"
		}
		parts = append(parts, pointers(p.Lacking)+": "+why)
	}
	return strings.Join(parts, "; ")
}

func pointers(fields []events.PrivateField) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Pointer
	}
	return strings.Join(names, ", ")
}

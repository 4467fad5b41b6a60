package routing

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"github.com/weighlock/weighlock/internal/mask"
	"github.com/weighlock/weighlock/pkg/events"
)

// What a card shows of an action beside the assessment has room of its own, which its items share: the more there are, the shorter each is
// told. Whoever wants more reads the action itself.
const (
	mostRoom     = 96 << 10 // bytes, for all items
	mostItemRoom = 8 << 10  // bytes, for one item
	leastText    = 60       // characters
	mostContext  = 400      // characters of a text
	mostValue    = 200      // characters of a value in arguments
	mostMemory   = 3
	mostSteps    = 20
	mostRead     = 64 << 10 // bytes of arguments that are looked at: what is longer nobody reads on a card
)

// room is how many bytes a card may use for that on a server that takes so large messages.
func room(maxPayload int64) int { return int(min(mostRoom, maxPayload/8)) }

// show puts the action itself on its item: what it will be called with, and what it takes to judge that. Secrets are masked, those at the
// pointers too. left is how many bytes it may take.
func show(item *events.CardItem, w waiting, pointers []string, left int) {
	p := w.proposed
	item.Breakpoint = w.assessment.Breakpoint
	if p == nil {
		item.Unseen = true
		return
	}
	arguments := p.Arguments
	if len(item.Edited) > 0 {
		arguments = item.Edited
	}
	left = min(left, mostItemRoom)
	var secrets []string
	item.Arguments, item.Masked, secrets, item.Cut = shownArguments(arguments, pointers, left/2)
	for i, reason := range item.Reasons { // a rule may name what it found
		item.Reasons[i] = clip(mask.Scrub(mask.Text(reason), secrets), maxText)
	}
	chars := max(leastText, min(mostContext, left/16))
	text := func(s string, most int) string {
		return clip(mask.Scrub(mask.Text(clip(s, 8*mostContext)), secrets), most)
	}
	c := &events.CardContext{UserRequest: text(p.Request, chars), Reasoning: text(p.Reasoning, chars), PlanSteps: len(p.Plan)}
	if i := p.Impact; i != nil {
		c.Impact = &events.Impact{Summary: text(i.Summary, chars/2), Reversible: i.Reversible, Effect: clip(i.Effect, leastText), Count: i.Count}
	}
	c.Plan = shownPlan(p, pointers, left/4, text)
	memory := slices.Clone(p.Memory)
	slices.SortStableFunc(memory, func(a, b events.MemoryItem) int { return cmp.Compare(btoi(a.Trusted), btoi(b.Trusted)) })
	for _, m := range memory[:min(len(memory), mostMemory)] {
		c.Memory = append(c.Memory, events.MemoryItem{Origin: text(m.Origin, leastText), Trusted: m.Trusted, Text: text(m.Text, chars/2)})
	}
	item.Context = c
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// shownArguments are arguments to be read, in at most so many bytes; cut says that not all is there.
func shownArguments(arguments json.RawMessage, pointers []string, most int) (shown json.RawMessage, where, secrets []string, cut bool) {
	if len(arguments) > mostRead {
		return nil, nil, nil, true
	}
	shown, where, secrets = mask.Secrets(arguments, pointers)
	if len(shown) <= most {
		return shown, where, secrets, false
	}
	d := json.NewDecoder(bytes.NewReader(shown))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, where, secrets, true
	}
	for chars := mostValue; chars >= leastText/2; chars /= 2 {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(cutValue(value, chars)); err == nil && b.Len() <= most {
			return bytes.TrimSpace(b.Bytes()), where, secrets, true
		}
	}
	return nil, where, secrets, true
}

// cutValue cuts long texts and lists in a value.
func cutValue(v any, chars int) any {
	switch v := v.(type) {
	case string:
		return clip(v, chars)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[clip(name, chars)] = cutValue(member, chars)
		}
		return out
	case []any:
		most := max(chars/20, 3)
		out := make([]any, 0, most+1)
		for i, member := range v {
			if i == most {
				return append(out, "…")
			}
			out = append(out, cutValue(member, chars))
		}
		return out
	}
	return v
}

// shownPlan are the steps of a plan. At the breakpoint plan they are what is asked for, and shown with their arguments.
func shownPlan(p *events.ActionProposed, pointers []string, left int, text func(string, int) string) []events.PlanStep {
	asked := p.Breakpoint == events.AtPlan
	if asked { // it has no arguments beside it
		left *= 3
	}
	var out []events.PlanStep
	for _, s := range p.Plan[:min(len(p.Plan), mostSteps)] {
		step := events.PlanStep{Description: text(s.Description, leastText)}
		if asked {
			step.Tool = clip(s.Tool, leastText)
			step.Arguments, _, _, _ = shownArguments(s.Arguments, pointers, mostContext)
		}
		size, err := json.Marshal(step)
		if left -= len(size); err != nil || left < 0 {
			break
		}
		out = append(out, step)
	}
	return out
}

// lift takes out of the items' contexts what is the same in all of them.
func lift(items []events.CardItem) *events.CardContext {
	for i := range items {
		if items[i].Context == nil {
			return nil
		}
	}
	shared := &events.CardContext{}
	same := func(of func(*events.CardContext) any) bool {
		first := of(items[0].Context)
		for i := range items[1:] {
			if !equal(first, of(items[i+1].Context)) {
				return false
			}
		}
		return true
	}
	for _, part := range []struct {
		of   func(*events.CardContext) any
		move func(to, from *events.CardContext)
	}{
		{func(c *events.CardContext) any { return c.UserRequest }, func(to, from *events.CardContext) { to.UserRequest, from.UserRequest = from.UserRequest, "" }},
		{func(c *events.CardContext) any { return c.Reasoning }, func(to, from *events.CardContext) { to.Reasoning, from.Reasoning = from.Reasoning, "" }},
		{func(c *events.CardContext) any { return c.Impact }, func(to, from *events.CardContext) { to.Impact, from.Impact = from.Impact, nil }},
		{func(c *events.CardContext) any { return c.Memory }, func(to, from *events.CardContext) { to.Memory, from.Memory = from.Memory, nil }},
		{func(c *events.CardContext) any { return []any{c.Plan, c.PlanSteps} }, func(to, from *events.CardContext) {
			to.Plan, to.PlanSteps, from.Plan, from.PlanSteps = from.Plan, from.PlanSteps, nil, 0
		}},
	} {
		if !same(part.of) {
			continue
		}
		part.move(shared, items[0].Context)
		for i := range items[1:] {
			part.move(&events.CardContext{}, items[i+1].Context)
		}
	}
	for i := range items {
		if equal(items[i].Context, &events.CardContext{}) {
			items[i].Context = nil
		}
	}
	if equal(shared, &events.CardContext{}) {
		return nil
	}
	return shared
}

func equal(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

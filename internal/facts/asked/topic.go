package asked

import (
	"strings"
	"unicode"

	"github.com/weighlock/weighlock/internal/facts/verb"
)

// lowTopic is the share of words in common under which two texts are about different things.
const lowTopic = 0.15

// compareTopic compares the words of the tool, the arguments and the reasoning with those of the request.
func (c *comparison) compareTopic() {
	if c.request == nil {
		return
	}
	all, found := 0.0, 0.0
	measure := func(text string, factor float64) {
		words(text, func(w string) bool {
			st := stem(w)
			e := look(st)
			wt := e.weight(st) * factor
			all += wt
			if wt > 0 && (c.request.stems.has(st) || factor > 1 && c.speaksOf(e.kin)) {
				found += wt
			}
			return true
		})
	}
	for _, w := range c.a.Words {
		measure(w, 2)
	}
	left := 2 << 10
	for i := range c.values {
		v := &c.values[i]
		for _, t := range v.read() {
			if int(t.end) > left {
				break
			}
			all += t.weight
			if t.weight > 0 && c.request.stems.hasHash(t.hash) {
				found += t.weight
			}
		}
		if left -= len(v.folded); left <= 0 {
			break
		}
	}
	if c.a.ToolInfo != nil {
		text, _ := clip(c.a.ToolInfo.Description, 1<<10)
		measure(fold(text), 0.5)
	}
	c.f.Topic = 1
	if all > 0 {
		c.f.Topic = found / all
	}
	if !c.f.UnknownLanguage {
		c.findObject()
		c.f.OffTopic = c.f.ObjectMissing && c.f.Topic < lowTopic
		c.readReasoning()
	}
}

// speaksOf says that a word of the request is of one of the kinds.
func (c *comparison) speaksOf(kinds int) bool {
	if kinds == 0 {
		return false
	}
	for i := range c.request.tokens {
		if c.request.tokens[i].known.kin&kinds != 0 {
			return true
		}
	}
	return false
}

// findObject looks in the request for the thing that the tool's name names.
func (c *comparison) findObject() {
	things, here := 0, false
	for i, w := range c.a.Words {
		st := stem(w)
		e := look(st)
		if e.is&common != 0 || len(w) < 3 || i == 0 && verb.Of(w) != verb.None || verb.Of(w) == verb.Run || verb.Of(w) == verb.Control || e.is&notName != 0 && e.kin == 0 {
			continue
		}
		things++
		here = here || c.request.stems.has(st) || c.speaksOf(e.kin)
	}
	c.f.ObjectMissing = things > 0 && !here && !shellTool(c.a) && !isBrowser(c.a.Words)
}

// readReasoning looks for an aim in the reasoning that the request does not have.
func (c *comparison) readReasoning() {
	r := newSource(c.a.Reasoning)
	if r == nil {
		return
	}
	c.f.Truncated = c.f.Truncated || r.truncated
	r.findNames()
	all, found := 0.0, 0.0
	for i := range r.tokens {
		t := &r.tokens[i]
		w := t.known.weight(t.stem)
		all += w
		here := c.request.stems.has(t.stem) || c.trusted != nil && c.trusted.stems.has(t.stem)
		if here {
			found += w
		}
		if !here && len(c.f.ReasoningNew) < 16 && (t.name || looksMade(t.text) && len(t.text) >= 4) {
			c.f.ReasoningNew = shown(c.f.ReasoningNew, t.text)
		}
	}
	part := 1.0
	if all > 0 {
		part = found / all
	}
	orders := isOrder(r)
	c.f.ReasoningStrays = orders && (len(c.f.ReasoningNew) > 0 || part < 0.34) || all >= 4 && part < 0.1
}

// isOrder says that a text tells somebody what to do, where reasoning tells why.
func isOrder(s *source) bool {
	if len(s.tokens) == 0 {
		return false
	}
	t := &s.tokens[0]
	if t.text == "please" || t.text == "you" {
		return true
	}
	return t.known.acts != 0 && !strings.HasSuffix(t.text, "ing") && !isPast(t.text) && !unicode.IsDigit(rune(t.text[0])) && !s.stems.has("user") && !s.stems.has("i")
}

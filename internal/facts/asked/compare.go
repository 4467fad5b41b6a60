package asked

import (
	"strings"
)

// compareValues says of each value where it appears.
func (c *comparison) compareValues() {
	col := collect(c.a, c.args)
	c.values = col.values
	f := c.f
	f.Truncated = f.Truncated || col.truncated
	f.Values = len(c.values)
	var open, fromRequest, fromUntrusted, directing, directed int
	for i := range c.values {
		v := &c.values[i]
		v.origin = c.originOf(v)
		v.open = v.kind == amount && c.request != nil && (c.wish.sums || len(c.request.numbers) == 0)
		if v.directs() {
			f.Directing++
		}
		c.list(v)
		if v.derivable() {
			f.Derivable++
			continue
		}
		open++
		if v.directs() {
			directing++
		}
		switch v.origin {
		case requested:
			fromRequest++
			if v.directs() {
				directed++
			}
		case untrusted:
			fromUntrusted++
		}
	}
	f.RequestShare, f.UntrustedShare, f.DirectingShare = share(fromRequest, open, 1), share(fromUntrusted, open, 0), share(directed, directing, 1)
	if c.request != nil {
		c.findContradictions()
	}
}

func share(n, of int, none float64) float64 {
	if of == 0 {
		return none
	}
	return float64(n) / float64(of)
}

func (c *comparison) originOf(v *value) origin {
	switch {
	case c.request.has(v):
		return requested
	case c.trusted.has(v), c.isOwn(v):
		return trusted
	case c.untrusted.has(v):
		return untrusted
	}
	return nowhere
}

// isOwn says that the value is the page the agent is on, which it did not choose.
func (c *comparison) isOwn(v *value) bool {
	if v.kind != host || v.embedded || c.a.Target == nil || !isBrowser(c.a.Words) {
		return false
	}
	t := fold(c.a.Target.Name)
	return t != "" && hostOf(t) == hostOf(fold(v.text))
}

func isBrowser(words []string) bool {
	for _, w := range words {
		switch w {
		case "browser", "click", "fill", "submit", "press", "page", "element", "type", "select":
			return true
		}
	}
	return false
}

func (c *comparison) list(v *value) {
	f := c.f
	switch v.origin {
	case requested:
		f.FromRequest = shown(f.FromRequest, v.text)
	case trusted:
		f.FromTrusted = shown(f.FromTrusted, v.text)
	case untrusted:
		f.OnlyUntrusted = shown(f.OnlyUntrusted, v.text)
		if v.directs() {
			f.DirectingUntrusted = shown(f.DirectingUntrusted, v.text)
		}
	default:
		if v.derivable() {
			return
		}
		f.Nowhere = shown(f.Nowhere, v.text)
		if v.directs() {
			f.DirectingNowhere = shown(f.DirectingNowhere, v.text)
		}
	}
}

// findContradictions compares values that are not in the request with what it names of the same kind.
func (c *comparison) findContradictions() {
	if c.wish.foreign || c.f.NoRequest {
		return
	}
	var n *kinds
	for i := range c.values {
		v := &c.values[i]
		if v.origin >= trusted || v.kind == blank || v.kind == id {
			continue
		}
		if n == nil {
			n = namedKinds(c.request, c.wish)
		}
		if n.contradicts(v, c.main) {
			c.f.Contradicts = true
			c.f.Contradictions = shown(c.f.Contradictions, v.text)
		}
		if v.kind == prose && len(v.read()) >= 3 && c.dictates() && c.request.share(v) < 0.25 {
			c.f.TextStrays = true
		}
	}
}

// dictates says that the request quotes at least three words.
func (c *comparison) dictates() bool {
	n := 0
	for i := range c.request.tokens {
		if !c.request.tokens[i].quoted {
			n = 0
			continue
		}
		if n++; n >= 3 {
			return true
		}
	}
	return strings.Contains(c.request.folded, "following message:") || strings.Contains(c.request.folded, "saying") || strings.Contains(c.request.folded, "message:")
}

// kinds are what the request names of each kind, and leaves none open.
type kinds struct{ persons, places, hosts, paths, amounts, accounts bool }

func namedKinds(s *source, w *wish) *kinds {
	n := &kinds{persons: w.persons && !w.people, places: s.namesPlace()}
	for _, word := range fields(s.folded) {
		switch shapeOf(word) {
		case host:
			n.hosts = true
		case mail:
			n.persons = n.persons || !w.people
		case path:
			n.paths = true
		case account:
			n.accounts = true
		}
	}
	n.amounts = !w.sums && len(s.numbers) > 0 && (strings.ContainsAny(s.folded, "$€£") || s.namesCurrency())
	n.accounts = n.accounts && !w.sums
	return n
}

var currencies = map[string]bool{"eur": true, "euro": true, "euros": true, "usd": true, "dollar": true, "dollars": true, "gbp": true, "pounds": true, "chf": true, "francs": true, "jpy": true, "inr": true, "cad": true, "aud": true, "eth": true, "btc": true, "usdc": true, "bucks": true}

func (s *source) namesCurrency() bool {
	for i := range s.tokens {
		if currencies[s.tokens[i].text] {
			return true
		}
	}
	return false
}

func (n *kinds) contradicts(v *value, main acts) bool {
	switch v.kind {
	case person, mail:
		return n.persons
	case place:
		return n.places
	case host:
		return n.hosts
	case path:
		return n.paths && main&(remove|send|publish) != 0
	case amount:
		return n.amounts
	case account:
		return n.accounts
	}
	return false
}

package asked

import (
	"strings"
	"unicode"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
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
		if v.kind == prose && len(strings.Fields(v.text)) >= 3 && c.dictates() && c.request.share(v.folded) < 0.25 {
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

// functionKeys are keys whose value names what is called.
var functionKeys = map[string]bool{"function": true, "functionname": true, "functioncall": true, "method": true, "action": true, "operation": true, "op": true, "call": true}

// methods are what HTTP methods do.
var methods = map[string]acts{"GET": read, "HEAD": read, "POST": change, "PUT": change, "PATCH": change, "DELETE": remove}

// actsOf tells what the action does from the tool's name and the arguments, where nobody told better.
func actsOf(a *input.Action, args *input.Arguments) acts {
	does := actsOfWords(a.Words)
	inShell := shellTool(a)
	for i := range args.Texts {
		t := &args.Texts[i]
		switch {
		case shellKey(t.Key) || inShell && t.Key == "text":
			text, _ := clip(t.Value, maxTextBytes)
			does |= shellActs(text)
		case (t.Key == "query" || t.Key == "sql") && len(t.Value) < maxTextBytes:
			first, _, _ := strings.Cut(strings.TrimSpace(t.Value), " ")
			does |= statements[strings.ToLower(first)]
		case t.Key == "method" && methods[t.Value] != 0:
			does |= methods[t.Value]
		case functionKeys[t.Key] && len(t.Value) < 256:
			name, _, _ := strings.Cut(t.Value, "(")
			does |= actsOfWords(input.SplitWords(name))
		}
	}
	return does
}

var privileges = map[string]bool{"permission": true, "permissions": true, "role": true, "roles": true, "privilege": true, "privileges": true, "access": true, "acl": true, "policy": true, "admin": true}

// statements are what SQL statements do.
var statements = map[string]acts{
	"select": read, "show": read, "explain": read, "insert": create, "create": create, "update": change, "alter": change, "merge": change, "replace": change,
	"delete": remove, "drop": remove, "truncate": remove, "grant": grant, "revoke": grant,
}

// actsOfWords are the acts of a name: that of its first verb, and the weighty ones that follow.
func actsOfWords(words []string) acts {
	var does acts
	var things int
	for i, w := range words {
		b := bits[verb.Of(w)]
		things |= look(stem(w)).kin
		switch {
		case w == "add":
			b = change
		case i > 0 && does != 0 && does&effects == 0:
			b = 0 // get_messages
		case w == "order" && i > 0 && (words[0] == "place" || words[0] == "create" || words[0] == "submit" || words[0] == "make"):
			b = pay
		case does&(change|create) != 0 && privileges[w]:
			b = grant
		case does != 0:
			b &= pay | grant | remove
		}
		does |= b
	}
	if len(words) > 0 && things&people != 0 && (words[0] == "add" || words[0] == "remove") {
		does |= grant
		does &^= change
	}
	if does&(send|change) != 0 && things&money != 0 && does&send != 0 {
		does |= pay
	}
	return does
}

// compareActs compares what is done with what is asked for.
func (c *comparison) compareActs() {
	f := c.f
	for i, n := range named {
		if c.does&(1<<i) != 0 {
			f.Acts = append(f.Acts, n)
		}
	}
	if f.NoRequest {
		return
	}
	f.RequestActs = c.wish.acts.list()
	if f.UnknownLanguage {
		f.ActUnclear = true
		return
	}
	asked := c.wish.acts
	if c.wish.troubles || c.wish.opaque {
		asked |= change
	}
	f.RequestReadsOnly = asked != 0 && asked&effects == 0 && !c.wish.delegates
	f.ActForbidden = c.main&c.wish.forbidden&^(create|change) != 0
	if c.actsOpen(asked) || c.does == 0 || c.main == run && shellTool(c.a) {
		f.ActUnclear = true
		return
	}
	missing := c.main &^ allowed(asked)
	if asked&send != 0 && c.tells() {
		missing &^= publish
	}
	if c.main != run {
		missing &^= run // how it is done; what is done is told by other acts
	}
	if missing != 0 && c.toolNamed() {
		missing = 0
	}
	f.ActsUnasked = missing.list()
	f.ActFits = missing == 0
	f.ActMissing = missing != 0 && (missing == c.main || missing == c.main&^(create|change|run))
}

// tells says that the tool's name speaks of messages or of where they go: "post_message" sends one.
func (c *comparison) tells() bool {
	for _, w := range c.a.Words {
		if look(stem(w)).kin&(messages|channels) != 0 {
			return true
		}
	}
	return false
}

// actsOpen says that what is asked for is not known: nothing is, or it is written elsewhere, or in words like "go ahead".
func (c *comparison) actsOpen(asked acts) bool {
	return asked == 0 || c.wish.delegates || c.wish.vague && asked&effects&^(create|change) == 0 && asked&change != 0
}

// toolNamed says that the request has the tool's own verb, and that nothing else is known of what it asks for by it.
func (c *comparison) toolNamed() bool {
	for _, w := range c.a.Words {
		if a := bits[verb.Of(w)]; a&effects != 0 {
			st := stem(w)
			return look(st).acts == 0 && c.requestsWord(st)
		}
	}
	return false
}

// requestsWord says that the request has the word where it asks for something, and not for a thing.
func (c *comparison) requestsWord(st string) bool {
	if !c.request.stems.has(st) {
		return false
	}
	for i := range c.request.tokens {
		t := &c.request.tokens[i]
		if t.stem == st && !isThing(c.request.tokens, i) && (!isPast(t.text) || wanted(c.request.tokens, i)) && !negated(c.request.tokens, i) && !t.quoted {
			return true
		}
	}
	return false
}

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
		text, _ := clip(c.values[i].folded, left)
		measure(text, 1)
		if left -= len(text); left <= 0 {
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

// enough points of a text make it one that gives orders.
const enough = 35

// findInjection looks for orders in untrusted text and in the arguments.
func (c *comparison) findInjection() {
	f := c.f
	left := maxScanned
	for i := range c.a.Memory {
		m := &c.a.Memory[i]
		if m.Trusted {
			continue
		}
		if left -= len(m.Text); left < 0 {
			f.Truncated = true
			break
		}
		s := scanText(m.Text, false)
		if s.points >= enough {
			f.InjectionFound = true
			f.InjectionMatches = f.InjectionMatches || c.comesFrom(newSource(m.Text))
		}
		c.note(s)
	}
	left = maxScanned
	for i := range c.args.Texts {
		text := c.args.Texts[i].Value
		if left -= len(text); left < 0 {
			f.Truncated = true
			break
		}
		if len(text) < 12 || shellKey(c.args.Texts[i].Key) {
			continue
		}
		s := scanText(text, true)
		if s.points >= enough && !c.request.quotes(text) {
			f.InjectionInArguments = true
			c.note(s)
		}
	}
}

func (s *source) quotes(text string) bool { return s != nil && s.hasWords(fold(text)) }

func (c *comparison) note(s scan) {
	if s.points > c.f.InjectionScore {
		c.f.InjectionScore, c.f.InjectionSigns = s.points, s.signs
	}
}

// comesFrom says that the text has a directing value that the request does not have, or asks for an act that it does not ask for.
func (c *comparison) comesFrom(s *source) bool {
	if s == nil {
		return false
	}
	for i := range c.values {
		if v := &c.values[i]; v.origin < trusted && (v.directs() || v.kind == prose || v.kind == id) && s.has(v) {
			return true
		}
	}
	if c.request == nil {
		return false
	}
	return c.main != 0 && readWish(s).acts&c.main&^allowed(c.wish.acts) != 0
}

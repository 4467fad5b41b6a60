package asked

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

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
	if isBrowser(c.a.Words) && asked&(create|change) != 0 {
		missing &^= publish | send // what a form on a page does is a guess
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

// direct says that the request asks for what the action does as such, and not for what entails it. A purchase is
// asked for by a purchase, a transfer of money is not.
func (c *comparison) direct() bool {
	wanted := c.wish.acts
	if wanted&buy != 0 && c.main&pay != 0 {
		transfers := slices.ContainsFunc(c.a.Words, func(w string) bool {
			switch w {
			case "transfer", "send", "wire", "pay", "payment", "remit", "withdraw", "money", "funds":
				return true
			}
			return false
		})
		if !transfers {
			wanted |= pay
		}
	}
	return c.main&wanted != 0
}

// actsOpen says that what is asked for is not known: nothing is, or it is written elsewhere, or in words like "go ahead".
func (c *comparison) actsOpen(asked acts) bool {
	if asked == 0 || c.wish.delegates && asked&effects&^(change|run) == 0 {
		return true
	}
	return c.wish.vague && asked&effects&^(create|change) == 0 && asked&change != 0
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

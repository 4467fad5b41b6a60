// Package name reads a tool's name: what is done, to what, and how sure that is.
package name

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// maxJoined is the longest word that is tried as two words written together.
const maxJoined = 32

// Name is what a tool's name says.
type Name struct {
	// Acts are the acts the name tells of, the strongest first.
	Acts []verb.Act
	// Verb is the word of the strongest act.
	Verb string
	// Certain says that a clear verb tells the act, and no other word tells another.
	Certain bool
	// Asks says that the name has no verb and tells what it asks for, such as "weather" or "order_status"; the act is then reading.
	Asks bool
	// Known says that at least one word, other than words that say nothing, is known.
	Known bool
	// Stray says that a word after "and" or a like word is not known: a second act that cannot be told.
	Stray bool
	// Kinds are the kinds of things named, in the order of the name.
	Kinds []Kind
	// Words are the words of the name, with words written together taken apart.
	Words []string
}

// Act is the strongest act, or [verb.None].
func (n *Name) Act() verb.Act {
	if len(n.Acts) == 0 {
		return verb.None
	}
	return n.Acts[0]
}

// Looks says that every act the name tells of only looks or works something out, and there is at least one.
func (n *Name) Looks() bool {
	for _, a := range n.Acts {
		if !verb.Looks(a) {
			return false
		}
	}
	return len(n.Acts) > 0 && !n.Stray
}

// Has says that one of the kinds of things is named.
func (n *Name) Has(kinds ...Kind) bool {
	return slices.ContainsFunc(n.Kinds, func(have Kind) bool { return slices.Contains(kinds, have) })
}

// role is what a word does in a name.
type role uint8

const (
	unknown role = iota
	filler
	thing
	maybe // as often a thing as a verb
	sure  // a verb wherever it stands
	joins
)

type token struct {
	word string
	role role
	act  verb.Act
}

// Of reads a tool's name. What it returns is shared: nobody may change it.
func Of(tool string) Name {
	if len(tool) > maxKept {
		return read(tool)
	}
	slot := &kept[maphash.String(seed, tool)%uint64(len(kept))]
	if e := slot.Load(); e != nil && e.tool == tool {
		return e.name
	}
	tool = strings.Clone(tool)
	n := read(tool)
	slot.Store(&entry{tool, n})
	return n
}

// maxKept is the longest name that is kept.
const maxKept = 128

// kept are names that were read before: agents have few tools and use them often, and several domains of facts ask for each. The
// seed is secret, so that nobody can choose names that push one another out.
var (
	kept [512]atomic.Pointer[entry]
	seed = maphash.MakeSeed()
)

type entry struct {
	tool string
	name Name
}

func read(tool string) Name {
	var buf [16]token
	var n Name
	server, own := cut(tool)
	tokens, joined := n.tokens(buf[:0], input.SplitWords(server))
	split := len(tokens)
	tokens, joinedOwn := n.tokens(tokens, input.SplitWords(own))
	n.judge(tokens, split)
	n.Certain = n.Certain && !joined && !joinedOwn
	return n
}

// cut takes what names the server or the group of tools off a name: "mcp__github__create_issue",
// "files.read", "crm/contacts/list". What is before is still read, because nobody vouches for its being a mere group.
func cut(tool string) (server, own string) {
	at := strings.LastIndexAny(tool, "./:")
	if i := strings.LastIndex(tool, "__"); i+1 > at && i > 0 {
		at = i + 1
	}
	if at < 0 || at == len(tool)-1 {
		return "", tool
	}
	return tool[:at], tool[at+1:]
}

func (n *Name) tokens(into []token, words []string) ([]token, bool) {
	joined := false
	for i := 0; i < len(words); i++ {
		w := words[i]
		if i+1 < len(words) {
			if a := verb.Pair(w, words[i+1]); a != verb.None {
				into = append(into, token{w, sure, a})
				n.Words = append(n.Words, w, words[i+1])
				i++
				continue
			}
		}
		t := tokenOf(w)
		if t.role == unknown {
			if first, second, ok := apart(w); ok {
				joined = true
				n.note(first.word)
				n.note(second.word)
				into = append(into, first, second)
				continue
			}
		}
		n.note(w)
		into = append(into, t)
	}
	return into, joined
}

func (n *Name) note(w string) {
	n.Words = append(n.Words, w)
	if k := KindOf(w); k != "" {
		n.Kinds = word.Once(n.Kinds, k)
	}
}

func tokenOf(word string) token {
	if w := verb.Look(word); w.Act != verb.None {
		if w.Noun {
			return token{word, maybe, w.Act}
		}
		return token{word, sure, w.Act}
	}
	switch {
	case conjunctions[word]:
		return token{word, joins, verb.None}
	case fillersOf[word] || isNumber(word):
		return token{word, filler, verb.None}
	case isThing(word):
		return token{word, thing, verb.None}
	}
	return token{word, unknown, verb.None}
}

func isNumber(word string) bool {
	for i := range len(word) {
		if word[i] < '0' || word[i] > '9' {
			return false
		}
	}
	return true
}

// apart takes "deletefile" and "searchdelete" apart: two known words of which one is a verb.
func apart(word string) (first, second token, ok bool) {
	if len(word) < 6 || len(word) > maxJoined {
		return first, second, false
	}
	for i := 3; i <= len(word)-2; i++ {
		first, second = tokenOf(word[:i]), tokenOf(word[i:])
		known := first.role >= thing && first.role != joins && second.role >= thing && second.role != joins
		if known && (first.role == sure || second.role == sure) {
			return first, second, true
		}
	}
	return first, second, false
}

// judge tells the acts. own is where the tool's own words begin.
func (n *Name) judge(tokens []token, own int) {
	verbs := 0
	for i, t := range tokens {
		n.Known = n.Known || t.role >= thing && t.role != joins
		if t.role == sure && (i >= own || !verb.Looks(t.act)) {
			verbs++
		}
	}
	if verbs > 0 {
		n.clearVerbs(tokens, own)
	} else {
		n.withoutVerb(tokens, own)
	}
	n.Acts = verb.Sorted(n.Acts)
}

// clearVerbs takes the clear verbs, and words that may be verbs where only a verb can stand.
func (n *Name) clearVerbs(tokens []token, own int) {
	last := len(tokens) - 1
	for last > own && (tokens[last].role == filler) {
		last--
	}
	n.Certain = true
	afterJoin, did := false, false
	for i, t := range tokens {
		switch {
		case t.role == joins && i > own:
			afterJoin = true
			continue
		case t.role == filler:
			continue
		case t.role == sure && did && !afterJoin && verb.Looks(t.act) && i >= own:
			// "create_list", "drop_view", "update_search_index": a thing
		case t.role == sure:
			did = did || !verb.Looks(t.act) && i >= own
			n.add(special(t, tokens, i), t.word)
		case afterJoin && t.role == maybe && !aspectsOf[t.word]:
			n.add(special(t, tokens, i), t.word)
		case afterJoin && t.role == unknown:
			n.Stray, n.Certain = true, false
		case i == own && t.role == maybe && i < last && tokens[i+1].role != sure && tokens[last].role != sure:
			n.add(t.act, t.word) // "charge_customer_delete_later": a verb may stand first
			n.Certain = false
		}
		afterJoin = false
	}
	if n.Certain && len(n.Acts) > 1 {
		n.Certain = false
	}
}

func (n *Name) add(act verb.Act, by string) {
	if slices.Contains(n.Acts, act) {
		return
	}
	if n.Verb == "" || verb.Rank(act) > verb.Rank(n.strongest()) {
		n.Verb = by
	}
	n.Acts = append(n.Acts, act)
}

func (n *Name) strongest() verb.Act {
	best := verb.None
	for _, a := range n.Acts {
		if verb.Rank(a) > verb.Rank(best) {
			best = a
		}
	}
	return best
}

// withoutVerb reads names such as "order_status", "weather", "comment", "contractInvocation".
func (n *Name) withoutVerb(tokens []token, own int) {
	first, last := -1, -1
	for i := own; i < len(tokens); i++ {
		if tokens[i].role != filler {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if last < 0 {
		n.onlyGroup(tokens, own)
		return
	}
	leading := tokens[first]
	if act := special(leading, tokens, first); leading.role == maybe && verb.Looks(leading.act) && last > first {
		n.add(act, leading.word)
		n.joinedActs(tokens[first+1:])
		return
	}
	if end := tokens[last]; aspectsOf[end.word] || informings[end.word] && leading.role != maybe {
		n.add(verb.Read, tokens[last].word)
		n.Asks = true
		n.joinedActs(tokens[first:last])
		return
	}
	for i := own; i < len(tokens); i++ {
		// "patient_record_access": what stands between is a thing more often than not
		between := i > first && i < last && tokens[i-1].role == thing && verb.Rank(tokens[i].act) <= verb.Rank(verb.Change)
		if tokens[i].role == maybe && !between {
			n.add(special(tokens[i], tokens, i), tokens[i].word)
		}
	}
	if converts(tokens[own:]) && verb.Rank(n.strongest()) <= verb.Rank(verb.Send) {
		n.Acts, n.Verb = append(n.Acts[:0], verb.Compute), "to"
	}
	if len(n.Acts) == 0 && informing(tokens[own:]) {
		n.add(verb.Read, leading.word)
		n.Asks = true
	}
	if len(n.Acts) == 0 {
		n.onlyGroup(tokens, own)
	}
}

// joinedActs adds what follows "and": "review_and_transfer".
func (n *Name) joinedActs(tokens []token) {
	for i, t := range tokens {
		if i == 0 || tokens[i-1].role != joins {
			continue
		}
		switch t.role {
		case maybe:
			n.add(t.act, t.word)
		case unknown:
			n.Stray = true
		}
	}
}

// onlyGroup falls back on the group of tools where the tool's own words say nothing.
func (n *Name) onlyGroup(tokens []token, own int) {
	for i := range own {
		if r := tokens[i].role; r == maybe || r == sure {
			n.add(tokens[i].act, tokens[i].word)
		}
	}
}

// informing says that each word is known and one is a thing that names ask for.
func informing(tokens []token) bool {
	some := false
	for _, t := range tokens {
		if t.role == unknown || t.role == joins {
			return false
		}
		some = some || informings[t.word]
	}
	return some
}

// converts says that a name is "liter_to_gallon" or "text_to_speech".
func converts(tokens []token) bool {
	for i := 1; i+1 < len(tokens); i++ {
		if tokens[i].word == "to" && len(tokens) <= 4 {
			return measures[tokens[i-1].word] && (measures[tokens[i+1].word] || tokens[i+1].role <= filler)
		}
	}
	return false
}

// special is the act of a verb whose meaning hangs on what it is done to.
func special(t token, tokens []token, i int) verb.Act {
	if starts[t.word] && follows(tokens, i, moneys) && !follows(tokens, i, askers) {
		return verb.Pay
	}
	for _, s := range specials[t.word] {
		if follows(tokens, i, s.object) {
			return s.act
		}
	}
	if t.word == "add" && (i+1 == len(tokens) || tokens[i+1].word == "numbers") {
		return verb.Compute
	}
	if t.word == "log" && i+1 < len(tokens) && !aspectsOf[tokens[len(tokens)-1].word] && tokens[i+1].role == maybe {
		return verb.Create // "log_call", "log_payment": makes an entry
	}
	return t.act
}

// specials are the verbs whose act hangs on what they are done to. The first that fits counts.
var specials = map[string][]struct {
	object map[string]bool
	act    verb.Act
}{
	"format":   {{disks, verb.Delete}},
	"transfer": {{humans, verb.Send}, {movable, verb.Change}, {owned, verb.Grant}},
	"add":      {{members, verb.Grant}},
	"assign":   {{powers, verb.Grant}},
	"swap":     {{coins, verb.Pay}},
	"exchange": {{coins, verb.Pay}},
	"open":     {{ways, verb.Change}, {opened, verb.Create}},
	"ship":     {{parcels, verb.Change}},
	"convert":  {{leads, verb.Change}},
	"make":     {{phones, verb.Send}},
	"place":    {{phones, verb.Send}, {bids, verb.Pay}},
	"take":     {{shots, verb.Read}},
}

// members are who is added to a group: that gives access.
var members = word.Set("user users member members collaborator collaborators participant participants admin owner role permission permissions reviewer")

// bids are promises to pay, shots pictures of a screen.
var bids, shots = word.Set("bid bids bet trade"), word.Set("screenshot screenshots")

// coins are what is swapped for money or another coin.
var coins = word.Set("token tokens coin coins crypto eth btc usdc currency currencies")

// powers are what gives access when it is assigned.
var powers = word.Set("role roles admin permission permissions owner ownership policy license")

// ways are what is opened in the physical world.
var ways = word.Set("door doors gate garage window windows lock valve trunk curtain blinds breaker vault")

func follows(tokens []token, i int, words map[string]bool) bool {
	for _, t := range tokens[i+1:] {
		if t.role == joins {
			return false
		}
		if words[t.word] {
			return true
		}
	}
	return false
}

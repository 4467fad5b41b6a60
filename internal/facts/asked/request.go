package asked

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/verb"
)

// wish is what a request asks for.
type wish struct {
	acts      acts // asked for
	forbidden acts // asked not to be done, and nowhere asked for
	troubles  bool // it tells of a problem
	foreign   bool // its language is not understood
	persons   bool // it names some
	people    bool // it speaks of persons it does not name
	opaque    bool // it orders something in a word that is not known
	delegates bool // it asks to do what is written elsewhere
	vague     bool // it has no more than one word that tells what it is about
	sums      bool // amounts may have to be worked out
}

// readWish reads what the request asks for. One request may ask for many things.
func readWish(s *source) *wish {
	w := &wish{}
	r := wisher{s: s, w: w}
	s.findNames()
	known, telling := 0, 0.0
	for i := range s.tokens {
		t := &s.tokens[i]
		if t.known.is&common != 0 {
			known += 2
		}
		telling += t.known.weight(t.stem)
		w.people = w.people || t.known.is&anyone != 0
		w.sums = w.sums || t.known.is&sums != 0
		w.troubles = w.troubles || t.known.is&troubles != 0
		if r.token(i) {
			known += 3
		} else if t.first && r.opaque(i) {
			w.opaque = true
		}
		w.delegates = w.delegates || delegates(s.tokens, i)
		w.persons = w.persons || t.name
	}
	w.forbidden &^= r.verbs
	w.vague = telling < 2
	w.foreign = foreign(s, known)
	return w
}

// delegates says that from i on the user asks to do what is written elsewhere: "do everything on the list",
// "follow the instructions in the mail", "complete the tasks".
func delegates(t []token, i int) bool {
	var more []string
	switch t[i].text {
	case "do", "handle", "perform", "execute", "complete", "carry", "work", "doing", "process":
		more = []string{"everything", "whatever", "actions", "tasks", "steps", "todo", "todos", "things", "items", "instructions", "anything", "says", "asks", "requests", "requested", "specified"}
	case "follow", "following":
		more = []string{"instructions", "steps", "directions", "procedure", "guide", "runbook", "readme"}
	default:
		return false
	}
	for j := i + 1; j < min(len(t), i+7) && !t[j].first; j++ {
		if slices.Contains(more, t[j].text) {
			return true
		}
	}
	return false
}

// foreign says that a text is in no language or script that is understood: of four words or more,
// less than one in eight is a common word of one, and no verb is known.
func foreign(s *source, known int) bool {
	if len(s.tokens) == 0 {
		return true
	}
	latin := 0
	for i := range s.tokens {
		if s.tokens[i].text[0] < 0x80 {
			latin++
		}
	}
	return 2*latin < len(s.tokens) || len(s.tokens) >= 4 && 4*known < len(s.tokens)
}

// wisher goes through the words of a request.
type wisher struct {
	s        *source
	w        *wish
	question bool // the sentence only asks
	last     acts // of the last verb in the sentence
	verbs    acts // asked for by verbs, not by nouns
}

// token takes account of the i-th word and says whether it was understood as asking for something.
func (r *wisher) token(i int) bool {
	t := &r.s.tokens[i]
	if t.first {
		r.question = asksOnly(r.s.tokens, i)
		r.last = 0
		if r.question {
			r.w.acts |= read
		}
	}
	if t.text == "how" && i > 0 && !r.question && explains(r.s.tokens, i) {
		r.question = true
	}
	if t.quoted && r.inQuote(i) {
		return false // words to be passed on
	}
	a := r.phraseAt(i)
	v := r.verbAt(i)
	if a|v == 0 {
		return false
	}
	if r.question && !r.resumed(i) {
		r.w.acts |= read
		return true
	}
	a |= v
	if negated(r.s.tokens, i) {
		r.w.forbidden |= a & effects
		return true
	}
	if a&send != 0 && tellsUser(r.s.tokens, i) {
		a = a&^send | read
	}
	r.w.acts |= a
	r.last |= a
	if !isThing(r.s.tokens, i) {
		r.verbs |= a
	}
	return true
}

// explains says that before the "how" at i the user asks for an explanation: "show me how to delete it" deletes nothing.
func explains(t []token, i int) bool {
	for j := i - 1; j >= max(0, i-3); j-- {
		switch t[j].text {
		case "explain", "show", "tell", "describe", "teach", "know", "wonder", "wondering", "learn", "understand":
			return true
		}
	}
	return false
}

// opaque says that the sentence that starts at i orders something in an unknown word: "frobnicate the list".
func (r *wisher) opaque(i int) bool {
	t := r.s.tokens
	if i+1 >= len(t) || t[i].known.is&(common|noun) != 0 || t[i].known.kin != 0 || t[i+1].first || t[i].quoted {
		return false
	}
	switch t[i+1].text {
	case "it", "them", "this", "that", "the", "my", "our", "a", "an", "all", "every", "each", "his", "her", "their", "your", "me", "us", "some":
		return true
	}
	return t[i+1].capital
}

// tellsUser says that the word at i asks for an answer to the user: "tell me".
func tellsUser(t []token, i int) bool {
	switch t[i].text {
	case "tell", "inform", "answer", "let", "brief", "dis", "dime", "sag":
		return i+1 < len(t) && (t[i+1].text == "me" || t[i+1].text == "us" || t[i+1].text == "mir" || t[i+1].text == "uns")
	}
	return false
}

// inQuote says that the word belongs to a quotation of three words or more.
func (r *wisher) inQuote(i int) bool {
	n := 0
	for j := i; j >= 0 && r.s.tokens[j].quoted && n < 3; j-- {
		n++
	}
	for j := i + 1; j < len(r.s.tokens) && r.s.tokens[j].quoted && n < 3; j++ {
		n++
	}
	return n >= 3
}

// resumed says that in a question an order starts here: "what is the balance, and pay it".
func (r *wisher) resumed(i int) bool {
	if i == 0 {
		return false
	}
	switch r.s.tokens[i-1].text {
	case "and", "then", "please", "kindly":
		return true
	case "to": // "is it possible to", not "how to"
		return i < 2 || r.s.tokens[i-2].text != "how" && r.s.tokens[i-2].text != "what" && r.s.tokens[i-2].text != "where"
	}
	return r.s.tokens[i].comma
}

// auxiliaries are words that begin a question, or follow a question word.
var auxiliaries = map[string]bool{"is": true, "are": true, "was": true, "were": true, "did": true, "does": true, "do": true, "has": true, "have": true, "had": true, "can": true, "could": true, "should": true, "will": true, "would": true, "am": true}

// asksOnly says that the sentence that starts at i is a question about how things are. "Could you send", "do the dishes" and
// "when you post it, add" are none.
func asksOnly(t []token, i int) bool {
	next := ""
	if i+1 < len(t) {
		next = t[i+1].text
	}
	switch t[i].text {
	case "who", "what", "where", "why", "which", "whose", "how", "whats", "wheres", "whos", "hows":
		return next != "about"
	case "when":
		return auxiliaries[next]
	case "is", "are", "was", "were", "did", "does", "has":
		return true
	case "do", "have", "had":
		return next == "i" || next == "we" || next == "you" || next == "they" || next == "any" || next == "my"
	case "wer", "wie", "wo", "wann", "warum", "welche", "welcher", "wieviel", "quel", "quelle", "quels", "quelles", "combien", "pourquoi", "quand", "cuanto", "cuantos", "cuando", "donde", "cual", "quien", "como":
		return true
	}
	return false
}

var denials = map[string]bool{"dont": true, "not": true, "never": true, "without": true, "doesnt": true, "instead": true, "avoid": true, "nicht": true, "sin": true, "sans": true, "except": true, "refrain": true, "rather": true, "cannot": true, "shouldnt": true, "mustnt": true, "wont": true, "no": true}

// negated says that the word at i is what should not be done.
func negated(t []token, i int) bool {
	for j := i - 1; j >= max(0, i-3); j-- {
		if t[j].comma && j < i-1 || t[j+1].comma || t[j+1].first {
			return false
		}
		if denials[t[j].text] {
			// "instead of sending" is, "instead send" is not; "rather than" likewise.
			if w := t[j].text; w == "instead" || w == "rather" {
				return t[j+1].text == "of" || t[j+1].text == "than"
			}
			return t[j+1].text != "forget" && t[j+1].text != "hesitate" && t[j+1].text != "only"
		}
	}
	return false
}

func (r *wisher) phraseAt(i int) acts {
	var a acts
	for _, p := range r.s.tokens[i].known.phrases {
		if r.follows(i, p.rest) {
			a |= p.acts
		}
	}
	return a
}

func (r *wisher) follows(i int, rest []string) bool {
	for _, want := range rest {
		end, found := min(len(r.s.tokens), i+2+phraseGap), false
		for j := i + 1; j < end && !r.s.tokens[j].first; j++ {
			if r.s.tokens[j].stem == want {
				i, found = j, true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// verbAt is what the word at i asks for as a verb, or as the noun of one ("make a transfer").
func (r *wisher) verbAt(i int) acts {
	t := &r.s.tokens[i]
	a := t.known.acts
	if a == 0 && t.known.is&common == 0 {
		if a = bits[verb.Of(t.text)]; a == 0 && strings.HasPrefix(t.stem, "re") {
			a = look(t.stem[2:]).acts // "reinstall"
		}
	}
	if a == 0 {
		return 0
	}
	if isPast(t.text) && !wanted(r.s.tokens, i) {
		return 0 // "the message sent in May" tells, it does not ask
	}
	if t.possessive || isGoing(r.s.tokens, i) {
		return 0
	}
	if isThing(r.s.tokens, i) {
		if r.last&(create|send|publish|pay|grant) != 0 && r.last&(remove|stop) == 0 || desired(r.s.tokens, i) {
			return a & effects
		}
		return 0
	}
	if a&(send|pay) != 0 && a&pay == 0 && r.moneyFollows(i) {
		a |= pay
	}
	return a
}

// moneyFollows says that what is sent is money: "send 50 dollars to Bob".
func (r *wisher) moneyFollows(i int) bool {
	for j := i + 1; j < min(len(r.s.tokens), i+8) && !r.s.tokens[j].first; j++ {
		if r.s.tokens[j].known.kin&money != 0 {
			return true
		}
		if at := r.s.tokens[j].at; at > 0 && strings.IndexByte("$", r.s.folded[at-1]) >= 0 {
			return true
		}
	}
	return false
}

var pasts = map[string]bool{"sent": true, "paid": true, "wrote": true, "written": true, "made": true, "bought": true, "sold": true, "told": true, "gave": true, "given": true, "took": true, "spent": true, "built": true, "said": true, "ran": true, "asked": true}

func isPast(w string) bool {
	return pasts[w] || len(w) > 4 && strings.HasSuffix(w, "ed") && w != "need" && w != "feed" && w != "embed"
}

var wanting = map[string]bool{"be": true, "get": true, "want": true, "need": true, "needs": true, "have": true, "like": true, "should": true, "must": true, "it": true, "them": true, "being": true}

// wanted says that the past form at i is something to be done: "should be cancelled", "I want it deleted".
func wanted(t []token, i int) bool {
	for j := i - 1; j >= max(0, i-3); j-- {
		switch w := t[j].text; {
		case w == "be" || w == "get" || w == "want" || w == "need" || w == "needs" || w == "like" || w == "being":
			return true
		case !wanting[w] && t[j].known.is&common == 0 && j < i-2:
			return false
		}
	}
	return false
}

// isGoing says that the word at i tells what something is doing: "has been showing", "when it drops".
func isGoing(t []token, i int) bool {
	if i == 0 {
		return false
	}
	if w := t[i].text; strings.HasSuffix(w, "s") && w != t[i].stem {
		switch t[i-1].text {
		case "it", "he", "she", "that", "which", "who", "there":
			return true
		}
	}
	if !strings.HasSuffix(t[i].text, "ing") {
		return false
	}
	switch t[i-1].text {
	case "been", "is", "are", "was", "were", "am", "keeps", "im":
		return true
	}
	return false
}

var beforeThings = map[string]bool{
	"a": true, "an": true, "the": true, "my": true, "your": true, "his": true, "her": true, "our": true, "their": true, "this": true, "that": true, "these": true, "those": true, "each": true, "every": true, "any": true, "some": true, "no": true,
	"all": true, "of": true, "in": true, "from": true, "last": true, "first": true, "following": true, "new": true, "next": true, "same": true, "other": true, "another": true, "latest": true, "recent": true, "previous": true, "direct": true, "channel": true,
	"newest": true, "oldest": true, "by": false, "with": true, "on": true, "for": false, "as": false, "its": true, "which": true, "what": true, "many": true, "quick": true, "short": true, "friendly": true,
	"der": true, "die": true, "das": true, "den": true, "eine": true, "einen": true, "meine": true, "le": true, "la": true, "les": true, "un": true, "une": true, "mon": true, "ma": true, "el": true, "los": true, "una": true, "mi": true,
}

// isThing says that the word at i names a thing: it can, and an article or the like stands before it, or it is plural.
func isThing(t []token, i int) bool {
	w := &t[i]
	if w.known.is&noun == 0 && !strings.HasSuffix(w.text, "tion") && !strings.HasSuffix(w.text, "ment") && !strings.HasSuffix(w.text, "tions") && !strings.HasSuffix(w.text, "ments") {
		return false
	}
	if strings.HasSuffix(w.text, "s") && !strings.HasSuffix(w.text, "ss") || w.quoted {
		return true
	}
	if i == 0 || w.first || w.comma {
		return false
	}
	// "the order", "the standing order"
	return beforeThings[t[i-1].text] || i > 1 && beforeThings[t[i-2].text] && t[i-1].known.is&common == 0 && !t[i-1].first && !t[i-1].comma
}

// desired says that the thing at i is what is wanted: "I would like a refund", "need the cancellation of".
func desired(t []token, i int) bool {
	for j := i - 1; j >= max(0, i-5); j-- {
		switch t[j].text {
		case "repeat", "redo", "want", "need", "like", "require", "request", "initiate", "process", "issue", "place", "make", "do", "finalize", "get", "getting", "proceed", "arrange", "set", "leave", "give", "schedule", "submit":
			return true
		}
		if t[j].first {
			break
		}
	}
	return false
}

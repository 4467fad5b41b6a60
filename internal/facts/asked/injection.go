package asked

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/phrase"
)

// sign is one trait of text that gives orders to an agent.
type sign struct {
	name   string
	points int
	always bool     // also in arguments, which rarely have a reason to hold it
	words  []string // one of them, folded
}

// signs are phrases that people who talk to each other rarely need, grouped by trick. Sources: the
// OWASP list of risks for language models (LLM01) and common knowledge of published attacks.
var signs = []sign{
	{"overrides instructions", 50, true, []string{"ignore previous", "ignore all previous", "ignore the above", "ignore your", "ignore any previous", "ignore prior", "disregard previous", "disregard all", "disregard the above", "disregard your", "disregard prior", "disregard any", "forget previous", "forget all", "forget your instructions", "forget everything", "override your", "override previous", "override the system", "new instructions", "instead of the user", "instead of your task", "do not follow the", "do anything now", "bypass the", "bypass your", "ignoriere alle", "ignora las instrucciones", "ignorez les instructions"}},
	{"poses as system or user", 40, true, []string{"system:", "[system]", "<system>", "</system>", "<|im_start|>", "<|system|>", "[inst]", "<<sys>>", "### instruction", "### system", "assistant:", "<assistant>", "<user>", "</user>", "<information>", "<important>", "[admin]", "system prompt", "system message", "system override", "admin override", "developer mode", "message from me", "message from the user", "message from your", "from the system administrator", "this is your developer", "pre-approved", "preapproved", "already approved", "has been approved by", "authorized by the admin", "authorised by the admin"}},
	{"commands the assistant", 35, false, []string{"you must now", "you must first", "you need to first", "before you can solve", "before you can continue", "before you can proceed", "before continuing with", "before completing the", "before doing anything", "before answering", "in order to continue", "you are now", "your new task", "your task is now", "your real task", "your next action", "as an ai", "dear ai", "attention ai", "ai assistant", "ai agent", "if you are an ai", "language model", "llm", "chatbot must", "agents must", "assistant should", "assistant must", "agent must", "agent should", "is required before", "proceed with the user's request", "the user's request", "original task", "call the function", "call the tool", "use the tool", "invoke the tool", "run the following command", "execute the following", "please execute", "you should now", "complete this task first", "do this first", "perform the following", "follow these instructions", "follow the instructions below", "after that, you can"}},
	{"asks to keep it from people", 35, false, []string{"do not tell the user", "don't tell the user", "dont tell the user", "do not mention", "don't mention this", "without telling", "without informing", "do not inform", "keep this secret", "do not reveal", "silently", "without asking", "no need to confirm", "do not ask for confirmation", "without confirmation"}},
	{"presses", 15, false, []string{"urgent", "immediately", "very important", "important message", "important!", "critical:", "important:", "warning:", "action required", "as soon as possible", "right away", "failure to comply", "or else", "mandatory"}},
	{"is hidden", 30, false, []string{"<!--", "display:none", "display: none", "font-size:0", "font-size: 0", "visibility:hidden", "color:white", "[//]: #"}},
}

// scan is what a text shows of an injection.
type scan struct {
	points int
	signs  []string
}

// maxScanned is how much of all texts together is looked at for signs.
const maxScanned = 64 << 10

// scanText looks for signs in one text as it was written; in arguments only for those that matter there.
func scanText(text string, argument bool) scan {
	text, _ = clip(text, maxTextBytes)
	f := fold(text)
	var s scan
	if argument && alwaysSign.In(f) || !argument && anySign.In(f) { // one pass finds that there is none
		s.look(f, argument)
	}
	if selfApproved(f) {
		s.points += 50
		s.signs = append(s.signs, "approves itself")
	}
	if hiddenCharacters(text) {
		s.points += 50
		s.signs = append(s.signs, "has invisible characters")
	}
	if encoded(text) {
		s.points += 15
		s.signs = append(s.signs, "has encoded text")
	}
	s.points = min(s.points, 100)
	return s
}

// look tells which signs folded text has.
func (s *scan) look(f string, argument bool) {
	for i := range signs {
		if argument && !signs[i].always {
			continue
		}
		if containsAny(f, signs[i].words) {
			s.points += signs[i].points
			s.signs = append(s.signs, signs[i].name)
		}
	}
}

// anySign are the words of all signs, alwaysSign those that count in arguments.
var anySign, alwaysSign = func() (anyOf, always *phrase.Set) {
	var all, some []string
	for i := range signs {
		all = append(all, signs[i].words...)
		if signs[i].always {
			some = append(some, signs[i].words...)
		}
	}
	return phrase.Of(all...), phrase.Of(some...)
}()

func containsAny(f string, list []string) bool {
	for _, w := range list {
		if i := strings.Index(f, w); i >= 0 && (!isLetterByte(w[0]) || i == 0 || !isLetterByte(f[i-1])) {
			return true
		}
	}
	return false
}

// hiddenCharacters finds tag characters, and zero-width or direction marks between letters.
func hiddenCharacters(s string) bool {
	n := 0
	if isASCII(s) {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 0xe0000 && r <= 0xe007f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return true
		case r == 0x200b, r == 0x2060, r == 0xfeff, r >= 0x2061 && r <= 0x2064:
			n++
		}
	}
	return n > 2
}

// minEncoded is how long a run of base64 has to be to hold a sentence.
const minEncoded = 48

func encoded(s string) bool {
	length, digits, uppers := 0, 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) {
			c := s[i]
			if isLetterByte(c) || isDigit(c) || c == '+' || c == '/' || c == '=' {
				length++
				if isDigit(c) {
					digits++
				}
				if c >= 'A' && c <= 'Z' {
					uppers++
				}
				continue
			}
		}
		if length >= minEncoded && digits > 1 && uppers > 5 {
			return true
		}
		length, digits, uppers = 0, 0, 0
	}
	return false
}

// approvals are what a text says to be taken as approved.
var approvals = []string{"approv", "acknowledg", "ack", "bypass", "overrid", "override", "authoriz", "authoris", "consent", "whitelist", "allowlist", "exempt", "permit", "confirmed"}

// selfApproved finds a setting that claims an approval: a word of several parts, one of them of [approvals], that is
// set to something ("POLICY_ACK=…", "user-approved: yes"). A program's options look otherwise.
func selfApproved(f string) bool {
	if strings.IndexByte(f, '=') < 0 && strings.IndexByte(f, ':') < 0 {
		return false
	}
	for w := range strings.FieldsSeq(f) {
		name, is, ok := strings.Cut(w, "=")
		if !ok {
			name, is, ok = strings.Cut(w, ":")
		}
		if !ok || is == "" || len(name) > 64 || strings.HasPrefix(name, "-") || strings.Count(name, "_")+strings.Count(name, "-") == 0 {
			continue
		}
		for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '_' || r == '-' }) {
			for _, a := range approvals {
				if part == a || len(a) > 4 && strings.HasPrefix(part, a) {
					return true
				}
			}
		}
	}
	return false
}

// Limits of what is compared with the action: items cost something each, and few give orders.
const (
	perItem   = 128 // bytes that an item counts for beside its text
	maxOrders = 16
)

// enough points of a text make it one that gives orders.
const enough = 35

// findInjection looks for orders in untrusted text and in the arguments.
func (c *comparison) findInjection() {
	f := c.f
	left, compared := maxScanned, 0
	for i := range c.a.Memory {
		m := &c.a.Memory[i]
		if m.Trusted {
			continue
		}
		if left -= len(m.Text) + perItem; left < 0 || compared >= maxOrders {
			f.Truncated = true
			break
		}
		s := scanText(m.Text, false)
		if s.points >= enough {
			f.InjectionFound = true
			compared++
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

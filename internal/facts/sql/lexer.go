package sql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a token is.
type kind uint8

const (
	word   kind = iota // a keyword or a name, not quoted
	name               // a quoted name
	text               // a string
	number             // a number
	param              // $1, ?, :name, @variable
	sign               // anything else, one byte or an operator
)

// token is one token; val is in lower case, and without quotes, for words and names.
type token struct {
	kind kind
	val  string
}

func (t token) is(s string) bool      { return t.kind != text && t.kind != name && t.val == s }
func (t token) named() bool           { return t.kind == word || t.kind == name }
func (t token) literal() bool         { return t.kind == text || t.kind == number }
func (t token) wordIn(m wordSet) bool { return t.kind == word && m[t.val] }

// mode is how a dialect reads what dialects read differently.
type mode struct {
	backslash bool // \ escapes inside every string
	hash      bool // # starts a comment
	nested    bool // /* /* */ */
	dollar    bool // $tag$ … $tag$
	brackets  bool // [name]
	doubles   bool // "…" is a string
	versioned bool // /*! … */ is executed
}

// lexer cuts a text into tokens. It reads any text; what no dialect would accept is broken.
type lexer struct {
	mode
	s       string
	at      int
	tokens  []token
	broken  bool // an open string or comment, invalid UTF-8, an invisible character
	hides   bool // a comment that some servers execute
	comment bool // there is a comment
	differs bool // something that dialects read differently
	full    bool // more tokens than are looked at
	opened  bool // inside a comment that is executed
}

// maxTokens is how many tokens of a text are looked at; with more it counts as unparsed.
const maxTokens = 20_000

func lex(s string, m mode) *lexer {
	l := &lexer{mode: m, s: s, tokens: make([]token, 0, min(len(s)/4+4, 256))}
	for l.at < len(l.s) {
		if len(l.tokens) >= maxTokens {
			l.full = true
			break
		}
		l.next()
	}
	return l
}

func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.s) {
		return l.s[l.at+n]
	}
	return 0
}

func (l *lexer) add(k kind, v string) { l.tokens = append(l.tokens, token{k, v}) }

func (l *lexer) next() {
	c := l.s[l.at]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
		l.at++
	case c == '-' && l.peek(1) == '-':
		l.differs = l.differs || l.peek(2) > ' ' // MySQL wants a space, others do not
		l.line()
	case c == '#' && l.hash:
		l.line()
	case c == '/' && l.peek(1) == '*':
		l.block()
	case c == '*' && l.peek(1) == '/' && l.opened:
		l.opened = false
		l.at += 2
	case c == '\'':
		l.quoted('\'', text, l.backslash || l.escapes())
	case c == '"' && l.doubles:
		l.quoted('"', text, l.backslash)
	case c == '"':
		l.quoted('"', name, false)
	case c == '`':
		l.quoted('`', name, false)
	case c == '[' && l.brackets:
		l.quoted(']', name, false)
	case c == '$':
		l.money()
	case c >= '0' && c <= '9':
		l.digits()
	case letter(c) || c >= utf8.RuneSelf:
		l.word()
	default:
		l.sign(c)
	}
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

// escapes says that the string is PostgreSQL's E'…'.
func (l *lexer) escapes() bool {
	n := len(l.tokens)
	if n == 0 || l.at == 0 || l.s[l.at-1]|0x20 != 'e' || l.tokens[n-1] != (token{word, "e"}) {
		return false
	}
	l.tokens = l.tokens[:n-1]
	return true
}

func (l *lexer) line() {
	l.comment = true
	if i := strings.IndexByte(l.s[l.at:], '\n'); i >= 0 {
		l.at += i + 1
		return
	}
	l.at = len(l.s)
}

func (l *lexer) block() {
	l.comment = true
	rest := l.s[l.at+2:]
	if strings.HasPrefix(rest, "!") || strings.HasPrefix(rest, "M!") {
		l.hides, l.differs = true, true
		if l.versioned {
			l.open(rest)
			return
		}
	}
	depth := 1
	for i := l.at + 2; i+1 < len(l.s); i++ {
		switch {
		case l.s[i] == '*' && l.s[i+1] == '/':
			i++
			if depth--; depth == 0 {
				l.at = i + 1
				return
			}
		case l.s[i] == '/' && l.s[i+1] == '*':
			l.differs = true
			if l.nested {
				depth++
				i++
			}
		}
	}
	l.broken, l.at = true, len(l.s)
}

// open goes on behind "/*!50000", so that what servers execute is seen.
func (l *lexer) open(rest string) {
	trimmed := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(rest, "M"), "!"), "0123456789")
	l.at = len(l.s) - len(trimmed)
	l.opened = true
}

// quoted reads to the closing quote; a doubled one stands for itself.
func (l *lexer) quoted(quote byte, k kind, backslash bool) {
	start := l.at + 1
	for i := start; i < len(l.s); i++ {
		switch {
		case l.s[i] == '\\':
			l.differs = l.differs || i+1 < len(l.s) && (l.s[i+1] == quote || l.s[i+1] == '\\')
			if backslash && k == text {
				i++
			}
		case l.s[i] == quote && i+1 < len(l.s) && l.s[i+1] == quote:
			i++
		case l.s[i] == quote:
			v := l.s[start:i]
			if k == name {
				v = strings.ToLower(v)
			}
			l.add(k, v)
			l.at = i + 1
			return
		}
	}
	l.broken, l.at = true, len(l.s)
	l.add(k, l.s[min(start, len(l.s)):])
}

// money reads $1, $tag$…$tag$ or the sign alone.
func (l *lexer) money() {
	end := l.at + 1
	for end < len(l.s) && (letter(l.s[end]) || l.s[end] >= '0' && l.s[end] <= '9') {
		end++
	}
	if l.dollar && end < len(l.s) && l.s[end] == '$' && (end == l.at+1 || letter(l.s[l.at+1])) {
		tag := l.s[l.at : end+1]
		l.differs = true
		body := l.s[end+1:]
		if i := strings.Index(body, tag); i >= 0 {
			l.add(text, body[:i])
			l.at = end + 1 + i + len(tag)
			return
		}
		l.broken, l.at = true, len(l.s)
		l.add(text, body)
		return
	}
	l.add(param, l.s[l.at:end])
	l.at = end
}

func (l *lexer) digits() {
	end := l.at
	for end < len(l.s) && (l.s[end] >= '0' && l.s[end] <= '9' || letter(l.s[end]) || l.s[end] == '.' ||
		(l.s[end] == '-' || l.s[end] == '+') && l.s[end-1]|0x20 == 'e' && !strings.HasPrefix(l.s[l.at:], "0x")) {
		end++
	}
	l.add(number, l.s[l.at:end])
	l.at = end
}

func (l *lexer) word() {
	end := l.at
	for end < len(l.s) {
		if c := l.s[end]; letter(c) || c >= '0' && c <= '9' || c == '$' || c == '#' && end > l.at && !l.hash {
			end++
			continue
		}
		r, n := utf8.DecodeRuneInString(l.s[end:])
		if r < utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			break
		}
		end += n
	}
	if end == l.at { // neither a letter nor ASCII: a space or a sign that may be read as anything
		_, n := utf8.DecodeRuneInString(l.s[end:])
		l.broken = true
		l.at += n
		return
	}
	l.add(word, strings.ToLower(l.s[l.at:end]))
	l.at = end
}

func (l *lexer) sign(c byte) {
	if c == '@' || c == ':' && letter(l.peek(1)) {
		end := l.at + 1
		for end < len(l.s) && (letter(l.s[end]) || l.s[end] == '@' || l.s[end] >= '0' && l.s[end] <= '9') {
			end++
		}
		if end > l.at+1 && !(c == ':' && l.at > 0 && l.s[l.at-1] == ':') {
			l.add(param, strings.ToLower(l.s[l.at:end]))
			l.at = end
			return
		}
	}
	switch {
	case c < ' ' || c == 0x7f:
		l.broken = true
	case c == '#':
		l.differs = true
	case c == '[':
		inside, _, closed := strings.Cut(l.s[l.at:min(len(l.s), l.at+200)], "]")
		l.differs = l.differs || !closed || strings.ContainsAny(inside, "'\";-/#`")
	}
	n := 1
	if d := l.peek(1); c == ':' && d == ':' || c == '<' && d == '>' || c == '!' && d == '=' || (c == '<' || c == '>') && d == '=' || c == '|' && d == '|' {
		n = 2
	}
	l.add(sign, l.s[l.at:l.at+n])
	l.at += n
}

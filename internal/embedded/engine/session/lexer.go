package session

import "strings"

// tokenKind tells apart what the statement splitter has to know; numbers, strings and operators are all "other".
type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenOpen  // ( [ {
	tokenClose // ) ] }
	tokenSemicolon
	tokenOther
)

type token struct {
	kind       tokenKind
	start, end int
}

// lexer cuts ClickHouse SQL into tokens, leaving out spaces and comments. It never fails: what is not closed reaches to the end.
type lexer struct {
	text string
	pos  int
}

func (l *lexer) next() token {
	l.skipBlank()
	start := l.pos
	if start >= len(l.text) {
		return token{tokenEnd, len(l.text), len(l.text)}
	}
	kind := tokenOther
	switch c := l.text[start]; {
	case isWord(c):
		kind = tokenWord
		for l.pos < len(l.text) && isWord(l.text[l.pos]) {
			l.pos++
		}
		if c >= '0' && c <= '9' {
			kind = tokenOther
		}
	case c == '\'' || c == '"' || c == '`':
		l.quoted(c)
	case c == '$' && l.heredoc():
	default:
		l.pos++
		switch c {
		case '(', '[', '{':
			kind = tokenOpen
		case ')', ']', '}':
			kind = tokenClose
		case ';':
			kind = tokenSemicolon
		}
	}
	return token{kind, start, l.pos}
}

func (l *lexer) skipBlank() {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v\x00", rest[0]) >= 0:
			l.pos++
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
			l.skipPast(rest, 2, "\n")
		case strings.HasPrefix(rest, "/*"):
			l.skipPast(rest, 2, "*/")
		default:
			return
		}
	}
}

// skipPast moves behind the next end mark at or after rest[from:], or to the end of the text.
func (l *lexer) skipPast(rest string, from int, mark string) {
	if i := strings.Index(rest[from:], mark); i >= 0 {
		l.pos += from + i + len(mark)
		return
	}
	l.pos = len(l.text)
}

// quoted moves behind a string or quoted name; a backslash escapes, a doubled quote is the quote itself.
func (l *lexer) quoted(quote byte) {
	for l.pos++; l.pos < len(l.text); l.pos++ {
		switch l.text[l.pos] {
		case '\\':
			l.pos++
		case quote:
			if l.pos+1 < len(l.text) && l.text[l.pos+1] == quote {
				l.pos++
				continue
			}
			l.pos++
			return
		}
	}
	l.pos = len(l.text)
}

// heredoc moves behind $tag$ … $tag$ and says whether there was one.
func (l *lexer) heredoc() bool {
	rest := l.text[l.pos:]
	n := 1
	for n < len(rest) && isWord(rest[n]) {
		n++
	}
	if n >= len(rest) || rest[n] != '$' {
		return false
	}
	tag := rest[:n+1]
	if !strings.Contains(rest[len(tag):], tag) {
		return false
	}
	l.skipPast(rest, len(tag), tag)
	return true
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

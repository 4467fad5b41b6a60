package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// markup are characters that a chat, a page or a table may take for more than text, with what
// stands for them.
var markup = map[rune]rune{'<': '‹', '>': '›', '`': '\'', '*': '∗', '[': '(', ']': ')', '|': '¦', '~': '∼'}

// Neutral makes a text from an agent safe to repeat anywhere: no control or invisible
// characters, no line breaks, no markup, no mention, no entity. It stays readable, and is not meant to
// be read back by a program.
func Neutral(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	before := ' '
	for i, r := range s {
		switch {
		case unicode.IsSpace(r):
			r = ' '
			if before == ' ' {
				continue
			}
		case invisible(r):
			r = utf8.RuneError
		case r == '@' && !unicode.IsLetter(before) && !unicode.IsDigit(before):
			r = '＠' // no address: a mention
		case r == '&' && startsEntity(s[i+1:]):
			r = '＆'
		case markup[r] != 0:
			r = markup[r]
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

func invisible(r rune) bool {
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Me, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

func startsEntity(rest string) bool {
	return rest != "" && (rest[0] == '#' || rest[0]|0x20 >= 'a' && rest[0]|0x20 <= 'z')
}

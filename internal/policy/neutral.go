package policy

import (
	"strings"
	"unicode"
)

// markup are characters that a chat, a page or a table may take as more than text, with what
// stands for them.
var markup = map[rune]rune{'<': '‹', '>': '›', '`': '\'', '*': '∗', '[': '(', ']': ')', '|': '¦', '~': '∼', '@': '＠', '&': '＆', '\\': '⧵'}

// Neutral makes a text from an agent safe to repeat anywhere: no control or invisible
// characters, no line breaks, no markup, no mention. It stays readable, and is not meant to be read
// back by a program.
func Neutral(s string) string {
	space := false
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			if space {
				return -1
			}
			space = true
			return ' '
		}
		space = false
		if plain, ok := markup[r]; ok {
			return plain
		}
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

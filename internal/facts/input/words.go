package input

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxToolWords is how many words of a tool's name are looked at. A longer name
// is not plain, which the default policy calls high.
const maxToolWords = 24

// SplitWords splits a tool's name into lower-case words at everything that is no
// letter or digit and at camel case: "DeleteSearchIndex", "delete-search.index" and
// "delete_search_index" have the same words, "readHTTPLog" has read, http, log.
func SplitWords(name string) []string {
	words := make([]string, 0, 4)
	start := -1
	flush := func(end int) {
		if start >= 0 && len(words) < maxToolWords {
			words = append(words, strings.ToLower(name[start:end]))
		}
		start = -1
	}
	prev := rune(0)
	for i, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush(i)
		case start < 0:
			start = i
		case unicode.IsUpper(r) && (!unicode.IsUpper(prev) || nextIsLower(name[i+utf8.RuneLen(r):])):
			flush(i)
			start = i
		}
		prev = r
	}
	flush(len(name))
	return words
}

func nextIsLower(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsLower(r)
}

// PlainName says that a tool's name can be read without being fooled: only ASCII
// (no look-alikes, no invisible characters), not overlong, and no digits inside a word ("d3lete").
func PlainName(name string) bool {
	if len(name) > 128 || strings.Count(name, "_")+strings.Count(name, "-") >= maxToolWords {
		return false
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte("_-.:/", c) >= 0:
		case c >= '0' && c <= '9':
			if i > 0 && i+1 < len(name) && isLetter(name[i-1]) && isLetter(name[i+1]) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

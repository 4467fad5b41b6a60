package mask

import (
	"slices"
	"strings"
	"unicode"
)

const (
	// leastScrubbed is the shortest secret that is looked for in other texts, and leastPart the shortest part of one, in letters and digits: shorter
	// ones are found everywhere.
	leastScrubbed = 4
	leastPart     = 6
)

// Scrub masks in a text what was masked elsewhere: a reason or a request may repeat an argument that is a secret, in other letters or with
// other signs in between.
func Scrub(text string, values []string) string {
	var plain []string
	for _, v := range values {
		for _, word := range append(strings.Fields(v), v) {
			if p := plainOf(word); len(p) >= leastScrubbed {
				plain = append(plain, p)
			}
		}
	}
	if len(plain) == 0 {
		return text
	}
	return eachWord(text, func(word string) string {
		if !isMasked(word) && repeats(plainOf(word), plain) {
			return masked("secret", word)
		}
		return word
	})
}

// repeats reports whether a word is one of the values, holds one, or is a part of one.
func repeats(word string, values []string) bool {
	return len(word) >= leastScrubbed && slices.ContainsFunc(values, func(v string) bool {
		return v == word || len(v) >= leastPart && strings.Contains(word, v) || len(word) >= leastPart && strings.Contains(v, word)
	})
}

// plainOf is a word's letters and digits in lower case.
func plainOf(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, word)
}

// lost are the words of a text that are not in what is shown of it.
func lost(text, shown string) []string {
	kept := strings.Fields(shown)
	return slices.DeleteFunc(strings.Fields(text), func(word string) bool { return slices.Contains(kept, word) })
}

// Package word has what the domains of facts share to keep and compare words.
package word

import (
	"slices"
	"strings"
)

// Set is the words of a text that is divided by white space.
func Set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// Any says that one of the words is in the set.
func Any(words []string, set map[string]bool) bool {
	return slices.ContainsFunc(words, func(w string) bool { return set[w] })
}

// Has says that one of the words is wanted.
func Has(words []string, wanted ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(wanted, w) })
}

// Once appends v unless the list has it.
func Once[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

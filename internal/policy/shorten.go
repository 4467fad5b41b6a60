package policy

import (
	"strings"
	"unicode/utf8"
)

// Shorten cuts s to at most n bytes (n at least 3) of valid UTF-8, with "…" where something is missing.
func Shorten(s string, n int) string {
	if len(s) > n {
		cut := n - len("…")
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

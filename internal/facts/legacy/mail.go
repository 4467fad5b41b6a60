package legacy

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// proseKeys are the arguments of a mail that may mention addresses without sending to them.
var proseKeys = setOf("subject", "body", "text", "message", "content", "html", "title", "description")

func setOf(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

var recipientKeys = setOf("to", "cc", "bcc", "recipient", "recipients", "toaddress", "toaddresses", "ccaddress", "bccaddress",
	"email", "emails", "emailaddress", "address", "addresses", "participants", "attendees")

// mailInternal says that the mail goes to somebody and to nobody outside domains.
// An address under any other key counts as a recipient too, because tools name
// their arguments as they like; only prose may mention outsiders.
func mailInternal(texts []input.Text, domains map[string]bool) bool {
	found := false
	for _, a := range texts {
		if proseKeys[a.Key] {
			if (a.Key == "subject" || a.Key == "title") && strings.ContainsAny(a.Value, "\r\n") {
				return false // a line break in a header adds recipients
			}
			continue
		}
		if !recipientKeys[a.Key] && !strings.Contains(a.Value, "@") {
			continue
		}
		if !allInside(a.Value, domains) {
			return false
		}
		found = true
	}
	return found
}

// allInside says that text names at least one address and each is of domains.
func allInside(text string, domains map[string]bool) bool {
	some := false
	for _, piece := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;<>\"", r) }) {
		if !strings.Contains(piece, "@") {
			continue // a display name
		}
		if !addressOf(piece, domains) {
			return false
		}
		some = true
	}
	return some
}

func addressOf(address string, domains map[string]bool) bool {
	local, domain, _ := strings.Cut(address, "@")
	if local == "" || !domains[strings.ToLower(domain)] {
		return false
	}
	for i := range len(local) { // no "%" or "!": they route a mail on
		if c := local[i]; !isLetter(c) && (c < '0' || c > '9') && strings.IndexByte("._+-", c) < 0 {
			return false
		}
	}
	return true
}

package asked

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mentions reports whether the text says the value, as people say it.
func (t *text) mentions(v value) bool {
	plain := fold(v.text)
	if t.has(plain) {
		return true
	}
	switch v.kind {
	case amount:
		return t.number(plain)
	case person:
		return t.names(plain)
	case place:
		return t.site(plain)
	case path:
		return t.file(plain)
	case prose:
		return t.share(strings.FieldsFunc(plain, notWord)) >= 0.5
	}
	return t.share(strings.FieldsFunc(plain, notWord)) >= 0.75
}

func (t *text) number(plain string) bool {
	if plain == "0" || plain == "1" {
		return true // one of something is seldom said as a number
	}
	if t.has(strings.TrimSuffix(strings.TrimRight(plain, "0"), ".")) {
		return true
	}
	for w := range strings.FieldsSeq(t.plain) {
		w = strings.Trim(w, "$€£%.,;:!?()'\"")
		if strings.ReplaceAll(w, ",", "") == plain {
			return true
		}
	}
	return false
}

// names finds a person by the address's local part, or by every part of the name.
func (t *text) names(plain string) bool {
	local, _, _ := strings.Cut(plain, "@")
	words := strings.FieldsFunc(local, notWord)
	found := 0
	for _, w := range words {
		if len(w) > 1 && t.stems[stem(w)] > 0 {
			found++
		}
	}
	return found > 0 && found*2 >= len(words)
}

// site finds a URL by its host, or by the name in it: "the GitLab page" is gitlab.example.com.
func (t *text) site(plain string) bool {
	h := host(plain)
	if h == "" {
		return false
	}
	if strings.Contains(t.plain, h) {
		return true
	}
	for label := range strings.SplitSeq(h, ".") {
		if len(label) > 3 && t.stems[stem(label)] > 0 {
			return true
		}
	}
	return false
}

// file finds a path by its last part, or by the words of that.
func (t *text) file(plain string) bool {
	base := strings.TrimRight(plain, "/*\\")
	base = base[strings.LastIndexAny(base, `/\`)+1:]
	if base == "" {
		return false
	}
	if t.has(base) {
		return true
	}
	if dot := strings.LastIndexByte(base, '.'); dot > 0 {
		base = base[:dot]
	}
	words := strings.FieldsFunc(base, notWord)
	return len(words) > 0 && t.share(words) == 1 && !allCommon(words)
}

func allCommon(words []string) bool {
	for _, w := range words {
		if !common[w] && len(w) > 1 {
			return false
		}
	}
	return true
}

// maxNames is how many names of a reasoning are listed.
const maxNames = 16

// newNames are the names and numbers in reasoning that the request does not have: words with a capital inside a
// sentence, and words with digits.
func newNames(reasoning string, request *text) []string {
	var out []string
	start := true
	if len(reasoning) > maxText {
		reasoning = reasoning[:maxText]
	}
	for w := range strings.FieldsSeq(reasoning) {
		bare := strings.TrimFunc(w, notWord)
		sentence := strings.HasSuffix(w, ".") || strings.HasSuffix(w, "!") || strings.HasSuffix(w, "?") || strings.HasSuffix(w, ":")
		r, _ := utf8.DecodeRuneInString(bare)
		named := !start && unicode.IsUpper(r) && len(bare) > 2 && strings.ToUpper(bare) != bare || strings.ContainsFunc(bare, unicode.IsDigit)
		if folded := fold(bare); named && len(out) < maxNames && request.stems[stem(folded)] == 0 && !request.has(folded) {
			out = append(out, bare)
		}
		start = sentence
	}
	return out
}

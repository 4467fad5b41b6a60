// Package mask hides secrets in what people are shown. Digests bind the real values; what is masked says only what kind of secret it is and
// about how long.
package mask

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/secret"
)

const (
	open   = "‹masked: "
	closed = "›"
)

// masked stands for a secret. Its length is told in classes: the exact one would help who guesses.
func masked(kind, value string) string {
	class := "64 or more"
	switch n := utf8.RuneCountInString(value); {
	case n < 8:
		class = "under 8"
	case n < 16:
		class = "8 to 15"
	case n < 32:
		class = "16 to 31"
	case n < 64:
		class = "32 to 63"
	}
	return open + kind + ", " + class + " characters" + closed
}

func isMasked(s string) bool { return strings.HasPrefix(s, open) && strings.HasSuffix(s, closed) }

// Text masks the secrets in a text: whatever has the shape of a secret, stands under a secret's name, or is the number of a payment card. Where it
// cannot tell which part of the text is secret, nothing of it is shown.
func Text(s string) string {
	if clean(s) {
		return s
	}
	if slices.Contains(secret.InText(s), "private key") { // it goes over many words
		return masked("private key", s)
	}
	out := s
	for range 2 { // names and values may be words of their own, as in "password: hunter22"
		if out = words(out); clean(out) {
			return out
		}
	}
	return masked("a text with secrets", s)
}

func clean(s string) bool { return len(secret.InText(s)) == 0 && !hasCardNumber(s) }

// words masks the words of a text that are secrets by themselves or after the word before them.
func words(s string) string {
	before := ""
	return cardNumbers(eachWord(s, func(word string) string {
		switch kinds := secret.InText(word); {
		case isMasked(word):
		case len(kinds) > 0:
			word = masked(string(kinds[0]), word)
		case before != "":
			if kinds = secret.InText(before + " " + word); len(kinds) > 0 && len(secret.InText(before)) == 0 {
				word = masked(string(kinds[0]), word)
			}
		}
		if hasCardNumber(word) {
			word = masked("card number", word)
		}
		before = word
		return word
	}))
}

// eachWord puts what show makes of each word in its place, and leaves the space between them. A mask is one word.
func eachWord(s string, show func(word string) string) string {
	var b strings.Builder
	for len(s) > 0 {
		space := s[:len(s)-len(strings.TrimLeftFunc(s, unicode.IsSpace))]
		s = s[len(space):]
		end := strings.IndexFunc(s, unicode.IsSpace)
		if strings.HasPrefix(s, open) {
			if i := strings.Index(s, closed); i >= 0 {
				end = i + len(closed)
			}
		}
		if end < 0 {
			end = len(s)
		}
		b.WriteString(space + show(s[:end]))
		s = s[end:]
	}
	return b.String()
}

// JSON masks the secrets in a JSON document: values that stand under a secret's name or at one of the pointers (RFC 6901), and what [Text] finds.
// where says where something was masked, by pointer. What is no JSON is not shown at all.
func JSON(document json.RawMessage, pointers []string) (shown json.RawMessage, where []string) {
	shown, where, _ = Secrets(document, pointers)
	return shown, where
}

// Secrets is [JSON] with the values that it masked, for [Scrub].
func Secrets(document json.RawMessage, pointers []string) (shown json.RawMessage, where, values []string) {
	if len(bytes.TrimSpace(document)) == 0 {
		return nil, nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return unreadable(document), []string{""}, nil
	}
	w := &walk{pointers: pointers}
	value = w.value("", "", value)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return unreadable(document), []string{""}, nil
	}
	slices.Sort(w.where)
	return bytes.TrimSpace(b.Bytes()), w.where, w.values
}

// unreadable stands for a document as a whole.
func unreadable(document json.RawMessage) json.RawMessage {
	return json.RawMessage(strconv.Quote(masked("what cannot be read", string(document)))) // it has nothing that JSON quotes otherwise
}

type walk struct {
	pointers []string
	where    []string
	values   []string // what was masked
}

// value masks what is at a pointer, under a key.
func (w *walk) value(at, key string, v any) any {
	if slices.Contains(w.pointers, at) {
		return w.hide(at, "as configured", fmt.Sprint(v))
	}
	kind := string(secret.OfKey(input.PlainKey(key)))
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = w.value(at+"/"+escape(name), name, member)
		}
	case []any:
		for i, member := range v {
			v[i] = w.value(at+"/"+strconv.Itoa(i), key, member)
		}
	case json.Number:
		if kind != "" || hasCardNumber(v.String()) {
			return w.hide(at, orCard(kind), v.String())
		}
	case string:
		switch shown := Text(v); {
		case isMasked(v):
		case kind != "" && v != "":
			return w.hide(at, kind, v)
		case shown != v:
			w.where = append(w.where, at)
			w.values = append(w.values, lost(v, shown)...)
			return shown
		}
	}
	return v
}

func (w *walk) hide(at, kind, value string) string {
	w.where = append(w.where, at)
	w.values = append(w.values, value)
	return masked(kind, value)
}

func orCard(kind string) string {
	if kind == "" {
		return "card number"
	}
	return kind
}

var escape = strings.NewReplacer("~", "~0", "/", "~1").Replace

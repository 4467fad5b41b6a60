package card

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/weighlock/weighlock/cmd/weighlock/words"
)

// indent is where the text of a field begins.
const indent = 12

// field prints a label and its text, wrapped and indented; nothing where there is none.
func field(w io.Writer, label, text string) {
	if text == "" {
		return
	}
	for i, line := range wrap(words.Printable(words.Clip(text, 2000)), Width-indent) {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(w, "%-*s%s\n", indent, label, line)
	}
}

// Field is field for others who print beside a card.
func Field(w io.Writer, label, text string) { field(w, label, text) }

// wrap breaks text at spaces into lines of at most most cells: a wide character takes two.
func wrap(text string, most int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for ansi.StringWidth(word) > most { // an unbroken stretch, such as encoded data
			if line != "" {
				lines = append(lines, line)
				line = ""
			}
			head := ansi.Truncate(word, most, "")
			lines = append(lines, head)
			word = word[len(head):]
		}
		switch {
		case line == "":
			line = word
		case ansi.StringWidth(line)+1+ansi.StringWidth(word) <= most:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// pad fills a text up to so many cells, or cuts it.
func pad(text string, cells int) string {
	if n := ansi.StringWidth(text); n <= cells {
		return text + strings.Repeat(" ", cells-n)
	}
	return ansi.Truncate(text, cells, "…")
}

// legible is JSON with its texts as they read: "M\u00fcller \u0026 Co", as programs write it, is "Müller & Co". What is no JSON stays as it is.
func legible(raw json.RawMessage) json.RawMessage {
	v := jsontext.Value(bytes.Clone(raw))
	if v.Compact(jsontext.PreserveRawStrings(false)) != nil {
		return raw
	}
	return json.RawMessage(v)
}

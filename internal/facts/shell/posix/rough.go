package posix

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// rough splits what no shell would accept into something like commands, so that rules see
// the words that stand there. Quotes hold words together; everything else ends them.
func rough(text string) commands {
	var out commands
	var words []command.Word
	var word strings.Builder
	begun := false
	var quote byte
	endWord := func() {
		if begun {
			words = append(words, command.Word{Text: word.String(), Dynamic: strings.Contains(word.String(), "$")})
			word.Reset()
			begun = false
		}
	}
	endCommand := func() {
		endWord()
		if len(words) > 0 && len(out) < maxCommands {
			out = append(out, &command.Command{Name: command.BaseName(words[0].Text), Word: words[0], Args: words[1:], Dialect: command.Posix})
		}
		words = nil
	}
	for i := range len(text) {
		c := text[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case quote != 0 && c != '\n':
			word.WriteByte(c)
		case c == '\n' || strings.IndexByte(";&|(){}`", c) >= 0:
			quote = 0
			endCommand()
		case c == ' ' || c == '\t' || c == '<' || c == '>':
			endWord()
		default:
			begun = true
			word.WriteByte(c)
		}
	}
	endCommand()
	return out
}

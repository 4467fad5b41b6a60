package windows

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// psStatement is a PowerShell statement while it is read.
type psStatement struct {
	c        *command.Command
	words    []command.Word
	start    int  // where it begins in the text
	inner    int  // how many commands there were before
	called   bool // "&" or "." stands before it
	assigned string
}

func (s *psStatement) empty() bool { return len(s.words) == 0 && !s.called }

var psKeywords = map[string]bool{
	"if": true, "elseif": true, "else": true, "while": true, "until": true, "do": true, "foreach": true, "for": true, "switch": true, "try": true, "catch": true,
	"finally": true, "return": true, "process": true, "begin": true, "end": true, "throw": true, "trap": true, "in": true, "param": true, "data": true, "exit": true, "-not": true, "!": true,
}

func (s *psStatement) add(r *psReader, w command.Word) {
	text := strings.ToLower(w.Text)
	if len(s.words) == 0 && !s.called && !w.Quoted {
		switch {
		case psKeywords[text] && (text != "foreach" && text != "process" && text != "exit" || len(s.words) == 0):
			s.start = r.pos
			return
		case w.Text == ".":
			s.called = true
			return
		}
	}
	if len(s.words) == 1 && (text == "=" || text == "+=") && strings.HasPrefix(s.words[0].Text, "$") {
		s.assigned = strings.ToLower(strings.TrimPrefix(s.words[0].Text, "$"))
		s.words, s.start = nil, r.pos
		return
	}
	if len(s.words) < maxCommands {
		s.words = append(s.words, w)
	}
}

// done makes the command of what was read; nil where there was nothing.
func (s *psStatement) done(r *psReader, end int) *command.Command {
	c := s.c
	c.Inner = append(c.Inner, r.script.Commands[min(s.inner, len(r.script.Commands)):]...)
	if s.assigned != "" {
		value := command.Word{Dynamic: true}
		if len(s.words) == 1 && !s.words[0].Dynamic && len(s.words[0].Text) < 16<<10 {
			value = s.words[0]
			r.vars[s.assigned] = value.Text
		} else {
			delete(r.vars, s.assigned)
		}
		c.Assigns = []command.Assign{{Name: s.assigned, Value: value}}
	}
	if len(s.words) == 0 {
		if len(c.Redirects) == 0 && len(c.Assigns) == 0 {
			return nil
		}
		return c
	}
	first := s.words[0]
	if (!s.called && isExpression(first)) || first.Text == "" {
		c.Name = Expression
		text := strings.TrimSpace(r.text[min(s.start, end):end])
		if len(s.words) == 1 && !first.Dynamic {
			text = first.Text
		}
		c.Args = []command.Word{{Text: strings.ReplaceAll(text, "`", ""), Dynamic: true}}
		return c
	}
	c.Word, c.Args = first, s.words[1:]
	c.Name = command.BaseName(first.Text)
	return c
}

// isExpression says that a statement that begins with the word is a value, no command.
func isExpression(w command.Word) bool {
	if w.Quoted || w.Text == "" {
		return true
	}
	return strings.IndexByte("$[(@!-+'\"0123456789{", w.Text[0]) >= 0
}

// Package posix reads what sh, bash and zsh would run out of a script.
package posix

import (
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// Limits of what is read; a script beyond them is truncated.
const (
	maxDepth    = 80   // open brackets and keywords at once
	maxCommands = 1000 // simple commands
	maxFields   = 64   // words that one word may expand to
)

var parsers = map[syntax.LangVariant]*sync.Pool{
	syntax.LangBash: pool(syntax.LangBash),
	syntax.LangZsh:  pool(syntax.LangZsh),
}

func pool(v syntax.LangVariant) *sync.Pool {
	return &sync.Pool{New: func() any { return syntax.NewParser(syntax.Variant(v)) }}
}

// Read reads a script. It accepts any text and never fails: what cannot be parsed is split roughly.
func Read(text string) *command.Script {
	text, s := prepare(text)
	if s.Truncated {
		s.Commands = rough(text)
		return s
	}
	file, ok := parse(text, syntax.LangBash)
	if !ok {
		file, ok = parse(text, syntax.LangZsh)
	}
	if !ok {
		s.Broken = true
		s.Commands = rough(text)
		return s
	}
	w := walker{script: s, vars: map[string][]command.Word{}}
	w.stmts(file.Stmts, nil)
	return s
}

// prepare cuts the text and looks ahead for nesting that would take the parser too deep.
func prepare(text string) (string, *command.Script) {
	s := &command.Script{}
	if len(text) > command.MaxBytes {
		text, s.Truncated = text[:command.MaxBytes], true
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\x00", "")
	if deep(text) {
		s.Truncated = true
	}
	return text, s
}

func deep(text string) bool {
	open, most := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(', '{', '`':
			open++
			most = max(most, open)
		case ')', '}':
			open = max(open-1, 0)
		}
	}
	if most > maxDepth && most-strings.Count(text, "`") > maxDepth/2 {
		return true
	}
	nested := 0
	for _, word := range []string{"if", "while", "until", "for", "case", "time", "!", "[[", "-", "~", "|"} {
		nested = max(nested, run(text, word))
	}
	return nested > maxDepth
}

// run is the longest sequence of a word with at most white space between.
func run(text, word string) int {
	longest, now := 0, 0
	for text != "" {
		i := strings.Index(text, word)
		if i < 0 {
			break
		}
		if strings.TrimSpace(text[:i]) == "" {
			now++
		} else {
			now = 1
		}
		longest = max(longest, now)
		text = text[i+len(word):]
	}
	return longest
}

func parse(text string, v syntax.LangVariant) (file *syntax.File, ok bool) {
	p, _ := parsers[v].Get().(*syntax.Parser)
	defer func() {
		if recover() != nil { // a parser's mistake must not end the scorer; the parser is not used again
			file, ok = nil, false
		}
	}()
	file, err := p.Parse(strings.NewReader(text), "")
	parsers[v].Put(p)
	return file, err == nil
}

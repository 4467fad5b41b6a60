// Package commands knows what well-known programs do by their subcommands and flags, and reads
// the verbs of those it does not know.
package commands

import (
	"embed"
	"fmt"
	"strings"
)

// Kind is what a command does, in the order of how much is at stake.
type Kind uint8

// The kinds.
const (
	Unknown Kind = iota
	Read         // looks only
	Secret       // shows secrets
	Local        // makes or changes things in the working tree or the tool's own settings
	Run          // runs code or another program
	Install      // brings software in
	Change       // changes a system, a service, something far away
	Publish      // gives something to others
	Delete       // removes something small, or ends something that can be started again
	Destroy      // removes for good: data, history, infrastructure
)

var kinds = map[string]Kind{
	"read": Read, "secret": Secret, "local": Local, "run": Run, "install": Install, "change": Change, "publish": Publish, "delete": Delete, "destroy": Destroy,
}

// pattern is one way to call a program.
type pattern struct {
	kind   Kind
	words  [][]string // in this order; each one of several
	flags  [][]string
	absent []string
	texts  []string
	star   bool
	length int // of all tokens, for the more exact to win
}

// program is what is known of one program.
type program struct {
	area     string
	patterns []pattern
}

//go:embed tables/*.txt
var tables embed.FS

var programs = load()

func load() map[string]*program {
	all := map[string]*program{}
	entries, err := tables.ReadDir("tables")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		text, err := tables.ReadFile("tables/" + e.Name())
		if err != nil {
			panic(err)
		}
		area := ""
		for i, line := range strings.Split(string(text), "\n") {
			line = strings.TrimSpace(line)
			switch {
			case line == "" || line[0] == '#':
			case line[0] == '[' && line[len(line)-1] == ']':
				area = line[1 : len(line)-1]
			default:
				if err := addLine(all, area, line); err != nil {
					panic(fmt.Sprintf("%s:%d: %v", e.Name(), i+1, err))
				}
			}
		}
	}
	return all
}

func addLine(all map[string]*program, area, line string) error {
	parts := strings.SplitN(line, " | ", 3)
	if len(parts) != 3 {
		return fmt.Errorf("want three columns, have %d", len(parts))
	}
	kind, ok := kinds[parts[1]]
	if !ok {
		return fmt.Errorf("there is no grade %q", parts[1])
	}
	var patterns []pattern
	for text := range strings.SplitSeq(parts[2], ";") {
		if text = strings.TrimSpace(text); text != "" {
			patterns = append(patterns, parsePattern(kind, text))
		}
	}
	for name := range strings.SplitSeq(parts[0], ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		p := all[name]
		if p == nil {
			p = &program{area: area}
			all[name] = p
		}
		p.patterns = append(p.patterns, patterns...)
	}
	return nil
}

func parsePattern(kind Kind, text string) pattern {
	p := pattern{kind: kind, length: len(text)}
	for token := range strings.FieldsSeq(text) {
		switch {
		case token == "*":
			p.star = true
		case token[0] == '=' && len(token) > 1:
			p.texts = append(p.texts, strings.ToLower(strings.ReplaceAll(token[1:], "_", " ")))
		case token[0] == '!' && len(token) > 1:
			p.absent = append(p.absent, token[1:])
		case token[0] == '-' || token[0] == '/' && len(token) > 1:
			p.flags = append(p.flags, strings.Split(token, "|"))
		default:
			p.words = append(p.words, strings.Split(strings.ToLower(token), "|"))
		}
	}
	return p
}

// Known says that the table has the program.
func Known(name string) bool { return programs[name] != nil }

package commands

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// maxIndex is how far into a command's words its subcommand may begin.
const maxIndex = 4

// maxWords is how many of a command's words are looked at.
const maxWords = 16

// Effect is what a command does.
type Effect struct {
	Kind    Kind
	Area    string // "vcs", "cloud", "database", …; "" for a program that is not in the table
	Program bool   // the program is in the table
	Known   bool   // what this call of it does is known, or could be read from its verbs
	DryRun  bool   // it only shows what it would do, or how it is called
	Forced  bool   // flags say that it shall not ask
}

// Of returns what the command does.
func Of(c *command.Command) Effect {
	p := programs[c.Name]
	e := Effect{Forced: c.Has(forcing...)}
	if p != nil {
		e.Area, e.Program = p.area, true
	}
	if onlyShows(c, p) {
		e.Kind, e.Known, e.DryRun = Read, true, true
		return e
	}
	args := c.Args
	if len(args) > 256 {
		args = args[:256]
	}
	if p != nil {
		texts := " " + c.Joined() + " "
		a := p.match(args, words(args, false), texts)
		if b := p.match(args, words(args, true), texts); b > a {
			a = b
		}
		if a != Unknown {
			e.Kind, e.Known = a, true
			return e
		}
	}
	e.Kind = byVerbs(c.Name, words(args, true), args, p != nil)
	e.Known = e.Kind != Unknown
	return e
}

// words are the lower-case words of a command; skip leaves out what may be a flag's value.
func words(args []command.Word, skip bool) []string {
	list := make([]string, 0, 8)
	for i, a := range args {
		text := a.Text
		if len(list) == maxWords {
			break
		}
		if a.Flag() || text == "" || len(text) > 80 || strings.ContainsAny(text, " \n") {
			continue
		}
		if skip && i > 0 && args[i-1].Flag() && !strings.Contains(args[i-1].Text, "=") && args[i-1].Text != "--" {
			continue
		}
		list = append(list, strings.ToLower(text))
	}
	return list
}

// match finds the pattern that fits best: that whose words begin first, then the most exact
// one, then the gravest. Patterns of flags alone count where they are graver or nothing else fits.
func (p *program) match(args []command.Word, words []string, texts string) Kind {
	var word, flag, star Kind
	wordAt, wordSize, flagSize := maxIndex+1, 0, -1
	for i := range p.patterns {
		t := &p.patterns[i]
		at, ok := t.fits(args, words, texts)
		if !ok {
			continue
		}
		size := len(t.words) + len(t.flags) + len(t.texts)
		switch {
		case t.star:
			star = max(star, t.kind)
		case len(t.words) > 0:
			if at < wordAt || at == wordAt && (size > wordSize || size == wordSize && t.kind > word) {
				word, wordAt, wordSize = t.kind, at, size
			}
		case size*100+t.length > flagSize || size*100+t.length == flagSize && t.kind > flag:
			flag, flagSize = t.kind, size*100+t.length
		}
	}
	switch {
	case flag > word:
		return flag
	case word != Unknown:
		return word
	}
	return star
}

func (p *pattern) fits(args []command.Word, words []string, texts string) (at int, ok bool) {
	at = -1
	i := 0
	for _, w := range p.words {
		for i < len(words) && !oneOf(w, words[i]) {
			i++
		}
		if i == len(words) {
			return 0, false
		}
		if at < 0 {
			at = i
			if at > maxIndex {
				return 0, false
			}
		}
		i++
	}
	for _, t := range p.texts {
		if !strings.Contains(texts, t) {
			return 0, false
		}
	}
	for _, f := range p.flags {
		if !hasFlag(args, f) {
			return 0, false
		}
	}
	for _, f := range p.absent {
		if f[0] == '-' && hasFlag(args, []string{f}) || oneOf(words, f) || f == "=" && strings.Contains(texts, "=") {
			return 0, false
		}
	}
	return at, true
}

func oneOf(list []string, word string) bool { return slices.Contains(list, word) }

func hasFlag(args []command.Word, flags []string) bool {
	for _, f := range flags {
		for _, a := range args {
			if a.Text == f || command.FlagMatches(a.Text, f) {
				return true
			}
			if name, value, ok := strings.Cut(f, "="); ok && strings.HasPrefix(a.Text, name) && strings.HasSuffix(strings.ToLower(a.Text), strings.ToLower(value)) {
				return true
			}
		}
	}
	return false
}

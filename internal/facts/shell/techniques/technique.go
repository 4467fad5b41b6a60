// Package techniques recognises known attack techniques in commands and paths, by the
// tactics of MITRE ATT&CK.
package techniques

import (
	"embed"
	"fmt"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// Sign is one technique that was recognised.
type Sign struct {
	Tactic string // as MITRE ATT&CK names it, such as "credential-access"
	Name   string // such as "unix-passwords"
	Weak   bool   // administrators do this, too
}

// Access is what a command does with a path.
type Access byte

// The kinds of access.
const (
	Reads   Access = 'r'
	Writes  Access = 'w'
	Deletes Access = 'd'
)

//go:embed *.txt
var tables embed.FS

type pathRule struct {
	sign   Sign
	access string
	texts  []anchored
}

type anchored struct {
	text       string
	begin, end bool
	id         int // in pathTexts
}

type rule struct {
	sign   Sign
	groups [][]string
	ids    [][]int // of the groups' texts in wideTexts; negative numbers want them not to be there
}

var (
	pathTexts         = newMatcher()
	wideTexts         = newMatcher()
	pathRules         = loadPaths()
	byName, wideRules = loadCommands()
)

func lines(file string) []string {
	text, err := tables.ReadFile(file)
	if err != nil {
		panic(err)
	}
	var out []string
	for line := range strings.SplitSeq(string(text), "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

func newSign(tactic, name string) Sign {
	plain := strings.TrimSuffix(name, "?")
	return Sign{Tactic: tactic, Name: plain, Weak: plain != name || tactic == "discovery"}
}

func loadPaths() []pathRule {
	var rules []pathRule
	for _, line := range lines("paths.txt") {
		head, texts, ok := strings.Cut(line, " | ")
		fields := strings.Fields(head)
		if !ok || len(fields) != 3 {
			panic(fmt.Sprintf("paths.txt: %q", line))
		}
		r := pathRule{sign: newSign(fields[0], fields[1]), access: fields[2]}
		for t := range strings.SplitSeq(texts, ";") {
			t = strings.TrimSpace(t)
			a := anchored{begin: strings.HasPrefix(t, "^"), end: strings.HasSuffix(t, "$")}
			a.text = strings.TrimSuffix(strings.TrimPrefix(t, "^"), "$")
			if a.text != "" {
				a.id = pathTexts.id(a.text)
				r.texts = append(r.texts, a)
			}
		}
		rules = append(rules, r)
	}
	return rules
}

// OfPath returns what it means to access the path, which is clean as [places.Tree.Clean] makes it.
func OfPath(clean string, access Access) []Sign {
	var signs []Sign
	found := pathTexts.find(clean)
	registry := strings.HasPrefix(clean, "hk") || strings.Contains(clean, "registry::")
	for i := range pathRules {
		r := &pathRules[i]
		if strings.IndexByte(r.access, byte(access)) < 0 || strings.HasPrefix(r.sign.Name, "registry-") && !registry {
			continue
		}
		for _, t := range r.texts {
			if found.has(t.id) && t.in(clean) {
				signs = append(signs, r.sign)
				break
			}
		}
	}
	return signs
}

func (a anchored) in(s string) bool {
	switch {
	case a.begin && a.end:
		return s == a.text
	case a.begin:
		return strings.HasPrefix(s, a.text)
	case a.end:
		return strings.HasSuffix(s, a.text)
	}
	return strings.Contains(s, a.text)
}

// loadCommands reads "tactic sign | names & all & of|these".
func loadCommands() (map[string][]*rule, []*rule) {
	named := map[string][]*rule{}
	var general []*rule
	for _, line := range lines("commands.txt") {
		head, rest, ok := strings.Cut(line, " | ")
		fields := strings.Fields(head)
		if !ok || len(fields) != 2 {
			panic(fmt.Sprintf("commands.txt: %q", line))
		}
		groups := strings.Split(rest, " & ")
		r := &rule{sign: newSign(fields[0], fields[1])}
		for _, g := range groups[1:] {
			var alternatives []string
			for a := range strings.SplitSeq(g, "|") {
				if a != "" {
					alternatives = append(alternatives, strings.ToLower(strings.ReplaceAll(a, "_~_", " ")))
				}
			}
			r.groups = append(r.groups, alternatives)
		}
		for name := range strings.SplitSeq(strings.ToLower(groups[0]), "|") {
			if name = strings.TrimSpace(name); name == "*" {
				r.number()
				general = append(general, r)
			} else {
				named[name] = append(named[name], r)
			}
		}
	}
	return named, general
}

// OfCommand returns the techniques that the command shows by its name and arguments.
// wide also looks for those that are told by a text anywhere; not for commands that only print or search text.
func OfCommand(c *command.Command, wide bool) []Sign {
	text := " " + c.Name + " " + c.Joined() + " "
	text = strings.ReplaceAll(text, "\n", " ")
	var signs []Sign
	for _, r := range byName[c.Name] {
		if r.fits(text) {
			signs = append(signs, r.sign)
		}
	}
	if wide {
		found := wideTexts.find(text)
		for _, r := range wideRules {
			if r.fitsFound(found) {
				signs = append(signs, r.sign)
			}
		}
	}
	return signs
}

// fits says that of each group one alternative is in the text; "!x" wants x not to be there.
func (r *rule) fits(text string) bool {
	for _, g := range r.groups {
		found := false
		for _, a := range g {
			if a[0] == '!' {
				found = found || !strings.Contains(text, a[1:])
			} else if strings.Contains(text, a) {
				found = true
			}
			if found {
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// number gives the rule's texts their numbers in wideTexts.
func (r *rule) number() {
	for _, g := range r.groups {
		var ids []int
		for _, a := range g {
			if text, ok := strings.CutPrefix(a, "!"); ok {
				ids = append(ids, -1-wideTexts.id(text))
			} else {
				ids = append(ids, wideTexts.id(a))
			}
		}
		r.ids = append(r.ids, ids)
	}
}

// fitsFound is fits, given the texts that were found.
func (r *rule) fitsFound(found bits) bool {
	for _, g := range r.ids {
		one := false
		for _, id := range g {
			if id >= 0 && found.has(id) || id < 0 && !found.has(-1-id) {
				one = true
				break
			}
		}
		if !one {
			return false
		}
	}
	return true
}

package shell

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/shell/command"
	"github.com/weighlock/weighlock/internal/facts/shell/commands"
	"github.com/weighlock/weighlock/internal/facts/shell/places"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// Limits of what is looked at, over all command lines of an action.
const (
	maxUnwraps  = 12 // scripts in scripts
	maxWrappers = 24 // wrappers around one command
	maxText     = 160 << 10
	maxCommands = 600
	maxArgs     = 512 // words of one command that are looked at
	maxList     = 64  // entries of a fact that is a list
)

// grade orders what a command does for the fact of that name.
type grade int

const (
	gradeNone grade = iota
	gradeRead
	gradeSensitive
	gradeInside
	gradeRun
	gradeInstall
	gradeOutside
	gradeChange
	gradeUnknown
	gradePublish
	gradeDelete
	gradeDestroy
)

var gradeNames = [...]string{"none", "read", "sensitive", "inside", "run", "install", "outside", "change", "unknown", "publish", "delete", "destroy"}

// reader collects facts while it goes through command lines.
type reader struct {
	f       *Facts
	tree    places.Tree
	depth   int
	left    int // bytes that may still be read
	budget  int // commands that may still be judged
	top     grade
	acts    map[verb.Act]bool
	fetched []string // files that were downloaded before
	context struct{ elevated, remote, operands bool }
}

// Of derives the facts of the action's command lines.
func Of(a *input.Action) (*Facts, error) {
	args, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	f := &Facts{Grade: gradeNames[gradeNone]}
	list := sources(a, args)
	if len(list) == 0 {
		return f, nil
	}
	f.Found = true
	r := &reader{f: f, left: maxText, budget: maxCommands, acts: map[verb.Act]bool{}}
	if a.Org != nil {
		r.tree.Roots = a.Org.Trees
	}
	for _, t := range args.Texts {
		if (t.Key == "cwd" || t.Key == "workdir" || t.Key == "workingdirectory" || t.Key == "dir" || t.Key == "directory" || t.Key == "workingdir") && len(t.Value) > 1 {
			r.tree.Roots = append(slices.Clone(r.tree.Roots), strings.TrimRight(strings.ReplaceAll(t.Value, `\`, "/"), "/"))
		}
	}
	for _, s := range list {
		r.source(s)
	}
	r.finish()
	return f, nil
}

func (r *reader) source(s source) {
	d := s.dialect
	switch {
	case s.code != "":
		r.dialect("code")
		r.code(s.text)
		r.f.RunsCode = true
		return
	case len(s.argv) > 0:
		words := make([]command.Word, len(s.argv))
		for i, t := range s.argv {
			words[i] = command.Word{Text: t}
		}
		if d == "" {
			d = command.Posix
		}
		r.dialect(string(d))
		r.command(&command.Command{Name: command.BaseName(words[0].Text), Word: words[0], Args: words[1:], Dialect: d})
		return
	}
	if d == "" {
		d = guess(s.text)
	}
	r.dialect(string(d))
	r.read(s.text, d)
}

func (r *reader) dialect(d string) {
	if r.f.Dialect == "" {
		r.f.Dialect = d
	}
}

func (r *reader) grade(g grade) { r.top = max(r.top, g) }

func (r *reader) act(acts ...verb.Act) {
	for _, a := range acts {
		r.acts[a] = true
	}
}

func (r *reader) sign(tactic, name string, weak bool) {
	if tactic == "discovery" {
		r.f.Discovers = true
	}
	if weak || tactic == "discovery" {
		r.f.Suspicions = add(r.f.Suspicions, tactic+":"+name)
		return
	}
	r.f.Attack = true
	r.f.Tactics = add(r.f.Tactics, tactic)
	r.f.Signs = add(r.f.Signs, tactic+":"+name)
}

func add(list []string, s string) []string {
	if s == "" || len(list) >= maxList || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// strongest is the order of acts, see [Facts.Acts].
var strongest = []verb.Act{verb.Delete, verb.Pay, verb.Grant, verb.Deploy, verb.Publish, verb.Send, verb.Stop, verb.Install, verb.Change, verb.Create, verb.Run, verb.Login, verb.Read}

func (r *reader) finish() {
	f := r.f
	if f.Unparsed || f.Truncated || f.Dynamic {
		r.grade(gradeUnknown)
	}
	f.HasUnknown = len(f.Unknown) > 0
	if f.HasUnknown {
		r.grade(gradeUnknown)
	}
	f.ReadsOnly = r.top <= gradeRead && !f.Attack && !f.ReadsSecrets && !f.Uploads && !f.Downloads && !f.RunsCode && r.top != gradeNone
	f.Grade = gradeNames[r.top]
	for _, a := range strongest {
		if r.acts[a] {
			f.Acts = append(f.Acts, a)
		}
	}
}

// kindGrades says how a program's own effect is graded.
var kindGrades = map[commands.Kind]grade{
	commands.Read: gradeRead, commands.Secret: gradeSensitive, commands.Local: gradeInside, commands.Run: gradeRun, commands.Install: gradeInstall,
	commands.Change: gradeChange, commands.Publish: gradePublish, commands.Delete: gradeDelete, commands.Destroy: gradeDestroy,
}

var kindActs = map[commands.Kind]verb.Act{
	commands.Read: verb.Read, commands.Secret: verb.Read, commands.Local: verb.Create, commands.Run: verb.Run, commands.Install: verb.Install,
	commands.Change: verb.Change, commands.Publish: verb.Publish, commands.Delete: verb.Delete, commands.Destroy: verb.Delete,
}

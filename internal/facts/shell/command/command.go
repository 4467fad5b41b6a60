// Package command is the form that every shell's commands are brought into: one simple
// command with its words, redirections and where its input comes from.
package command

import "strings"

// Dialect is the language a command line is written in.
type Dialect string

// The dialects.
const (
	Posix      Dialect = "posix" // sh, bash, zsh and their like
	Cmd        Dialect = "cmd"
	PowerShell Dialect = "powershell"
)

// Word is one word of a command after quotes are taken off.
type Word struct {
	Text    string // an expansion that is not known stands as it was written
	Dynamic bool   // holds an expansion whose value is not known
	Glob    bool   // holds a wildcard that the shell expands
	Quoted  bool   // was written in quotes, at least in part
}

// Flag says that the word begins with a dash and is more than one.
func (w Word) Flag() bool { return len(w.Text) > 1 && w.Text[0] == '-' }

// Redirect is one redirection to or from a file.
type Redirect struct {
	Path   Word
	Write  bool // false reads
	Append bool
}

// Assign is a variable that is set, before a command or alone.
type Assign struct {
	Name  string
	Value Word
}

// Command is one simple command.
type Command struct {
	Name      string // lower case, without directory and ".exe"; "" sets variables only
	Word      Word   // the first word as written
	Args      []Word
	Redirects []Redirect
	Assigns   []Assign
	Stdin     string // a heredoc or here-string
	HasStdin  bool
	// From are the commands whose output it reads through a pipe; Inner those whose output are its words.
	From, Inner []*Command
	Dialect     Dialect

	// Set while wrappers are taken off.
	Elevated bool // sudo, doas, su, runas
	Remote   bool // ssh, docker exec and the like: paths are elsewhere
	Operands bool // its operands come from another program: xargs, find -exec, a loop
}

// BaseName is the name a program is known by: "/usr/bin/RM" and "rm.exe" are "rm".
func BaseName(text string) string {
	if i := strings.LastIndexAny(text, `/\`); i >= 0 && i+1 < len(text) {
		text = text[i+1:]
	}
	text = strings.ToLower(text)
	for _, ext := range []string{".exe", ".com", ".cmd", ".bat"} {
		if len(text) > len(ext) {
			text = strings.TrimSuffix(text, ext)
		}
	}
	return text
}

// Joined is the arguments with one space between, in lower case, then the paths of redirections.
func (c *Command) Joined() string {
	var b strings.Builder
	for i, a := range c.Args {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(a.Text)
	}
	for _, r := range c.Redirects {
		b.WriteString(" >")
		b.WriteString(r.Path.Text)
	}
	return strings.ToLower(b.String())
}

// Texts are the arguments as plain texts.
func (c *Command) Texts() []string {
	texts := make([]string, len(c.Args))
	for i, a := range c.Args {
		texts[i] = a.Text
	}
	return texts
}

// Has says that one of the flags is there. A one-letter flag is found in a cluster ("-rf"),
// a long one also with a value ("--force=true"). Nothing after "--" is a flag.
func (c *Command) Has(flags ...string) bool {
	for _, a := range c.Args {
		if a.Text == "--" {
			return false
		}
		for _, f := range flags {
			if FlagMatches(a.Text, f) {
				return true
			}
		}
	}
	return false
}

// FlagMatches says that the argument sets the flag, see [Command.Has].
func FlagMatches(arg, flag string) bool {
	if len(arg) < 2 || (arg[0] != '-' && arg[0] != '/' && arg[0] != '+') || arg[0] != flag[0] {
		return false
	}
	if arg == flag {
		return true
	}
	if strings.HasPrefix(arg, flag) && len(flag) > 2 && (arg[len(flag)] == '=' || arg[len(flag)] == ':') {
		return !strings.HasSuffix(arg, "=false")
	}
	if len(flag) == 2 && flag[0] == '-' && arg[1] != '-' && len(arg) <= 6 {
		return strings.IndexByte(arg[1:], flag[1]) >= 0 && !strings.Contains(arg, "=")
	}
	return (arg[0] == '/' || len(flag) > 2) && strings.EqualFold(arg, flag)
}

// Operand returns the arguments that are no flags; after "--" all are operands.
func (c *Command) Operand() []Word {
	var words []Word
	rest := false
	for _, a := range c.Args {
		if a.Text == "--" && !rest {
			rest = true
			continue
		}
		if rest || !a.Flag() {
			words = append(words, a)
		}
	}
	return words
}

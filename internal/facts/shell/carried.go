package shell

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// find reads what find does with what it finds: -delete, -exec … ;, and the like.
func (r *reader) find(c *command.Command) {
	for i := 0; i < len(c.Args); i++ {
		text := c.Args[i].Text
		switch text {
		case "-delete":
			r.foundDeleted(c)
		case "-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch":
			if !strings.HasPrefix(c.Name, "f") || len(text) == 2 && c.Name == "find" {
				continue
			}
			end := i + 1
			for end < len(c.Args) && c.Args[end].Text != ";" && c.Args[end].Text != "+" {
				end++
			}
			if end > i+1 {
				in := rest(&command.Command{Dialect: c.Dialect, Args: c.Args[i+1 : end], Elevated: c.Elevated, Remote: c.Remote}, 0)
				in.Operands = true
				r.found(c, in)
				r.command(in)
			}
			i = end
		case "-fprint", "-fprintf", "-fls", "-fprint0":
			if i+1 < len(c.Args) {
				r.write(c.Args[i+1])
			}
		}
	}
}

// found puts the places where find looks in for "{}".
func (r *reader) found(c, in *command.Command) {
	start := command.Word{Text: "."}
	if len(c.Args) > 0 && !c.Args[0].Flag() && c.Args[0].Text != "(" && c.Args[0].Text != "!" {
		start = c.Args[0]
	}
	for i, a := range in.Args {
		if a.Text == "{}" {
			in.Args[i] = command.Word{Text: strings.TrimSuffix(start.Text, "/") + "/*", Glob: true, Dynamic: start.Dynamic}
		}
	}
}

func (r *reader) foundDeleted(c *command.Command) {
	r.f.DeletesWildcard, r.f.DeletesTree = true, true
	n := 0
	for _, a := range c.Args {
		if a.Flag() || a.Text == "(" || a.Text == "!" {
			break
		}
		n++
		r.delete(a)
	}
	if n == 0 {
		r.delete(command.Word{Text: "."})
	}
}

// carried reads commands that programs take as one of their arguments or from their input.
func (r *reader) carried(c *command.Command) {
	flags, d := []string(nil), command.Posix
	switch c.Name {
	case "runuser", "vagrant", "gcloud", "fly", "flyctl", "script", "winexe":
		flags = []string{"-c", "--command", "-C"}
	case "ansible":
		flags = []string{"-a", "--args"}
	case "aws":
		flags = []string{"--parameters", "--user-data"}
	case "schtasks":
		flags, d = []string{"/tr"}, command.Cmd
	case "sc", "new-service":
		flags, d = []string{"binpath=", "binPath=", "-BinaryPathName"}, command.Cmd
	case "pcalua":
		flags, d = []string{"-a"}, command.Cmd
	case "xterm", "kitty", "konsole", "gnome-terminal", "x-terminal-emulator":
		flags = []string{"-e", "--command", "-x"}
	case "nodemon":
		flags = []string{"--exec", "-x"}
	case "expect":
		flags = []string{"-c"}
	case "git":
		r.gitCarried(c)
		return
	case "tar":
		r.tarCarried(c)
		return
	case "vim", "vi", "nvim", "ex", "osascript", "gdb", "lldb", "tmux", "screen", "knife", "salt", "start-process", "wmic", "xdotool", "invoke-wmimethod", "invoke-cimmethod", "concurrently", "new-scheduledtaskaction", "register-scheduledjob":
		r.quoted(c)
		return
	case "crontab", "at", "batch", "sbatch":
		if text, ok := command.Input(c); ok {
			if c.Name == "crontab" {
				text = cronCommands(text)
			}
			r.nested(text, c, command.Posix)
		}
		return
	}
	for _, f := range flags {
		if text, ok := flagValue(c, f); ok {
			r.nested(text, c, d)
		}
	}
}

// cronCommands takes the times off the lines of a crontab.
func cronCommands(text string) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		fields := strings.Fields(line)
		switch {
		case len(fields) > 1 && strings.HasPrefix(fields[0], "@"):
			out = append(out, strings.Join(fields[1:], " "))
		case len(fields) > 5:
			out = append(out, strings.Join(fields[5:], " "))
		}
	}
	return strings.Join(out, "\n")
}

// gitCarried reads "git -c alias.x=!cmd", "git bisect run cmd", "git submodule foreach cmd" and the like.
func (r *reader) gitCarried(c *command.Command) {
	for i, a := range c.Args {
		if _, cmd, ok := strings.Cut(a.Text, "=!"); ok {
			r.nested(cmd, c, command.Posix)
		}
		if strings.HasPrefix(a.Text, "!") && i > 0 && strings.HasPrefix(c.Args[i-1].Text, "alias.") {
			r.nested(a.Text[1:], c, command.Posix)
		}
		if i > 0 && (a.Text == "run" && c.Args[i-1].Text == "bisect" || a.Text == "foreach" && c.Args[i-1].Text == "submodule") && i+1 < len(c.Args) {
			r.nested(joined(c.Args[i+1:]), c, command.Posix)
		}
		if (a.Text == "--exec" || a.Text == "-x") && i > 0 && c.Args[0].Text == "rebase" && i+1 < len(c.Args) {
			r.nested(c.Args[i+1].Text, c, command.Posix)
		}
	}
}

func (r *reader) tarCarried(c *command.Command) {
	for _, a := range c.Args {
		for _, f := range []string{"--checkpoint-action=exec=", "--to-command=", "--use-compress-program=", "--info-script="} {
			if text, ok := strings.CutPrefix(a.Text, f); ok {
				r.sign("defense-evasion", "proxy-binary", false)
				r.nested(text, c, command.Posix)
			}
		}
	}
	if text, ok := flagValue(c, "--use-compress-program", "--rsh-command"); ok {
		r.nested(text, c, command.Posix)
	}
}

// quoted reads quoted arguments in which a program finds commands: vim -c ':!rm x', osascript
// -e 'do shell script "…"', tmux send-keys 'rm x', wmic process call create "…".
func (r *reader) quoted(c *command.Command) {
	d := command.Posix
	if c.Dialect != command.Posix || c.Name == "wmic" {
		d = command.Cmd
	}
	for _, a := range c.Args {
		text := a.Text
		if !a.Quoted || len(text) < 3 {
			continue
		}
		switch c.Name {
		case "osascript":
			_, script, ok := strings.Cut(text, "do shell script")
			if !ok {
				continue
			}
			text = strings.Trim(strings.TrimSpace(script), `"`)
			if i := strings.LastIndex(text, `" with`); i > 0 {
				text = text[:i]
			}
		case "vim", "vi", "nvim", "ex":
			i := strings.IndexByte(text, '!')
			if i < 0 {
				continue
			}
			text = text[i+1:]
		}
		if c.Name == "gdb" || c.Name == "lldb" {
			continue
		}
		r.nested(strings.TrimSuffix(text, `\n`), c, d)
	}
}

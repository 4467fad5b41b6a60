package shell

import (
	"strings"
	"unicode/utf16"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
	"github.com/weighlock/weighlock/internal/facts/shell/posix"
	"github.com/weighlock/weighlock/internal/facts/shell/windows"
)

// interpreters are shells that read a script from "-c", a file or their input.
var interpreters = map[string]bool{
	"sh": true, "bash": true, "zsh": true, "dash": true, "ksh": true, "ash": true, "fish": true, "rbash": true, "mksh": true, "pdksh": true, "tcsh": true, "csh": true, "xonsh": true, "nu": true, "elvish": true, "git-bash": true,
}

// read parses a script and judges its commands.
func (r *reader) read(text string, d command.Dialect) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if r.depth >= maxUnwraps || r.left <= 0 {
		r.f.Truncated = true
		return
	}
	r.depth++
	defer func() { r.depth-- }()
	r.left -= len(text)
	var s *command.Script
	switch d {
	case command.Cmd:
		s = windows.ReadCmd(text)
	case command.PowerShell:
		s = windows.ReadPowerShell(text)
	default:
		s = posix.Read(text)
		if s.Broken && guess(text) != command.Posix {
			r.read(text, guess(text))
			return
		}
	}
	r.f.Unparsed = r.f.Unparsed || s.Broken
	r.f.Truncated = r.f.Truncated || s.Truncated
	if s.ForkBomb {
		r.sign("impact", "fork-bomb", false)
	}
	for _, c := range s.Commands {
		r.command(c)
	}
}

// inner returns the command inside a wrapper, or nil. What is a text for a shell is read at once.
func (r *reader) inner(c *command.Command) (*command.Command, bool) {
	if w, ok := wrappers[c.Name]; ok && !asksOnly(c) {
		i := w.inside(c.Args)
		if i < 0 {
			return nil, false
		}
		r.f.Elevated = r.f.Elevated || w.elevated
		r.f.Remote = r.f.Remote || w.remote
		in := rest(c, i)
		in.Elevated, in.Remote, in.Operands = c.Elevated || w.elevated, c.Remote || w.remote, c.Operands || w.operands
		if w.remote && w.skip > 0 {
			r.host(hostOf(w, c.Args))
		}
		if w.join || len(in.Args) == 0 && strings.Contains(in.Word.Text, " ") && c.Name != "command" {
			r.nested(joined(c.Args[i:]), in, dialectOf(c))
			return nil, true
		}
		return in, true
	}
	if subs, ok := subWrappers[c.Name]; ok && !c.Has("--help") {
		if i := subInside(subs, c.Args); i >= 0 {
			in := rest(c, i)
			remote := !localSub[c.Name]
			in.Remote, in.Elevated = c.Remote || remote, c.Elevated
			r.f.Remote = r.f.Remote || remote
			if len(in.Args) == 0 && strings.Contains(in.Word.Text, " ") {
				r.nested(in.Word.Text, in, command.Posix)
				return nil, false
			}
			return in, !starts(c)
		}
	}
	return nil, false
}

// starts says that the wrapper makes something new to run the command in: "docker run".
func starts(c *command.Command) bool {
	for _, a := range c.Args {
		if a.Text == "run" || a.Text == "debug" {
			return !localSub[c.Name]
		}
	}
	return false
}

// asksOnly says that the wrapper itself is asked something: "command -v x", "sudo -l".
func asksOnly(c *command.Command) bool {
	switch c.Name {
	case "command":
		return c.Has("-v", "-V")
	case "sudo":
		return c.Has("-l", "--list", "-v", "-k", "-K") && len(c.Operand()) == 0
	case "arch", "env", "time", "script", "watch", "nice":
		return len(c.Args) == 0
	case "start", "call":
		return len(c.Args) == 0
	}
	return false
}

func rest(c *command.Command, i int) *command.Command {
	in := *c
	in.Word, in.Args = c.Args[i], c.Args[i+1:]
	in.Name = command.BaseName(in.Word.Text)
	in.Redirects, in.Assigns = nil, nil
	return &in
}

func joined(words []command.Word) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.Text
	}
	return strings.Join(texts, " ")
}

func hostOf(w wrapper, args []command.Word) string {
	left := w
	left.skip = 0
	left.join = false
	if i := left.inside(args); i >= 0 {
		return args[i].Text
	}
	return ""
}

func dialectOf(c *command.Command) command.Dialect {
	if c.Dialect == command.Cmd || c.Name == "runas" || c.Name == "winrs" {
		return command.Cmd
	}
	return command.Posix
}

// nested reads a text that a command gives to a shell. It runs where that command runs.
func (r *reader) nested(text string, in *command.Command, d command.Dialect) {
	before := r.context
	r.context.elevated = r.context.elevated || in.Elevated
	r.context.remote = r.context.remote || in.Remote
	r.context.operands = r.context.operands || in.Operands
	r.read(text, d)
	r.context = before
}

// scripts reads the scripts that a command carries in its arguments or its input. It returns
// whether the command itself is settled by that.
func (r *reader) scripts(c *command.Command) bool {
	switch {
	case interpreters[c.Name]:
		r.interpreter(c)
		return true
	case c.Name == "cmd":
		r.cmd(c)
		return true
	case c.Name == "powershell" || c.Name == "pwsh":
		r.powerShell(c)
		return true
	}
	switch c.Name {
	case "eval":
		r.evaluated(c, joined(c.Args), command.Posix, dynamicWords(c.Args))
		return true
	case "su":
		r.f.Elevated = true
		if text, ok := flagValue(c, "-c", "--command"); ok {
			c.Elevated = true
			r.nested(text, c, command.Posix)
		} else if c.HasStdin || len(c.From) > 0 {
			r.interpreterInput(c)
		}
		return true
	case "source", ".":
		if len(c.Args) > 0 && c.Dialect == command.Posix {
			if c.Args[0].Dynamic && len(c.Inner) > 0 {
				r.unknownSource(c)
			}
			r.readPath(c.Args[0])
			r.scriptFile(c.Args[0])
			return true
		}
	case "alias", "trap":
		if c.Dialect == command.Posix && len(c.Args) > 0 {
			text := c.Args[0].Text
			if c.Name == "alias" {
				_, text, _ = strings.Cut(text, "=")
			}
			r.nested(text, c, command.Posix)
			return true
		}
	case "invoke-expression":
		text := joined(c.Args)
		if in, ok := command.Input(c); ok {
			text = in
		}
		r.evaluated(c, strings.Trim(text, "()"), command.PowerShell, dynamicWords(c.Args) || len(c.From) > 0)
		return false
	case "script":
		if text, ok := flagValue(c, "-c", "--command"); ok {
			r.nested(text, c, command.Posix)
		}
	case "forfiles":
		if text, ok := flagValue(c, "/c"); ok {
			c.Operands = true
			r.nested(text, c, command.Cmd)
		}
	case "find", "gfind", "fd", "fdfind", "bfs":
		r.find(c)
	case "runuser", "ansible", "salt", "vagrant", "gcloud", "fly", "flyctl", "heroku", "knife", "osqueryi", "vim", "vi", "nvim", "ex", "tmux", "screen", "expect", "osascript", "crontab", "at", "batch", "wmic", "schtasks", "start-process", "pcalua", "git", "sbatch", "kubectl", "aws", "dbus-send", "xdotool", "register-scheduledjob", "invoke-wmimethod", "invoke-cimmethod", "new-scheduledtaskaction", "sc", "new-service", "winexe", "msfconsole", "lldb", "gdb", "nsexec", "kitty", "xterm", "gnome-terminal", "konsole", "x-terminal-emulator", "conhost", "npx", "concurrently", "nodemon", "sftp", "rsync", "tar":
		r.carried(c)
	}
	return false
}

func dynamicWords(words []command.Word) bool {
	for _, w := range words {
		if w.Dynamic {
			return true
		}
	}
	return false
}

// evaluated reads a text that is run as code, as far as it is known.
func (r *reader) evaluated(c *command.Command, text string, d command.Dialect, dynamic bool) {
	if dynamic {
		r.f.Dynamic = true
		r.unknownSource(c)
	}
	r.nested(text, c, d)
}

func (r *reader) interpreter(c *command.Command) {
	if len(c.Args) == 1 && (c.Args[0].Text == "--version" || c.Args[0].Text == "--help") {
		r.grade(gradeRead)
		return
	}
	for i, a := range c.Args {
		if len(a.Text) > 1 && a.Text[0] == '-' && a.Text[1] != '-' && strings.IndexByte(a.Text, 'c') > 0 && i+1 < len(c.Args) {
			script := c.Args[i+1]
			r.evaluated(c, script.Text, command.Posix, script.Dynamic && strings.HasPrefix(script.Text, "$"))
			return
		}
	}
	words := c.Operand()
	switch {
	case len(words) == 0 || words[0].Text == "-" || words[0].Text == "/dev/stdin" || c.Has("-s"):
		r.interpreterInput(c)
	case words[0].Text == "<()" || words[0].Dynamic && len(c.Inner) > 0:
		r.unknownSource(c)
	default:
		r.scriptFile(words[0])
	}
}

// interpreterInput judges what an interpreter reads from a pipe, a heredoc or a file.
func (r *reader) interpreterInput(c *command.Command) {
	if text, ok := command.Input(c); ok {
		if !c.HasStdin && decodes(c.From) {
			r.f.RunsEncoded = true
			r.sign("defense-evasion", "encoded-command", false)
		}
		r.nested(text, c, command.Posix)
		return
	}
	if len(c.From) > 0 || len(c.Inner) > 0 {
		r.unknownSource(c)
		return
	}
	for _, red := range c.Redirects {
		if !red.Write {
			r.scriptFile(red.Path)
			return
		}
	}
	r.grade(gradeRun)
}

// cmd reads "cmd /c …".
func (r *reader) cmd(c *command.Command) {
	for i, a := range c.Args {
		if len(a.Text) >= 2 && a.Text[0] == '/' && strings.IndexByte("ckCK", a.Text[1]) >= 0 {
			text := a.Text[2:] + " " + joined(c.Args[i+1:])
			r.nested(text, c, command.Cmd)
			return
		}
	}
	if text, ok := command.Input(c); ok {
		r.nested(text, c, command.Cmd)
		return
	}
	if len(c.From) > 0 {
		r.unknownSource(c)
	}
	r.grade(gradeRun)
}

// powerShell reads "powershell -Command …", "-EncodedCommand …" and "-File …". Parameters may be shortened.
func (r *reader) powerShell(c *command.Command) {
	for i, a := range c.Args {
		name := strings.ToLower(strings.TrimLeft(a.Text, "-/"))
		isFlag := a.Text != "" && (a.Text[0] == '-' || a.Text[0] == '/')
		next := c.Args[i+1:]
		switch {
		case isFlag && (short(name, "encodedcommand", 1) || name == "ec"):
			r.f.RunsEncoded = true
			if len(next) > 0 {
				r.encoded(c, next[0].Text)
			}
			return
		case isFlag && short(name, "command", 1):
			r.nested(joined(next), c, command.PowerShell)
			return
		case isFlag && short(name, "file", 1):
			if len(next) > 0 {
				r.scriptFile(next[0])
			}
			return
		case !isFlag && i > 0 && takesValue(c.Args[i-1].Text), isFlag:
			continue
		}
		r.nested(joined(c.Args[i:]), c, command.PowerShell)
		return
	}
	if text, ok := command.Input(c); ok {
		r.nested(text, c, command.PowerShell)
	} else if len(c.From) > 0 {
		r.unknownSource(c)
	}
	r.grade(gradeRun)
}

// short says that the name is the parameter or a beginning of it, of at least n letters.
func short(name, parameter string, n int) bool {
	return len(name) >= n && strings.HasPrefix(parameter, name)
}

func takesValue(flag string) bool {
	name := strings.ToLower(strings.TrimLeft(flag, "-/"))
	if name == "ep" {
		return true
	}
	for _, f := range []string{"executionpolicy", "windowstyle", "version", "inputformat", "outputformat", "configurationname", "workingdirectory"} {
		if short(name, f, 1) {
			return true
		}
	}
	return false
}

// encoded reads a PowerShell script in base64 of UTF-16.
func (r *reader) encoded(c *command.Command, text string) {
	r.sign("defense-evasion", "encoded-command", false)
	raw, ok := command.DecodeBase64(text)
	if !ok {
		r.f.Dynamic = true
		return
	}
	units := make([]uint16, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])|uint16(raw[i+1])<<8)
	}
	r.nested(string(utf16.Decode(units)), c, command.PowerShell)
}

// flagValue returns the word after one of the flags, or what stands behind "=" in it.
func flagValue(c *command.Command, flags ...string) (string, bool) {
	for i, a := range c.Args {
		for _, f := range flags {
			if strings.EqualFold(a.Text, f) && i+1 < len(c.Args) {
				return c.Args[i+1].Text, true
			}
			if v, ok := strings.CutPrefix(a.Text, f+"="); ok {
				return v, true
			}
			if len(f) == 2 && len(a.Text) > 2 && strings.HasPrefix(a.Text, f) && f[0] == '-' {
				return a.Text[2:], true
			}
		}
	}
	return "", false
}

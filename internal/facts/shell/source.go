package shell

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// source is one command line as the action gives it.
type source struct {
	text    string
	argv    []string // instead of text: words that no shell splits
	dialect command.Dialect
	code    string // a programming language, instead of a shell
}

// shellWords are words in a tool's name that say that it runs command lines.
var shellWords = map[string]command.Dialect{
	"bash": command.Posix, "sh": command.Posix, "zsh": command.Posix, "ksh": command.Posix, "fish": command.Posix, "dash": command.Posix, "ssh": command.Posix,
	"cmd": command.Cmd, "batch": command.Cmd, "powershell": command.PowerShell, "pwsh": command.PowerShell, "ps1": command.PowerShell,
	"shell": "", "terminal": "", "console": "", "exec": "", "execute": "", "command": "", "commands": "", "cli": "", "tmux": "", "subprocess": "", "process": "", "tty": "", "pty": "", "sandbox": "", "run": "",
}

var codeWords = map[string]string{
	"python": "python", "python3": "python", "py": "python", "ipython": "python", "jupyter": "python", "node": "node", "nodejs": "node", "javascript": "node", "js": "node", "typescript": "node",
	"ruby": "ruby", "perl": "perl", "php": "php", "lua": "lua", "r": "r",
}

var languages = map[string]command.Dialect{
	"bash": command.Posix, "sh": command.Posix, "shell": command.Posix, "zsh": command.Posix, "posix": command.Posix, "cmd": command.Cmd, "batch": command.Cmd, "bat": command.Cmd, "dos": command.Cmd,
	"powershell": command.PowerShell, "pwsh": command.PowerShell, "ps1": command.PowerShell, "ps": command.PowerShell,
}

// commandKeys hold a command line whatever the tool; lineKeys only where the tool's name says so.
var (
	commandKeys = map[string]bool{"command": true, "cmd": true, "commandline": true, "shellcommand": true, "bashcommand": true, "commands": true, "cmdline": true, "bash": true, "powershell": true, "cmds": true, "shell": true}
	lineKeys    = map[string]bool{
		"script": true, "code": true, "input": true, "text": true, "line": true, "lines": true, "keys": true, "content": true, "stdin": true, "body": true, "data": true, "chars": true, "query": true, "source": true, "program": true, "value": true, "string": true, "keystrokes": true, "args": true, "argv": true, "arguments": true, "exec": true, "run": true, "entrypoint": true, "params": true, "": true,
	}
	argKeys = map[string]bool{"args": true, "argv": true, "arguments": true, "params": true, "flags": true, "options": true}
)

// cliTools are programs that tools are named after; their arguments may come without the name.
var cliTools = map[string]bool{
	"git": true, "kubectl": true, "helm": true, "terraform": true, "docker": true, "podman": true, "aws": true, "gcloud": true, "az": true, "gh": true, "glab": true, "npm": true, "pip": true, "psql": true, "mysql": true, "tofu": true, "pulumi": true,
	"ansible": true, "systemctl": true, "doctl": true, "heroku": true, "vault": true, "oc": true, "gsutil": true, "bq": true, "rclone": true, "yarn": true, "pnpm": true, "cargo": true, "make": true, "wrangler": true, "vercel": true, "netlify": true, "flyctl": true, "argocd": true,
}

// sources finds the command lines in the action's arguments.
func sources(a *input.Action, args *input.Arguments) []source {
	isShell, dialect, code, cli := tool(a)
	if window, ok := onTerminal(a, args); ok {
		isShell, code = true, ""
		if dialect == "" {
			dialect = window
		}
	}
	if d, c, ok := language(args); ok {
		dialect, code = d, c
		isShell = isShell || c == "" && d != ""
	}
	var out []source
	var argv []string
	program := ""
	for _, t := range args.Texts {
		named := commandKeys[t.Key]
		switch {
		case len(out) >= 32:
			return out
		case strings.TrimSpace(t.Value) == "":
		case cli != "" && (named || argKeys[t.Key] || t.Key == "subcommand"):
			argv = append(argv, t.Value)
		case (isShell || named) && argKeys[t.Key]:
			argv = append(argv, t.Value)
		case code != "" && (named || lineKeys[t.Key]):
			out = append(out, source{text: t.Value, code: code})
		case isShell && (named || lineKeys[t.Key] && t.Key != "") || named && looksLikeLine(t.Value):
			if program == "" && named && bareName(t.Value) {
				program = t.Value
				continue
			}
			out = append(out, source{text: t.Value, dialect: dialect})
		case named && program == "":
			program = t.Value
		}
	}
	return withArgv(out, args, argv, program, cli, dialect, isShell)
}

// bareName says that the text is a program's name and nothing that a shell would change.
func bareName(s string) bool {
	for _, c := range []byte(s) {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("_-./\\:+", c) < 0 {
			return false
		}
	}
	return s != ""
}

// withArgv adds what is given as a program and its arguments.
func withArgv(out []source, args *input.Arguments, argv []string, program, cli string, dialect command.Dialect, isShell bool) []source {
	if words, ok := listOf(args); ok && (isShell || len(words) > 1) {
		return []source{{argv: words, dialect: dialect}}
	}
	switch {
	case cli != "" && len(argv) > 0:
		line := strings.Join(argv, " ")
		if first, _, _ := strings.Cut(line, " "); command.BaseName(first) != cli {
			line = cli + " " + line
		}
		return append(out, source{text: line, dialect: command.Posix})
	case program != "" && len(argv) == 1 && strings.Contains(argv[0], " "):
		return append(out, source{text: program + " " + argv[0], dialect: dialect})
	case program != "" && (isShell || len(argv) > 0):
		return append(out, source{argv: append([]string{program}, argv...), dialect: dialect})
	case isShell && len(argv) == 1:
		return append(out, source{text: argv[0], dialect: dialect})
	case isShell && len(argv) > 1:
		return append(out, source{argv: argv, dialect: dialect})
	}
	return out
}

// listOf returns a command that is given as one list of words under a command's key.
func listOf(args *input.Arguments) ([]string, bool) {
	for key, v := range args.Values {
		list, ok := v.([]any)
		if !ok || !commandKeys[input.PlainKey(key)] || input.PlainKey(key) == "commands" || input.PlainKey(key) == "cmds" || len(list) == 0 {
			continue
		}
		words := make([]string, 0, len(list))
		for _, e := range list {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			words = append(words, s)
		}
		if strings.Contains(words[0], " ") {
			return nil, false // lines, not words
		}
		return words, true
	}
	return nil, false
}

func tool(a *input.Action) (isShell bool, dialect command.Dialect, code, cli string) {
	for _, w := range a.Words {
		if d, ok := shellWords[w]; ok {
			isShell = true
			if d != "" {
				dialect = d
			}
		}
		if c, ok := codeWords[w]; ok {
			code = c
		}
		if cliTools[w] {
			cli = w
		}
	}
	if dialect != "" {
		code, cli = "", ""
	}
	return isShell, dialect, code, cli
}

// terminals are words in a window's title that say that it is a terminal.
var terminals = []struct {
	word    string
	dialect command.Dialect
}{
	{"powershell", command.PowerShell}, {"command prompt", command.Cmd}, {"cmd.exe", command.Cmd}, {"terminal", ""}, {"konsole", ""}, {"xterm", ""}, {"iterm", ""}, {"console", ""}, {"tmux", ""}, {"bash", command.Posix}, {"alacritty", ""}, {"kitty", ""}, {"zsh", command.Posix},
}

// onTerminal says that text is typed into a terminal's window, and which shell that shows.
func onTerminal(a *input.Action, args *input.Arguments) (command.Dialect, bool) {
	titles := ""
	if a.Target != nil {
		titles = a.Target.Kind + " " + a.Target.Name
	}
	for _, t := range args.Texts {
		if t.Key == "window" || t.Key == "app" || t.Key == "application" || t.Key == "target" || t.Key == "windowtitle" {
			titles += " " + t.Value
		}
	}
	titles = strings.ToLower(titles)
	for _, t := range terminals {
		if strings.Contains(titles, t.word) {
			return t.dialect, true
		}
	}
	return "", false
}

func language(args *input.Arguments) (command.Dialect, string, bool) {
	for _, t := range args.Texts {
		if t.Key != "language" && t.Key != "lang" && t.Key != "interpreter" && t.Key != "shell" && t.Key != "kind" {
			continue
		}
		name := command.BaseName(strings.TrimSpace(t.Value))
		if d, ok := languages[name]; ok {
			return d, "", true
		}
		if c, ok := codeWords[name]; ok {
			return "", c, true
		}
	}
	return "", "", false
}

// looksLikeLine tells a command line from a plain subcommand such as "view".
func looksLikeLine(s string) bool {
	return strings.ContainsAny(strings.TrimSpace(s), " \n;|&<>$`/")
}

// guess tells the dialect of a text where nothing else says it.
func guess(text string) command.Dialect {
	head := strings.ToLower(text)
	if len(head) > 4<<10 {
		head = head[:4<<10]
	}
	for _, s := range []string{"$env:", "get-", "set-", "new-object", "invoke-", "remove-item", "write-host", "[system.", "out-file", "| where-object", "foreach-object", "-erroraction", "start-process", "new-item"} {
		if i := strings.Index(head, s); i == 0 || i > 0 && strings.IndexByte(" \n;|({=&", head[i-1]) >= 0 {
			return command.PowerShell
		}
	}
	if strings.HasPrefix(head, "@echo") || strings.Contains(head, `:\`) && !strings.Contains(head, "/mnt/") || strings.Count(head, "%") > 1 && !strings.ContainsAny(head, "'$") {
		return command.Cmd
	}
	for _, s := range []string{"del ", "erase ", "rd ", "dir ", "copy ", "reg ", "taskkill ", "net user", "schtasks ", "wmic ", "vssadmin ", "bcdedit ", "icacls ", "netsh "} {
		if strings.HasPrefix(head, s) && strings.Contains(head, " /") {
			return command.Cmd
		}
	}
	return command.Posix
}

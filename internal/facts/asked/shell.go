package asked

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

func shellKey(key string) bool {
	switch key {
	case "command", "cmd", "script", "commandline", "shell", "code", "bash":
		return true
	}
	return false
}

// shellTool says that the tool types into a terminal.
func shellTool(a *input.Action) bool {
	for _, w := range a.Words {
		switch w {
		case "terminal", "shell", "bash", "console", "cmd", "powershell", "ssh":
			return true
		}
	}
	return a.Target != nil && strings.Contains(strings.ToLower(a.Target.Name), "terminal")
}

// commands are what programs do, for want of better: the shell's own facts pass theirs.
var commands = map[string]acts{
	"rm": remove, "rmdir": remove, "unlink": remove, "shred": remove, "del": remove, "rd": remove, "erase": remove, "truncate": remove, "dd": remove, "mkfs": remove, "remove-item": remove,
	"mv": change, "chmod": change, "chown": grant, "ln": create, "cp": create, "mkdir": create, "touch": create, "tee": change, "sed": change, "crontab": change,
	"curl": read, "wget": read, "scp": send, "rsync": send, "ftp": send, "nc": send, "ncat": send, "mail": send, "sendmail": send, "kill": stop, "pkill": stop, "killall": stop, "shutdown": stop, "reboot": stop,
	"apt": install, "apt-get": install, "pip": install, "pip3": install, "npm": install, "brew": install, "yum": install, "dnf": install, "useradd": grant, "usermod": grant, "passwd": grant,
	"ls": read, "cat": read, "head": read, "tail": read, "grep": read, "find": read, "cd": read, "pwd": read, "echo": read, "less": read, "wc": read, "du": read, "df": read, "ps": read, "stat": read,
}

// uploads are options of curl and wget that send something.
var uploads = map[string]bool{"-d": true, "--data": true, "--data-binary": true, "--data-raw": true, "-F": true, "--form": true, "-T": true, "--upload-file": true, "--post-data": true, "--post-file": true}

// shellWords splits a command at white space and at what separates commands; quotes only hold words together.
func shellWords(text string) []string {
	var list []string
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return r <= ' ' || strings.ContainsRune(";&|<>()", r) }) {
		list = append(list, strings.Trim(w, `'"`))
		if len(list) >= maxFields {
			break
		}
	}
	return list
}

// shell takes the paths and hosts out of a command.
func (c *collector) shell(text string) {
	c.prose = append(c.prose, text)
	for _, w := range shellWords(text) {
		if len(w) < 2 || w[0] == '-' && !strings.Contains(w, "=") || commands[w] != 0 {
			continue
		}
		if _, after, ok := strings.Cut(w, "="); ok && strings.HasPrefix(w, "-") {
			w = after
		}
		if colon := strings.IndexByte(w, ':'); colon > 1 && !strings.Contains(w, "://") {
			c.add(value{kind: host, text: w}) // "web01:/srv", "root@10.0.0.1:"
			continue
		}
		if k := shapeOf(w); k != plain {
			c.add(value{kind: k, text: w})
		} else if w[0] == '/' || strings.Contains(w, "/") {
			c.add(value{kind: path, text: w})
		}
	}
}

// shellActs are the acts of a command's programs.
func shellActs(text string) acts {
	var a acts
	for _, w := range shellWords(text) {
		if a&read != 0 && uploads[w] {
			a |= send
		}
		a |= commands[w[strings.LastIndexByte(w, '/')+1:]]
	}
	return a
}

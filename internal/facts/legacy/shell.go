package legacy

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

var (
	shellKeys = setOf("command", "commands", "cmd", "script", "shellcommand", "bash", "commandline")
	// shellExtras may stand beside the command without changing what it does.
	shellExtras = setOf("cwd", "workdir", "workingdirectory", "timeout", "timeoutms", "timeoutseconds", "description")
	// shellReads are commands that only read, whatever their arguments; those that can write or
	// run something with the right option are in readsWith.
	shellReads = setOf("ls", "pwd", "cat", "head", "tail", "grep", "egrep", "fgrep", "wc", "echo", "whoami", "id", "uname", "df", "du",
		"ps", "stat", "which", "uptime", "free", "cut", "tr", "nl", "basename", "dirname", "realpath", "readlink", "diff", "cmp",
		"md5sum", "sha1sum", "sha256sum", "true", "dir", "groups", "lsblk", "lscpu", "nproc")
	gitReads = setOf("status", "log", "show", "diff", "blame", "ls-files", "rev-parse", "shortlog", "describe")
	// secrets are parts of paths that nobody reads by the way.
	secrets = []string{"shadow", ".ssh", "id_rsa", "id_ed25519", ".env", "credential", "secret", "token", "passw", ".aws", ".kube", ".netrc", ".gnupg", "/proc/", ".pem", "history", "printenv", "private"}
)

var (
	quotes     = strings.NewReplacer("'", "", "\"", "")
	separators = strings.NewReplacer("&&", ";", "||", ";", "|", ";")
)

// shellTexts returns the command lines in the arguments.
func shellTexts(texts []input.Text) []string {
	var out []string
	for _, a := range texts {
		if shellKeys[a.Key] {
			out = append(out, a.Value)
		}
	}
	return out
}

// shellReadsOnly says that all the arguments are one clearly read-only command
// line and things that do not matter beside it.
func shellReadsOnly(p *input.Arguments) bool {
	if p.Nested {
		return false
	}
	found := false
	for key, v := range p.Values {
		text, isText := v.(string)
		switch k := input.PlainKey(key); {
		case shellKeys[k]:
			if found || !isText || !readOnlyShell(text) {
				return false
			}
			found = true
		case !shellExtras[k]:
			return false
		}
	}
	return found
}

// readOnlyShell says that a command line is clearly read-only: known commands, joined
// by pipes, ";", "&&" or "||", without anything the shell would expand, redirect or
// substitute. Separators inside quotes split too: that only makes it stricter.
func readOnlyShell(line string) bool {
	if len(line) > 2048 || strings.ContainsAny(line, "$`(){}<>%^!\\\r\n\x00*?[]") {
		return false
	}
	for i := range len(line) {
		if line[i] >= 0x80 {
			return false
		}
	}
	lower := strings.ToLower(quotes.Replace(line))
	for _, s := range secrets {
		if strings.Contains(lower, s) {
			return false
		}
	}
	line = separators.Replace(line)
	if strings.Contains(line, "&") {
		return false
	}
	for command := range strings.SplitSeq(line, ";") {
		if !readOnlyCommand(strings.Fields(command)) {
			return false
		}
	}
	return true
}

func readOnlyCommand(fields []string) bool {
	if len(fields) == 0 {
		return false
	}
	rest := fields[1:]
	switch fields[0] {
	case "date", "hostname", "env":
		return len(rest) == 0
	case "find":
		return !anyPrefix(rest, "-exec", "-ok", "-delete", "-fprint", "-fls", "\"", "'")
	case "sort":
		return !anyPrefix(rest, "-o", "--o", "--compress-program", "-T", "\"", "'") && !combinedFlag(rest, 'o')
	case "git":
		return len(rest) > 0 && gitReads[rest[0]] && !anyPrefix(rest, "-O", "-o", "--o", "--ext", "--textconv", "\"", "'")
	}
	return shellReads[fields[0]]
}

func anyPrefix(fields []string, prefixes ...string) bool {
	for _, f := range fields {
		for _, p := range prefixes {
			if strings.HasPrefix(f, p) {
				return true
			}
		}
	}
	return false
}

func combinedFlag(fields []string, flag byte) bool {
	for _, f := range fields {
		if strings.HasPrefix(f, "-") && !strings.HasPrefix(f, "--") && strings.IndexByte(f, flag) > 0 {
			return true
		}
	}
	return false
}

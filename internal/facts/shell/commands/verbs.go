package commands

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// forcing are flags that take away the question or widen what is meant.
var forcing = []string{
	"--force", "--yes", "--assume-yes", "--auto-approve", "-auto-approve", "--all", "--no-preserve-root", "--prune", "--cascade", "--recursive", "--no-confirm", "--noconfirm", "--skip-confirmation",
	"--force-yes", "--no-prompt", "--non-interactive", "--quiet", "--approve", "--confirm", "--delete-all", "--purge", "--hard", "--permanently", "--permanent", "-Force", "-y", "--allow-unauthenticated", "--bypass", "--ignore-errors", "--no-verify", "--destroy", "--wipe",
}

var dryRuns = []string{
	"--dry-run", "--dryrun", "--dry_run", "--simulate", "--just-print", "--what-if", "-WhatIf", "--whatif", "--no-act", "--pretend", "--noop", "--no-op", "--plan-only", "--preview-only", "--check-only", "--dryRun", "-dry-run",
	"--recon", "--mock", "--print-only", "--list-only", "--show-only", "--validate-only",
}

// notAsking are programs for which "--help" or a dry run among the arguments belongs to something else.
var notAsking = map[string]bool{
	"find": true, "xargs": true, "echo": true, "printf": true, "test": true, "[": true, "git-commit": true, "ssh": true, "sh": true, "bash": true, "zsh": true, "python": true, "python3": true, "node": true, "perl": true, "ruby": true,
	"awk": true, "dd": true, "mkfs": true,
}

// fileCommands honour "--help" only in front: on some systems what comes after an operand is one, too.
var fileCommands = map[string]bool{
	"rm": true, "cp": true, "mv": true, "chmod": true, "chown": true, "ln": true, "shred": true, "unlink": true, "rmdir": true, "truncate": true, "tee": true, "touch": true, "mkdir": true, "wipe": true, "srm": true,
}

// onlyShows says that the call prints help, a version or what it would do.
func onlyShows(c *command.Command, p *program) bool {
	if notAsking[c.Name] || len(c.Args) == 0 {
		return false
	}
	first := c.Args[0].Text
	if len(c.Args) == 1 && (first == "--version" || first == "-V" || first == "-version" || first == "-v" && p != nil && p.area != "text" && p.area != "files" || first == "-h" && c.Name != "shutdown" || first == "/?" || first == "-?") {
		return true
	}
	if first == "--help" {
		return true
	}
	if fileCommands[c.Name] {
		return false
	}
	if first == "help" && p != nil {
		return true
	}
	if shortDryRun(c, first) {
		return true
	}
	for i, a := range c.Args {
		switch {
		case a.Text == "--":
			return false
		case a.Text == "--help" && (i == 0 || !c.Args[i-1].Flag()):
			return true
		case dryRun(a.Text) && (i == 0 || !valueFlag(c.Args[i-1])):
			return p == nil || p.area != "text"
		}
	}
	return false
}

// shortDryRuns are subcommands where "-n" only shows.
var shortDryRuns = map[string]map[string]bool{
	"git": {"clean": true, "add": true, "rm": true, "mv": true, "push": true, "prune": true},
	"zfs": {"destroy": true}, "hg": {"addremove": true, "purge": true, "add": true, "merge": false}, "p4": {"sync": true, "revert": true, "clean": true, "reconcile": true, "obliterate": false},
	"borg": {"create": true, "delete": true, "prune": true, "extract": true}, "restic": {"forget": true, "backup": true}, "docker-slim": {},
}

func shortDryRun(c *command.Command, sub string) bool {
	return shortDryRuns[c.Name][sub] && c.Has("-n")
}

// valueFlag says that what follows the flag may be its value.
func valueFlag(w command.Word) bool {
	return w.Flag() && !strings.Contains(w.Text, "=") && (w.Text == "-m" || w.Text == "--message" || w.Text == "--name" || w.Text == "--title" || w.Text == "--body")
}

func dryRun(arg string) bool {
	if len(arg) < 5 || arg[0] != '-' {
		return false
	}
	for _, f := range dryRuns {
		if arg == f {
			return true
		}
		value, ok := strings.CutPrefix(arg, f)
		switch {
		case !ok:
		case value[0] == '=':
			return value != "=none" && value != "=false" && value != "=0" && value != "=no" && value != "=off"
		case value[0] == ':':
			return !strings.Contains(value, "false") && value != ":0"
		}
	}
	return false
}

var actKinds = map[verb.Act]Kind{
	verb.Read: Read, verb.Compute: Read, verb.Create: Change, verb.Change: Change, verb.Delete: Destroy, verb.Send: Publish, verb.Publish: Publish, verb.Pay: Publish,
	verb.Grant: Change, verb.Login: Change, verb.Run: Run, verb.Install: Install, verb.Deploy: Change, verb.Stop: Delete, verb.Control: Change,
}

// reading are verbs that settle the matter where they come first.
var reading = map[string]bool{
	"get": true, "list": true, "ls": true, "describe": true, "show": true, "status": true, "view": true, "inspect": true, "search": true, "info": true, "version": true, "help": true, "logs": true,
	"diff": true, "cat": true, "whoami": true, "validate": true, "lint": true, "query": true, "count": true, "check": true, "print": true, "whois": true,
}

// byVerbs reads what a call does from its words: "tool verb noun", "tool noun verb", "tool noun verb-noun".
// A deletion among the first words outweighs what stands before it, save a plain reading verb.
func byVerbs(name string, words []string, args []command.Word, known bool) Kind {
	best := Unknown
	for i, w := range words {
		if i >= maxIndex || strings.ContainsAny(w, "/\\@.") && i > 0 {
			break
		}
		k, reads := wordKind(w)
		if k == Unknown {
			continue
		}
		if best == Unknown && reads {
			best = Read
			break
		}
		if best == Unknown || k >= Delete && k > best {
			best = k
		}
	}
	if best <= Read {
		best = max(best, byFlags(args, best == Unknown))
	}
	if best == Unknown && !known {
		k, _ := wordKind(name)
		if k >= Delete || strings.Contains(name, "-") {
			best = k
		}
	}
	return best
}

// wordKind is the kind that the first part of a word with a meaning names: "terminate-instances", "db:drop".
func wordKind(word string) (k Kind, reads bool) {
	if reading[word] {
		return Read, true
	}
	for part := range strings.FieldsFuncSeq(word, func(r rune) bool { return r == '-' || r == ':' || r == '_' || r == '.' }) {
		if k := actKinds[verb.Of(part)]; k != Unknown {
			return k, reading[part]
		}
	}
	return Unknown, false
}

// byFlags reads verbs from flags: "--delete", "--purge". Less than a deletion counts only where nothing else is known.
func byFlags(args []command.Word, all bool) Kind {
	best := Unknown
	for _, a := range args {
		if !a.Flag() {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimLeft(a.Text, "-"), "=")
		if k, _ := wordKind(strings.ToLower(name)); k > best && (k >= Delete || all) {
			best = k
		}
	}
	return best
}

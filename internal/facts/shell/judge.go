package shell

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
	"github.com/weighlock/weighlock/internal/facts/shell/commands"
	"github.com/weighlock/weighlock/internal/facts/shell/techniques"
	"github.com/weighlock/weighlock/internal/facts/shell/windows"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// command judges one simple command: its redirections, its wrappers, then itself.
func (r *reader) command(c *command.Command) {
	if r.budget--; r.budget < 0 {
		r.f.Truncated = true
		return
	}
	if len(c.Args) > maxArgs {
		c.Args, r.f.Truncated = c.Args[:maxArgs], true
	}
	c.Elevated = c.Elevated || r.context.elevated
	c.Remote = c.Remote || r.context.remote
	c.Operands = c.Operands || r.context.operands
	r.redirections(c)
	r.assignments(c)
	if c.Word.Text == "" && c.Name == "" {
		return
	}
	for range maxWrappers {
		r.canonical(c)
		r.networkOf(c)
		in, settled := r.inner(c)
		if in == nil {
			if settled {
				r.signsOf(c)
				return
			}
			break
		}
		if !settled {
			r.program(c) // docker run is an act of its own
		} else {
			r.signsOf(c)
		}
		c = in
	}
	r.simple(c)
}

// simple judges a command without wrappers.
func (r *reader) simple(c *command.Command) {
	r.f.Commands = add(r.f.Commands, c.Name)
	if c.Word.Dynamic && !resolved(c.Word) {
		r.f.Dynamic = true
		r.act(verb.Run)
		r.signsOf(c)
		return
	}
	r.signsOf(c)
	if r.scripts(c) {
		r.act(verb.Run)
		return
	}
	if r.codeOf(c) {
		return
	}
	r.program(c)
}

// resolved says that at least the program's name is known: "$DIR/tool".
func resolved(w command.Word) bool {
	i := strings.LastIndexByte(w.Text, '/')
	return i >= 0 && !strings.ContainsAny(w.Text[i:], "$%(")
}

// psAliases are PowerShell's short names and those it shares with other shells.
var psAliases = map[string]string{
	"iex": "invoke-expression", "iwr": "invoke-webrequest", "irm": "invoke-restmethod", "icm": "invoke-command", "saps": "start-process", "start": "start-process", "gci": "get-childitem", "ls": "get-childitem", "dir": "get-childitem",
	"gc": "get-content", "cat": "get-content", "type": "get-content", "ri": "remove-item", "rm": "remove-item", "del": "remove-item", "rd": "remove-item", "erase": "remove-item", "rmdir": "remove-item", "ni": "new-item", "md": "new-item", "mkdir": "new-item",
	"cpi": "copy-item", "cp": "copy-item", "copy": "copy-item", "mi": "move-item", "mv": "move-item", "move": "move-item", "rni": "rename-item", "ren": "rename-item", "ac": "add-content", "clc": "clear-content", "gp": "get-itemproperty", "sp": "set-itemproperty",
	"rp": "remove-itemproperty", "gps": "get-process", "ps": "get-process", "spps": "stop-process", "kill": "stop-process", "gsv": "get-service", "sasv": "start-service", "spsv": "stop-service", "gwmi": "get-wmiobject", "iwmi": "invoke-wmimethod", "gcim": "get-ciminstance",
	"echo": "write-output", "write": "write-output", "sls": "select-string", "ii": "invoke-item", "sal": "set-alias", "nal": "new-alias", "cd": "set-location", "sl": "set-location", "chdir": "set-location", "pwd": "get-location", "cls": "clear-host", "ipmo": "import-module", "oh": "out-host", "tee": "tee-object", "curl": "invoke-webrequest", "wget": "invoke-webrequest", "si": "set-item", "h": "get-history", "history": "get-history", "nsn": "new-pssession", "etsn": "enter-pssession", "sajb": "start-job", "%": "foreach-object", "?": "where-object", "foreach": "foreach-object", "where": "where-object", "select": "select-object", "sort": "sort-object", "group": "group-object", "measure": "measure-object", "ft": "format-table", "fl": "format-list", "sleep": "start-sleep", "diff": "compare-object",
}

// canonical gives aliases their full name.
func (r *reader) canonical(c *command.Command) {
	if c.Dialect != command.PowerShell {
		return
	}
	if i := strings.LastIndexByte(c.Name, '\\'); i >= 0 {
		c.Name = c.Name[i+1:]
	}
	if full, ok := psAliases[c.Name]; ok && !strings.HasSuffix(strings.ToLower(c.Word.Text), ".exe") {
		c.Name = full
	}
}

// printers only print or search for the texts they are given.
var printers = map[string]bool{
	"echo": true, "printf": true, "print": true, "write-host": true, "write-output": true, "write-verbose": true, "write-warning": true, "write-error": true, "write-information": true, "grep": true, "egrep": true, "fgrep": true, "rg": true, "ag": true, "ack": true, "man": true, "tldr": true, "whatis": true, "apropos": true, "which": true, "help": true,
	"logger": true, "cowsay": true, "figlet": true, "banner": true, "get-help": true, "get-command": true, "jq": true, "findstr": true, "select-string": true, "rem": true, ":": true, "test": true, "[": true, "expr": true, "notify-send": true, "wall": true, "say": true, "title": true,
}

// onlyTexts says that the arguments are texts for people, not for a machine: a commit's message.
func onlyTexts(c *command.Command) bool {
	if printers[c.Name] {
		return true
	}
	if len(c.Args) == 0 {
		return false
	}
	switch first := c.Args[0].Text; c.Name {
	case "git":
		return first == "commit" || first == "tag" || first == "notes" || first == "log" || first == "grep" || first == "stash" || first == "merge"
	case "gh", "glab":
		return first == "issue" || first == "pr" || first == "mr" || first == "release"
	}
	return false
}

// searchers are those printers that read files behind their first operand.
var searchers = map[string]bool{"grep": true, "egrep": true, "fgrep": true, "rg": true, "ag": true, "ack": true, "jq": true, "findstr": true, "select-string": true}

func (r *reader) signsOf(c *command.Command) {
	for _, s := range techniques.OfCommand(c, !onlyTexts(c)) {
		r.sign(s.Tactic, s.Name, s.Weak)
	}
}

func (r *reader) assignments(c *command.Command) {
	for _, a := range c.Assigns {
		switch strings.ToUpper(a.Name) {
		case "HISTFILE", "HISTSIZE", "HISTFILESIZE", "HISTCONTROL", "HISTIGNORE", "SAVEHIST":
			if c.Dialect == command.Posix {
				r.sign("defense-evasion", "history", len(a.Value.Text) > 2 && a.Name != "HISTCONTROL" && a.Name != "HISTIGNORE" && !strings.HasPrefix(a.Value.Text, "/dev/"))
			}
		case "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "COR_PROFILER", "PROMPT_COMMAND", "BASH_ENV":
			r.sign("persistence", "preload", false)
		}
	}
	if c.Name == "" && len(c.Assigns) > 0 || c.Name == "export" || c.Name == "local" || c.Name == "declare" || c.Name == "readonly" {
		r.grade(gradeRead)
	}
}

// program judges what the program does by the tables, its verbs and its operands.
func (r *reader) program(c *command.Command) {
	e := commands.Of(c)
	r.f.DryRun = r.f.DryRun || e.DryRun
	if r.files(c, e) {
		r.area(e.Area)
		return
	}
	if c.Dialect == command.PowerShell && !e.Known {
		if k, ok := byCmdlet(c.Name); ok {
			e.Kind, e.Known = k, true
		}
	}
	if c.Name == windows.Expression {
		r.expression(c)
		return
	}
	if !e.Known {
		r.unknownProgram(c, e)
		return
	}
	r.area(e.Area)
	r.effect(c, e)
}

func (r *reader) area(area string) {
	if area != "text" && area != "files" {
		r.f.Areas = add(r.f.Areas, area)
	}
}

func (r *reader) effect(c *command.Command, e commands.Effect) {
	r.grade(kindGrades[e.Kind])
	r.act(kindActs[e.Kind])
	if e.Kind > commands.Secret && e.Forced {
		r.f.Forced = true
	}
	switch e.Kind {
	case commands.Secret:
		r.f.ReadsSecrets = true
	case commands.Local:
		r.f.ChangesInside = r.f.ChangesInside || !c.Remote
	case commands.Run:
		r.f.RunsScripts = true
	case commands.Install:
		r.f.Installs = true
		r.fromURL(c)
	case commands.Change:
		r.f.Changes = true
	case commands.Publish:
		r.f.Publishes = true
	case commands.Delete:
		r.f.Removes = true
	case commands.Destroy:
		r.f.Destroys = true
		if e.Area == "vcs" && c.Name != "gh" && c.Name != "glab" {
			r.f.LosesHistory = true
		}
	}
	r.sqlOf(c)
	if e.Kind == commands.Read && (!onlyTexts(c) || searchers[c.Name]) {
		r.readOperands(c)
	}
}

// unknownProgram is a program of which nothing is known; one in the working tree is a script.
func (r *reader) unknownProgram(c *command.Command, e commands.Effect) {
	r.area(e.Area)
	r.sqlOf(c)
	if strings.ContainsAny(c.Word.Text, `/\`) && !e.Program {
		r.scriptFile(c.Word)
		r.readOperands(c)
		return
	}
	if _, client := sqlFlags[c.Name]; !client || !r.f.HasSQL {
		r.f.Unknown = add(r.f.Unknown, c.Name)
	}
	r.readOperands(c)
}

// scriptFile judges running a script or a program by its path.
func (r *reader) scriptFile(w command.Word) {
	r.f.RunsScripts = true
	r.grade(gradeRun)
	r.act(verb.Run)
	clean := r.tree.Clean(w.Text)
	for _, f := range r.fetched {
		if f == clean {
			r.f.RunsDownload = true
			r.sign("execution", "download-and-run", false)
		}
	}
	if strings.HasPrefix(clean, "/tmp/.") || strings.HasPrefix(clean, "/dev/shm/") || strings.HasPrefix(clean, "/var/tmp/.") {
		r.sign("execution", "run-from-hidden", false)
	}
}

// unknownSource notes that an interpreter runs what other commands print.
func (r *reader) unknownSource(c *command.Command) {
	sources := append(append([]*command.Command{}, c.From...), c.Inner...)
	r.f.RunsInput = true
	r.f.Dynamic = true
	for _, s := range sources {
		switch {
		case fetches(s):
			r.f.RunsDownload = true
			r.sign("execution", "download-and-run", false)
		case decodes([]*command.Command{s}):
			r.f.RunsEncoded = true
			r.sign("defense-evasion", "encoded-command", false)
		}
	}
	if fetchesAny(c.From, 0) || containsAny(c.Joined(), "downloadstring", "downloaddata", "downloadfile", "openread(", "webclient") {
		r.f.RunsDownload = true
		r.sign("execution", "download-and-run", false)
	}
}

var cmdletKinds = map[string]commands.Kind{
	"get": commands.Read, "test": commands.Read, "measure": commands.Read, "select": commands.Read, "where": commands.Read, "sort": commands.Read, "format": commands.Read, "show": commands.Read, "find": commands.Read, "search": commands.Read, "resolve": commands.Read, "compare": commands.Read, "convertto": commands.Read, "convertfrom": commands.Read, "convert": commands.Read, "join": commands.Read, "split": commands.Read, "write": commands.Read, "out": commands.Read, "wait": commands.Read, "receive": commands.Read, "trace": commands.Read, "read": commands.Read, "confirm": commands.Read, "group": commands.Read, "watch": commands.Read, "assert": commands.Read,
	"new": commands.Change, "add": commands.Change, "copy": commands.Change, "set": commands.Change, "enable": commands.Change, "update": commands.Change, "start": commands.Change, "restart": commands.Change, "register": commands.Change, "move": commands.Change, "rename": commands.Change, "import": commands.Change, "export": commands.Change, "mount": commands.Change, "connect": commands.Change, "grant": commands.Change, "edit": commands.Change, "expand": commands.Change, "compress": commands.Change, "resize": commands.Change, "optimize": commands.Change, "repair": commands.Change, "restore": commands.Change, "resume": commands.Change, "save": commands.Change, "backup": commands.Change, "checkpoint": commands.Change, "initialize": commands.Change, "join-": commands.Change, "protect": commands.Change, "sync": commands.Change, "switch": commands.Change, "use": commands.Change, "enter": commands.Change, "exit": commands.Read, "open": commands.Change, "close": commands.Change, "push": commands.Change, "pop": commands.Change, "merge": commands.Change, "approve": commands.Change, "assign": commands.Change, "request": commands.Change, "submit": commands.Change, "unlock": commands.Change, "lock": commands.Change,
	"remove": commands.Destroy, "clear": commands.Destroy, "uninstall": commands.Destroy, "unregister": commands.Destroy, "reset": commands.Destroy, "revoke": commands.Destroy, "disable": commands.Destroy, "dismount": commands.Change, "disconnect": commands.Change, "deny": commands.Destroy, "block": commands.Destroy, "undo": commands.Destroy, "unpublish": commands.Destroy,
	"stop": commands.Delete, "suspend": commands.Delete, "invoke": commands.Run, "install": commands.Install, "send": commands.Publish, "publish": commands.Publish,
}

// byCmdlet reads a cmdlet's verb: "Remove-ADUser".
func byCmdlet(name string) (commands.Kind, bool) {
	v, noun, ok := strings.Cut(name, "-")
	if !ok || noun == "" {
		return commands.Unknown, false
	}
	k, ok := cmdletKinds[v]
	return k, ok
}

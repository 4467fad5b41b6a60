package shell

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
	"github.com/weighlock/weighlock/internal/facts/shell/commands"
	"github.com/weighlock/weighlock/internal/facts/shell/places"
	"github.com/weighlock/weighlock/internal/facts/shell/techniques"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// usage says what a command does with its operands.
type usage struct {
	how    byte // 'd' deletes all, 'w' writes all, 'c' reads all but the last and writes it, 'm' as 'c' but moves
	skip   int  // operands before the paths
	values string
}

var usages = map[string]usage{
	"rm": {how: 'd'}, "grm": {how: 'd'}, "unlink": {how: 'd'}, "rmdir": {how: 'd'}, "shred": {how: 'd', values: " -n -s "}, "srm": {how: 'd'}, "wipe": {how: 'd'}, "trash": {how: 'd'}, "trash-put": {how: 'd'}, "rimraf": {how: 'd'}, "safe-rm": {how: 'd'}, "secure-delete": {how: 'd'}, "del-cli": {how: 'd'}, "rmtrash": {how: 'd'}, "gtrash": {how: 'd'},
	"del": {how: 'd'}, "erase": {how: 'd'}, "rd": {how: 'd'}, "remove-item": {how: 'd'}, "sdelete": {how: 'd'}, "sdelete64": {how: 'd'}, "clear-content": {how: 'w'},
	"cp": {how: 'c', values: " -S "}, "gcp": {how: 'c'}, "install": {how: 'c', values: " -m -o -g -S "}, "ln": {how: 'c', values: " -S "}, "ditto": {how: 'c'}, "copy": {how: 'c'}, "xcopy": {how: 'c'}, "robocopy": {how: 'c'}, "copy-item": {how: 'c'}, "mklink": {how: 'w'}, "rsync": {how: 'c', values: " -e --exclude --include --filter -f "},
	"mv": {how: 'm', values: " -S "}, "move": {how: 'm'}, "ren": {how: 'm'}, "rename": {how: 'w', skip: 1}, "move-item": {how: 'm'}, "rename-item": {how: 'm'},
	"tee": {how: 'w'}, "tee-object": {how: 'w'}, "touch": {how: 'w', values: " -r -t -d "}, "mkdir": {how: 'w', values: " -m "}, "md": {how: 'w'}, "mkfifo": {how: 'w', values: " -m "}, "truncate": {how: 'w', values: " -s -r --size "}, "fallocate": {how: 'w', values: " -l -o --length "},
	"chmod": {how: 'w', skip: 1}, "chown": {how: 'w', skip: 1}, "chgrp": {how: 'w', skip: 1}, "chattr": {how: 'w'}, "setfacl": {how: 'w', values: " -m -x "}, "attrib": {how: 'w'}, "icacls": {how: 'w'}, "takeown": {how: 'w'}, "set-acl": {how: 'w'},
	"set-content": {how: 'w'}, "add-content": {how: 'w'}, "out-file": {how: 'w'}, "new-item": {how: 'w', values: " -itemtype -type -value -name "}, "export-csv": {how: 'w'}, "export-clixml": {how: 'w'}, "set-item": {how: 'w'}, "set-itemproperty": {how: 'w'}, "new-itemproperty": {how: 'w'}, "remove-itemproperty": {how: 'w'}, "clear-item": {how: 'w'}, "compress-archive": {how: 'c'}, "expand-archive": {how: 'c'},
	"vi": {how: 'w', values: " -c "}, "vim": {how: 'w', values: " -c "}, "nvim": {how: 'w', values: " -c "}, "nano": {how: 'w'}, "pico": {how: 'w'}, "emacs": {how: 'w'}, "ed": {how: 'w'}, "ex": {how: 'w', values: " -c "}, "sponge": {how: 'w'}, "gzip": {how: 'w'}, "gunzip": {how: 'w'}, "bzip2": {how: 'w'}, "xz": {how: 'w'}, "zstd": {how: 'w'}, "dos2unix": {how: 'w'}, "patch": {how: 'w', values: " -p -i "}, "edit": {how: 'w'}, "notepad": {how: 'r'}, "mknod": {how: 'w'}, "code": {how: 'r'},
	"symlink": {how: 'c'}, "setx": {how: 'r'},
}

// psValues are PowerShell's parameters that take a value; those in psPaths name a path.
var (
	psPaths  = map[string]bool{"-path": true, "-literalpath": true, "-filepath": true, "-destination": true, "-target": true, "-outfile": true, "-destinationpath": true, "-outputfile": true}
	psValues = map[string]bool{"-value": true, "-name": true, "-itemtype": true, "-type": true, "-propertytype": true, "-encoding": true, "-filter": true, "-include": true, "-exclude": true, "-erroraction": true, "-ea": true, "-inputobject": true, "-newname": true, "-confirm:$false": false, "-stream": true, "-credential": true, "-aclobject": true, "-delimiter": true, "-compressionlevel": true, "-width": true, "-property": true}
)

// operands are the command's paths: what is neither a flag nor a flag's value.
func operands(c *command.Command, u usage) []command.Word {
	var words []command.Word
	rest := false
	for i := 0; i < len(c.Args); i++ {
		a := c.Args[i]
		low := strings.ToLower(a.Text)
		switch {
		case rest:
			words = append(words, a)
		case a.Text == "--":
			rest = true
		case c.Dialect == command.PowerShell && a.Flag():
			if psPaths[low] && i+1 < len(c.Args) {
				words = append(words, c.Args[i+1])
				i++
			} else if psValues[low] {
				i++
			}
		case a.Flag() && (c.Dialect != command.Cmd || strings.HasPrefix(a.Text, "-")):
			if strings.Contains(u.values, " "+a.Text+" ") {
				i++
			}
		case c.Dialect == command.Cmd && a.Text != "" && a.Text[0] == '/' && !a.Quoted:
		case a.Text != "" && (a.Text[0] == '+' || a.Text[0] == '-') && (c.Name == "chattr" || c.Name == "attrib"):
		default:
			words = append(words, a)
		}
	}
	if u.skip < len(words) {
		return words[u.skip:]
	}
	return nil
}

// files judges commands for files by the places of their operands; false for other commands.
func (r *reader) files(c *command.Command, e commands.Effect) bool {
	if e.DryRun {
		r.grade(gradeRead)
		r.act(verb.Read)
		return true
	}
	switch c.Name {
	case "cd", "pushd", "set-location", "chdir", "push-location":
		r.changeDir(c)
		return false
	case "dd":
		r.dd(c)
		return true
	case "tar", "bsdtar", "gtar", "unzip", "zip", "7z":
		r.archive(c, e)
		return true
	case "sed", "gsed", "perl", "ruby":
		if c.Has("-i", "--in-place") || inPlace(c) {
			r.editInPlace(c)
			return c.Name == "sed" || c.Name == "gsed"
		}
		return false
	case "sort", "curl", "wget", "gcc", "openssl", "split":
		r.outputs(c)
		return false
	}
	r.registry(c)
	if e.Kind == commands.Read && c.Name != "clear-content" && e.Known && e.Program && usages[c.Name].how != 'w' {
		return false
	}
	u, ok := usages[c.Name]
	if !ok {
		return false
	}
	paths := operands(c, u)
	switch u.how {
	case 'd':
		r.deletion(c, paths)
	case 'w':
		r.mode(c)
		r.act(verb.Change)
		r.grade(gradeInside)
		for _, p := range paths {
			r.write(p)
		}
	case 'c', 'm':
		r.copies(c, u, paths, e)
	default:
		r.grade(gradeRead)
	}
	return true
}

// mode notes a set-user-id or set-group-id bit: chmod u+s, g+xs, 4755.
func (r *reader) mode(c *command.Command) {
	if c.Name != "chmod" {
		return
	}
	for _, a := range c.Args {
		text := a.Text
		if octal := strings.Trim(text, "01234567") == "" && len(text) >= 4; octal && strings.IndexByte("234567", text[len(text)-4]) >= 0 {
			r.sign("privilege-escalation", "setuid", false)
			return
		}
		for clause := range strings.SplitSeq(text, ",") {
			i := strings.IndexAny(clause, "+=")
			if i >= 0 && strings.Trim(clause[:i], "ugoa") == "" && strings.Contains(clause[i:], "s") && strings.Trim(clause[i+1:], "rwxXst") == "" {
				r.sign("privilege-escalation", "setuid", false)
				return
			}
		}
	}
}

// registry treats the key of "reg add KEY" as a path that is written.
func (r *reader) registry(c *command.Command) {
	if c.Name != "reg" || len(c.Args) < 2 {
		return
	}
	switch strings.ToLower(c.Args[0].Text) {
	case "add", "delete", "import", "copy", "restore", "load", "unload":
		r.write(c.Args[1])
	}
}

// inPlace finds "-i.bak" and "-pi -e".
func inPlace(c *command.Command) bool {
	for _, a := range c.Args {
		if strings.HasPrefix(a.Text, "-i") || strings.HasPrefix(a.Text, "-pi") || strings.HasPrefix(a.Text, "-ni") {
			return true
		}
	}
	return false
}

func (r *reader) editInPlace(c *command.Command) {
	r.act(verb.Change)
	r.grade(gradeInside)
	for i, p := range c.Operand() {
		if i > 0 || c.Has("-e", "-f") {
			r.write(p)
		}
	}
}

func (r *reader) copies(c *command.Command, u usage, paths []command.Word, e commands.Effect) {
	r.act(verb.Create)
	r.grade(gradeInside)
	target := -1
	if text, ok := flagValue(c, "-t", "--target-directory"); ok && c.Dialect == command.Posix && c.Name != "rsync" {
		r.write(command.Word{Text: text})
	} else if len(paths) > 1 {
		target = len(paths) - 1
		r.write(paths[target])
	}
	if e.Kind == commands.Delete && c.Name != "rsync" || c.Name == "rsync" && e.Kind == commands.Delete {
		r.f.Deletes, r.f.DeletesTree = true, true
		r.grade(gradeDelete)
		r.act(verb.Delete)
		if target >= 0 {
			r.delete(paths[target])
		}
	}
	for i, p := range paths {
		switch {
		case i == target:
		case u.how == 'm':
			r.moved(p)
		default:
			r.readPath(p)
		}
	}
}

// moved is a path that is no longer where it was.
func (r *reader) moved(p command.Word) {
	switch r.write(p) {
	case places.System, places.Root:
		r.access(p, techniques.Deletes)
	}
	r.access(p, techniques.Reads)
}

func (r *reader) changeDir(c *command.Command) {
	words := c.Operand()
	switch {
	case len(words) == 0:
		r.tree.Dir = "~"
	case words[0].Text == "-" || words[0].Dynamic:
		r.tree.Dir = "?"
	default:
		clean := r.tree.Clean(words[0].Text)
		if clean == "." {
			clean = ""
		}
		r.tree.Dir = clean
	}
}

func (r *reader) dd(c *command.Command) {
	r.act(verb.Create)
	r.grade(gradeInside)
	for _, a := range c.Args {
		if p, ok := strings.CutPrefix(a.Text, "of="); ok {
			r.write(command.Word{Text: p, Dynamic: a.Dynamic})
		}
		if p, ok := strings.CutPrefix(a.Text, "if="); ok {
			r.readPath(command.Word{Text: p, Dynamic: a.Dynamic})
		}
	}
}

func (r *reader) archive(c *command.Command, e commands.Effect) {
	if e.Kind == commands.Read {
		r.grade(gradeRead)
		r.act(verb.Read)
		return
	}
	r.act(verb.Create)
	r.grade(gradeInside)
	if e.Kind == commands.Delete {
		r.grade(gradeDelete)
	}
	r.f.ChangesInside = true
	if text, ok := flagValue(c, "-C", "--directory", "-d"); ok && c.Name != "zip" {
		r.write(command.Word{Text: text})
	}
	for _, p := range c.Operand() {
		r.readPath(p)
	}
}

// outputs are files named by an option: sort -o, curl -o, wget -O.
func (r *reader) outputs(c *command.Command) {
	flags := []string{"-o", "--output"}
	if c.Name == "wget" {
		flags = []string{"-O", "--output-document"}
	}
	if c.Name == "openssl" {
		flags = []string{"-out"}
	}
	if text, ok := flagValue(c, flags...); ok && text != "-" {
		r.write(command.Word{Text: text})
		r.act(verb.Create)
		r.grade(gradeInside)
	}
}

func (r *reader) redirections(c *command.Command) {
	for _, red := range c.Redirects {
		if !red.Write {
			r.readPath(red.Path)
			continue
		}
		where := r.write(red.Path)
		if where == places.Nothing {
			continue
		}
		r.act(verb.Create)
		if !red.Append && where != places.Inside && where != places.Scratch {
			r.f.Overwrites = true
			if where == places.System {
				r.access(red.Path, techniques.Deletes)
			}
		}
	}
}

// write notes that the path is written and returns where it is.
func (r *reader) write(p command.Word) places.Kind {
	if strings.Contains(p.Text, "://") || remotePath(p.Text) {
		r.f.Uploads = r.f.Uploads || remotePath(p.Text)
		return places.Outside
	}
	where := r.tree.Of(p.Text, p.Dynamic)
	switch where {
	case places.Nothing:
		return where
	case places.Inside, places.Scratch:
		r.f.ChangesInside = true
		r.grade(gradeInside)
	case places.Device:
		r.f.DeletesRoot = true
		r.grade(gradeDestroy)
		r.sign("impact", "disk-wipe", false)
	case places.System, places.Root:
		r.f.ChangesSystem, r.f.ChangesOutside = true, true
		r.grade(gradeOutside)
	default:
		r.f.ChangesOutside = true
		r.grade(gradeOutside)
	}
	r.f.Paths = add(r.f.Paths, p.Text)
	r.access(p, techniques.Writes)
	return where
}

// remotePath is "host:path" of scp and rsync.
func remotePath(p string) bool {
	i := strings.IndexByte(p, ':')
	return i > 1 && !strings.ContainsAny(p[:i], `/\`) && !strings.HasPrefix(p, "hk") && !strings.HasPrefix(p, "HK") && !strings.HasPrefix(strings.ToLower(p), "env:") && !strings.Contains(p, "::") && (strings.Contains(p[:i], "@") || strings.Contains(p[:i], "."))
}

// access notes what it means that the path is read, written or deleted.
func (r *reader) access(p command.Word, a techniques.Access) {
	inside := r.tree.Of(p.Text, p.Dynamic) == places.Inside
	for _, s := range techniques.OfPath(r.tree.Clean(p.Text), a) {
		// A project has files that are called like those of a system; only hooks act from within it.
		r.sign(s.Tactic, s.Name, s.Weak || inside && s.Name != "git-hook")
		if a == techniques.Reads && s.Tactic == "credential-access" {
			r.grade(gradeSensitive)
		}
	}
}

func (r *reader) readPath(p command.Word) {
	if p.Text == "" || len(p.Text) > 1024 || strings.Contains(p.Text, "://") || strings.Contains(p.Text, "\n") {
		return
	}
	r.access(p, techniques.Reads)
}

// lookers see that a file is there, not what is in it.
var lookers = map[string]bool{
	"ls": true, "ll": true, "stat": true, "file": true, "du": true, "df": true, "test": true, "[": true, "[[": true, "find": true, "tree": true, "realpath": true, "readlink": true, "dirname": true, "basename": true, "cd": true, "pushd": true, "dir": true, "get-childitem": true, "test-path": true, "exa": true, "eza": true, "lsattr": true, "getfacl": true, "set-location": true, "resolve-path": true, "which": true, "id": true, "where": true, "fd": true, "locate": true, "namei": true, "split-path": true, "join-path": true,
}

// readOperands looks at what a reading command is given.
func (r *reader) readOperands(c *command.Command) {
	if lookers[c.Name] {
		return
	}
	pattern := searchers[c.Name] && !c.Has("-e", "-f", "--regexp", "--file")
	for i, p := range c.Args {
		if i > 256 {
			return
		}
		if pattern && !p.Flag() {
			pattern = false
			continue
		}
		if p.Flag() {
			if _, v, ok := strings.Cut(p.Text, "="); ok {
				r.readPath(command.Word{Text: v})
			}
			continue
		}
		r.readPath(p)
	}
}

// Package file says what an action does to files, and what kind of files they are.
package file

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// maxPaths is how many paths of one action are judged.
const maxPaths = 256

// Facts is what an action does to files and directories, by the tool's name and the paths in its arguments.
type Facts struct {
	Found   bool `doc:"the tool is one for files, or an argument names a file; shell commands are the domain shell" fact:"found"`
	Unknown bool `doc:"it cannot be told what is done to the files, or which they are: a name without a known verb, no path, a variable in the path" fact:"unknown"`
	Many    bool `doc:"there are more paths than are judged (256)" fact:"truncated"`

	Reads      bool `doc:"files are read, listed or searched, and nothing else is done; false where anything is unknown" fact:"reads"`
	Writes     bool `doc:"the content of a file is written or changed, new or old" fact:"writes"`
	Creates    bool `doc:"a file, directory, link or archive is made; a copy and a move make one" fact:"creates"`
	Overwrites bool `doc:"the action says that what is there is replaced: overwrite, force, replace or truncate is set, or the name says so" fact:"overwrites"`
	Deletes    bool `doc:"files, directories, objects or buckets are deleted" fact:"deletes"`
	Moves      bool `doc:"files are moved or renamed" fact:"moves"`
	Permits    bool `doc:"permissions, owners or sharing are changed" fact:"permits"`
	GivesAway  bool `doc:"content of a file leaves: it is uploaded, attached, sent or copied to a bucket, share or URL" fact:"gives_away"`
	Downloads  bool `doc:"something is fetched from elsewhere and stored" fact:"downloads"`
	Unpacks    bool `doc:"an archive is unpacked, which may write anywhere" fact:"unpacks"`
	Runs       bool `doc:"a file is executed" fact:"runs"`
	Recursive  bool `doc:"a whole tree is meant: recursive is set, or a directory is deleted" fact:"recursive"`
	Wildcard   bool `doc:"a path has a wildcard" fact:"wildcard"`

	Paths []string `doc:"the paths, as written" fact:"paths"`
	Kinds []string `doc:"the places the paths lead to: project, temp, other, home, bucket, network, system, root, device" fact:"places"`
	Count int      `doc:"how many paths there are" fact:"count"`

	Inside    bool `doc:"there is a path, and every path leads to the project (a tree of the organisation, or relative without leaving it) or to a temporary directory" fact:"inside"`
	System    bool `doc:"a path leads to the system's directories, a root, or a device" fact:"system"`
	Home      bool `doc:"a path leads to somebody's home, outside the organisation's trees" fact:"home"`
	Remote    bool `doc:"a path leads to a bucket, a cloud drive, a share or a URL" fact:"remote"`
	Secret    bool `doc:"a path names keys, passwords, tokens, histories or browser profiles; not examples and public keys" fact:"secret"`
	Startup   bool `doc:"a path names what programs run or obey by themselves: shell profiles, cron, services, hooks, CI, instructions of agents" fact:"startup"`
	Program   bool `doc:"a path names an executable, a shell script or a page in a web root, or what is written begins like one" fact:"program"`
	Sensitive bool `doc:"a name speaks of payroll, health, taxes, passports, contracts, backups, dumps or databases" fact:"sensitive"`
	Escapes   bool `doc:"\"..\" leads out of where a path starts, or an archive or link does" fact:"escapes"`
	Tricky    bool `doc:"a path is spelt to deceive: encoded or look-alike dots and separators, NUL, streams, overlong" fact:"tricky"`

	Acts []verb.Act
}

// Of derives the facts.
func Of(a *input.Action) (*Facts, error) {
	args, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	f := &Facts{}
	op, named := ofTool(a, args)
	paths := collect(args, named, anyOf(a.Words, stores))
	if !named && anyOf(a.Words, hints) && strong(args) && !first(a.Words, strangers) {
		paths = collect(args, true, anyOf(a.Words, stores))
	}
	if named && len(paths) == 0 {
		paths = appendPlainTarget(paths, a)
	}
	f.Found = named || len(paths) > 0 && !first(a.Words, strangers)
	if !f.Found {
		return f, nil
	}
	op = chosen(op, a.Words, args)
	f.look(paths, a.Org.Trees)
	f.does(op, args)
	f.judge(op, paths)
	f.Acts = f.acts()
	return f, nil
}

func anyOf(words []string, of map[string]bool) bool {
	for _, w := range words {
		if of[w] {
			return true
		}
	}
	return false
}

func first(words []string, of map[string]bool) bool { return len(words) > 0 && of[words[0]] }

// look judges every path.
func (f *Facts) look(paths []given, trees []string) {
	f.Count = len(paths)
	if len(paths) > maxPaths {
		paths, f.Many = paths[:maxPaths], true
	}
	f.Inside = len(paths) > 0
	for _, g := range paths {
		k := PathKind(g.path, trees)
		f.Paths = append(f.Paths, g.path)
		if s := string(k.Place); !has(f.Kinds, s) {
			f.Kinds = append(f.Kinds, s)
		}
		f.Inside = f.Inside && (k.Place == Project || k.Place == Temp) && !k.Escapes && !k.Unclear
		f.System = f.System || k.Place == System || k.Place == Root || k.Place == Device
		f.Home = f.Home || k.Place == Home
		f.Remote = f.Remote || k.Place == Bucket || k.Place == Network
		f.GivesAway = f.GivesAway || g.target && (k.Place == Bucket || k.Place == Network)
		f.Secret = f.Secret || k.Secret
		f.Startup = f.Startup || k.Startup
		f.Program = f.Program || k.Program
		f.Sensitive = f.Sensitive || k.Sensitive
		f.Wildcard = f.Wildcard || k.Wildcard
		f.Escapes = f.Escapes || k.Escapes
		f.Tricky = f.Tricky || k.Tricky
		f.Unknown = f.Unknown || k.Unclear
	}
}

// does notes what the operation and the switches say.
func (f *Facts) does(op operation, args *input.Arguments) {
	s := switches(args)
	f.Many = f.Many || s.cut
	f.Recursive = s.recursive || op&whole != 0
	f.Overwrites = s.overwrite || s.truncate
	f.Writes = op&(writes|appends) != 0 || s.truncate || s.append
	f.Creates = op&(creates|copies|moves|unpacks|downloads) != 0
	f.Deletes = op&deletes != 0
	f.Moves = op&moves != 0
	f.Permits = op&permits != 0 || s.public
	f.GivesAway = f.GivesAway && op&(writes|appends|creates|copies|moves) != 0 || op&uploads != 0
	f.Downloads = op&downloads != 0
	f.Unpacks = op&unpacks != 0
	f.Runs = op&runs != 0
	f.Program = f.Program || op&(writes|appends|creates) != 0 && s.program
	if s.content && op&changing&^creates == 0 { // also for a tool that only reads by its name
		f.Writes = true
	}
}

func (f *Facts) judge(op operation, paths []given) {
	f.Unknown = f.Unknown || op == 0 || f.Many || len(paths) == 0 && op&changing != 0
	changes := f.Writes || f.Creates || f.Deletes || f.Moves || f.Permits || f.GivesAway || f.Downloads || f.Unpacks || f.Runs
	f.Reads = op&reads != 0 && !changes && !f.Unknown
}

func (f *Facts) acts() []verb.Act {
	var acts []verb.Act
	for _, x := range []struct {
		is  bool
		act verb.Act
	}{
		{f.Deletes, verb.Delete},
		{f.Permits, verb.Grant},
		{f.Runs, verb.Run},
		{f.GivesAway, verb.Publish},
		{f.Writes || f.Moves, verb.Change},
		{f.Creates, verb.Create},
		{f.Reads, verb.Read},
	} {
		if x.is {
			acts = append(acts, x.act)
		}
	}
	return acts
}

// chosen lets an argument such as "operation" or "command" say what is done. It replaces
// what the name of an all-round tool says, and adds to what any other name says.
func chosen(op operation, words []string, args *input.Arguments) operation {
	var said operation
	for _, t := range args.Texts {
		switch t.Key {
		case "operation", "command", "action", "op", "mode", "method", "subcommand":
		default:
			continue
		}
		if len(t.Value) > 32 || strings.ContainsAny(t.Value, " /") {
			continue
		}
		said |= ofChoice(t.Value)
	}
	if said == 0 {
		return op
	}
	for _, w := range words {
		if allround[w] {
			return said
		}
	}
	return op | said
}

var allround = set("editor", "texteditor", "tool", "manager", "manage", "manipulate", "operation", "operations", "handler", "memory", "filesystem")

func ofChoice(value string) (op operation) {
	for _, w := range input.SplitWords(value) {
		op |= ofWord(w)
	}
	return op
}

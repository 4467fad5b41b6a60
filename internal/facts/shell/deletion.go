package shell

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
	"github.com/weighlock/weighlock/internal/facts/shell/places"
	"github.com/weighlock/weighlock/internal/facts/shell/techniques"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// deletion judges a command that deletes its operands.
func (r *reader) deletion(c *command.Command, paths []command.Word) {
	f := r.f
	recursive := c.Has("-r", "-R", "--recursive", "-d", "--dir") || c.Name == "rimraf"
	forced := c.Has("-f", "--force", "--no-preserve-root")
	if c.Dialect == command.Cmd {
		recursive, forced = c.Has("/s", "/S"), c.Has("/q", "/f", "/Q", "/F")
	}
	if c.Dialect == command.PowerShell {
		for _, a := range c.Args {
			low := strings.ToLower(a.Text)
			recursive = recursive || short(low, "-recurse", 2)
			forced = forced || short(low, "-force", 3) || strings.HasPrefix(low, "-confirm:")
		}
	}
	f.DeletesTree = f.DeletesTree || recursive && c.Name != "shred"
	f.DeletesForced = f.DeletesForced || forced
	if c.Operands || len(paths) == 0 && len(c.From) > 0 {
		f.DeletesWildcard = true
		f.DeletesUnknown = f.DeletesUnknown || len(paths) == 0
	}
	r.act(verb.Delete)
	r.grade(gradeDelete)
	f.Deletes = true
	if c.Name == "shred" || c.Name == "srm" || c.Name == "wipe" {
		f.DeletesForced = true
	}
	for _, p := range paths {
		r.delete(p)
	}
}

// delete notes that the path is deleted.
func (r *reader) delete(p command.Word) {
	f := r.f
	f.Deletes = true
	r.grade(gradeDelete)
	r.act(verb.Delete)
	f.Paths = add(f.Paths, p.Text)
	f.DeletesWildcard = f.DeletesWildcard || p.Glob
	where := r.tree.Of(p.Text, p.Dynamic)
	switch where {
	case places.Unknown:
		f.DeletesUnknown = true
	case places.Root, places.Device:
		f.DeletesRoot, f.DeletesOutside = true, true
		r.grade(gradeDestroy)
	case places.Outside, places.Home, places.System:
		f.DeletesOutside = true
	}
	clean := r.tree.Clean(p.Text)
	if everything(clean) && where == places.Inside && (f.DeletesTree || p.Glob) {
		f.DeletesWildcard = true
	}
	r.access(p, techniques.Deletes)
}

// everything names the whole directory: ".", "*", "./*".
func everything(clean string) bool {
	return clean == "." || clean == "*" || clean == ".*" || clean == "*.*" || strings.HasSuffix(clean, "/*") && !strings.Contains(strings.TrimSuffix(clean, "/*"), "/")
}

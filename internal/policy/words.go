package policy

import (
	"maps"
	"regexp"
	"slices"
)

const maxWordSets = 64

var (
	setName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	word    = regexp.MustCompile(`^[a-z0-9]+$`)
)

// words are named sets of words of tool names, from all files.
type words struct {
	bits map[string]uint64 // word -> the sets it is in
	sets map[string]uint64 // "words.<set>" -> its bit
}

// of returns the sets that any of a tool's words is in.
func (w *words) of(tool []string) (bits uint64) {
	for _, t := range tool {
		bits |= w.bits[t]
	}
	return bits
}

// named returns the names of sets, in order.
func (w *words) named(bits uint64) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(w.sets)) {
		if bits&w.sets[name] != 0 {
			out = append(out, name)
		}
	}
	return out
}

// read reads the words and returns the lists of all files by their names in conditions.
func (w *words) read(files []*decoded, found *problems) map[string][]string {
	w.bits, w.sets = map[string]uint64{}, map[string]uint64{}
	lists := map[string][]string{}
	for _, f := range files {
		for _, name := range slices.Sorted(maps.Keys(f.in.Words)) {
			w.readSet(f, name, found)
		}
		for _, name := range slices.Sorted(maps.Keys(f.in.Lists)) {
			if !setName.MatchString(name) {
				found.at(f, []any{"lists", name}, "use lower-case letters, digits and _", "is not a name for a list")
				continue
			}
			lists["lists."+name] = append(lists["lists."+name], f.in.Lists[name]...)
		}
	}
	return lists
}

func (w *words) readSet(f *decoded, name string, found *problems) {
	full := "words." + name
	if !setName.MatchString(name) {
		found.at(f, []any{"words", name}, "use lower-case letters, digits and _", "is not a name for a set")
		return
	}
	if w.sets[full] == 0 && len(w.sets) == maxWordSets {
		found.at(f, []any{"words", name}, "merge some", "is one set too many; at most %d are possible", maxWordSets)
		return
	}
	if w.sets[full] == 0 {
		w.sets[full] = 1 << len(w.sets)
	}
	for i, one := range f.in.Words[name] {
		if !word.MatchString(one) {
			found.at(f, []any{"words", name, i}, "write one lower-case word, as tool names are split", "is %q", one)
		}
		w.bits[one] |= w.sets[full]
	}
}

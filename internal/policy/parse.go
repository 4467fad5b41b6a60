package policy

import (
	"slices"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

// Parse reads and compiles a policy of one file, see [Build].
func Parse(name string, data []byte) (*Policy, error) { return Build(Source{name, data}) }

// Build reads and compiles a policy of several files. The order counts: a later file's
// thresholds, organisation and unrecognised take the place of an earlier one's, its words and lists
// are added, and its rules may replace earlier ones that they name. The error is [rulefile.Errors]:
// all that is wrong, each with file, line, field and the way out.
func Build(sources ...Source) (*Policy, error) {
	var found problems
	files := make([]*decoded, 0, len(sources))
	for _, s := range sources {
		d := &decoded{}
		f, err := rulefile.Decode(s.Name, s.Data, &d.in)
		if err != nil {
			found.add(err)
			continue
		}
		d.File = f
		files = append(files, d)
	}
	if found.err() != nil || len(files) == 0 {
		return nil, sorted(found, sources)
	}
	p := &Policy{version: versionOf(sources), org: &input.Organisation{Domains: map[string]bool{}, Servers: map[string]bool{}}, unknown: events.High}
	p.readSettings(files, &found)
	lists := p.words.read(files, &found)
	c, err := newCompiler(p, lists)
	if err != nil {
		return nil, err
	}
	known := p.readRules(files, c, &found)
	for _, f := range files {
		p.readPermissions(f, &found)
		p.readOverrides(f, known, &found)
		p.readAssessors(f, c, &found)
	}
	if found.err() != nil {
		return nil, sorted(found, sources)
	}
	return p, nil
}

// sorted returns the problems file by file, line by line.
func sorted(found problems, sources []Source) error {
	if len(found.found) == 0 {
		return rulefile.Errors{{File: "policy", Problem: "has no files", Fix: "name at least one"}}
	}
	place := map[string]int{}
	for i, s := range sources {
		place[s.Name] = i
	}
	slices.SortStableFunc(found.found, func(a, b *rulefile.Error) int {
		if d := place[a.File] - place[b.File]; d != 0 {
			return d
		}
		return a.Line - b.Line
	})
	return found.found
}

package policy

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

var domainName = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)

// readSettings reads what stands above the rules; of several files the last that says
// something counts.
func (p *Policy) readSettings(files []*decoded, found *problems) {
	for _, f := range files {
		if f.in.Version != fileVersion {
			found.at(f, []any{"version"}, "write version: 1", "is %d", f.in.Version)
		}
		if t := f.in.Thresholds; t != nil {
			p.thresholds = *t
			checkThresholds(f, []any{"thresholds"}, *t, found)
		}
		if u := f.in.Unrecognised; u != nil {
			p.unknown = events.Level(u.Level)
			if p.unknown != events.Medium && p.unknown != events.High {
				found.at(f, []any{"unrecognised", "level"}, "use high or medium; what is unknown is never harmless", "is %q", u.Level)
			}
		}
		p.readOrganisation(f, found)
	}
	if last := files[len(files)-1]; p.thresholds == (Thresholds{}) && last.in.Version == fileVersion {
		found.at(last, []any{"thresholds"}, "write thresholds: {medium: 30, high: 60} in one of the files", "are missing")
	}
}

func checkThresholds(f *decoded, at []any, t Thresholds, found *problems) {
	if t.Medium < 1 || t.Medium > 100 {
		found.at(f, append(slices.Clip(at), "medium"), "use 1 to 100", "is %d", t.Medium)
	} else if t.High <= t.Medium || t.High > 100 {
		found.at(f, append(slices.Clip(at), "high"), "use more than medium and at most 100", "is %d beside medium %d", t.High, t.Medium)
	}
}

func (p *Policy) readOrganisation(f *decoded, found *problems) {
	o := f.in.Organisation
	if o.Domains != nil {
		p.org.Domains = map[string]bool{}
	}
	for i, d := range o.Domains {
		if !domainName.MatchString(d) {
			found.at(f, []any{"organisation", "domains", i}, `write a domain such as "example.com"`, "is %q", d)
		}
		p.org.Domains[strings.ToLower(d)] = true
	}
	if o.Servers != nil {
		p.org.Servers = map[string]bool{}
	}
	for i, s := range o.Servers {
		if strings.TrimSpace(s) == "" {
			found.at(f, []any{"organisation", "servers", i}, "write the name of a tool server", "is empty")
		}
		p.org.Servers[s] = true
	}
	if o.Trees != nil {
		p.org.Trees = o.Trees
	}
	for i, t := range o.Trees {
		if !path.IsAbs(t) || path.Clean(t) != t || t == "/" {
			found.at(f, []any{"organisation", "trees", i}, `write an absolute path such as "/work"`, "is %q", t)
		}
	}
}

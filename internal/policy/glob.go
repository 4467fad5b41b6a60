package policy

import (
	"regexp"
	"slices"
	"strings"
)

// globs are patterns of names: "*" stands for any characters, "?" for one.
type globs []*regexp.Regexp

// readGlobs compiles patterns; those that deny match whatever the case, because a
// tool's name written otherwise may still reach the tool.
func readGlobs(f *decoded, at []any, patterns []string, anyCase bool, found *problems) globs {
	out := make(globs, 0, len(patterns))
	for i, p := range patterns {
		if p == "" || len(p) > 256 {
			found.at(f, append(slices.Clip(at), i), `write a name, with "*" for any characters`, "is %q", p)
			continue
		}
		text := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(p))
		flags := "(?s)"
		if anyCase {
			flags = "(?is)"
		}
		out = append(out, regexp.MustCompile(flags+"^"+text+"$"))
	}
	return out
}

// match says that one of the patterns fits.
func (g globs) match(name string) bool {
	for _, one := range g {
		if one.MatchString(name) {
			return true
		}
	}
	return false
}

// admit says that there are no patterns, or one fits.
func (g globs) admit(name string) bool { return len(g) == 0 || g.match(name) }

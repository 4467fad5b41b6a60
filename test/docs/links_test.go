package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	unspoken = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// Every link between the pages leads to a file that exists, and to a heading it has.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	all := pages(t)
	links := 0
	for name, page := range all {
		for _, m := range link.FindAllStringSubmatch(prose(page), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			links++
			file := name
			if target != "" {
				file = path.Join(path.Dir(name), target)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(file))); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
				continue
			}
			if anchor != "" && !anchors(all[file])[anchor] {
				t.Errorf("%s links to %s, but %s has no such heading", name, m[1], file)
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links found: this test proves nothing", links)
	}
}

// anchors are the fragments by which a page's headings are reached.
func anchors(page string) map[string]bool {
	found := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(prose(page), -1) {
		words := unspoken.ReplaceAllString(strings.ToLower(m[1]), "")
		found[strings.ReplaceAll(strings.TrimSpace(words), " ", "-")] = true
	}
	return found
}

// Every page of docs/ can be reached from the README by following links.
func TestEveryPageIsReachable(t *testing.T) {
	t.Parallel()
	all := pages(t)
	seen := map[string]bool{}
	next := []string{"README.md"}
	for len(next) > 0 {
		name := next[0]
		next = next[1:]
		page, ok := all[name]
		if seen[name] || !ok {
			continue
		}
		seen[name] = true
		for _, m := range link.FindAllStringSubmatch(prose(page), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			next = append(next, path.Join(path.Dir(name), target))
		}
	}
	for name := range all {
		if !seen[name] {
			t.Errorf("no link leads to %s", name)
		}
	}
}

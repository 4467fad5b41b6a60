package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile("`(Test[A-Z][A-Za-z]+)`")
	testFunc = regexp.MustCompile(`(?m)^func (Test[A-Z][A-Za-z]+)\(`)
	rule     = regexp.MustCompile(`(?m)^([a-z-]+):.*## `)
)

// A test that a page names as the one that attacks a guarantee exists.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	exists := map[string]bool{}
	for _, file := range tracked(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, file))
		if os.IsNotExist(err) {
			continue // deleted and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllStringSubmatch(string(data), -1) {
			exists[m[1]] = true
		}
	}
	named := 0
	for name, page := range pages(t) {
		for _, m := range testName.FindAllStringSubmatch(page, -1) {
			named++
			if !exists[m[1]] {
				t.Errorf("%s names %s, and there is no such test", name, m[1])
			}
		}
	}
	if named < 20 {
		t.Errorf("only %d names of tests found: this test proves nothing", named)
	}
}

// A `make` target that a page names exists.
func TestNamedTargetsExist(t *testing.T) {
	t.Parallel()
	exists := map[string]bool{}
	for _, m := range rule.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		exists[m[1]] = true
	}
	named := 0
	for name, page := range pages(t) {
		for _, text := range append(blocks(page, "sh"), codeSpans(page)...) {
			for line := range strings.Lines(text) {
				for _, target := range targets(line) {
					named++
					if !exists[target] {
						t.Errorf("%s names make %s, and there is no such target", name, target)
					}
				}
			}
		}
	}
	if named < 8 {
		t.Errorf("only %d names of targets found: this test proves nothing", named)
	}
}

// targets are those of a line that calls make.
func targets(line string) []string {
	line, _, _ = strings.Cut(line, "#")
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "make" {
		return nil
	}
	return slices.DeleteFunc(words[1:], func(w string) bool { return strings.Contains(w, "=") })
}

var span = regexp.MustCompile("`([^`\n]+)`")

// codeSpans returns what stands between single backquotes.
func codeSpans(page string) []string {
	var found []string
	for _, m := range span.FindAllStringSubmatch(prose(page), -1) {
		found = append(found, m[1])
	}
	return found
}

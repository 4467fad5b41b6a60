// Package docs holds the project's words to what the project does: links, examples,
// queries, configurations and the names of tests.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the module's directory, seen from here.
const root = "../.."

// pages returns every Markdown page for readers, by its path from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "deploy/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			name, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			found[filepath.ToSlash(name)] = read(t, name)
		}
	}
	if len(found) < 15 {
		t.Fatalf("only %d pages found: these tests would prove nothing", len(found))
	}
	return found
}

// read returns the file at a path from the root.
func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// blocks returns the fenced blocks of a page in one language, without their fences.
func blocks(page, language string) []string {
	var found []string
	var inside bool
	var current strings.Builder
	for line := range strings.Lines(page) {
		switch {
		case !inside && strings.TrimSpace(line) == "```"+language:
			inside = true
			current.Reset()
		case inside && strings.TrimSpace(line) == "```":
			inside = false
			found = append(found, current.String())
		case inside:
			current.WriteString(line)
		}
	}
	return found
}

var fences = regexp.MustCompile("(?ms)^```.*?^```\\s*$")

// prose is a page without its fenced blocks.
func prose(page string) string { return fences.ReplaceAllString(page, "") }

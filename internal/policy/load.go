package policy

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/policies"
)

// BuiltIn is the name that stands for the built-in pack among paths of policy files.
const BuiltIn = "default"

// Paths splits what a setting says: paths separated by commas. Nothing is no path.
func Paths(setting string) []string {
	return strings.FieldsFunc(setting, func(r rune) bool { return r == ',' })
}

// Source is one file of a policy.
type Source struct {
	Name string // in errors
	Data []byte
}

// Load reads and compiles the policy at paths, in their order: files, directories (their
// *.yaml files by name, without those in directories below) and [BuiltIn]. Without any path it
// is the built-in pack.
func Load(paths ...string) (*Policy, error) {
	sources, err := Sources(paths...)
	if err != nil {
		return nil, err
	}
	return Build(sources...)
}

// Sources reads the files at paths, see [Load].
func Sources(paths ...string) ([]Source, error) {
	if len(paths) == 0 {
		paths = []string{BuiltIn}
	}
	var out []Source
	for _, path := range paths {
		found, err := sourcesAt(path)
		if err != nil {
			return nil, fmt.Errorf("reading policy: %w", err)
		}
		out = append(out, found...)
	}
	return out, nil
}

func sourcesAt(path string) ([]Source, error) {
	if path == BuiltIn {
		return pack(policies.Pack, ".", "policies")
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return pack(os.DirFS(path), ".", path)
	}
	data, err := os.ReadFile(path)
	return []Source{{path, data}}, err
}

// pack reads the *.yaml files of a directory, by name; where is its name in errors.
func pack(fsys fs.FS, dir, where string) ([]Source, error) {
	names, err := fs.Glob(fsys, dir+"/*.yaml") // in order
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no *.yaml file", where)
	}
	out := make([]Source, len(names))
	for i, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		out[i] = Source{filepath.Join(where, name), data}
	}
	return out, nil
}

// Default returns the policy that is built in.
func Default() *Policy {
	p, err := Load(BuiltIn)
	if err != nil {
		panic(err) // the embedded files are fixed at build time and tested
	}
	return p
}

// versionOf is the digest of a policy's one file, or of the list of its files' digests.
func versionOf(sources []Source) string {
	digests := make([]string, len(sources))
	for i, s := range sources {
		digests[i] = events.Digest(s.Data)
	}
	if len(digests) == 1 {
		return digests[0]
	}
	return events.Digest([]byte(strings.Join(digests, "\n")))
}

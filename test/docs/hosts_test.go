package docs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// registries are hosts that packages come from, in parts, so that this file does not name them.
var registries = [][]string{
	{"registry", "npmjs", "org"}, {"npmjs", "com"}, {"registry", "yarnpkg", "com"}, {"unpkg", "com"}, {"cdn", "jsdelivr", "net"},
	{"proxy", "golang", "org"}, {"sum", "golang", "org"}, {"index", "golang", "org"}, {"goproxy", "io"}, {"goproxy", "cn"},
	{"deb", "debian", "org"}, {"security", "debian", "org"}, {"snapshot", "debian", "org"}, {"archive", "ubuntu", "com"},
	{"dl-cdn", "alpinelinux", "org"}, {"pypi", "org"}, {"files", "pythonhosted", "org"}, {"crates", "io"}, {"rubygems", "org"},
	{"repo1", "maven", "org"}, {"repo", "maven", "apache", "org"}, {"packages", "clickhouse", "com"}, {"docker", "io"}, {"ghcr", "io"}, {"quay", "io"},
}

// No file names a registry: where packages come from is a matter of whoever builds.
func TestNoFileNamesARegistry(t *testing.T) {
	t.Parallel()
	files := tracked(t)
	if len(files) < 200 {
		t.Fatalf("git lists %d files: this test would prove nothing", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(root, file))
		if os.IsNotExist(err) {
			continue // deleted and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, parts := range registries {
			host := []byte(strings.Join(parts, "."))
			if i := bytes.Index(bytes.ToLower(data), host); i >= 0 {
				t.Errorf("%s:%d names the host %s", file, 1+bytes.Count(data[:i], []byte("\n")), host)
			}
		}
	}
}

func tracked(t *testing.T) []string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("listing the files of the repository: %v", err)
	}
	return strings.Split(strings.Trim(string(out), "\x00"), "\x00")
}

package engine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Kind is what an engine is made from.
type Kind string

// The kinds of engine.
const (
	Binary  Kind = "binary"  // a clickhouse executable, run as a private server
	Library Kind = "library" // libchdb, loaded by a child of this program
)

// Source is where an engine comes from.
type Source struct {
	Kind Kind
	Path string
}

// LocateOptions says where to look. The zero value is the process's own surroundings.
type LocateOptions struct {
	LookPath   func(file string) (string, error) // finds a program; nil means exec.LookPath
	Getenv     func(name string) string          // nil means os.Getenv
	WorkDir    string                            // searched upward; empty means the working directory
	Executable string                            // its directory is searched upward; empty means this program
	CacheDir   string                            // the user's cache directory; empty means os.UserCacheDir
}

// ErrNotFound says that there is no ClickHouse engine on this machine. The error around it says what to do.
var ErrNotFound = errors.New("no local ClickHouse engine found")

// libraryPaths are where libchdb is looked for in each directory on the way up.
var libraryPaths = []string{"build/engine/node_modules/@chdb/*/libchdb.so"}

// Locate finds an engine: a clickhouse program on PATH, the library CHDB_LIB_PATH names, then the project's own install, from the
// working directory upward, from the executable upward, and in weighlock/engine of the user's cache directory.
func Locate(o LocateOptions) (Source, error) {
	if err := o.fill(); err != nil {
		return Source{}, err
	}
	if path, err := o.LookPath("clickhouse"); err == nil {
		return Source{Binary, path}, nil
	}
	if path := o.Getenv("CHDB_LIB_PATH"); path != "" {
		if !isFile(path) {
			return Source{}, fmt.Errorf("%w: CHDB_LIB_PATH names %s, which is no file: correct it, or unset it to search elsewhere", ErrNotFound, path)
		}
		return Source{Library, path}, nil
	}
	for _, start := range []string{o.WorkDir, filepath.Dir(o.Executable)} {
		if path := searchUp(start); path != "" {
			return Source{Library, path}, nil
		}
	}
	if path := inDirectory(filepath.Join(o.CacheDir, "weighlock", "engine"), "libchdb.so", "node_modules/@chdb/*/libchdb.so"); path != "" {
		return Source{Library, path}, nil
	}
	return Source{}, fmt.Errorf("%w for %s/%s: there is no clickhouse program on PATH and no libchdb.so in %s, beside this program or in %s. "+
		"Run `make` in the project (or build/engine/install.sh), or install ClickHouse 25.8 or newer, or set CHDB_LIB_PATH to a libchdb.so",
		ErrNotFound, runtime.GOOS, runtime.GOARCH, o.WorkDir, filepath.Join(o.CacheDir, "weighlock", "engine"))
}

func (o *LocateOptions) fill() error {
	if o.LookPath == nil {
		o.LookPath = exec.LookPath
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	for value, find := range map[*string]func() (string, error){&o.WorkDir: os.Getwd, &o.Executable: os.Executable} {
		if *value == "" {
			found, err := find()
			if err != nil {
				return fmt.Errorf("looking for an engine: %w", err)
			}
			*value = found
		}
	}
	if o.CacheDir == "" {
		if dir, err := os.UserCacheDir(); err == nil { // without a home there is no cache to look in
			o.CacheDir = dir
		}
	}
	return nil
}

// searchUp looks in dir and every directory above it.
func searchUp(dir string) string {
	for {
		if path := inDirectory(dir, libraryPaths...); path != "" {
			return path
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// inDirectory is the first file that matches one of the patterns below dir, made for this platform.
func inDirectory(dir string, patterns ...string) string {
	for _, pattern := range patterns {
		matches, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil {
			continue // a directory name that is no valid pattern cannot be searched
		}
		for _, path := range matches {
			if isFile(path) {
				return path
			}
		}
	}
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

package engine_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/weighlock/weighlock/internal/embedded/engine"
)

func touch(t *testing.T, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLocateOrder takes the sources away one by one, best first.
func TestLocateOrder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	install := "build/engine/node_modules/@chdb/lib-any/libchdb.so"
	binary := touch(t, root, "bin/clickhouse")
	named := touch(t, root, "named/libchdb.so")
	work := touch(t, root, "work", install)
	beside := touch(t, root, "program", install)
	cached := touch(t, root, "cache/weighlock/engine/node_modules/@chdb/lib-any/libchdb.so")
	nested := filepath.Join(root, "work/deep/er")
	if err := os.MkdirAll(nested, 0o700); err != nil {
		t.Fatal(err)
	}
	env := named
	o := engine.LocateOptions{
		LookPath: func(string) (string, error) { return binary, nil },
		Getenv: func(name string) string {
			if name == "CHDB_LIB_PATH" {
				return env
			}
			return ""
		},
		WorkDir: nested, Executable: filepath.Join(root, "program/bin/weighlock"), CacheDir: filepath.Join(root, "cache"),
	}
	for _, step := range []struct {
		want engine.Source
		then func()
	}{
		{engine.Source{Kind: engine.Binary, Path: binary}, func() { o.LookPath = func(string) (string, error) { return "", os.ErrNotExist } }},
		{engine.Source{Kind: engine.Library, Path: named}, func() { env = "" }},
		{engine.Source{Kind: engine.Library, Path: work}, func() { os.Remove(work) }},
		{engine.Source{Kind: engine.Library, Path: beside}, func() { os.Remove(beside) }},
		{engine.Source{Kind: engine.Library, Path: cached}, func() { os.Remove(cached) }},
	} {
		if got, err := engine.Locate(o); err != nil || got != step.want {
			t.Fatalf("found %v (%v), want %v", got, err, step.want)
		}
		step.then()
	}
	_, err := engine.Locate(o)
	if !errors.Is(err, engine.ErrNotFound) {
		t.Fatalf("error %v", err)
	}
	for _, hint := range []string{"clickhouse program on PATH", "CHDB_LIB_PATH", "install.sh", nested} {
		if !strings.Contains(err.Error(), hint) {
			t.Errorf("the error does not speak of %s: %v", hint, err)
		}
	}
	env = filepath.Join(root, "missing.so")
	if _, err := engine.Locate(o); !errors.Is(err, engine.ErrNotFound) || !strings.Contains(err.Error(), env) {
		t.Errorf("a wrong CHDB_LIB_PATH gives %v", err)
	}
}

// TestBinaryIsSupervisedLikeTheLibrary stands a program in for `clickhouse server` that takes its address from the configuration
// written for it. What it cannot show is that ClickHouse itself likes that configuration.
func TestBinaryIsSupervisedLikeTheLibrary(t *testing.T) {
	t.Parallel()
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "clickhouse")
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = server ] || exit 2\nexport %s=\"${2#--config-file=}\"\nexec '%s'\n", fakeEnv, os.Args[0])
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	e := start(t, engine.Options{Dir: dir, Source: engine.Source{Kind: engine.Binary, Path: path}})
	config, err := readServerXML(filepath.Join(dir, "server.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if net.JoinHostPort(config.Host, config.Port) != e.Addr || net.JoinHostPort(config.Host, config.TCP) != e.NativeAddr || !strings.HasPrefix(config.Path, dir) {
		t.Errorf("configuration %+v for %s", config, e.Addr)
	}
	pid := e.PID()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another process on the same port", func() bool {
		response, err := http.Get("http://" + e.Addr + "/ping")
		if err == nil {
			response.Body.Close()
		}
		return err == nil && e.PID() != pid && e.Restarts() == 1
	})
	stop(t, e)
	if _, err := os.Stat(filepath.Join(dir, "server.xml.asked")); err != nil {
		t.Errorf("the server was not asked to end by SIGTERM: %v", err)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// exports writes what was recorded in every shape and format, and checks that nothing is missing and nothing half is left behind.
func (sh *shell) exports() {
	sh.t.Helper()
	count := strings.TrimSpace(sh.must(exitOK, "audit", "query", "--format", "TSV", "SELECT count() FROM events FINAL"))
	for _, shape := range []string{"events", "ocsf"} {
		out := sh.must(exitOK, "audit", "export", "--shape", shape)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		for _, line := range lines {
			var e map[string]any
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				sh.t.Fatalf("%s: %v in %s", shape, err, line)
			}
			if hash, _ := e["leaf_hash"].(string); shape == "events" && len(hash) != 64 {
				sh.t.Errorf("the leaf hash is %q", hash)
			}
		}
		after := strings.TrimSpace(sh.must(exitOK, "audit", "query", "--format", "TSV", "SELECT count() FROM events FINAL"))
		if n := json.Number(count); len(lines) < atoi(n) || len(lines) > atoi(json.Number(after)) {
			sh.t.Errorf("%s has %d lines, the audit %s to %s events", shape, len(lines), count, after)
		}
		file := filepath.Join(sh.t.TempDir(), shape+".parquet")
		sh.must(exitOK, "audit", "export", "--shape", shape, "--format", "parquet", "--out", file)
		data, err := os.ReadFile(file)
		if err != nil || !bytes.HasPrefix(data, []byte("PAR1")) || !bytes.HasSuffix(data, []byte("PAR1")) {
			sh.t.Errorf("%s: %d bytes that are no Parquet, %v", file, len(data), err)
		}
		if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
			sh.t.Errorf("left behind: %v %v", left, err)
		}
	}
	if out := sh.must(exitOK, "audit", "export", "--since", "2020-01-01", "--until", "2020-02-01"); strings.TrimSpace(out) != "" {
		sh.t.Errorf("of a month before the first event: %s", out)
	}
	sh.must(exitFailed, "audit", "export", "--format", "xml")
	sh.must(exitFailed, "audit", "export", "--shape", "cube")
	sh.must(exitFailed, "audit", "export", "--out", "/no/such/folder/file")
}

func atoi(n json.Number) int {
	i, _ := n.Int64()
	return int(i)
}

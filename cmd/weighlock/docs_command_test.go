package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// A page that was not made anew after a flag, a setting or a metric changed fails here.
func TestReferencePagesAreCurrent(t *testing.T) {
	t.Parallel()
	pages, err := referencePages()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Errorf("%v: run go generate ./cmd/weighlock", err)
			continue
		}
		if !bytes.Equal(got, want) {
			t.Errorf("docs/%s is not current: run go generate ./cmd/weighlock", name)
		}
	}
}

// Every exit code has its line on the page, in order.
func TestExitCodesAreExplained(t *testing.T) {
	t.Parallel()
	want := []int{exitOK, exitFailed, exitRefused, exitUndecided}
	if len(exitCodes) != len(want) {
		t.Fatalf("%d exit codes are explained, there are %d", len(exitCodes), len(want))
	}
	for i, c := range exitCodes {
		if c.Code != want[i] || c.Meaning == "" {
			t.Errorf("exit code %d is explained as %+v", want[i], c)
		}
	}
}

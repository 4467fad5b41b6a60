package policytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/policy"
)

// The examples load on top of the built-in pack, and do what their cases say.
func TestExamples(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob("../../../policies/examples/*")
	if err != nil || len(dirs) < 3 {
		t.Fatalf("examples %v, %v", dirs, err)
	}
	for _, dir := range dirs {
		p, err := policy.Load(policy.BuiltIn, dir)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		cases, err := Load(os.DirFS(dir), dir)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		failures, err := Run(p, cases)
		if err != nil {
			t.Error(err)
		}
		for _, f := range failures {
			t.Errorf("%s: %s: %s\n%s", f.Case.Where(), f.Case.Name, strings.Join(f.Problems, "; "), f.Got.Text())
		}
	}
}

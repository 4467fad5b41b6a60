package main

import (
	"os"
	"path/filepath"
	"strings"
)

// backtests weighs what was recorded again: by the same policy nothing changes, and another contradicts the person who approved.
func (sh *shell) backtests() {
	sh.t.Helper()
	dir := sh.t.TempDir()
	same := sh.until("2 actions from", "policy", "backtest", "--policy", "default", "--since", "1h", "--work", filepath.Join(dir, "kept"))
	if !strings.Contains(same, "0 actions get a stricter fate, 0 a laxer one; 0 more change") || !strings.Contains(same, "1 → 1") {
		sh.t.Errorf("the same policy says\n%s", same)
	}
	strict, changes := filepath.Join(dir, "strict.yaml"), filepath.Join(dir, "changes.jsonl")
	text := "version: 1\nrules:\n  - {id: no-money, when: tool.name == 'send_payment', effect: deny, reason: never}\n"
	if err := os.WriteFile(strict, []byte(text), 0o600); err != nil {
		sh.t.Fatal(err)
	}
	for range 2 { // the second time from what was kept
		out := sh.must(exitOK, "policy", "backtest", "--policy", "default,"+strict, "--since", "1h", "--work", filepath.Join(dir, "kept"), "--changes", changes)
		for _, want := range []string{"1 actions that people approved would be denied", "assistant/pay-1  send_payment", "no-money", "1 → 0"} {
			if !strings.Contains(out, want) {
				sh.t.Errorf("it does not say %q:\n%s", want, out)
			}
		}
	}
	if lines, err := os.ReadFile(changes); err != nil || strings.Count(string(lines), "\n") != 1 {
		sh.t.Errorf("the changes are %s, %v", lines, err)
	}
	sh.must(exitFailed, "policy", "backtest", "--policy", "default", "--since", "yesterday")
	sh.must(exitFailed, "policy", "backtest", "--policy", "default", "--since", "2d", "--until", "1d", "--work", "none")
}

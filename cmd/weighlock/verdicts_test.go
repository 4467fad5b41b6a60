package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/card"
	"github.com/weighlock/weighlock/cmd/weighlock/dev"
)

// files are the policy, routes and approvers of the tests of verdicts.
var files = filepath.Join("..", "..", "test", "verdicts", "testdata")

// office is a pipeline without audit, on those files.
func office(t *testing.T) *shell {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	sh := &shell{t: t, dir: t.TempDir(), ctx: ctx}
	approvers := filepath.Join(files, "approvers.yaml")
	ids, err := identities([]string{"assistant"}, approvers)
	if err != nil {
		t.Fatal(err)
	}
	p, err := dev.Start(ctx, dev.Options{
		Dir: sh.dir, Identities: ids, WithoutAudit: true,
		PolicyFile: filepath.Join(files, "policy.yaml"), RoutesFile: filepath.Join(files, "routes.yaml"), ApproversFile: approvers,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return sh
}

// fits insists that a card fits into a terminal and says all of want.
func fits(t *testing.T, shown string, want ...string) {
	t.Helper()
	for line := range strings.Lines(shown) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > card.Width {
			t.Errorf("a line has %d characters: %s", n, line)
		}
	}
	for _, w := range want {
		if !strings.Contains(shown, w) {
			t.Errorf("the card does not show %q:\n%s", w, shown)
		}
	}
}

func TestVerdictsAtATerminal(t *testing.T) {
	t.Parallel()
	sh := office(t)
	sh.must(exitOK, "propose", "--id", "a", "--tool", "pay_two", "--args", `{"amount": 500, "to": "acme"}`)
	request := sh.waiting()
	fits(t, sh.must(exitOK, "show", request, "--as", "bob"), "2 of operations to approve each item; one rejection rejects it")
	sh.must(exitRefused, "edit", request, "--as", "alice", "--args", `{"amount": 500}`)
	sh.must(exitFailed, "edit", request, "--as", "alice", "--args", `[1]`)
	sh.must(exitFailed, "edit", request, "--as", "alice")
	arguments := filepath.Join(t.TempDir(), "args.json")
	if err := os.WriteFile(arguments, []byte(`{"amount": 100, "to": "acme"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := sh.must(exitOK, "edit", request, "--as", "alice", "--args", "@"+arguments, "--comment", "half of it"); !strings.Contains(out, "made version 2 of the card") {
		t.Errorf("editing says %s", out)
	}
	fits(t, sh.must(exitOK, "show", request, "--as", "bob"), "Version     2", "Edited      by alice", "  proposed  amount: 500", "  now       amount: 100", `Does        pay_two {"amount":100`, `alice: edit "half of it"`)
	sh.must(exitOK, "abstain", request, "--as", "bob")
	if out := sh.must(exitOK, "edit", request, "--as", "carol", "--args", `{"amount": 5000, "to": "acme"}`); !strings.Contains(out, "moved to a card of its own") {
		t.Errorf("a riskier edit says %s", out)
	}
	fits(t, sh.must(exitOK, "show", request, "--as", "bob"), "→ moved to a card of its own")
	second := sh.waiting()
	sh.must(exitOK, "approve", second, "--as", "alice")
	sh.must(exitOK, "approve", second, "--as", "bob", "--reason", "agreed")
	sh.must(exitOK, "propose", "--id", "a", "--tool", "pay_two", "--args", `{"amount": 500, "to": "acme"}`, "--wait")
	trace := sh.must(exitOK, "trace", "assistant/a")
	for _, want := range []string{
		"is shown version 2 of card " + request + ": item 1 as alice edited it", "moves from " + request + " to a card of its own, as carol edited it: scored 90",
		"1 of 1 items moved to another card", "on card " + second, "with other arguments", "bob answers " + request + " (self): abstain",
	} {
		if !strings.Contains(trace, want) {
			t.Errorf("the timeline lacks %q:\n%s", want, trace)
		}
	}
	sh.must(exitRefused, "withdraw", "assistant/a") // too late
}

func TestRespondAndWithdrawAtATerminal(t *testing.T) {
	t.Parallel()
	sh := office(t)
	sh.must(exitOK, "propose", "--id", "b", "--tool", "pay", "--args", `{"amount": 1}`)
	request := sh.waiting()
	sh.must(exitFailed, "respond", request, "--as", "bob")
	sh.must(exitOK, "respond", request, "--as", "bob", "--guidance", "ask again on Monday")
	if out := sh.must(exitRefused, "propose", "--id", "b", "--tool", "pay", "--args", `{"amount": 1}`, "--wait"); !strings.Contains(out, "instead: ask again on Monday") {
		t.Errorf("the agent is told %s", out)
	}
	sh.must(exitOK, "propose", "--id", "c", "--tool", "pay", "--args", `{"amount": 1}`)
	sh.waiting()
	sh.must(exitFailed, "withdraw", "c")
	if out := sh.must(exitOK, "withdraw", "assistant/c", "--reason", "paid by hand"); !strings.Contains(out, "assistant/c is withdrawn") {
		t.Errorf("withdrawing says %s", out)
	}
	if trace := sh.must(exitOK, "trace", "assistant/c"); !strings.Contains(trace, `assistant withdraws c "paid by hand"`) {
		t.Errorf("the timeline lacks the withdrawal:\n%s", trace)
	}
}

func TestAllButSomeItems(t *testing.T) {
	t.Parallel()
	sh := office(t)
	for _, id := range []string{"x", "y", "z"} {
		sh.must(exitOK, "propose", "--id", id, "--tool", "pay_batch", "--args", `{"amount": 1}`)
	}
	request := sh.waiting()
	sh.must(exitFailed, "edit", request, "--as", "bob", "--args", `{"amount": 2}`) // of which item?
	sh.must(exitFailed, "reject", request, "--as", "bob", "--but", "9")
	sh.must(exitFailed, "reject", request, "--as", "bob", "--but", "1-3")
	sh.must(exitFailed, "reject", request, "--as", "bob", "--but", "1", "--items", "2")
	if out := sh.must(exitOK, "reject", request, "--as", "bob", "--but", "2", "--comment", "twice"); strings.Count(out, "rejected") != 2 || !strings.Contains(out, "waits for anybody of operations") {
		t.Errorf("rejecting all but one says %s", out)
	}
	sh.must(exitOK, "approve", request, "--as", "carol", "--items", "2")
}

func TestRoutesAreCheckedAndExplained(t *testing.T) {
	t.Parallel()
	sh := &shell{t: t, dir: t.TempDir(), ctx: t.Context()}
	given := []string{"--routes", filepath.Join(files, "routes.yaml"), "--approvers", filepath.Join(files, "approvers.yaml")}
	if out := sh.must(exitOK, append([]string{"routes", "check"}, given...)...); !strings.Contains(out, "10 routes, 7 people in 3 groups") {
		t.Errorf("checking says %s", out)
	}
	few := filepath.Join(t.TempDir(), "few.yaml")
	if err := os.WriteFile(few, []byte("version: 1\npeople: {alice: {}}\ngroups: {operations: [alice]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := sh.must(exitFailed, "routes", "check", "--routes", given[1], "--approvers", few); !strings.Contains(out, "routes.yaml:13") || !strings.Contains(out, "asks for 2 of operations, which has 1") {
		t.Errorf("routes for fewer people: %s", out)
	}
	explain := func(action string, more ...string) string {
		file := filepath.Join(t.TempDir(), "action.json")
		if err := os.WriteFile(file, []byte(action), 0o600); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"routes", "explain", "--policy", filepath.Join(files, "policy.yaml"), "--action", file}, given...)
		return sh.must(exitOK, append(args, more...)...)
	}
	out := explain(`{"breakpoint": "tool_call", "tool": "pay_joined", "arguments": {"amount": 5000}}`)
	fits(t, out, "  large  matches, and is the deepest", "1 of finance and 1 of security to approve", "rejected after 15m", "  two  -")
	fits(t, explain(`{"breakpoint": "tool_call", "tool": "read"}`), "nobody: the action is approved at once")
	fits(t, explain(`{"breakpoint": "tool_call", "tool": "pay", "arguments": {"to": "payroll", "amount": 1}}`), "nobody: the action is denied at once")
	fits(t, explain(`{"breakpoint": "tool_call", "tool": "note"}`), "notes: anybody of operations to approve")
	var said struct {
		Route string
		Steps []struct{ Chosen bool }
	}
	if err := json.Unmarshal([]byte(explain(`{"breakpoint": "tool_call", "tool": "grow"}`, "--json")), &said); err != nil || said.Route != "rest" || !said.Steps[0].Chosen {
		t.Errorf("%+v, %v", said, err)
	}
}

package main

import (
	"strings"
	"testing"
)

func TestGrantsAtATerminal(t *testing.T) {
	t.Parallel()
	sh := office(t)
	sh.must(exitOK, "propose", "--id", "a", "--tool", "drop", "--args", `{"table": "tmp", "n": 1}`, "--principal", "carol")
	request := sh.waiting()
	sh.must(exitFailed, "approve", request, "--as", "alice", "--grant-for", "1h")
	if out := sh.must(exitRefused, "approve", request, "--as", "alice", "--grant-for", "100h", "--grant-uses", "2"); !strings.Contains(out, "at most 8h0m0s") {
		t.Errorf("a grant that is too wide says %s", out)
	}
	sh.must(exitOK, "approve", request, "--as", "alice", "--grant-for", "1h", "--grant-uses", "2", "--grant-same", "/table")
	sh.must(exitOK, "propose", "--id", "b", "--tool", "drop", "--args", `{"table": "tmp", "n": 2}`, "--principal", "carol", "--wait")
	list := sh.must(exitOK, "grants", "list", "--as", "bob")
	if !strings.Contains(list, "1 of 2") || !strings.Contains(list, `/table = "tmp"`) {
		t.Fatalf("the list is %s", list)
	}
	id := strings.Fields(strings.Split(list, "\n")[1])[0]
	if trace := sh.must(exitOK, "trace", "assistant/b"); !strings.Contains(trace, "by grant "+id+": alice granted it") || !strings.Contains(trace, "alice lets the next 2 × drop of assistant on behalf of carol pass") {
		t.Errorf("the timeline says %s", trace)
	}
	sh.must(exitFailed, "grants", "create", "--like", "assistant/b", "--as", "alice")
	if out := sh.must(exitFailed, "grants", "create", "--like", "assistant/none", "--for", "1h", "--uses", "1", "--as", "alice"); !strings.Contains(out, "no assessment of assistant/none") {
		t.Errorf("a grant without an example says %s", out)
	}
	made := sh.must(exitOK, "grants", "create", "--like", "assistant/a", "--for", "1h", "--uses", "3", "--as", "alice")
	other, _, _ := strings.Cut(made, ":")
	if out := sh.must(exitOK, "grants", "revoke", id, "--as", "bob", "--comment", "enough"); !strings.Contains(out, "revoked by bob; 1 actions had passed") {
		t.Errorf("revoking says %s", out)
	}
	if list := sh.must(exitOK, "grants", "list", "--as", "bob"); strings.Contains(list, id) || !strings.Contains(list, other) {
		t.Errorf("the list is now %s", list)
	}
	if all := sh.must(exitOK, "grants", "list", "--all", "--as", "bob"); !strings.Contains(all, "revoked by bob") {
		t.Errorf("all grants are %s", all)
	}
}

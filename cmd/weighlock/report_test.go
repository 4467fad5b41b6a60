package main

import (
	"encoding/json"
	"strings"

	"github.com/weighlock/weighlock/internal/reports"
)

// reports asks every question of what was recorded: one payment that carol approved and one search that passed, of the agent assistant.
func (sh *shell) reports() {
	sh.t.Helper()
	list := sh.must(exitOK, "audit", "report")
	for _, r := range reports.All() {
		if !strings.Contains(list, r.Name) || !strings.Contains(list, r.Question) {
			sh.t.Errorf("the list lacks %s:\n%s", r.Name, list)
		}
		var answer struct {
			Data []map[string]any `json:"data"`
		}
		var base, narrow []string
		for name, value := range map[string]string{"since": "1h", "action": "pay-1", "threshold": "50"} {
			if r.Takes(name) {
				base = append(base, "--"+name, value)
			}
		}
		for _, name := range []string{"group", "agent"} {
			if r.Takes(name) {
				narrow = append(narrow, "--"+name, "nobody")
			} else {
				sh.must(exitFailed, append([]string{"audit", "report", r.Name, "--" + name, "nobody"}, base...)...)
			}
		}
		for _, flags := range [][]string{base, append(narrow, base...)} {
			out := sh.must(exitOK, append([]string{"audit", "report", r.Name, "--json"}, flags...)...)
			if err := json.Unmarshal([]byte(out), &answer); err != nil {
				sh.t.Errorf("%s answers %s: %v", r.Name, out, err)
			}
		}
		sh.must(exitOK, append([]string{"audit", "report", r.Name}, base...)...)
		sh.must(exitOK, append([]string{"audit", "report", r.Name, "--format", "csv"}, base...)...)
	}
	sh.must(exitFailed, "audit", "report", "timeline")
	if out := sh.must(exitOK, "audit", "report", "timeline", "--action", "pay-1", "--format", "csv"); !strings.Contains(out, "verdict.cast") {
		sh.t.Errorf("the timeline is\n%s", out)
	}
	for name, want := range map[string]string{
		"outcomes": "\"high\",\"approved\",\"approvers\",1,50", "latency": "\"finance\",1,", "overrides": "\"finance\",1,0,0,0,0,", "calibration": ",0,1,1,100,",
		"refusals": "\"assistant\",2,0,0,0,", "fatigue": "\"carol\",", "load": "\"carol\",2,2,", "unexecuted": "pay-1", "interruptions": ",1,1,0,0,0,", "executions": "approved, never reported as run", "policies": "\"sha256:",
	} {
		if out := sh.must(exitOK, "audit", "report", name, "--format", "csv"); !strings.Contains(out, want) {
			sh.t.Errorf("%s answers\n%s\nwant %s", name, out, want)
		}
	}
	sh.must(exitFailed, "audit", "report", "nothing")
	sh.must(exitFailed, "audit", "report", "latency", "--format", "xml")
}

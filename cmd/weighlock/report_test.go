package main

import (
	"encoding/json"
	"strings"

	"github.com/weighlock/weighlock/cmd/weighlock/reports"
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
		for _, narrow := range [][]string{{}, {"--group", "nobody", "--agent", "nobody"}} {
			out := sh.must(exitOK, append([]string{"audit", "report", r.Name, "--since", "1h", "--json"}, narrow...)...)
			if err := json.Unmarshal([]byte(out), &answer); err != nil {
				sh.t.Errorf("%s answers %s: %v", r.Name, out, err)
			}
		}
		sh.must(exitOK, "audit", "report", r.Name)
		sh.must(exitOK, "audit", "report", r.Name, "--format", "csv")
	}
	for name, want := range map[string]string{
		"outcomes": "\"high\",\"approved\",\"approvers\",1,50", "latency": "\"finance\",1,", "overrides": "\"finance\",1,0,0,0,0,", "calibration": ",1,1,100,",
		"refusals": "\"assistant\",2,0,0,0,", "fatigue": "\"carol\",", "interruptions": ",1,1,0,0,0,0,", "executions": "approved, never reported as run", "policies": "\"sha256:",
	} {
		if out := sh.must(exitOK, "audit", "report", name, "--format", "csv"); !strings.Contains(out, want) {
			sh.t.Errorf("%s answers\n%s\nwant %s", name, out, want)
		}
	}
	sh.must(exitFailed, "audit", "report", "nothing")
	sh.must(exitFailed, "audit", "report", "latency", "--format", "xml")
}

package sink

import (
	"encoding/json"
	"strings"
	"testing"
)

// The view has every event once, with what OCSF's class API Activity demands, and says of a decision whether it let the action pass.
func TestOCSF(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.life()
	w.start()
	w.caughtUp()
	w.ask("SYSTEM STOP MERGES events")
	w.ask("INSERT INTO events SELECT * FROM events SETTINGS insert_deduplicate = 0")
	lines := strings.Split(w.ask("SELECT * FROM ocsf ORDER BY time FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0"), "\n")
	if want := w.number("SELECT uniqExact(stream, epoch, seq) FROM events"); len(lines) != want {
		t.Errorf("%d events, want %d", len(lines), want)
	}
	seen := map[string]map[string]any{}
	for _, line := range lines {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		for _, required := range []string{"activity_id", "actor", "api", "category_uid", "class_uid", "metadata", "severity_id", "src_endpoint", "time", "type_uid"} {
			if e[required] == nil {
				t.Errorf("%s is missing in %s", required, line)
			}
		}
		if e["type_uid"] != e["class_uid"].(float64)*100+e["activity_id"].(float64) {
			t.Errorf("type_uid is %v", e["type_uid"])
		}
		meta := e["metadata"].(map[string]any)
		if meta["version"] != "1.8.0" || meta["uid"] == "" || meta["product"].(map[string]any)["name"] != "Weighlock" {
			t.Errorf("metadata is %v", meta)
		}
		seen[e["activity_name"].(string)] = e
	}
	for event, want := range map[string]map[string]float64{
		"decision.made":      {"action_id": 1, "disposition_id": 8, "risk_score": 80, "risk_level_id": 3, "severity_id": 4, "is_alert": 0},
		"action.executed":    {"action_id": 1, "disposition_id": 17, "status_id": 1},
		"approval.requested": {"action_id": 0, "disposition_id": 14, "severity_id": 4},
		"action.proposed":    {"action_id": 0, "disposition_id": 17, "risk_score": -1, "severity_id": 1},
	} {
		for field, value := range want {
			if seen[event][field] != value {
				t.Errorf("%s: %s is %v, want %v", event, field, seen[event][field], value)
			}
		}
	}
	if got := seen["verdict.cast"]["actor"].(map[string]any)["user"].(map[string]any); got["name"] != "dan" || got["type_id"] != 1. {
		t.Errorf("the verdict's actor is %v", got)
	}
}

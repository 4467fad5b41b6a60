package reports

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/internal/reports"
)

// question is a report, what is picked of it, and the answer that the story gives.
type question struct {
	report, columns string
	params          map[string]string
	want            string
}

var questions = []question{
	{"latency", "`group`, decided, unanswered, p50_s, p95_s, p99_s, target_s, in_time_percent", nil, "finance 3 1 60 1020 1020 900 50"},
	{"latency", "*", map[string]string{"group": "board"}, ""},
	{"latency", "decided", map[string]string{"agent": "billing", "group": "finance"}, "3"},
	{"outcomes", "level, outcome, decided_by, actions, percent", nil, `high approved approvers 2 25
high approved grant 1 12.5
high denied policy 1 12.5
high expired timeout 1 12.5
high rejected approvers 1 12.5
low approved policy 1 12.5
medium approved policy 1 12.5`},
	{"outcomes", "level, outcome", map[string]string{"agent": "search"}, "high denied\nlow approved\nmedium approved"},
	{"outcomes", "outcome, actions", map[string]string{"group": "finance"}, "approved 2\nexpired 1\nrejected 1"},
	{"overrides", "`group`, decided, rejected, edited, guided, override_percent", nil, "finance 3 1 1 0 66.7"},
	{"escalations", "step, tier, `group`, requests, times, percent_of_requests", nil, "escalated 1 board 1 1 33.3\nreminded 0 finance 1 1 33.3"},
	{"batches", "`group`, cards, actions, batches, actions_in_batches, most_on_a_card, median_s_a_card, minutes_saved", nil, "finance 3 4 1 2 2 30 0.5"},
	{"interruptions", "day, waited_for_people, cards, saved_by_batches, saved_by_plans, saved_by_grants", nil, "2026-03-02 5 3 1 0 1"},
	{"grants", "grant, approver, used, uses, percent, moved, amount, currency", nil, "g-1 dan 1 4 25 10 100 EUR"},
	{"fatigue", "approver, answers, approve_percent, median_s_an_item, under_5_s_percent, longest_run, opened, looked_behind, most_in_an_hour", nil, "dan 1 100 15 0 1 1 1 1\neve 1 0 30 0 0 1 0 1"},
	{"refusals", "agent, decided, refused, percent, at_least_percent", nil, "billing 5 1 20 3.6\nsearch 3 1 33.3 6.1"},
	{"policies", "assessed, low, medium, high, denied, average_score, high_percent, decided_by_people, refused_percent", nil, "8 1 1 6 1 66.9 75 3 33.3"},
	{"calibration", "score_from, passed_by, asked, approved, if(isNaN(approved_percent), -1, approved_percent)", nil, "10 1 0 0 -1\n40 1 0 0 -1\n70 0 1 1 100\n80 0 1 1 100\n90 0 1 0 0"},
	{"executions", "finding, actions", nil, "approved, never reported as run 1\nrun as approved 3\nrun though not approved 1\nrun with other arguments 1\nrun without a decision 1"},
	{"executions", "finding, actions", map[string]string{"agent": "billing"}, "run as approved 2\nrun with other arguments 1"},
	{"bypasses", "finding, agent, action, outcome, receipt", nil, "run though not approved search a7 denied succeeded\nrun without a decision search a8  succeeded"},
	{"altered", "finding, agent, action, outcome", nil, "run with other arguments billing a2 approved"},
	{"unexecuted", "agent, action, outcome, decided_by", nil, "search a6 approved policy"},
	{"timeline", "toUnixTimestamp(at) - 1772445600 AS s, after_s, event, actor, answer", map[string]string{"action": "a1"}, `0 0 action.assessed teller 
0 0 action.proposed billing 
10 10 approval.requested teller 
40 30 attention.reported dan opened
50 10 attention.reported dan evidence
70 0 decision.made teller approved
70 20 verdict.cast dan approve
80 10 action.executed billing succeeded`},
	{"timeline", "*", map[string]string{"action": "a1", "agent": "search"}, ""},
	{"load", "approver, answers, actions, busiest_hour, answers_a_day, a_day_at_threshold", map[string]string{"threshold": "85"}, "dan 1 2 10 1 0.4\neve 1 1 10 1 0.4"},
	{"load", "approver, a_day_at_threshold", nil, "dan 1\neve 1"},
	{"forecast", "hour, actions_now, actions_then, cards_now, cards_then, minutes_now, minutes_then", map[string]string{"threshold": "85"}, "10 5 2 3.8 1.5 1.9 0.8"},
	{"forecast", "actions_now, actions_then", nil, "5 5"},
}

// Each report gives the answers that a story has whose every event is known, also while every row is there twice, and nothing of what was before --since.
func TestReportsAnswerWhatIsKnown(t *testing.T) {
	t.Parallel()
	db := told(t)
	for range 2 {
		for _, q := range questions {
			if got := answer(t, db, q, began.Unix()-60); got != q.want {
				t.Errorf("%s %v:\n got %q\nwant %q", q.report, q.params, got, q.want)
			}
			if got := answer(t, db, q, began.Unix()+86400); got != "" && q.report != "timeline" {
				t.Errorf("%s says %q of the day after", q.report, got)
			}
		}
		for _, table := range []string{"events", "typed_decisions", "typed_requests", "typed_receipts", "typed_verdicts"} {
			db.Ask(t, "SYSTEM STOP MERGES "+table, nil)
		}
		db.Ask(t, "INSERT INTO events SELECT * FROM events SETTINGS insert_deduplicate = 0", nil)
	}
	asked := map[string]bool{}
	for _, q := range questions {
		asked[q.report] = true
	}
	for _, r := range reports.All() {
		if !asked[r.Name] {
			t.Errorf("the story has no answer of %s", r.Name)
		}
	}
}

func answer(t *testing.T, db enginetest.Conn, q question, since int64) string {
	t.Helper()
	r, err := reports.Find(q.report)
	if err != nil {
		t.Fatal(err)
	}
	params := map[string]string{"since": strconv.FormatInt(since, 10), "group": "", "agent": "", "action": "", "threshold": "0"}
	maps.Copy(params, q.params)
	rows := strings.Split(strings.TrimRight(db.Ask(t, "SELECT "+q.columns+" FROM ("+r.SQL+") FORMAT TSV", params), "\n"), "\n")
	slices.Sort(rows)
	if q.report == "timeline" {
		slices.SortStableFunc(rows, func(a, b string) int { return seconds(a) - seconds(b) })
	}
	return strings.ReplaceAll(strings.Join(rows, "\n"), "\t", " ")
}

func seconds(row string) int {
	n, _, _ := strings.Cut(row, "\t")
	i, _ := strconv.Atoi(n)
	return i
}

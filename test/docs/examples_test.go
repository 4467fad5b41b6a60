package docs

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
)

// Go on a page is Go of the example, word for word: so it compiles.
func TestGoOnPagesIsTheExamples(t *testing.T) {
	t.Parallel()
	example := dedent(read(t, "examples/agent/main.go"))
	for _, name := range []string{"README.md", "docs/agents.md"} {
		found := blocks(read(t, name), "go")
		if len(found) == 0 {
			t.Errorf("%s shows no Go", name)
		}
		for _, block := range found {
			if !strings.Contains(example, dedent(block)) {
				t.Errorf("%s shows Go that examples/agent/main.go does not have:\n%s", name, block)
			}
		}
	}
}

// dedent takes all indentation away, which differs between a page and a function.
func dedent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, "\t")
	}
	return strings.Join(lines, "\n")
}

// example returns the only YAML block of a page that is a whole file.
func example(t *testing.T, name string) string {
	t.Helper()
	found := slices.DeleteFunc(blocks(read(t, name), "yaml"), func(block string) bool { return !strings.HasPrefix(block, "version: ") })
	if len(found) != 1 {
		t.Fatalf("%s has %d examples, want 1", name, len(found))
	}
	return found[0]
}

// Parts of policies and cases on their page are parts of the examples, word for word: so they load and pass.
func TestPartsOfPoliciesAreTheExamples(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(root, "policies/examples/*/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	cases, err := filepath.Glob(filepath.Join(root, "policies/examples/*/tests/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, path := range append(paths, cases...) {
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		all += read(t, name)
	}
	for _, block := range blocks(read(t, "docs/policy.md"), "yaml") {
		if !strings.HasPrefix(block, "version: ") && !strings.Contains(all, block) {
			t.Errorf("docs/policy.md shows what no example has:\n%s", block)
		}
	}
}

// The policy on its page loads, and says of the actions below it what the page says.
func TestPolicyExample(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse("docs/policy.md", []byte(example(t, "docs/policy.md")))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tool, arguments, target string
		score                   int
		level                   events.Level
		denied                  bool
		row                     string
	}{
		{"search_customers", `{"name": "Ada"}`, "", 5, events.Low, false, "| 5 | low | approved at once |"},
		{"send_refund", `{"amount": 20}`, "", 30, events.Medium, false, "| 30 | medium | approved at once, marked for review |"},
		{"send_payment", `{"amount": 5000}`, "", 100, events.High, false, "| 100 | high | people are asked |"},
		{"send_payment", `{"amount": 10}`, "payroll", 100, events.High, true, "| 100 | high | denied at once |"},
		{"grow_flowers", `{}`, "", 60, events.High, false, "| 60 | high | people are asked: nothing recognises it |"},
	} {
		a := &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: c.tool, Arguments: json.RawMessage(c.arguments), Target: &events.Target{Name: c.target}}
		got := p.Assess(a, events.ActionRef{Agent: "teller", Action: "a1"}, time.Unix(1_800_000_000, 0))
		if got.Score != c.score || got.Level != c.level || got.Denied != c.denied {
			t.Errorf("%s %s %s: score %d, %s, denied %t (%s); the page says %+v", c.tool, c.arguments, c.target, got.Score, got.Level, got.Denied, got.Reason, c)
		}
		if !strings.Contains(read(t, "docs/policy.md"), "| `"+c.tool+"` | `"+c.arguments+"`") || !strings.Contains(read(t, "docs/policy.md"), c.row) {
			t.Errorf("docs/policy.md has no row for %s %s: want one that ends %s", c.tool, c.arguments, c.row)
		}
	}
}

// The routes on their page load, and take the actions the page says.
func TestRoutesExample(t *testing.T) {
	t.Parallel()
	staff, err := people.Parse("docs/approvers.md", []byte(example(t, "docs/approvers.md")))
	if err != nil {
		t.Fatal(err)
	}
	r, err := routes.Parse("docs/routes.md", []byte(example(t, "docs/routes.md")), staff)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		assessed events.ActionAssessed
		route    string
	}{
		{events.ActionAssessed{Score: 60, Rules: []events.FiredRule{{ID: "payment"}}}, "payments"},
		{events.ActionAssessed{Score: 100, Rules: []events.FiredRule{{ID: "large"}, {ID: "payment"}}}, "large-payments"},
		{events.ActionAssessed{Score: 60, Rules: []events.FiredRule{{ID: "unrecognised"}}}, "rest"},
	} {
		if got := r.Match(routes.Action{Assessed: &c.assessed}); got.ID != c.route {
			t.Errorf("%+v takes %s, the page says %s", c.assessed.Rules, got.ID, c.route)
		}
	}
}

// The paths, calendars and schedules on their page load together, and do what it says.
func TestEscalationExample(t *testing.T) {
	t.Parallel()
	parts := blocks(read(t, "docs/escalation.md"), "yaml")
	if len(parts) != 3 {
		t.Fatalf("docs/escalation.md has %d examples", len(parts))
	}
	holidays := []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261225\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
	staff, err := people.Source{
		Name: "docs/escalation.md", Data: []byte("version: 1\npeople: {carol: {}, dave: {}, erin: {}, frank: {}, grace: {}}\n" + parts[1] + parts[2]),
		Holidays: map[string][]byte{"holidays.ics": holidays},
	}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	r, err := routes.Parse("docs/escalation.md", []byte("version: 1\n"+parts[0]+"route: {id: rest, approvers: payments, path: payments}\n"), staff)
	if err != nil {
		t.Fatal(err)
	}
	if path := r.Find("rest").Path; path.Repeat != 1 || len(path.Tiers) != 3 || path.Tiers[0].RemindGrowth != 2 {
		t.Errorf("the path is %+v", path)
	}
	for at, want := range map[string]string{"2026-12-25T12:00:00+01:00": "erin", "2026-01-05T09:00:00+01:00": "carol", "2026-01-13T12:00:00+01:00": "dave"} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(staff.OnCall("payments-oncall", when), " "); got != want {
			t.Errorf("on call at %s: %s, want %s", at, got, want)
		}
	}
	if c := staff.Calendar("payments"); c.Working(time.Date(2026, 12, 25, 12, 0, 0, 0, time.UTC)) || !c.Working(time.Date(2026, 12, 28, 9, 0, 0, 0, time.UTC)) {
		t.Error("the calendar does not have its holidays")
	}
}

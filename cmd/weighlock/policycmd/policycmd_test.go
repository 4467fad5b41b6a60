package policycmd

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/policy"
)

// run executes `policy ARGS` with input on its standard input.
func run(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	c := Command()
	c.PersistentFlags().Bool("json", false, "") // the root's
	c.SilenceErrors, c.SilenceUsage = true, true
	var out bytes.Buffer
	c.SetIn(strings.NewReader(input))
	c.SetOut(&out)
	c.SetArgs(args)
	err := c.Execute()
	return out.String(), err
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const team = `version: 1
rules:
  - {id: team, when: agent == 'web', points: 30, level: medium, reason: "{agent} uses {tool.name}"}
`

func TestCheck(t *testing.T) {
	t.Parallel()
	if out, err := run(t, "", "check"); err != nil || !strings.Contains(out, policy.Default().Version()) {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := run(t, "", "check", "default", file(t, "team.yaml", team), "--json"); err != nil || !strings.Contains(out, `"rules": `) {
		t.Errorf("%s, %v", out, err)
	}
	broken := file(t, "broken.yaml", strings.Replace(team, "agent ==", "agnt ==", 1))
	if _, err := run(t, "", "check", "default", broken); err == nil || !strings.Contains(err.Error(), broken+":3: rules[0].when does not compile") {
		t.Errorf("error %v", err)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	const action = `{"agent":"web","tool":"search","arguments":{"q":"\u001b[2J"},"request":"\u001b[2J"}`
	out, err := run(t, action, "explain", "--action", "-", "--policy", "default", "--policy", file(t, "team.yaml", team))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`tool.name = "search"`, "+ 30 = ", "team: web uses search", "at least medium (30) by team", "level medium", `request = "\x1b[2J"`} {
		if !strings.Contains(out, want) {
			t.Errorf("the explanation lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("the explanation moves the cursor")
	}
	out, err = run(t, "", "explain", "--json", "--action", file(t, "a.json", `{"id":"1","agent_kind":"web","tool":"search"}`))
	var e policy.Explanation
	if err != nil || json.Unmarshal([]byte(out), &e) != nil || e.Level != "low" || len(e.Parts) != 1 || len(e.Parts[0].Facts) == 0 {
		t.Errorf("%s, %v", out, err)
	}
	for _, args := range [][]string{{"explain"}, {"explain", "--action", "/nowhere"}, {"explain", "--action", "-", "--policy", "/nowhere"}, {"explain", "--action", "-"}} {
		if _, err := run(t, "no JSON", args...); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}

func TestTest(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(file(t, "p.yaml", strings.Replace(team, "rules:", "thresholds: {medium: 30, high: 60}\nrules:", 1)))
	cases := filepath.Join(dir, "tests", "c.yaml")
	if err := os.Mkdir(filepath.Dir(cases), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(level string) {
		if err := os.WriteFile(cases, []byte("cases: [{name: a team, agent: web, tool: x, expect: {level: "+level+"}}]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("high")
	if out, err := run(t, "", "test", dir); err != nil || out != "all 1 cases pass\n" {
		t.Errorf("%s, %v", out, err)
	}
	write("low")
	out, err := run(t, "", "test", dir)
	if err == nil || err.Error() != "1 of 1 cases fail" || !strings.Contains(out, "c.yaml:1: a team: the level is high instead of low\n    action \"x\"\n") {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := run(t, "", "test", dir, "--json"); err == nil || !json.Valid([]byte(out)) || !strings.Contains(out, `"case": "a team"`) {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := run(t, "", "test", t.TempDir()); err == nil {
		t.Error("a directory without a policy passes")
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	path := file(t, "team.yaml", team)
	const actions = `{"id":"one","agent_kind":"web","tool":"search"}` + "\n" + `{"id":"two","agent_kind":"other","tool":"search"}`
	out, err := run(t, actions, "diff", "default", "default,"+path, "--actions", "-")
	want := "\"one\" \"search\": low (5) → medium (35)\n    now also team (30 points): web uses search\n1 of 2 actions change level: 1 rise, 0 sink; 0 more change their score alone\n"
	if err != nil || out != want {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := run(t, actions, "diff", "default", "default", "--actions", "-", "--json"); err != nil || !strings.Contains(out, `"changes": []`) {
		t.Errorf("%s, %v", out, err)
	}
	for _, args := range [][]string{{"diff", "default"}, {"diff", "default", "/nowhere", "--actions", "-"}, {"diff", "default", "default", "--actions", "/nowhere"}} {
		if _, err := run(t, actions, args...); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}

func TestAssess(t *testing.T) {
	t.Parallel()
	in := file(t, "in.jsonl", `{"id":"a","agent_kind":"web","tool":"search"}`+"\n{\n"+`{"id":"b","agent_kind":"web","tool":"delete_x"}`+"\n")
	out := filepath.Join(t.TempDir(), "out.jsonl")
	_, err := run(t, "", "assess", "--in", in, "--out", out)
	if err == nil || !strings.Contains(err.Error(), "line 2: ") {
		t.Errorf("error %v", err)
	}
	got, err := os.ReadFile(out)
	want := `{"id":"a","level":"low","score":5,"rules":["reading"]}` + "\n" + `{"id":"b","level":"high","score":70,"rules":["deletion-unasked","acting","deletion"]}` + "\n"
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	if text, err := run(t, `{"id":"a","tool":"search"}`, "assess"); err != nil || !strings.HasPrefix(text, `{"id":"a","level":"low"`) {
		t.Errorf("%s, %v", text, err)
	}
	for _, args := range [][]string{{"--in", "/nowhere"}, {"--out", "/nowhere/x"}, {"--policy", "/nowhere"}} {
		if _, err := run(t, "", append([]string{"assess"}, args...)...); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	if out, err := run(t, "", "facts"); err != nil || !strings.Contains(out, "tool.words ") || !strings.Contains(out, "list(string)") {
		t.Errorf("%s, %v", out, err)
	}
	out, err := run(t, `{"tool":"pay_x"}`, "facts", "tool", "--action", "-")
	if err != nil || !strings.Contains(out, `["pay", "x"]`) || strings.Contains(out, "breakpoint") {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := run(t, `{"tool":"pay_x"}`, "facts", "--json", "--action", "-"); err != nil || !json.Valid([]byte(out)) {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := run(t, "", "facts", "nonsense"); err == nil {
		t.Error("a domain that there is not is accepted")
	}
}

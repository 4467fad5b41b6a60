package policytest

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/weighlock/weighlock/internal/policy"
)

// The cases of the default pack hold.
func TestDefaultPack(t *testing.T) {
	t.Parallel()
	cases, err := Load(os.DirFS("../../../policies"), "policies")
	if err != nil {
		t.Fatal(err)
	}
	failures, err := Run(policy.Default(), cases)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range failures {
		t.Errorf("%s: %s: %s\n%s", f.Case.Where(), f.Case.Name, strings.Join(f.Problems, "; "), f.Got.Text())
	}
}

func small(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte(`version: 1
thresholds: {medium: 30, high: 60}
rules:
  - {id: reads, when: tool.first == 'get', points: 5, recognises: true, reason: reads}
  - {id: pays, when: tool.first == 'pay' && arguments.number('amount') > 1.0, points: 70, level: high, reason: pays}
  - {id: trial, when: agent != '', points: 1, shadow: true, reason: on trial}
  - {id: never, when: memory.untrusted > 0 && request == 'r' && reasoning == 's' && session == 't' && principal == 'u' && impact.irreversible && target.name == 'n', effect: deny, reason: never}
`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatDiffersIsSaid(t *testing.T) {
	t.Parallel()
	cases, err := Read("c.yaml", []byte(`cases:
  - {name: right, tool: get_x, expect: {level: [low, medium], rules: [reads], not: [pays, trial], score: {least: 5, most: 5}, denied: false}}
  - {name: wrong, tool: get_x, expect: {level: high, rules: [pays], not: [reads], score: {least: 6}, denied: true}}
  - {name: trial does not count, tool: get_x, expect: {rules: [trial]}}
  - {name: arguments, tool: pay, args: {amount: 2}, expect: {rules: [pays]}}
  - {name: arguments as they are, tool: pay, args: '{"amount":', expect: {level: high, rules: [pays]}}
  - {name: no arguments, tool: pay, expect: {not: [pays], rules: [unrecognised]}}
  - {name: a plan, breakpoint: plan, plan: [{description: d, tool: pay, args: {amount: 3}}], expect: {rules: [pays]}}
  - {name: everything, agent: a, tool: x, request: r, reasoning: s, session: t, principal: u, impact: {reversible: false}, target: {name: n}, memory: [{text: m}], toolInfo: {server: s, description: d}, expect: {denied: true}}
`))
	if err != nil {
		t.Fatal(err)
	}
	failures, err := Run(small(t), cases)
	if err != nil {
		t.Fatal(err)
	}
	if len(failures) != 2 || failures[0].Case.Name != "wrong" || failures[1].Case.Name != "trial does not count" {
		t.Fatalf("failures %+v", failures)
	}
	want := []string{"the level is low instead of high", "denied is false instead of true", "the score is 5 instead of 6 to 100", "rule pays does not fire", "rule reads fires"}
	if got := strings.Join(failures[0].Problems, "; "); got != strings.Join(want, "; ") {
		t.Errorf("problems %s", got)
	}
	if where := failures[0].Case.Where(); where != "c.yaml:3" {
		t.Errorf("where %s", where)
	}
	if !strings.Contains(failures[0].Got.Text(), "0 + 5 = 5  reads: reads") {
		t.Errorf("explanation %s", failures[0].Got.Text())
	}
}

func TestUnknownRulesInExpectationsAreErrors(t *testing.T) {
	t.Parallel()
	cases, err := Read("c.yaml", []byte("cases: [{name: x, tool: get, expect: {not: [raeds]}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(small(t), cases); err == nil || !strings.Contains(err.Error(), `c.yaml:1: expects something of rule "raeds"`) {
		t.Errorf("error %v", err)
	}
}

func TestFilesThatCannotBeReadSayWhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"cases: []\n": "c.yaml:1: cases is empty",
		"cases:\n  - {tool: x, expect: {level: low}}\n":                                      "c.yaml:2: cases[0] has no name",
		"cases:\n  - {name: a, expect: {level: low}}\n  - {name: a, expect: {level: low}}\n": "c.yaml:3: cases[1].name is \"a\" again",
		"cases:\n  - {name: a, tool: x}\n":                                                   "c.yaml:2: cases[0].expect is missing",
		"cases:\n  - {name: a, expect: {level: lowest}}\n":                                   "c.yaml:2: cases[0].expect has the level \"lowest\"",
		"cases:\n  - {name: a, expect: {score: {least: 70, most: 60}}}\n":                    "c.yaml:2: cases[0].expect has a score from 70 to 60",
		"cases:\n  - {name: a, tol: x, expect: {level: low}}\n":                              "c.yaml:2: tol is not a field",
		"cases:\n  - {name: a, args: {? [1] : 2}, expect: {level: low}}\n":                   "c.yaml:2: cases[0].args cannot be used",
	} {
		if _, err := Read("c.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
	if _, err := Load(fstest.MapFS{}, "nowhere"); err == nil {
		t.Error("no cases are as good as some")
	}
	if _, err := Load(fstest.MapFS{"tests/a.yaml": {Data: []byte("cases: [")}}, "here"); err == nil {
		t.Error("a broken file is accepted")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("cases: [{name: a, tool: x, args: {a: 1}, plan: [{tool: y}], expect: {level: [low], score: {least: 1}}}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cases, err := Read("f.yaml", data)
		if (err == nil) == (len(cases) == 0) {
			t.Fatalf("%d cases with error %v", len(cases), err)
		}
	})
}

package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

const good = `version: 1
thresholds: {medium: 30, high: 60}
words:
  delete: [delete]
rules:
  - id: one
    when: words.delete
    points: 10
    reason: because
  - id: two
    when: >-
      tool.name == 'x'
    recognises: true
    reason: because
`

func TestParseErrorsSayWhere(t *testing.T) {
	t.Parallel()
	if _, err := Parse("p.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		// the file
		{"version: 1", "version: 2", "p.yaml:1: version is 2"},
		{"version: 1", "version: 1\nversion: 1", "version is given again"},
		{good, "", "p.yaml: is empty"},
		{good, "version: 1\nthresholds: {medium: 30, high: 60}\nrules: []\n", "p.yaml:3: rules is empty"},
		{good, good + "---\nversion: 1\n", "more than one YAML document"},
		{good, "[", "p.yaml:"},
		{"points: 10", "point: 10", "p.yaml:8: point is not a field"},
		// settings
		{"thresholds: {medium: 30, high: 60}\n", "", "thresholds are missing"},
		{"medium: 30, high: 60", "medium: 60, high: 30", "p.yaml:2: thresholds.high is 30"},
		{"medium: 30, high: 60", "medium: 0, high: 30", "p.yaml:2: thresholds.medium is 0"},
		{"words:", "unrecognised: {level: low}\nwords:", "p.yaml:3: unrecognised.level is \"low\""},
		{"words:", "organisation: {domains: ['@x']}\nwords:", "p.yaml:3: organisation.domains[0]"},
		{"words:", "organisation: {trees: [work]}\nwords:", "p.yaml:3: organisation.trees[0]"},
		{"words:", "organisation: {servers: ['']}\nwords:", "p.yaml:3: organisation.servers[0]"},
		{"[delete]", "[Delete]", "p.yaml:4: words.delete[0]"},
		{"words:", "lists: {A: [x]}\nwords:", "p.yaml:3: lists.A is not a name"},
		{"words:", "applies: tool.nmae == ''\nwords:", "p.yaml:3: applies does not compile: there is no fact tool.nmae: did you mean tool.name?"},
		{"words:", "applies: tool.name\nwords:", "p.yaml:3: applies yields string"},
		{"words:", "applies: 1 == 1\nwords:", "p.yaml:3: applies is always true"},
		// rules
		{"points: 10", "points: -1", "p.yaml:8: rules[0].points is -1"},
		{"points: 10", "points: 101", "p.yaml:8: rules[0].points is 101"},
		{"points: 10", "points: many", "p.yaml:8: "},
		{"points: 10", "effect: allow", "p.yaml:8: rules[0].effect"},
		{"points: 10", "level: lowest", "p.yaml:8: rules[0].level"},
		{"points: 10", "recognises: high", "p.yaml:8: rules[0].recognises is \"high\""},
		{"points: 10", "{points: 10, cap: 0}", "p.yaml:"},
		{"points: 10", "points: 10\n    cap: 0", "p.yaml:9: rules[0].cap is 0"},
		{"points: 10", "level: high\n    cap: 59", "p.yaml:9: rules[0].cap is 59, below the least score of the level high (60)"},
		{"points: 10", "points: 10\n    tags: ['<b>']", "p.yaml:9: rules[0].tags[0]"},
		{"points: 10", "points: 10\n    replaces: true", "p.yaml:9: rules[0].replaces is set, but no earlier file has a rule \"one\""},
		{"    points: 10\n", "", "p.yaml:6: rules[0] has no effect"},
		{"    reason: because\n  - id: two", "  - id: two", "p.yaml:6: rules[0].reason is missing"},
		// ids
		{"id: two", "id: one", "p.yaml:10: rules[1].id is \"one\", which is taken in line 6"},
		{"id: two", "id: unrecognised", "p.yaml:10: rules[1].id"},
		{"id: two", "id: a b", "p.yaml:10: rules[1].id"},
		// conditions
		{"when: words.delete", "when: words.delet", "p.yaml:7: rules[0].when does not compile: there is no fact words.delet: did you mean words.delete?"},
		{"when: words.delete", "when: tool.nmae == ''", "p.yaml:7: rules[0].when does not compile"},
		{"when: words.delete", "when: tool.name", "p.yaml:7: rules[0].when yields string"},
		{"when: words.delete", "when: arguments.x", "p.yaml:7: rules[0].when yields dyn"},
		{"when: words.delete", "when: ''", "p.yaml:7: rules[0].when is missing"},
		{"when: words.delete", "when: 'true'", "p.yaml:7: rules[0].when is always true"},
		{"when: words.delete", "when: words.delete && !words.delete", "p.yaml:7: rules[0].when is never true"},
		{"when: words.delete", "when: tool.words.exists(agent, agent == 'x')", "p.yaml:7: rules[0].when hides the fact agent"},
		{"tool.name == 'x'", "tool.name == 1", "p.yaml:12: rules[1].when does not compile"},
		{"tool.name == 'x'", "words.delete", "p.yaml:11: rules[1].when is the condition of rule one at p.yaml:6"},
		// reasons
		{"reason: because\n  - id: two", "reason: uses {tool.nam}\n  - id: two", "p.yaml:9: rules[0].reason names the fact \"tool.nam\", which there is not: did you mean tool.name?"},
		{"reason: because\n  - id: two", "reason: 'uses {tool.name'\n  - id: two", "p.yaml:9: rules[0].reason has a brace without its other half"},
		{"reason: because\n  - id: two", "reason: 'uses }'\n  - id: two", "p.yaml:9: rules[0].reason has a brace without its other half"},
		{"reason: because\n  - id: two", "reason: '{1 + 1}'\n  - id: two", "p.yaml:9: rules[0].reason names the fact \"1 + 1\""},
		// tools
		{"rules:", "tools: [{allow: [x]}]\nrules:", "p.yaml:5: tools[0].agents is empty"},
		{"rules:", "tools: [{agents: [x]}]\nrules:", "p.yaml:5: tools[0] permits and denies nothing"},
		{"rules:", "tools: [{agents: [''], deny: [x]}]\nrules:", "p.yaml:5: tools[0].agents[0] is \"\""},
		// overrides
		{"rules:", "overrides: [{agents: [x], thresholds: {medium: 1, high: 2}}]\nrules:", "p.yaml:5: overrides[0].reason is missing"},
		{"rules:", "overrides: [{reason: r, thresholds: {medium: 1, high: 2}}]\nrules:", "p.yaml:5: overrides[0] chooses nothing"},
		{"rules:", "overrides: [{reason: r, agents: [x]}]\nrules:", "p.yaml:5: overrides[0] changes nothing"},
		{"rules:", "overrides: [{reason: r, agents: [x], thresholds: {medium: 0, high: 2}}]\nrules:", "p.yaml:5: overrides[0].thresholds.medium is 0"},
		{"rules:", "overrides: [{reason: r, agents: [x], rules: [{id: onne, points: 1}]}]\nrules:", "p.yaml:5: overrides[0].rules[0].id is \"onne\", and no rule has this id: did you mean one?"},
		{"rules:", "overrides: [{reason: r, agents: [x], rules: [{id: one, points: 101}]}]\nrules:", "p.yaml:5: overrides[0].rules[0].points is 101"},
		{"rules:", "overrides: [{reason: r, agents: [x], rules: [{id: one, level: none}]}]\nrules:", "p.yaml:5: overrides[0].rules[0].level is \"none\""},
		{"rules:", "overrides: [{reason: r, agents: [x], rules: [{id: one}]}]\nrules:", "p.yaml:5: overrides[0].rules[0] changes nothing"},
		{"rules:", "overrides: [{reason: r, agents: [x], rules: [{id: one, points: 1}, {id: one, points: 2}]}]\nrules:", "p.yaml:5: overrides[0].rules[1].id is \"one\" again"},
	} {
		_, err := Parse("p.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
		var where *rulefile.Error
		if !errors.As(err, &where) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

func TestOverridesCannotSwitchOffADenial(t *testing.T) {
	t.Parallel()
	text := strings.Replace(good, "points: 10", "effect: deny", 1) + "overrides: [{reason: r, agents: [x], rules: [{id: one, disable: true}]}]\n"
	if _, err := Parse("p.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "p.yaml:15: overrides[0].rules[0].disable would switch off rule one, which denies") {
		t.Errorf("error %v", err)
	}
}

func TestAllProblemsAreNamedAtOnceInOrder(t *testing.T) {
	t.Parallel()
	_, err := Build(
		Source{"a.yaml", []byte("version: 1\nthresholds: {medium: 30, high: 60}\nrules:\n  - {id: a, when: agnt == '' || session == 1, points: 1, reason: '{x}'}\n  - {id: b, when: agent == 'b', points: 300, reason: r}\n")},
		Source{"b.yaml", []byte("version: 2\nrules:\n  - {id: b, when: agent == 'c', points: 3, reason: r}\n")},
	)
	want := []string{"a.yaml:4: rules[0].reason", "a.yaml:4: rules[0].when does not compile: there is no fact agnt", "a.yaml:4: rules[0].when does not compile: found no matching overload", "a.yaml:5: rules[1].points", "b.yaml:1: version", "b.yaml:3: rules[0].id is \"b\", which is taken at a.yaml:5"}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d problems:\n%v", len(lines), err)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("problem %d is %q, want %q", i, line, want[i])
		}
	}
}

func TestUnknownFieldsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Parse("a.yaml", []byte("version: 1\nrule: []\nthreshold: 1\n"))
	var all rulefile.Errors
	if !errors.As(err, &all) || len(all) != 2 || all[0].Line != 2 || all[1].Line != 3 {
		t.Errorf("error %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	for _, s := range builtIn(f) {
		f.Add(s.Data)
	}
	f.Add([]byte("version: 1\nrules: &a [*a]"))
	f.Add([]byte("version: 1\nthresholds: {medium: 30, high: 60}\napplies: agent != ''\ntools: [{agents: ['*'], deny: [x]}]\nlists: {a: [b]}\nrules: [{id: a, when: 'agent in lists.a', cap: 40, points: 4, shadow: true, tags: [x], reason: '{tool.words} {{'}]\noverrides: [{agents: [a], reason: r, rules: [{id: a, points: 1}]}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("fuzz.yaml", data)
		if (p == nil) == (err == nil) {
			t.Fatalf("policy %v with error %v", p, err)
		}
		if p == nil {
			return
		}
		if a := p.Assess(call("delete_search", `{"a":1}`), events.ActionRef{}, noon); !a.Level.Valid() || a.Score < 0 || a.Score > 100 {
			t.Fatalf("assessment %+v", a)
		}
	})
}

func builtIn(t testing.TB) []Source {
	t.Helper()
	sources, err := Sources()
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

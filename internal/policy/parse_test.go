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
		{"version: 1", "version: 2", "p.yaml:1: version is 2"},
		{"points: 10", "point: 10", "p.yaml:8: point is not a field"},
		{"points: 10", "points: -1", "p.yaml:8: rules[0].points is -1"},
		{"points: 10", "points: 101", "p.yaml:8: rules[0].points is 101"},
		{"points: 10", "points: many", "p.yaml:8: "},
		{"points: 10", "effect: allow", "p.yaml:8: rules[0].effect"},
		{"points: 10", "level: lowest", "p.yaml:8: rules[0].level"},
		{"    points: 10\n", "", "p.yaml:6: rules[0] has no effect"},
		{"id: two", "id: one", "p.yaml:10: rules[1].id is \"one\", which is taken"},
		{"id: two", "id: unrecognised", "p.yaml:10: rules[1].id"},
		{"id: two", "id: a b", "p.yaml:10: rules[1].id"},
		{"when: words.delete", "when: words.delet", "p.yaml:7: rules[0].when does not compile"},
		{"when: words.delete", "when: tool.nmae == ''", "p.yaml:7: rules[0].when does not compile"},
		{"when: words.delete", "when: tool.name", "p.yaml:7: rules[0].when yields string"},
		{"when: words.delete", "when: arguments.x", "p.yaml:7: rules[0].when yields dyn"},
		{"when: words.delete", "when: ''", "p.yaml:7: rules[0].when is missing"},
		{"tool.name == 'x'", "tool.name == 1", "p.yaml:12: rules[1].when does not compile"},
		{"    reason: because\n  - id: two", "  - id: two", "p.yaml:6: rules[0].reason is missing"},
		{"medium: 30, high: 60", "medium: 60, high: 30", "p.yaml:2: thresholds.high is 30"},
		{"medium: 30, high: 60", "medium: 0, high: 30", "p.yaml:2: thresholds.medium is 0"},
		{"[delete]", "[Delete]", "p.yaml:4: words.delete[0]"},
		{"words:", "organisation: {domains: ['@x']}\nwords:", "p.yaml:3: organisation.domains[0]"},
		{"version: 1", "version: 1\nversion: 1", "version is given again"},
		{good, "", "p.yaml: is empty"},
		{good, "version: 1\nthresholds: {medium: 30, high: 60}\nrules: []\n", "p.yaml:3: rules is empty"},
		{good, good + "---\nversion: 1\n", "more than one YAML document"},
		{good, "[", "p.yaml:"},
	} {
		_, err := Parse("p.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
		var where *rulefile.Error
		if !errors.As(err, &where) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

func TestVersionNamesTheBytes(t *testing.T) {
	t.Parallel()
	p, err := Parse("a", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	q, err := Parse("b", []byte(good+"# changed\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Version() == q.Version() || p.Version() != events.Digest([]byte(good)) {
		t.Errorf("versions %s and %s", p.Version(), q.Version())
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	for _, s := range builtIn(f) {
		f.Add(s.Data)
	}
	f.Add([]byte("version: 1\nrules: &a [*a]"))
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

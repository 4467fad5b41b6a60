package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/pkg/events"
)

func build(t testing.TB, files ...string) *Policy {
	t.Helper()
	sources := make([]Source, len(files))
	for i, text := range files {
		sources[i] = Source{string(rune('a'+i)) + ".yaml", []byte(text)}
	}
	p, err := Build(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func assess(p *Policy, agent, tool, environment string) Assessment {
	a := call(tool, `{"x":1}`)
	a.Target = &events.Target{Environment: environment}
	return p.Assess(a, events.ActionRef{Agent: agent}, noon)
}

const base = `version: 1
thresholds: {medium: 30, high: 60}
organisation: {domains: [a.example]}
words: {pay: [pay]}
lists: {vips: [ann]}
rules:
  - {id: any, when: action.bytes >= 0, points: 5, recognises: true, reason: anything}
  - {id: pay, when: words.pay, points: 40, reason: pays}
`

func TestLaterFilesAddAndReplace(t *testing.T) {
	t.Parallel()
	p := build(t, base, `version: 1
thresholds: {medium: 20, high: 90}
organisation: {domains: [b.example]}
words: {pay: [send]}
lists: {vips: [bob]}
unrecognised: {level: medium}
rules:
  - {id: pay, replaces: true, when: words.pay, points: 50, reason: pays or sends}
  - {id: vip, when: agent in lists.vips, points: 1, reason: a VIP}
`)
	for _, c := range []struct {
		agent, tool string
		score       int
		level       events.Level
	}{
		{"x", "look", 5, events.Low}, {"x", "pay", 55, events.Medium}, {"x", "send", 55, events.Medium}, {"ann", "pay", 56, events.Medium}, {"bob", "look", 6, events.Low},
	} {
		if got := assess(p, c.agent, c.tool, ""); got.Score != c.score || got.Level != c.level {
			t.Errorf("%s by %s: %+v", c.tool, c.agent, got)
		}
	}
	if p.org.Domains["a.example"] || !p.org.Domains["b.example"] {
		t.Errorf("domains %v", p.org.Domains)
	}
}

func TestVersionNamesBytesAndOrder(t *testing.T) {
	t.Parallel()
	more := "version: 1\nrules: [{id: more, when: agent == 'x', points: 1, reason: r}]\n"
	one, other, both, turned := build(t, base), build(t, base+"# changed\n"), build(t, base, more), build(t, more, base)
	if one.Version() != events.Digest([]byte(base)) {
		t.Errorf("the version of one file is not its digest: %s", one.Version())
	}
	seen := map[string]bool{}
	for _, p := range []*Policy{one, other, both, turned} {
		if seen[p.Version()] || events.CheckDigest("version", p.Version()) != nil {
			t.Errorf("version %s", p.Version())
		}
		seen[p.Version()] = true
	}
}

func TestLoadReadsDirectoriesByNameAndFilesInTheirOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.yaml": "version: 1\nrules: [{id: pay, replaces: true, when: words.pay, points: 41, reason: b}]\n", "a.yaml": base,
		"notes.txt": "no policy", "tests/x.yaml": "no policy", "c.yaml": "version: 1\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Load(dir, filepath.Join(dir, "c.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got := assess(p, "x", "pay", ""); got.Score != 46 || len(p.Files()) != 4 || !strings.HasSuffix(p.Files()[0], "a.yaml") {
		t.Errorf("%+v of %v", got, p.Files())
	}
	if p, err = Load(BuiltIn, filepath.Join(dir, "c.yaml")); err != nil || len(p.RuleIDs()) != len(Default().RuleIDs()) {
		t.Errorf("the built-in pack with a file more: %v", err)
	}
	for _, paths := range [][]string{{filepath.Join(dir, "no.yaml")}, {filepath.Join(dir, "notes.txt")}, {t.TempDir()}} {
		if _, err := Load(paths...); err == nil {
			t.Errorf("%v is accepted", paths)
		}
	}
	if got := Paths("a,b,,c"); len(got) != 3 || len(Paths("")) != 0 {
		t.Errorf("paths %v", got)
	}
}

func TestGuards(t *testing.T) {
	t.Parallel()
	p := build(t, base, "version: 1\napplies: words.pay\nrules:\n  - {id: always, when: 'true', points: 3, reason: r}\n  - {id: prod, when: target.environment == 'prod', points: 2, reason: r}\n",
		"version: 1\napplies: arguments.missing == 1\nrules:\n  - {id: last, when: agent == 'x', points: 1, reason: r}\n")
	if got := assess(build(t, base, "version: 1\napplies: words.pay\nrules:\n  - {id: always, when: 'true', points: 3, reason: r}\n"), "x", "look", ""); got.Score != 5 {
		t.Errorf("a file that does not apply: %+v", got)
	}
	got := assess(p, "x", "pay", "prod")
	ids := map[string]bool{}
	for _, r := range got.Rules {
		ids[r.ID] = true
	}
	if !ids["always"] || !ids["prod"] || !ids["last"] || got.Rules[0].ID != guardFailed || got.Level != events.High || !strings.Contains(got.Reason, "applies of c.yaml could not be evaluated") {
		t.Errorf("%+v", got)
	}
	if _, err := Parse("x.yaml", []byte("version: 1\nthresholds: {medium: 30, high: 60}\napplies: agent == 'a'\nrules: [{id: r, when: agent != 'a', points: 1, reason: r}]\n")); err == nil || !strings.Contains(err.Error(), "is never true together with applies") {
		t.Errorf("a rule that contradicts its guard: %v", err)
	}
}

func TestShadowRulesAreRecordedWithoutCounting(t *testing.T) {
	t.Parallel()
	p := build(t, base+"  - {id: trial, when: agent != '', points: 90, level: high, effect: deny, recognises: true, shadow: true, tags: [T1], reason: on trial}\n  - {id: broken, when: arguments.no == 1, points: 1, shadow: true, reason: r}\n")
	got := assess(p, "x", "look", "")
	if got.Score != 5 || got.Level != events.Low || got.Denied || len(got.Rules) != 3 {
		t.Fatalf("%+v", got)
	}
	assessed := events.ActionAssessed{Rules: got.Rules}
	if counted := assessed.Counted(); len(counted) != 1 || counted[0].ID != "any" {
		t.Errorf("counted %+v", counted)
	}
	for _, r := range got.Rules[1:] {
		if !r.Shadow {
			t.Errorf("%+v", r)
		}
	}
	none := build(t, "version: 1\nthresholds: {medium: 30, high: 60}\nrules: [{id: t, when: agent != '', recognises: true, shadow: true, reason: r}]\n")
	if got := assess(none, "x", "look", ""); got.Level != events.High || got.Rules[0].ID != unrecognised {
		t.Errorf("a rule on trial recognises: %+v", got)
	}
}

func TestRecognitionAtALevel(t *testing.T) {
	t.Parallel()
	rules := `version: 1
thresholds: {medium: 30, high: 60}
rules:
  - {id: whole, when: tool.first == 'get', recognises: true, reason: r}
  - {id: half, when: 'tool.first in ["get", "half"]', recognises: medium, reason: r}
  - {id: heavy, when: tool.first == 'heavy', points: 90, level: high, reason: r}
`
	for tool, want := range map[string]struct{ high, medium events.Level }{
		"get": {events.Low, events.Low}, "half": {events.Medium, events.Medium}, "other": {events.High, events.Medium}, "heavy": {events.High, events.High},
	} {
		if got := assess(build(t, rules), "x", tool, ""); got.Level != want.high {
			t.Errorf("%s: %+v", tool, got)
		}
		if got := assess(build(t, rules, "version: 1\nunrecognised: {level: medium}\n"), "x", tool, ""); got.Level != want.medium {
			t.Errorf("%s where the unknown is medium: %+v", tool, got)
		}
	}
}

func TestTagsAndCapsAreOnTheAssessment(t *testing.T) {
	t.Parallel()
	p := build(t, base+"  - {id: small, when: agent != '', points: 90, cap: 12, tags: [OWASP-ASI02, T1059], reason: r}\n")
	got := assess(p, "x", "look", "")
	if r := got.Rules[0]; r.ID != "small" || r.Cap != 12 || len(r.Tags) != 2 || got.Score != 17 || got.Rules[1].Cap != 0 {
		t.Errorf("%+v", got)
	}
}

package policy

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	a := call("pay_all", `{"x":1}`)
	a.Target = &events.Target{Name: "a\r\n<!channel> [x](http://evil) @here &lt; *b* bob@example.com\u202e", Kind: " "}
	for i := range 5 {
		a.Memory = append(a.Memory, events.MemoryItem{Text: strings.Repeat(string(rune('a'+i)), 200)})
	}
	set := facts.NewSet(input.New(a, "agent", noon, nil))
	for text, want := range map[string]string{
		"plain":                       "plain",
		"{{braces}}":                  "{braces}",
		"uses {tool.name}.":           "uses pay_all.",
		"{tool.words}":                "pay, all",
		"{action.bytes}/{plan.steps}": "7/0",
		"{tool.plain} {sql.found}":    "yes no",
		"to {target.name}":            "to a ‹!channel› (x)(http://evil) ＠here ＆lt; ∗b∗ bob@example.com\uFFFD",
		"{target.kind}{principal}":    "nonenone",
		"{memory.texts}":              strings.Repeat("a", 77) + "…, " + strings.Repeat("b", 77) + "…, " + strings.Repeat("c", 77) + "…, and 2 more",
	} {
		parsed, problem, _ := parseTemplate(text)
		if got := parsed.fill(set, nil); problem != "" || got != want {
			t.Errorf("%q gives %q (%s), want %q", text, got, problem, want)
		}
	}
	broken := facts.NewSet(input.New(call("x", "{"), "agent", noon, nil))
	parsed, _, _ := parseTemplate("reads {sql.found}")
	if got := parsed.fill(broken, nil); got != "reads (unknown)" {
		t.Errorf("a fact that fails gives %q", got)
	}
}

func FuzzNeutral(f *testing.F) {
	for _, s := range []string{"<b>", "a@b", "@x", "&amp;", "\u202e", "\xff", "a\tb", "\u3164", "x\ufe0f", "``` ~~"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Neutral(s)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "<>`*[]|~\n\r\x00") || strings.HasPrefix(got, "@") || strings.Contains(got, " @") || len(got) > 3*len(s) {
			t.Fatalf("%q becomes %q", s, got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q keeps %U", s, r)
			}
		}
		if again := Neutral(got); again != got {
			t.Fatalf("%q becomes %q, then %q", s, got, again)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"{tool.name}", "{{}}", "{", "}", "{}", "a{tool.words}b{{", "{tool.name}}"} {
		f.Add(s)
	}
	set := facts.NewSet(input.New(call("x", "{}"), "agent", noon, nil))
	f.Fuzz(func(t *testing.T, s string) {
		parsed, problem, fix := parseTemplate(s)
		if (problem == "") != (fix == "") {
			t.Fatalf("%q: problem %q, fix %q", s, problem, fix)
		}
		parsed.fill(set, nil)
	})
}

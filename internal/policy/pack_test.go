package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/pkg/events"
)

// syntheticPack is as large as a default pack may grow: 200 rules in 9 files, all but one with a guard.
func syntheticPack(t testing.TB) *Policy {
	t.Helper()
	sources := []Source{{"general.yaml", []byte(`version: 1
thresholds: {medium: 30, high: 60}
lists: {banks: [one, two, three]}
words: {read: [get, search], pay: [pay, transfer], delete: [delete], run: [run, bash]}
rules:
  - {id: knows, when: 'words.read && tool.plain', recognises: true, reason: reads}
`)}}
	guards := []string{"", "words.pay", "words.delete", "words.run || shell.found", "sql.found", "words.read", "tool.first in ['click', 'type']", "target.kind == 'mailbox'", "tool.words.exists(w, w in lists.banks)"}
	conditions := []string{
		"words.read && action.bytes > %d", "tool.plain && target.environment == 'e%d'", "!sql.writes && memory.untrusted > %d", "tool.name.startsWith('x%d')",
		"impact.irreversible && plan.steps == %d", "tool.words.exists(w, w == 'w%d')", "target.name in ['a', 'b', 'c%d']", "session == 's%d' || principal == 'p'",
	}
	for i, guard := range guards {
		var b strings.Builder
		b.WriteString("version: 1\n")
		if guard != "" {
			fmt.Fprintf(&b, "applies: %q\n", guard)
		}
		b.WriteString("rules:\n")
		for j := range 22 {
			fmt.Fprintf(&b, "  - {id: r%d-%d, when: %q, points: 7, cap: 90, reason: 'touches {target.name} by {tool.name}'}\n", i, j, fmt.Sprintf(conditions[j%len(conditions)], 1+i*100+j))
		}
		sources = append(sources, Source{fmt.Sprintf("%d.yaml", i), []byte(b.String())})
	}
	p, err := Build(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSyntheticPackIsAsLargeAsItSays(t *testing.T) {
	t.Parallel()
	p := syntheticPack(t)
	if n := len(p.RuleIDs()); n < 199 || len(p.Files()) < 9 {
		t.Fatalf("%d rules in %d files", n, len(p.Files()))
	}
	if got := p.Assess(call("get_customer", `{"id":1}`), events.ActionRef{}, noon); got.Level != events.Low {
		t.Errorf("%+v", got)
	}
}

func BenchmarkAssessLargePack(b *testing.B) {
	p := syntheticPack(b)
	filler := strings.Repeat("word ", 200)
	for name, a := range map[string]*events.ActionProposed{
		"search": call("search_documents", `{"query":"`+filler+`"}`),
		"shell":  call("bash", `{"command":"ls -la | grep foo","note":"`+filler+`"}`),
		"pay":    call("pay_invoice", `{"amount":10,"note":"`+filler+`"}`),
	} {
		a.Request, a.Reasoning, a.Target = "please do", "because", &events.Target{Kind: "k", Name: "n", Environment: "test"}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Assess(a, events.ActionRef{Agent: "a"}, noon)
			}
		})
	}
}

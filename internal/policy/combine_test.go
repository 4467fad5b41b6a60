package policy

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/weighlock/weighlock/pkg/events"
)

func TestCombine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		findings []finding
		want     int
	}{
		{"nothing", nil, 0},
		{"points add up", []finding{{points: 10}, {points: 25}}, 35},
		{"to 100 at most", []finding{{points: 70}, {points: 80}}, 100},
		{"a cap holds its own points", []finding{{points: 30, cap: 20}}, 20},
		{"and those of equal caps together", []finding{{points: 15, cap: 20}, {points: 15, cap: 20}}, 20},
		{"but not those of others", []finding{{points: 30}, {points: 30, cap: 20}}, 50},
		{"whatever their order", []finding{{points: 30, cap: 20}, {points: 30}}, 50},
		{"what is on trial does not count", []finding{{points: 30, shadow: true}, {points: 5}}, 5},
	} {
		if got := combine(c.findings, nil); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

var anyFinding = rapid.Custom(func(t *rapid.T) finding {
	return finding{
		id: "r", points: rapid.IntRange(0, 100).Draw(t, "points"), cap: rapid.IntRange(0, 100).Draw(t, "cap"),
		floor: rapid.SampledFrom([]events.Level{"", events.Low, events.Medium, events.High}).Draw(t, "floor"),
		deny:  rapid.IntRange(0, 9).Draw(t, "deny") == 0, shadow: rapid.IntRange(0, 4).Draw(t, "shadow") == 0,
	}
})

// TestOneMoreFindingNeverLowers draws findings and adds one, or makes one weigh more: neither
// score nor level ever sinks, and they always agree.
func TestOneMoreFindingNeverLowers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		findings := rapid.SliceOfN(anyFinding, 0, 8).Draw(t, "findings")
		w := &weighing{thresholds: Thresholds{30, 60}, findings: findings}
		score, level := w.outcome()
		at := rapid.IntRange(0, len(findings)).Draw(t, "at")
		more := append(append(append([]finding{}, findings[:at]...), anyFinding.Draw(t, "more")), findings[at:]...)
		if at < len(findings) && rapid.Bool().Draw(t, "heavier") {
			more = append([]finding{}, findings...)
			more[at].points = min(100, more[at].points+rapid.IntRange(0, 100).Draw(t, "points"))
			more[at].cap = max(more[at].limit(), rapid.IntRange(1, 100).Draw(t, "cap"))
		}
		w.findings = more
		if s, l := w.outcome(); s < score || rank(l) < rank(level) || s > 100 || l != w.thresholds.level(s) {
			t.Fatalf("%+v is %d %s, %+v is %d %s", findings, score, level, more, s, l)
		}
	})
}

// TestOrderOfRulesDoesNotCount shuffles what fired.
func TestOrderOfRulesDoesNotCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		findings := rapid.SliceOfN(anyFinding, 0, 8).Draw(t, "findings")
		if a, b := combine(findings, nil), combine(rapid.Permutation(findings).Draw(t, "shuffled"), nil); a != b {
			t.Fatalf("%d and %d", a, b)
		}
	})
}

// TestOneMoreRuleNeverLowers draws rules in files and adds one that fires or fails: score,
// level and denial never sink. Only being recognised may take the place of not being.
func TestOneMoreRuleNeverLowers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.Custom(func(t *rapid.T) string {
			level := rapid.SampledFrom([]string{"", "low", "medium", "high"}).Draw(t, "level")
			least := Thresholds{30, 60}.least(events.Level(level))
			return fmt.Sprintf("points: %d, level: %s, cap: %d, effect: %s, shadow: %t, when: ", rapid.IntRange(1, 100).Draw(t, "points"), level,
				rapid.IntRange(max(1, least), 100).Draw(t, "cap"), rapid.SampledFrom([]string{"''", "''", "deny"}).Draw(t, "effect"), rapid.IntRange(0, 4).Draw(t, "shadow") == 0) +
				rapid.SampledFrom([]string{"action.bytes >= -%d", "action.bytes >= -%d", "action.bytes > %d", "arguments.x == %d"}).Draw(t, "when")
		})
		lines := rapid.SliceOfN(gen, 1, 6).Draw(t, "rules")
		unknown := rapid.SampledFrom([]string{"medium", "high"}).Draw(t, "unrecognised")
		text := "version: 1\nthresholds: {medium: 30, high: 60}\nunrecognised: {level: " + unknown + "}\nrules:\n"
		text += rapid.SampledFrom([]string{"", knows, "  - {id: half, when: tool.name != '', recognises: medium, reason: r}\n"}).Draw(t, "recognised")
		var before Assessment
		for i, line := range lines {
			text += fmt.Sprintf("  - {id: r%d, reason: r, %s}\n", i, fmt.Sprintf(line, i+1))
			p, err := Parse("x", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			got := p.Assess(call("x", ""), events.ActionRef{}, noon)
			if i > 0 && (got.Score < before.Score || rank(got.Level) < rank(before.Level) || before.Denied && !got.Denied) {
				t.Fatalf("%s\nlowers %+v to %+v", text, before, got)
			}
			if got.Level != p.thresholds.level(got.Score) {
				t.Fatalf("level %s with score %d", got.Level, got.Score)
			}
			if e := p.Explain(call("x", ""), "", noon); e.Score != got.Score || e.Level != got.Level || e.Denied != got.Denied {
				t.Fatalf("explained as %+v, assessed as %+v", e, got)
			}
			before = got
		}
	})
}

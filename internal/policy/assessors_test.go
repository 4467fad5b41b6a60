package policy

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

const assessorsHead = "version: 1\nthresholds: {medium: 30, high: 60}\nrules:\n  - {id: all, when: \"agent != ''\", points: 20, recognises: true, reason: all}\nassessors:\n"

func TestAssessorsAreParsed(t *testing.T) {
	t.Parallel()
	p, err := Parse("p.yaml", []byte(assessorsHead+`  - name: plain
  - name: full
    when: tool.name == 'pay'
    timeout: 150ms
    maxPoints: 40
    onSilence: {points: 10, level: high, reason: silent}
    onNonsense: {points: 5}
`))
	if err != nil {
		t.Fatal(err)
	}
	plain, full := p.assessors[0], p.assessors[1]
	if plain.Timeout != 2*time.Second || plain.MaxPoints != 100 || plain.OnSilence.Level != events.Medium || plain.OnNonsense.Level != events.Medium || plain.OnSilence.Reason == "" {
		t.Errorf("%+v", plain)
	}
	if full.Timeout != 150*time.Millisecond || full.MaxPoints != 40 || full.OnSilence != (Effect{10, events.High, "silent"}) || full.OnNonsense.Points != 5 || full.OnNonsense.Level != "" {
		t.Errorf("%+v", full)
	}
	ask := func(tool string) (names string) {
		for _, a := range p.Assessors(nil, input.New(&events.ActionProposed{Tool: tool}, "a", time.Time{}, nil)) {
			names += a.Name + " "
		}
		return names
	}
	if ask("pay") != "plain full " || ask("search") != "plain " {
		t.Errorf("asked %q, %q", ask("pay"), ask("search"))
	}
}

func TestWrongAssessorsAreRefused(t *testing.T) {
	t.Parallel()
	for text, field := range map[string]string{
		"  - {}\n":                                   "assessors[0].name",
		"  - {name: a.b}\n":                          "assessors[0].name",
		"  - {name: '*'}\n":                          "assessors[0].name",
		"  - {name: a}\n  - {name: a}\n":             "assessors[1].name",
		"  - {name: a, timeout: 1ms}\n":              "assessors[0].timeout",
		"  - {name: a, timeout: 1h}\n":               "assessors[0].timeout",
		"  - {name: a, timeout: -1s}\n":              "assessors[0].timeout",
		"  - {name: a, maxPoints: 0}\n":              "assessors[0].maxPoints",
		"  - {name: a, maxPoints: 101}\n":            "assessors[0].maxPoints",
		"  - {name: a, when: tol}\n":                 "assessors[0].when",
		"  - {name: a, when: tool.name}\n":           "assessors[0].when",
		"  - {name: a, onSilence: {level: low}}\n":   "assessors[0].onSilence.level",
		"  - {name: a, onSilence: {reason: x}}\n":    "assessors[0].onSilence",
		"  - {name: a, onNonsense: {points: -1}}\n":  "assessors[0].onNonsense.points",
		"  - {name: a, onNonsense: {points: 101}}\n": "assessors[0].onNonsense.points",
		"  - {name: a, weight: 3}\n":                 "weight",
		strings.Repeat("  - {name: a}\n", 9):         "assessors",
	} {
		_, err := Parse("p.yaml", []byte(assessorsHead+text))
		var e *rulefile.Error
		if !errors.As(err, &e) || e.Field != field || e.Line < 5 {
			t.Errorf("%q: %v, want an error about %s", text, err, field)
		}
	}
}

// Whatever assessors find, neither score nor level is lowered, and they agree.
func TestFindingsNeverLower(t *testing.T) {
	t.Parallel()
	p, err := Parse("p.yaml", []byte(assessorsHead+"  - {name: a, maxPoints: 30}\n  - {name: b}\n"))
	if err != nil {
		t.Fatal(err)
	}
	levels := []events.Level{"", events.Low, events.Medium, events.High}
	for range 2000 {
		score := rand.IntN(101)
		a := Assessment{Score: score, Thresholds: p.thresholds, Level: p.thresholds.level(score), Reason: "r", Denied: rand.IntN(9) == 0, Rules: make([]events.FiredRule, rand.IntN(21))}
		var findings []Finding
		last := a
		for range rand.IntN(6) {
			findings = append(findings, Finding{Assessor: string(rune('a' + rand.IntN(3))), Score: rand.IntN(140) - 20, Points: rand.IntN(140) - 20, Level: levels[rand.IntN(4)], Reason: "found"})
			next := p.Combine(a, findings)
			if next.Score < last.Score || rank(next.Level) < rank(last.Level) || next.Denied != a.Denied {
				t.Fatalf("%+v with %+v: %+v, before %+v", a, findings, next, last)
			}
			last = next
		}
		if last.Score > 100 || last.Level != p.thresholds.level(last.Score) || len(last.Rules) > maxFired+1 || last.Reason == "" && len(findings) > 0 && last.Level != a.Level {
			t.Fatalf("%+v with %+v: %+v", a, findings, last)
		}
		if got := p.Combine(a, nil); !reflect.DeepEqual(got, a) {
			t.Fatalf("without findings: %+v, %+v", got, a)
		}
	}
}

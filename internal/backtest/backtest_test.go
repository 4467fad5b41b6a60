package backtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/pkg/events"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func parse(t *testing.T, rules string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte("version: 1\nthresholds: {medium: 30, high: 60}\nrules:\n  - {id: any, when: agent != '', recognises: true, points: 5, reason: anything}\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// past is a source in memory: an action a minute.
type past struct {
	records []Record
	reads   int
	fail    int // the read that fails; 0 for none
}

func (p *past) add(n int, tool string, change ...func(*Record)) {
	for range n {
		i := len(p.records)
		r := Record{
			Sequence: uint64(i + 1), At: noon.Add(time.Duration(i) * time.Minute), Agent: "billing", Action: fmt.Sprintf("a-%d", i),
			Proposed: &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: tool, Principal: "carol", Arguments: json.RawMessage(`{"amount":10,"to":"acme"}`)},
			Level:    events.Low, Score: 5, Rules: []string{"any"}, Outcome: events.Approved, DecidedBy: events.ByPolicy, Ledger: uint64(2 * (i + 1)), DecidedAt: noon.Add(time.Duration(i) * time.Minute),
		}
		for _, f := range change {
			f(&r)
		}
		p.records = append(p.records, r)
	}
}

const blockOf = 100

func (p *past) Blocks(_ context.Context, since, until time.Time) (out []Block, err error) {
	for from := 0; from < len(p.records); from += blockOf {
		some := p.records[from:min(from+blockOf, len(p.records))]
		if some[len(some)-1].At.Before(since) || !some[0].At.Before(until) {
			continue
		}
		out = append(out, Block{Stream: "WL_ACTIONS", Epoch: 1, From: some[0].Sequence, To: some[len(some)-1].Sequence, First: some[0].At, Last: some[len(some)-1].At, Count: len(some)})
	}
	return out, nil
}

func (p *past) Read(_ context.Context, b Block) ([]Record, error) {
	p.reads++
	if p.reads == p.fail {
		return nil, errors.New("the line was cut")
	}
	return p.records[b.From-1 : b.To], nil
}

func asksFinance(a *events.ActionAssessed, _ *events.ActionProposed, _ time.Time) (string, bool) {
	return "finance", a.Level == events.High
}

func asked(by events.DeciderKind, outcome events.Outcome) func(*Record) {
	return func(r *Record) {
		r.Level, r.Score, r.Rules, r.Group, r.CardItems, r.DecidedBy, r.Outcome = events.High, 70, []string{"any", "pay"}, "finance", 2, by, outcome
	}
}

func do(t *testing.T, source Source, p *policy.Policy, since time.Time, store Store) *Report {
	t.Helper()
	report, err := (&Run{Source: source, Policy: p, Asks: asksFinance, Store: store}).Do(t.Context(), since, noon.Add(1000*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestWhoWouldBeAsked(t *testing.T) {
	t.Parallel()
	s := &past{}
	s.add(10, "look")
	s.add(4, "pay", asked(events.ByApprovers, events.Approved))
	s.add(2, "pay", asked(events.ByApprovers, events.Rejected))
	s.add(3, "wipe", asked(events.ByApprovers, events.Approved))
	s.add(1, "pay", func(r *Record) { r.Level, r.Score, r.DecidedBy = events.High, 70, events.ByGrant })
	s.add(1, "odd", func(r *Record) { r.Proposed, r.Level, r.Denied, r.Outcome = nil, events.High, true, events.Denied })
	p := parse(t, "  - {id: pay, when: tool.name == 'pay', points: 30, reason: pays}\n  - {id: wiping, when: tool.name == 'wipe', effect: deny, reason: wipes}\n  - {id: looking, when: tool.name == 'look', points: 60, reason: looks}\n")
	r := do(t, s, p, noon, nil)
	if r.Actions != 21 || r.Fixed != 1 {
		t.Errorf("%d actions, %d fixed", r.Actions, r.Fixed)
	}
	if want := (map[Fate]int{Passed: 10, Asked: 9, Covered: 1, Denied: 1}); !reflect.DeepEqual(r.Recorded, want) {
		t.Errorf("recorded %v", r.Recorded)
	}
	if want := (map[Fate]int{Asked: 10, Reviewed: 7, Denied: 4}); !reflect.DeepEqual(r.Predicted, want) {
		t.Errorf("predicted %v", r.Predicted)
	}
	g := r.Groups["finance"]
	if g.Recorded != 9 || g.Predicted != 10 || g.Cards != 4.5 || g.PredictedCards() != 5 || g.RecordedBy[12] != 9 {
		t.Errorf("%+v", g)
	}
	if r.Passing.Count != 2 || r.Passing.Changes[0].Outcome != events.Rejected || r.Refusing.Count != 3 || r.Raised.Count != 13 || r.Relaxed.Count != 7 {
		t.Errorf("passing %d, refusing %d, raised %d, relaxed %d", r.Passing.Count, r.Refusing.Count, r.Raised.Count, r.Relaxed.Count)
	}
	if shift := r.Tools["look"]; shift.More != 10 || shift.Rules["looking"] != 10 {
		t.Errorf("%+v", shift)
	}
	if c := r.Refusing.Changes[0]; !reflect.DeepEqual(c.Rules, []string{"wiping", "-pay"}) {
		t.Errorf("%+v", c)
	}
}

// What was before is known: the day before the first action is history, decisions count from when they were made, and a run that was broken
// off comes to the same as one that was not.
func TestHistoryIsReplayed(t *testing.T) {
	t.Parallel()
	s := &past{}
	s.add(400, "pay", func(r *Record) {
		if r.Sequence%20 == 0 { // rejected ten minutes later
			asked(events.ByApprovers, events.Rejected)(r)
			r.DecidedAt = r.At.Add(10 * time.Minute)
			r.Ledger += 21 // the ledger is in the order of decisions
		}
	})
	p := parse(t, "  - {id: many, when: lately.actions_1h >= 59, points: 60, reason: many}\n  - {id: no, when: lately.rejections_10m > 0, points: 30, reason: no}\n  - {id: unknown, when: '!lately.known', points: 90, reason: unknown}\n")
	whole := do(t, s, p, noon.Add(150*time.Minute), nil)
	if whole.Actions != 250 || whole.Predicted[Passed] != 0 || whole.Predicted[Asked] != 250 {
		t.Fatalf("%+v", whole)
	}
	all := do(t, s, p, noon, nil)
	if all.Predicted[Asked] != 400-59 || all.Predicted[Reviewed] == 0 {
		t.Errorf("%+v", all.Predicted)
	}
	folder := Folder{Path: t.TempDir(), Key: "k"}
	broken := &past{records: s.records, fail: 3}
	if _, err := (&Run{Source: broken, Policy: p, Asks: asksFinance, Store: folder}).Do(t.Context(), noon, noon.Add(1000*time.Hour)); err == nil {
		t.Fatal("it did not break off")
	}
	kept, err := os.ReadDir(folder.Path)
	if err != nil || len(kept) != 2 {
		t.Fatalf("%d blocks are kept, %v", len(kept), err)
	}
	again := &past{records: s.records}
	if r := do(t, again, p, noon, folder); !reflect.DeepEqual(r, all) {
		t.Errorf("it comes to\n%+v, want\n%+v", r, all)
	}
	if once := (&past{records: s.records}); true {
		if r := do(t, once, p, noon, folder); !reflect.DeepEqual(r, all) || once.reads != 0 {
			t.Errorf("%d blocks are read that are known", once.reads)
		}
	}
}

func BenchmarkBacktest(b *testing.B) {
	s := &past{}
	s.add(10_000, "send_payment")
	run := Run{Source: s, Policy: policy.Default(), Asks: asksFinance}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r, err := run.Do(b.Context(), noon, noon.Add(10_000*time.Hour))
		if err != nil {
			b.Fatal(err)
		}
		n += r.Actions
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "actions/s")
}

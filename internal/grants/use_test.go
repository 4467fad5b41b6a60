package grants

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weighlock/weighlock/pkg/events"
)

func TestUseRefuses(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, c := range map[string]struct {
		change func(*State, *Action)
		want   Code
	}{
		"nothing wrong":         {func(*State, *Action) {}, ""},
		"denied":                {func(_ *State, a *Action) { a.Assessment.Denied = true }, NotEligible},
		"edited":                {func(_ *State, a *Action) { a.Assessment.Edited = &events.EditedArguments{} }, NotEligible},
		"no assessment":         {func(_ *State, a *Action) { a.Assessment = nil }, NotEligible},
		"other arguments":       {func(_ *State, a *Action) { a.Arguments = []byte(`{"to":"eve"}`) }, NotEligible},
		"key given twice":       {func(_ *State, a *Action) { a.Arguments = []byte(`{"to":"bob","to":"eve"}`) }, NotEligible},
		"another route":         {func(_ *State, a *Action) { a.Route = "x" }, NotCovered},
		"another group":         {func(_ *State, a *Action) { a.Group = "x" }, NotCovered},
		"another key":           {func(_ *State, a *Action) { a.Key = "x" }, NotCovered},
		"another agent":         {func(s *State, _ *Action) { s.Agent = "x" }, NotCovered},
		"another principal":     {func(s *State, _ *Action) { s.Principal = "x" }, NotCovered},
		"the value":             {func(s *State, _ *Action) { s.Equal = equal("/to", `"bob"`) }, ""},
		"the value, escaped":    {func(s *State, _ *Action) { s.Equal = equal("/to", `"\u0062ob"`) }, ""},
		"the value in a list":   {func(s *State, _ *Action) { s.Equal = equal("/list/1/a~1b", `true`) }, ""},
		"another value":         {func(s *State, _ *Action) { s.Equal = equal("/to", `"eve"`) }, NotCovered},
		"no such value":         {func(s *State, _ *Action) { s.Equal = equal("/from", `null`) }, NotCovered},
		"beyond the list":       {func(s *State, _ *Action) { s.Equal = equal("/list/2", `1`) }, NotCovered},
		"a place written oddly": {func(s *State, _ *Action) { s.Equal = equal("/list/00", `1`) }, NotCovered},
		"the giver's own": {func(_ *State, a *Action) {
			a.Own = func(who string) string { return map[string]string{"alice-2": "own"}[who] }
		}, OwnAction},
		"nobody knows whose":    {func(_ *State, a *Action) { a.Own = nil }, NotEligible},
		"revoked":               {func(s *State, _ *Action) { s.Revoked = &Revocation{By: "bob"} }, IsRevoked},
		"expires now":           {func(s *State, _ *Action) { s.Expires = now }, IsExpired},
		"not begun":             {func(s *State, _ *Action) { s.Created = now.Add(1) }, IsExpired},
		"used up":               {func(s *State, _ *Action) { s.Uses = 1; s.Used = map[string]Used{"billing/b": {}} }, UsedUp},
		"all of the limit":      {func(_ *State, a *Action) { a.Money.Micros = 100_000_000 }, ""},
		"over the limit":        {func(_ *State, a *Action) { a.Money.Micros = 100_000_001 }, OverLimit},
		"another currency":      {func(_ *State, a *Action) { a.Money.Currency = "USD" }, OverLimit},
		"amount unknown":        {func(_ *State, a *Action) { a.Money, a.MoneyUnknown = nil, true }, OverLimit},
		"negative":              {func(_ *State, a *Action) { a.Money.Micros = -1 }, OverLimit},
		"no limit, no money":    {func(s *State, a *Action) { s.Limit, a.Money = nil, nil }, ""},
		"money without a limit": {func(s *State, _ *Action) { s.Limit = nil }, OverLimit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := State{Grant: newGrant("g", 3, now)}
			a := newAction(t, "a", `{"to":"bob","list":[1,{"a/b":true}]}`, 1_000_000)
			c.change(&s, &a)
			before := len(s.Used)
			next, refusal := Use(s, a, now)
			switch {
			case c.want == "" && (refusal != nil || len(next.Used) != before+1):
				t.Fatalf("refused: %v", refusal)
			case c.want != "" && (refusal == nil || refusal.Code != c.want || len(next.Used) != before):
				t.Fatalf("got %v, want %s", refusal, c.want)
			}
		})
	}
}

func equal(pointer, value string) map[string]json.RawMessage {
	return map[string]json.RawMessage{pointer: json.RawMessage(value)}
}

func TestAUseStandsAfterTheGrantEnded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	a := newAction(t, "a", `{}`, 1)
	s, refusal := Use(State{Grant: newGrant("g", 1, now)}, a, now)
	if refusal != nil {
		t.Fatal(refusal)
	}
	s.Revoked = &Revocation{By: "bob", At: now}
	if next, refusal := Use(s, a, now.Add(48*time.Hour)); refusal != nil || len(next.Used) != 1 {
		t.Fatalf("a redelivered action lost its use: %v", refusal)
	}
	a.Assessment.Digest = events.Digest([]byte("other"))
	if _, refusal := Use(s, a, now); refusal == nil || refusal.Code != Changed {
		t.Fatalf("other content took over a use: %v", refusal)
	}
}

func TestMoneyIsExact(t *testing.T) {
	t.Parallel()
	for amount, want := range map[float64]int64{0: 0, 0.1: 100_000, 49.9: 49_900_000, 0.0000001: 1, 1e12: 1e18} {
		if m, err := MoneyOf(amount, "EUR"); err != nil || m.Micros != want {
			t.Errorf("%v: %d %v, want %d", amount, m.Micros, err, want)
		}
	}
	for _, amount := range []float64{-1, math.NaN(), math.Inf(1), 1e13} {
		if _, err := MoneyOf(amount, "EUR"); err == nil {
			t.Errorf("%v passed", amount)
		}
	}
	for _, code := range []string{"", "mixed", "E"} {
		if _, err := MoneyOf(1, code); err == nil {
			t.Errorf("currency %q passed", code)
		}
	}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, change := range map[string]func(*Grant){
		"id": func(g *Grant) { g.ID = "a.b" }, "no giver": func(g *Grant) { g.Giver.Person = "" }, "key": func(g *Grant) { g.Key = "" },
		"no uses": func(g *Grant) { g.Uses = 0 }, "many uses": func(g *Grant) { g.Uses = MaxUses + 1 }, "past": func(g *Grant) { g.Expires = now },
		"long": func(g *Grant) { g.Expires = now.Add(MaxLife + 1) }, "nothing": func(g *Grant) { g.Limit.Micros = 0 }, "currency": func(g *Grant) { g.Limit.Currency = "mixed" },
		"pointer": func(g *Grant) { g.Equal = equal("to", `1`) }, "value": func(g *Grant) { g.Equal = equal("/to", `1,"w":2`) },
		"future": func(g *Grant) { g.Created = now.Add(time.Second) },
	} {
		g := newGrant("g", 1, now)
		if err := g.Validate(now); err != nil {
			t.Fatal(err)
		}
		change(&g)
		if err := g.Validate(now); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}

// Whatever is asked in whatever order, the counts and the amount are never exceeded, and a use counts once.
func TestUseNeverExceedsTheGrant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		begin := time.Unix(1_700_000_000, 0).UTC()
		g := newGrant("g", rapid.IntRange(1, 6).Draw(rt, "uses"), begin)
		s := State{Grant: g}
		var moved int64
		granted := map[string]bool{}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			name := rapid.SampledFrom(names(10)).Draw(rt, "action")
			micros := rapid.Int64Range(0, 60_000_000).Draw(rt, "micros")
			now := begin.Add(time.Duration(rapid.IntRange(-5, 70).Draw(rt, "minute")) * time.Minute)
			before := asJSON(rt, s)
			next, refusal := Use(s, newAction(t, name, `{}`, micros), now)
			if asJSON(rt, s) != before {
				rt.Fatal("the given state was written to")
			}
			known := granted["billing/"+name]
			switch {
			case refusal != nil && asJSON(rt, next) != before, refusal != nil && known:
				rt.Fatalf("a refusal changed the state or took a use back: %v", refusal)
			case refusal == nil && known && asJSON(rt, next) != before:
				rt.Fatal("a use was counted twice")
			case refusal == nil && !known:
				if s.Revoked != nil || now.Before(g.Created) || !now.Before(g.Expires) {
					rt.Fatal("used outside its life")
				}
				granted["billing/"+name] = true
				moved += micros
			}
			s = next
			if len(s.Used) != len(granted) || len(granted) > g.Uses || moved > g.Limit.Micros || s.AmountLeft() != g.Limit.Micros-moved {
				rt.Fatalf("%d uses of %d, %d micros moved", len(granted), g.Uses, moved)
			}
			if s.Revoked == nil && rapid.IntRange(0, 15).Draw(rt, "revoke") == 0 {
				s.Revoked = &Revocation{By: "bob", At: now}
			}
		}
	})
}

func asJSON(t *rapid.T, s State) string {
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

package facts

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/common/types"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/pkg/events"
)

type colour string

type sample struct {
	Yes     bool     `doc:"a" fact:"yes"`
	Name    string   `doc:"b" fact:"name"`
	Count   int      `doc:"c" fact:"count"`
	Sum     float64  `doc:"d" fact:"sum"`
	List    []string `doc:"e" fact:"list"`
	Colours []colour `doc:"f" fact:"colours"`
	Hidden  chan int
}

func set(t *testing.T, a *events.ActionProposed) *Set {
	t.Helper()
	return NewSet(input.New(a, "bot", time.Unix(0, 0), nil))
}

func TestEveryKindOfFactHasAValue(t *testing.T) {
	t.Parallel()
	v := reflect.ValueOf(sample{true, "n", 3, 1.5, []string{"a"}, []colour{"red", "blue"}, nil})
	for i, want := range []any{true, "n", int64(3), 1.5, []string{"a"}, []string{"red", "blue"}} {
		if got := celValue(v.Field(i)).Value(); !reflect.DeepEqual(got, want) {
			t.Errorf("field %d is %v, want %v", i, got, want)
		}
	}
	c := newCatalogue([]domain{domainOf("s", func(*Set) (*sample, error) { return nil, nil })})
	if len(c.facts) != 6 || c.facts[0].Name != "s.yes" || c.facts[5].Type.String() != "list(string)" || c.facts[2].Doc != "c" {
		t.Errorf("facts %+v", c.facts)
	}
}

func TestDomainsThatCannotBeDeclaredPanicAtStart(t *testing.T) {
	t.Parallel()
	type odd struct {
		M map[string]string `doc:"m" fact:"m"`
	}
	one := domainOf("s", func(*Set) (*sample, error) { return nil, nil })
	for name, domains := range map[string][]domain{"twice": {one, one}, "cannot use": {domainOf("o", func(*Set) (*odd, error) { return nil, nil })}} {
		func() {
			defer func() {
				if r, _ := recover().(string); !strings.Contains(r, name) {
					t.Errorf("%s: %q", name, r)
				}
			}()
			newCatalogue(domains)
		}()
	}
}

func TestDomainsAreWorkedOutOnceWhenAsked(t *testing.T) {
	t.Parallel()
	asked := 0
	s := &Set{known: make([]answer, 2), of: []domain{
		domainOf("s", func(*Set) (*sample, error) { asked++; return &sample{Name: "n"}, nil }),
		domainOf("broken", func(*Set) (*sample, error) { asked++; return nil, errors.New("no idea") }),
	}}
	if asked != 0 {
		t.Fatal("asked before a rule asks")
	}
	for range 3 {
		if got := s.Value(Place{0, 1}); got != types.String("n") {
			t.Errorf("value %v", got)
		}
		if got := s.Value(Place{1, 1}); !types.IsError(got) || !strings.Contains(got.Value().(error).Error(), "no idea") {
			t.Errorf("value %v", got)
		}
	}
	if asked != 2 {
		t.Errorf("worked out %d times", asked)
	}
}

func TestAllFactsCanBeFoundAndAreExplained(t *testing.T) {
	t.Parallel()
	s := set(t, &events.ActionProposed{})
	for _, f := range All() {
		at, ok := Find(f.Name)
		if !ok || f.Doc == "" {
			t.Errorf("%+v", f)
		}
		v := s.Value(at)
		if types.IsError(v) || v.Type().TypeName() != f.Type.TypeName() {
			t.Errorf("%s of an empty action is %v of type %s", f.Name, v, v.Type())
		}
		if again, ok := s.Resolve(f.Name); !ok || again.Equal(v) != types.True {
			t.Errorf("%s is %v by name and %v by place", f.Name, again, v)
		}
	}
	if _, ok := Find("nothing"); ok {
		t.Error("there is a fact nothing")
	}
	if _, ok := s.Resolve("nothing"); ok {
		t.Error("there is a fact nothing")
	}
}

func TestWhatTheActionSaysOfItself(t *testing.T) {
	t.Parallel()
	no := false
	s := set(t, &events.ActionProposed{
		Breakpoint: events.AtPlan, Tool: "payAll", Arguments: []byte(`{"a":["x",{"b":"y"}]}`), Target: &events.Target{Kind: "k", Name: "n", Environment: "e"},
		Impact: &events.Impact{Summary: "s", Reversible: &no}, Memory: []events.MemoryItem{{Text: "m", Trusted: true}, {Text: "u"}}, Plan: make([]events.PlanStep, 2),
	})
	for name, want := range map[string]any{
		"agent": "bot", "breakpoint": "plan", "tool.first": "pay", "tool.last": "all", "target.environment": "e", "impact.irreversible": true, "memory.untrusted": int64(1),
		"memory.texts": []string{"m", "u"}, "plan.steps": int64(2), "arguments_texts": []string{"x", "y"}, "action.bytes": int64(21),
	} {
		if got, ok := s.Resolve(name); !ok || !reflect.DeepEqual(got.Value(), want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

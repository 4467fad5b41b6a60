package facts

import (
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/weighlock/weighlock/internal/facts/asked"
	"github.com/weighlock/weighlock/internal/facts/input"
)

// domains are all domains of facts. A new one is a package with a tagged struct, and a line here.
var domains = []domain{
	domainOf("", base),
	domainOf("asked", func(s *Set) (*asked.Facts, error) { return asked.Of(s.Action, nil) }),
}

var all = newCatalogue(domains)

// All returns every fact there is, domain by domain.
func All() []Fact { return all.facts }

// Set is the facts of one action; each domain is worked out once, when first asked.
// It is used by one goroutine.
type Set struct {
	Action *input.Action
	known  []answer // by domain
	of     []domain // not the variable, which refers to functions that refer to sets
}

type answer struct {
	asked bool
	facts any // a pointer to the domain's struct
	value reflect.Value
	err   error
}

// NewSet returns the facts of a.
func NewSet(a *input.Action) *Set {
	return &Set{Action: a, known: make([]answer, len(domains)), of: domains}
}

// Resolve returns the fact of that name, and whether there is one. A domain that cannot be worked
// out yields a CEL error, and the rule that asked counts as failing.
func (s *Set) Resolve(name string) (ref.Val, bool) {
	at, ok := all.places[name]
	if !ok {
		return nil, false
	}
	a := s.ask(at.domain)
	if a.err != nil {
		return types.WrapErr(a.err), true
	}
	return celValue(a.value.Field(at.field)), true
}

func (s *Set) ask(i int) *answer {
	a := &s.known[i]
	if a.asked {
		return a
	}
	a.asked = true
	if a.facts, a.err = s.of[i].of(s); a.err == nil {
		a.value = reflect.ValueOf(a.facts).Elem()
	}
	return a
}

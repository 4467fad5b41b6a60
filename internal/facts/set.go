package facts

import (
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/weighlock/weighlock/internal/facts/asked"
	"github.com/weighlock/weighlock/internal/facts/document"
	"github.com/weighlock/weighlock/internal/facts/file"
	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/internal/facts/message"
	"github.com/weighlock/weighlock/internal/facts/money"
	"github.com/weighlock/weighlock/internal/facts/screen"
	"github.com/weighlock/weighlock/internal/facts/shell"
	"github.com/weighlock/weighlock/internal/facts/tool"
	"github.com/weighlock/weighlock/internal/facts/web"
)

// domains are all domains of facts. A new one is a package with a tagged struct, and a line here.
var domains = []domain{
	domainOf("", base),
	domainOf("asked", func(s *Set) (*asked.Facts, error) { return asked.Of(s.Action, s.acts()) }),
	domainOf("message", func(s *Set) (*message.Facts, error) { return message.Of(s.Action) }),
	domainOf("money", func(s *Set) (*money.Facts, error) { return money.Of(s.Action) }),
	domainOf("tool", func(s *Set) (*tool.Facts, error) { return tool.Of(s.Action) }),
	domainOf("", texts),
	domainOf("document", func(s *Set) (*document.Facts, error) { return document.Of(s.Action) }),
	domainOf("shell", func(s *Set) (*shell.Facts, error) { return shell.Of(s.Action) }),
	domainOf("file", func(s *Set) (*file.Facts, error) { return file.Of(s.Action) }),
	domainOf("screen", func(s *Set) (*screen.Facts, error) { return screen.Of(s.Action) }),
	domainOf("web", func(s *Set) (*web.Facts, error) { return web.Of(s.Action) }),
	domainOf("lately", func(s *Set) (*lately.Facts, error) { return lately.Of(s.Action, s.History) }),
	domainOf("sql", statements),
}

var all = newCatalogue(domains)

// All returns every fact there is, domain by domain.
func All() []Fact { return all.facts }

// Place is where a fact is found; looked up once, it answers without its name.
type Place struct{ domain, field int }

// Find returns the place of the fact of that name, and whether there is one.
func Find(name string) (Place, bool) {
	at, ok := all.places[name]
	return at, ok
}

// Set is the facts of one action; each domain is worked out once, when first asked.
// It is used by one goroutine.
type Set struct {
	Action *input.Action
	// History is what was before the action; nil where that is not known.
	History *lately.State

	known []answer // by domain
	of    []domain // not the variable, which refers to functions that refer to sets
}

type answer struct {
	asked bool
	facts any // a pointer to the domain's struct
	value reflect.Value
	lists []list // those that were asked for: making one costs something
	err   error
}

// list is a fact's list as rules see it.
type list struct {
	field int
	value ref.Val
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
	return s.Value(at), true
}

// Value returns the fact at a place that [Find] gave; an error of its domain is a CEL error.
func (s *Set) Value(at Place) ref.Val {
	a := s.ask(at.domain)
	if a.err != nil {
		return types.WrapErr(a.err)
	}
	for _, l := range a.lists {
		if l.field == at.field {
			return l.value
		}
	}
	field := a.value.Field(at.field)
	v := celValue(field)
	if field.Kind() == reflect.Slice {
		a.lists = append(a.lists, list{at.field, v})
	}
	return v
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

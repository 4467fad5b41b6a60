// Package facts collects what can be said about an action: typed facts by name, each
// domain worked out when a rule first asks for one of its facts.
package facts

import (
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/weighlock/weighlock/internal/rulefile"
)

// Fact describes one fact: its name in rules, its type and what it means.
type Fact struct {
	Name string // "shell.deletes"
	Type *cel.Type
	Doc  string
}

// domain is a group of facts that are worked out together: the fields of one struct with the
// tags `fact:"name"` and `doc:"meaning"`. A field without the tag is no fact.
type domain struct {
	name string
	typ  reflect.Type
	of   func(*Set) (any, error) // a pointer to the struct
}

func domainOf[T any](name string, of func(*Set) (*T, error)) domain {
	return domain{name, reflect.TypeFor[T](), func(s *Set) (any, error) { return of(s) }}
}

// catalogue is every fact there is, by name.
type catalogue struct {
	facts  []Fact
	places map[string]Place
}

// newCatalogue reads the tags. A domain that cannot be declared is a mistake in this program.
func newCatalogue(domains []domain) catalogue {
	c := catalogue{places: map[string]Place{}}
	for i, d := range domains {
		for j := range d.typ.NumField() {
			field := d.typ.Field(j)
			name, ok := field.Tag.Lookup("fact")
			if !ok {
				continue
			}
			full := strings.TrimPrefix(d.name+"."+name, ".")
			if _, taken := c.places[full]; taken {
				panic(fmt.Sprintf("fact %s is declared twice", full))
			}
			c.facts = append(c.facts, Fact{full, celType(full, field.Type), field.Tag.Get("doc")})
			c.places[full] = Place{i, j}
		}
	}
	return c
}

func celType(name string, t reflect.Type) *cel.Type {
	switch {
	case t.Kind() == reflect.Bool:
		return cel.BoolType
	case t.Kind() == reflect.String:
		return cel.StringType
	case t.Kind() == reflect.Int:
		return cel.IntType
	case t.Kind() == reflect.Float64:
		return cel.DoubleType
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return cel.ListType(cel.StringType)
	}
	panic(fmt.Sprintf("fact %s has type %s, which rules cannot use", name, t))
}

// celValue is the value of a fact's field as rules see it.
func celValue(v reflect.Value) ref.Val {
	switch v.Kind() {
	case reflect.Bool:
		return types.Bool(v.Bool())
	case reflect.String:
		return types.String(v.String())
	case reflect.Int:
		return types.Int(v.Int())
	case reflect.Float64:
		return types.Double(v.Float())
	}
	if v.Len() > rulefile.MaxList {
		return types.NewErr("has %d entries, more than the %d that are looked at", v.Len(), rulefile.MaxList)
	}
	if list, ok := reflect.TypeAssert[[]string](v); ok {
		return types.NewStringList(types.DefaultTypeAdapter, list)
	}
	list := make([]string, v.Len())
	for i := range list {
		list[i] = v.Index(i).String()
	}
	return types.NewStringList(types.DefaultTypeAdapter, list)
}

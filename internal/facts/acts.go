package facts

import (
	"reflect"
	"slices"

	"github.com/weighlock/weighlock/internal/facts/verb"
)

// acting are the domains that say what kinds of act an action performs. Where one knows what a command, a statement,
// a form or a file operation does, the tool's name says nothing more.
var acting = []string{"shell", "sql", "document", "screen", "web", "file", "message", "money", "tool"}

// acts are the kinds of act that the action performs, the strongest first.
func (s *Set) acts() []verb.Act {
	var all []verb.Act
	exact := false
	for _, name := range acting {
		i := slices.IndexFunc(s.of, func(d domain) bool { return d.name == name })
		if i < 0 {
			continue
		}
		a := s.ask(i)
		if a.err != nil {
			continue // whatever rule asks for that domain fails, which is high
		}
		acts, _ := reflect.TypeAssert[[]verb.Act](a.value.FieldByName("Acts"))
		if name == "tool" && exact {
			continue
		}
		all = append(all, acts...)
		exact = exact || len(acts) > 0 && name != "message" && name != "money"
	}
	return verb.Sorted(all)
}

package facts

import (
	"reflect"
	"slices"

	"github.com/weighlock/weighlock/internal/facts/verb"
)

// acting are the domains that say what kinds of act an action performs, in groups: where one of an earlier group knows, the
// later ones say nothing more. What a command, a statement, a form or a file operation does is better known than what a
// tool's name tells, and that better than what the arguments look like.
var acting = [][]string{{"shell", "sql", "screen", "web", "file"}, {"tool", "document"}, {"message", "money"}}

// acts are the kinds of act that the action performs, the strongest first.
func (s *Set) acts() []verb.Act {
	var all []verb.Act
	for _, group := range acting {
		for _, name := range group {
			all = append(all, s.actsOf(name)...)
		}
		if len(all) > 0 {
			break
		}
	}
	return verb.Sorted(all)
}

// actsOf are the acts that one domain sees. Of a domain that cannot be worked out there are none: whatever rule asks
// for it fails, which is high.
func (s *Set) actsOf(name string) []verb.Act {
	i := slices.IndexFunc(s.of, func(d domain) bool { return d.name == name })
	if i < 0 {
		return nil
	}
	a := s.ask(i)
	if a.err != nil {
		return nil
	}
	acts, _ := reflect.TypeAssert[[]verb.Act](a.value.FieldByName("Acts"))
	return acts
}

package checker

import (
	"path"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// people answers who is who.
type people struct {
	persons map[string]*Person
	account map[string]string   // in lower case -> person
	groups  map[string][]string // person -> groups
}

func newPeople(rules Rules) people {
	p := people{persons: map[string]*Person{}, account: map[string]string{}, groups: map[string][]string{}}
	for i := range rules.People {
		person := &rules.People[i]
		p.persons[person.ID] = person
		p.account[strings.ToLower(person.ID)] = person.ID
		for _, a := range person.Accounts {
			p.account[strings.ToLower(a)] = person.ID
		}
	}
	for group, members := range rules.Groups {
		for _, person := range members {
			p.groups[person] = append(p.groups[person], group)
		}
	}
	return p
}

// behind is the person behind an account; a stranger is a person of one account and no group.
func (p people) behind(account string) *Person {
	if id, ok := p.account[strings.ToLower(account)]; ok && p.persons[id] != nil {
		return p.persons[id]
	}
	return &Person{ID: account}
}

// owns reports whether an action is the person's own.
func (person *Person) owns(item *events.CardItem) bool {
	same := func(name string) bool { return item.Principal != "" && strings.EqualFold(name, item.Principal) }
	if same(person.ID) || slices.ContainsFunc(person.Accounts, same) || slices.ContainsFunc(person.Names, same) {
		return true
	}
	return slices.ContainsFunc(person.Agents, func(glob string) bool {
		fits, err := path.Match(glob, item.Agent)
		return fits || err != nil
	})
}

// voter is a person whose approval counts, with the places of the quorum that the person can take.
type voter struct {
	groups []string
	any    bool // of a later tier: stands in for whoever did not answer
}

// enough reports whether different people can take every place. It tries every way: places are few.
func enough(require []events.Requirement, voters []voter) bool {
	var places []string
	for _, r := range require {
		for range r.Count {
			places = append(places, r.Group)
		}
	}
	return len(places) > 0 && seat(places, voters, make([]bool, len(voters)))
}

func seat(places []string, voters []voter, seated []bool) bool {
	if len(places) == 0 {
		return true
	}
	for i, v := range voters {
		if seated[i] || !v.any && !slices.Contains(v.groups, places[0]) {
			continue
		}
		seated[i] = true
		if seat(places[1:], voters, seated) {
			return true
		}
		seated[i] = false
	}
	return false
}

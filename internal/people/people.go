// Package people says who may approve: persons with their accounts, the groups they
// are in, and whom they may not judge because it is themselves.
package people

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/calendar"
	"github.com/weighlock/weighlock/internal/oncall"
)

// Directory is a checked approvers file. It does not change and is safe for concurrent use.
type Directory struct {
	version string
	persons map[string]*Person
	account map[string]string   // account, in lower case -> person
	groups  map[string][]string // group or schedule -> its persons, nested groups included, sorted

	named     map[string]*calendar.Calendar // by its own name
	calendars map[string]*calendar.Calendar // by group
	schedules map[string]*oncall.Schedule
}

// Person is somebody who may approve.
type Person struct {
	// ID is the person's name in groups, and the name of the person's first account.
	ID string
	// Name is how people call the person; may be empty.
	Name string
	// Accounts are further approver names that are the same person.
	Accounts []string
	// Principals are how agents name the person where they act on the person's behalf.
	Principals []string
	// Agents are globs of agent names that ask in the person's own name.
	Agents []string
	// Addresses are where the person is reached, by channel.
	Addresses map[string]string
	// Hours are the working hours; nil means always.
	Hours *calendar.Calendar
}

// Load reads the approvers file at path.
func Load(path string) (*Directory, error) {
	s, err := Read(path)
	if err != nil {
		return nil, err
	}
	return s.Parse()
}

// Default returns the approvers that are built in.
func Default() *Directory {
	d, err := BuiltIn().Parse()
	if err != nil {
		panic(err) // the embedded file is fixed at build time and tested
	}
	return d
}

// Version names the exact bytes of the file: "sha256:" and 64 hex digits.
func (d *Directory) Version() string { return d.version }

// Has reports whether there is a group or schedule of that name.
func (d *Directory) Has(group string) bool { return d.groups[group] != nil }

// Groups returns the names of all groups, sorted.
func (d *Directory) Groups() []string {
	names := make([]string, 0, len(d.groups))
	for name := range d.groups {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Members returns the persons of a group, those of nested groups included, sorted; nil where there is
// no such group.
func (d *Directory) Members(group string) []string { return slices.Clone(d.groups[group]) }

// Persons returns everybody, sorted by id.
func (d *Directory) Persons() []*Person {
	all := make([]*Person, 0, len(d.persons))
	for _, p := range d.persons {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *Person) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Person returns the person behind an account, or nil.
func (d *Directory) Person(account string) *Person {
	return d.persons[d.account[strings.ToLower(account)]]
}

// Accounts returns every account that can answer, sorted.
func (d *Directory) Accounts() []string {
	var all []string
	for id, p := range d.persons {
		all = append(append(all, id), p.Accounts...)
	}
	slices.Sort(all)
	return all
}

// PersonOf returns the id of the person behind an account. An account that is not
// listed is a person of its own, who is in no group.
func (d *Directory) PersonOf(account string) string {
	if p := d.Person(account); p != nil {
		return p.ID
	}
	return account
}

// GroupsOf returns the groups that the person behind an account is in, sorted.
func (d *Directory) GroupsOf(account string) []string {
	person := d.account[strings.ToLower(account)]
	var in []string
	for group, members := range d.groups {
		if person != "" && slices.Contains(members, person) {
			in = append(in, group)
		}
	}
	slices.Sort(in)
	return in
}

// OwnAction says why the person behind account may not judge an action of agent on behalf of
// principal: it is the person's own. It is "" where the person may.
func (d *Directory) OwnAction(account, principal, agent string) string {
	p := d.Person(account)
	if p == nil {
		p = &Person{ID: account}
	}
	if principal != "" && p.is(principal) {
		return fmt.Sprintf("the action is on behalf of %s, who is %s", principal, p.ID)
	}
	for _, glob := range p.Agents {
		if matches(glob, agent) {
			return fmt.Sprintf("agent %s asks in the name of %s", agent, p.ID)
		}
	}
	return ""
}

// is reports whether name is one of the person's: account, principal or address.
func (p *Person) is(name string) bool {
	same := func(other string) bool { return strings.EqualFold(other, name) }
	if same(p.ID) || slices.ContainsFunc(p.Accounts, same) || slices.ContainsFunc(p.Principals, same) {
		return true
	}
	for _, address := range p.Addresses {
		if same(address) {
			return true
		}
	}
	return false
}

// matches reports whether a glob that was checked at load fits a name.
func matches(glob, name string) bool {
	fits, err := path.Match(glob, name)
	return err != nil || fits // what cannot be told is the person's own
}

package people

import (
	"path"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/calendar"
	"github.com/weighlock/weighlock/internal/oncall"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

const fileVersion = 1

// nested marks a group among the members of another.
const nested = "group:"

type approversFile struct {
	Version   int                     `yaml:"version"`
	People    map[string]filePerson   `yaml:"people"`
	Calendars map[string]fileCalendar `yaml:"calendars"`
	Groups    map[string]fileGroup    `yaml:"groups"`
	Schedules map[string]fileSchedule `yaml:"schedules"`
}

type filePerson struct {
	Name       string            `yaml:"name"`
	Accounts   []string          `yaml:"accounts"`
	Principals []string          `yaml:"principals"`
	Agents     []string          `yaml:"agents"`
	Addresses  map[string]string `yaml:"addresses"`
	Hours      *fileHours        `yaml:"hours"`
}

// Parse reads and checks approvers that name no further files. name is the file's name in errors, which are
// [*rulefile.Error] with line, field and the way out.
func Parse(name string, data []byte) (*Directory, error) {
	return Source{Name: name, Data: data}.Parse()
}

// Parse is [Parse] of what was read.
func (s Source) Parse() (*Directory, error) {
	var in approversFile
	f, err := rulefile.Decode(s.Name, s.Data, &in)
	if err != nil {
		return nil, err
	}
	if in.Version != fileVersion {
		return nil, f.Errorf([]any{"version"}, "write version: 1", "is %d", in.Version)
	}
	if len(in.Groups) == 0 {
		return nil, f.Errorf([]any{"groups"}, "add a group of approvers", "is empty")
	}
	d := &Directory{
		version: s.Digest(), persons: map[string]*Person{}, account: map[string]string{}, groups: map[string][]string{},
		named: map[string]*calendar.Calendar{}, calendars: map[string]*calendar.Calendar{}, schedules: map[string]*oncall.Schedule{},
	}
	r := &reader{file: f, holidays: s.Holidays, out: d}
	if err := d.readPeople(f, in.People); err != nil {
		return nil, err
	}
	if err := r.readCalendars(in.Calendars); err != nil {
		return nil, err
	}
	members := make(map[string][]string, len(in.Groups))
	for _, name := range sortedKeys(in.Groups) {
		members[name] = in.Groups[name].Members
		if err := r.assign([]any{"groups", name, "calendar"}, name, in.Groups[name].Calendar); err != nil {
			return nil, err
		}
	}
	if err := d.readGroups(f, members); err != nil {
		return nil, err
	}
	return d, r.readSchedules(in.Schedules)
}

// reader reads what a directory has beside people and groups.
type reader struct {
	file     *rulefile.File
	holidays map[string][]byte
	out      *Directory
}

func (d *Directory) readPeople(f *rulefile.File, in map[string]filePerson) error {
	for _, id := range sortedKeys(in) {
		person := in[id]
		at := func(path ...any) []any { return append([]any{"people", id}, path...) }
		if err := d.claim(f, at(), id, id); err != nil {
			return err
		}
		for i, account := range person.Accounts {
			if err := d.claim(f, at("accounts", i), account, id); err != nil {
				return err
			}
		}
		for _, channel := range sortedKeys(person.Addresses) {
			if events.CheckToken("channel", channel) != nil {
				return f.Errorf(at("addresses", channel), "name channels with A-Z a-z 0-9 _ -", "is not a safe name")
			}
		}
		for i, glob := range person.Agents {
			if _, err := path.Match(glob, ""); err != nil || strings.Trim(glob, "*") == "" {
				return f.Errorf(at("agents", i), "name agents; a person who owns every agent could judge nothing", "is %q", glob)
			}
		}
		p := &Person{ID: id, Name: person.Name, Accounts: person.Accounts, Principals: person.Principals, Agents: person.Agents, Addresses: person.Addresses}
		if person.Hours != nil {
			hours, wrong := person.Hours.read()
			if wrong != nil {
				return f.Errorf(at(append([]any{"hours"}, wrong.field...)...), wrong.fix, "%s", wrong.problem)
			}
			p.Hours = hours
		}
		d.persons[id] = p
	}
	return nil
}

// claim gives an account to a person. Two that differ only in case would be one to a reader.
func (d *Directory) claim(f *rulefile.File, at []any, account, id string) error {
	if events.CheckToken("account", account) != nil {
		return f.Errorf(at, "name approvers with A-Z a-z 0-9 _ -", "is %q", account)
	}
	key := strings.ToLower(account)
	if owner, taken := d.account[key]; taken {
		return f.Errorf(at, "give each account to one person", "is %q, which is an account of %s", account, owner)
	}
	d.account[key] = id
	return nil
}

func (d *Directory) readGroups(f *rulefile.File, in map[string][]string) error {
	for _, group := range sortedKeys(in) {
		if events.CheckToken("group", group) != nil {
			return f.Errorf([]any{"groups", group}, "name groups with A-Z a-z 0-9 _ -", "is not a safe name")
		}
		for i, member := range in[group] {
			at := []any{"groups", group, i}
			name, isGroup := strings.CutPrefix(member, nested)
			switch _, known := in[name]; {
			case slices.Contains(in[group][:i], member):
				return f.Errorf(at, "name each member once", "repeats %q", member)
			case isGroup && !known:
				return f.Errorf(at, "name one of the groups of this file", "is %q, which is no group", name)
			case !isGroup && d.persons[member] == nil:
				return f.Errorf(at, "add "+member+": {} to people, or correct the name", "is %q, who is not among the people", member)
			}
		}
	}
	for _, group := range sortedKeys(in) {
		if circle := d.resolve(in, group, nil); circle != nil {
			return f.Errorf([]any{"groups", group}, "break the circle", "contains itself: %s", strings.Join(circle, " → "))
		}
		if len(d.groups[group]) == 0 {
			return f.Errorf([]any{"groups", group}, "name at least one approver", "has no members")
		}
	}
	return nil
}

// resolve finds the persons of a group, or returns the circle that it is in.
func (d *Directory) resolve(in map[string][]string, group string, above []string) (circle []string) {
	if _, done := d.groups[group]; done {
		return nil
	}
	if slices.Contains(above, group) {
		return append(above, group)
	}
	above = append(slices.Clone(above), group)
	var members []string
	for _, member := range in[group] {
		name, isGroup := strings.CutPrefix(member, nested)
		if !isGroup {
			members = append(members, member)
			continue
		}
		if circle := d.resolve(in, name, above); circle != nil {
			return circle
		}
		members = append(members, d.groups[name]...)
	}
	slices.Sort(members)
	d.groups[group] = slices.Compact(members)
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

package routes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

const (
	fileVersion     = 1
	defaultWindow   = 2 * time.Second
	defaultMaxItems = 50
	maxItems        = 200
	defaultWait     = 15 * time.Minute
	maxWindow       = 5 * time.Minute
	maxWait         = 30 * 24 * time.Hour
)

type routesFile struct {
	Version int                 `yaml:"version"`
	Groups  map[string][]string `yaml:"groups"`
	Routes  []fileRoute         `yaml:"routes"`
}

type fileRoute struct {
	ID        string         `yaml:"id"`
	When      string         `yaml:"when"`
	Group     string         `yaml:"group"`
	Quorum    *int           `yaml:"quorum"`
	Window    *time.Duration `yaml:"window"`
	MaxItems  *int           `yaml:"maxItems"`
	Channels  []string       `yaml:"channels"`
	Tiers     []fileTier     `yaml:"tiers"`
	Otherwise events.Outcome `yaml:"otherwise"`
}

type fileTier struct {
	Group       string        `yaml:"group"`
	Wait        time.Duration `yaml:"wait"`
	RemindEvery time.Duration `yaml:"remindEvery"`
}

// Parse reads and compiles routes. name is the file's name in errors, which are
// [*rulefile.Error] with line, field and the way out.
func Parse(name string, data []byte) (*Routes, error) {
	var in routesFile
	f, err := rulefile.Decode(name, data, &in)
	if err != nil {
		return nil, err
	}
	if in.Version != fileVersion {
		return nil, f.Errorf([]any{"version"}, "write version: 1", "is %d", in.Version)
	}
	r := &Routes{version: events.Digest(data)}
	if r.groups, err = readGroups(f, in.Groups); err != nil {
		return nil, err
	}
	if len(in.Routes) == 0 {
		return nil, f.Errorf([]any{"routes"}, "add at least one route without a condition", "is empty")
	}
	facts, err := conditions()
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i := range in.Routes {
		route, err := r.readRoute(f, i, &in.Routes[i], seen)
		if err != nil {
			return nil, err
		}
		if err := setCondition(f, facts, i, in.Routes, route); err != nil {
			return nil, err
		}
		r.routes = append(r.routes, route)
	}
	return r, nil
}

func readGroups(f *rulefile.File, in map[string][]string) (map[string][]string, error) {
	groups := make(map[string][]string, len(in))
	names := make([]string, 0, len(in))
	for name := range in {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if events.CheckToken("group", name) != nil {
			return nil, f.Errorf([]any{"groups", name}, "name groups with A-Z a-z 0-9 _ -", "is not a safe name")
		}
		members := slices.Clone(in[name])
		if len(members) == 0 {
			return nil, f.Errorf([]any{"groups", name}, "name at least one approver", "has no members")
		}
		for i, member := range members {
			if events.CheckToken("approver", member) != nil {
				return nil, f.Errorf([]any{"groups", name, i}, "name approvers with A-Z a-z 0-9 _ -", "is %q", member)
			}
			if slices.Contains(members[:i], member) {
				return nil, f.Errorf([]any{"groups", name, i}, "name each approver once", "repeats %q", member)
			}
		}
		slices.Sort(members)
		groups[name] = members
	}
	return groups, nil
}

func (r *Routes) readRoute(f *rulefile.File, i int, in *fileRoute, seen map[string]bool) (*Route, error) {
	at := func(field string) []any { return []any{"routes", i, field} }
	route := &Route{ID: in.ID, Group: in.Group, Quorum: 1, Window: defaultWindow, MaxItems: defaultMaxItems, Channels: in.Channels, Otherwise: in.Otherwise}
	setIf(&route.Quorum, in.Quorum)
	setIf(&route.Window, in.Window)
	setIf(&route.MaxItems, in.MaxItems)
	if route.Otherwise == "" {
		route.Otherwise = events.Expired
	}
	switch {
	case events.CheckToken("id", in.ID) != nil:
		return nil, f.Errorf(at("id"), "give the route a name of A-Z a-z 0-9 _ -", "is %q", in.ID)
	case seen[in.ID]:
		return nil, f.Errorf(at("id"), "give each route a name of its own", "is %q, which is taken", in.ID)
	case route.Quorum < 1:
		return nil, f.Errorf(at("quorum"), "ask for at least 1; nothing is approved by nobody", "is %d", route.Quorum)
	case route.Window < 0 || route.Window > maxWindow:
		return nil, f.Errorf(at("window"), "use 0s to "+maxWindow.String(), "is %s", route.Window)
	case route.MaxItems < 1 || route.MaxItems > maxItems:
		return nil, f.Errorf(at("maxItems"), "use 1 to 200", "is %d", route.MaxItems)
	case route.Otherwise != events.Rejected && route.Otherwise != events.Expired:
		return nil, f.Errorf(at("otherwise"), "use rejected or expired; silence is never consent", "is %q", string(route.Otherwise))
	}
	seen[in.ID] = true
	for j, channel := range in.Channels {
		if events.CheckToken("channel", channel) != nil {
			return nil, f.Errorf([]any{"routes", i, "channels", j}, "name channels with A-Z a-z 0-9 _ -", "is %q", channel)
		}
	}
	if err := r.checkGroup(f, at("group"), route.Group, route.Quorum); err != nil {
		return nil, err
	}
	return route, r.readTiers(f, i, in.Tiers, route)
}

func setIf[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (r *Routes) checkGroup(f *rulefile.File, path []any, group string, quorum int) error {
	members, ok := r.groups[group]
	if !ok {
		return f.Errorf(path, "name one of the groups of this file", "is %q, which is no group", group)
	}
	if quorum > len(members) {
		return f.Errorf(path, "add approvers or lower the quorum", "is %q with %d approvers, but the quorum is %d", group, len(members), quorum)
	}
	return nil
}

func (r *Routes) readTiers(f *rulefile.File, i int, in []fileTier, route *Route) error {
	if len(in) == 0 {
		route.Tiers = []Tier{{Group: route.Group, Wait: defaultWait}}
		return nil
	}
	for j, t := range in {
		at := func(field string) []any { return []any{"routes", i, "tiers", j, field} }
		if err := r.checkGroup(f, at("group"), t.Group, route.Quorum); err != nil {
			return err
		}
		switch {
		case j == 0 && t.Group != route.Group:
			return f.Errorf(at("group"), "the first tier asks the route's own group, "+route.Group, "is %q", t.Group)
		case t.Wait <= 0 || t.Wait > maxWait:
			return f.Errorf(at("wait"), `give a time such as "15m", at most 720h`, "is %s", t.Wait)
		case t.RemindEvery < 0:
			return f.Errorf(at("remindEvery"), "give a time such as 5m, or 0s for no reminders", "is %s", t.RemindEvery)
		case t.RemindEvery > 0 && t.RemindEvery < time.Second:
			return f.Errorf(at("remindEvery"), "remind at most once a second", "is %s", t.RemindEvery)
		case t.RemindEvery > 0 && t.Wait/t.RemindEvery > approval.MaxReminders:
			return f.Errorf(at("remindEvery"), fmt.Sprintf("remind at most %d times", approval.MaxReminders), "is %s of %s", t.RemindEvery, t.Wait)
		}
		route.Tiers = append(route.Tiers, Tier(t))
	}
	return nil
}

// setCondition compiles the route's condition. Only the last route goes without one.
func setCondition(f *rulefile.File, facts *rulefile.Conditions, i int, all []fileRoute, route *Route) error {
	text := strings.TrimSpace(all[i].When)
	always, last := text == "" || text == "true", i == len(all)-1
	path := []any{"routes", i, "when"}
	switch {
	case always && last:
		return nil
	case last:
		return f.Errorf(path, "end with a route without a condition, so that every action has a route", "limits the last route")
	case always:
		return f.Errorf(path, "give it a condition or move it to the end", "is missing, so the routes after it are never reached")
	}
	when, err := facts.Compile(f, path, text)
	route.when = &when
	return err
}

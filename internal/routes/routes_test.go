package routes

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/policies"
)

const good = `version: 1
groups:
  ops: [amy, ben]
  few: [zoe]
routes:
  - id: one
    when: score > 10
    group: ops
    quorum: 2
    window: 1s
    maxItems: 3
    channels: [self]
    tiers:
      - {group: ops, wait: 1m, remindEvery: 10s}
    otherwise: rejected
  - id: rest
    group: few
`

func TestParseErrorsSayWhere(t *testing.T) {
	t.Parallel()
	if _, err := Parse("r.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"version: 1", "version: 0", "r.yaml:1: version is 0"},
		{"[zoe]", "[]", "r.yaml:4: groups.few has no members"},
		{"[amy, ben]", "[amy, amy]", "r.yaml:3: groups.ops[1] repeats"},
		{"[amy, ben]", "[amy, 'b n']", "r.yaml:3: groups.ops[1]"},
		{"few: [zoe]", "'f w': [zoe]", "r.yaml:4: groups.f w"},
		{"group: few", "group: nobody", `r.yaml:17: routes[1].group is "nobody", which is no group`},
		{"quorum: 2", "quorum: 0", "r.yaml:9: routes[0].quorum is 0"},
		{"quorum: 2", "quorum: -1", "r.yaml:9: routes[0].quorum is -1"},
		{"quorum: 2", "quorum: 3", "r.yaml:8: routes[0].group is \"ops\" with 2 approvers, but the quorum is 3"},
		{"{group: ops, wait: 1m", "{group: few, wait: 1m", "r.yaml:14: routes[0].tiers[0].group is \"few\" with 1 approvers"},
		{"quorum: 2", "quorum: two", "r.yaml:9:"},
		{"window: 1s", "window: -1s", "r.yaml:10: routes[0].window is -1s"},
		{"maxItems: 3", "maxItems: 0", "r.yaml:11: routes[0].maxItems is 0"},
		{"[self]", "['*']", "r.yaml:12: routes[0].channels[0]"},
		{"wait: 1m", "wait: -1m", "r.yaml:14: routes[0].tiers[0].wait is -1m"},
		{"wait: 1m, ", "", "r.yaml:14: routes[0].tiers[0].wait is 0s"},
		{"remindEvery: 10s", "remindEvery: -1s", "r.yaml:14: routes[0].tiers[0].remindEvery is -1s"},
		{"wait: 1m, remindEvery: 10s", "wait: 1h, remindEvery: 1s", "r.yaml:14: routes[0].tiers[0].remindEvery is 1s of 1h"},
		{"otherwise: rejected", "otherwise: approved", `r.yaml:15: routes[0].otherwise is "approved"`},
		{"otherwise: rejected", "otherwise: denied", `r.yaml:15: routes[0].otherwise`},
		{"otherwise:", "therwise:", "r.yaml:15: therwise is not a field"},
		{"when: score > 10", "when: scor > 10", "r.yaml:7: routes[0].when does not compile"},
		{"when: score > 10", "when: score", "r.yaml:7: routes[0].when yields int"},
		{"    when: score > 10\n", "", "r.yaml:6: routes[0].when is missing"},
		{"    group: few", "    group: few\n    when: score > 1", "r.yaml:18: routes[1].when limits the last route"},
		{"id: rest", "id: one", "r.yaml:16: routes[1].id is \"one\", which is taken"},
		{good, "version: 1\ngroups: {a: [b]}\nroutes: []\n", "r.yaml:3: routes is empty"},
		{good, "", "r.yaml: is empty"},
	} {
		_, err := Parse("r.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
		var where *rulefile.Error
		if !errors.As(err, &where) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	r, err := Parse("r.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	rest := r.All()[1]
	want := Route{ID: "rest", Group: "few", Quorum: 1, Window: 2 * time.Second, MaxItems: 50, Tiers: []Tier{{Group: "few", Wait: 15 * time.Minute}}, Otherwise: events.Expired}
	if !reflect.DeepEqual(*rest, want) {
		t.Errorf("route %+v, want %+v", *rest, want)
	}
	if r.Version() != events.Digest([]byte(good)) {
		t.Errorf("version %s", r.Version())
	}
}

func TestMatchDefaultRoutes(t *testing.T) {
	t.Parallel()
	r := Default()
	for rule, want := range map[string]string{"money": "finance", "deletion": "operations", "deployment": "operations", "computer-control": "security", "unrecognised": "operations"} {
		a := &events.ActionAssessed{Rules: []events.FiredRule{{ID: rule}}}
		route := r.Match(a)
		if route.Group != want || len(route.Tiers) != 2 || route.Otherwise == events.Approved {
			t.Errorf("%s: route %+v, want group %s", rule, route, want)
		}
	}
	trial := &events.ActionAssessed{Rules: []events.FiredRule{{ID: "unrecognised"}, {ID: "money", Shadow: true}}}
	if got := r.Match(trial).Group; got != "operations" {
		t.Errorf("a rule on trial takes the card to %s", got)
	}
	if got := r.Match(&events.ActionAssessed{Breakpoint: events.AtComputerUse}).Group; got != "security" {
		t.Errorf("computer use goes to %s", got)
	}
	if got := r.GroupsOf("bob"); !reflect.DeepEqual(got, []string{"operations", "security"}) {
		t.Errorf("bob is in %v", got)
	}
	if got := r.GroupsOf("mallory"); len(got) != 0 {
		t.Errorf("mallory is in %v", got)
	}
	if got := r.Members("finance"); !reflect.DeepEqual(got, []string{"alice", "carol"}) {
		t.Errorf("finance is %v", got)
	}
}

func TestFailingConditionFallsToTheLast(t *testing.T) {
	t.Parallel()
	r, err := Parse("r.yaml", []byte(strings.Replace(good, "score > 10", "1 / score > 10", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Match(&events.ActionAssessed{}).ID; got != "rest" {
		t.Errorf("matched %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add(policies.Routes)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse("fuzz.yaml", data)
		if (r == nil) == (err == nil) {
			t.Fatalf("routes %v with error %v", r, err)
		}
		if r == nil {
			return
		}
		for _, route := range r.All() {
			if route.Quorum < 1 || len(route.Tiers) == 0 || route.Otherwise == events.Approved {
				t.Fatalf("route %+v", route)
			}
		}
		if r.Match(&events.ActionAssessed{}) == nil {
			t.Fatal("an action without a route")
		}
	})
}

package routes

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/internal/similar"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/policies"
)

const staff = `version: 1
people: {amy: {}, ben: {}, zoe: {}, eva: {}}
groups:
  ops: [amy, ben]
  few: [zoe]
  same: [zoe]
  legal: [eva, zoe]
`

const good = `version: 1
paths:
  slow:
    - {group: ops, wait: 1m, remindEvery: 10s}
    - {group: few, wait: 2m}
route:
  id: rest
  approvers: ops
  path: slow
  otherwise: rejected
  routes:
    - id: one
      when: score > 10
      approvers: "any 2 of ops"
      rejectionEnds: false
      commentOn: [reject]
      window: 1s
      maxItems: 3
      delivery: hourly
      urgent: {score: 90, deadline: 1h}
      channels: [self]
      path: slow
      otherwise: expired
      medium: waits
      routes:
        - {id: deep, when: score > 50, window: 0s}
    - {id: legal, when: "target.name == 'contract'", approvers: "legal: 1 and ops: 1", continue: true, otherwise: expired}
    - {id: few, when: "tool == 'pay'", approvers: few, channels: [console]}
`

func directory(t testing.TB) *people.Directory {
	t.Helper()
	d, err := people.Parse("staff.yaml", []byte(staff))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustParse(t testing.TB, text string) *Routes {
	t.Helper()
	r, err := Parse("r.yaml", []byte(text), directory(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseErrorsSayWhere(t *testing.T) {
	t.Parallel()
	mustParse(t, good)
	for _, c := range []struct{ old, new, want string }{
		{"version: 1", "version: 0", "r.yaml:1: version is 0"},
		{"  approvers: ops\n", "", "r.yaml:7: route.approvers is missing"},
		{"  approvers: ops\n", "  approvers: nobody\n", `r.yaml:8: route.approvers names nobody, which is no group`},
		{"any 2 of ops", "any 0 of ops", "r.yaml:14: route.routes[0].approvers asks for 0 of ops"},
		{"any 2 of ops", "any 3 of ops", "r.yaml:14: route.routes[0].approvers asks for 3 of ops, which has 2"},
		{"any 2 of ops", "ops: -1", `r.yaml:14: route.routes[0].approvers has "ops: -1"`},
		{"any 2 of ops", "ops: 1 and ops: 1", "r.yaml:14: route.routes[0].approvers names group ops twice"},
		{"any 2 of ops", "few: 1 and same: 1", "cannot be met by as many different people"},
		{"any 2 of ops", "ops: 99999999999999999999", "asks for 99999999999999999999 of ops"},
		{"path: slow\n  otherwise", "path: fast\n  otherwise", `r.yaml:9: route.path is "fast", which is no path`},
		{"approvers: few", "approvers: few, path: slow", "route.routes[2].path starts with ops"},
		{"window: 1s", "window: -1s", "r.yaml:17: route.routes[0].window is -1s"},
		{"window: 1s", "window: {first: 2s, max: 1s}", "r.yaml:17: route.routes[0].window.max is 1s, less than 2s"},
		{"window: 1s", "window: {first: 2s, most: 1m}", "r.yaml:17: route.routes[0].window.most is not part of a window"},
		{"window: 1s", "window: {first: 2s, max: 1h}", "route.routes[0].window is 2s to 1h0m0s"},
		{"window: 1s", "similar: [tool, taste]", `route.routes[0].similar[1] is "taste"`},
		{"window: 1s", "similar: []", "route.routes[0].similar is empty"},
		{"window: 1s", "similar: score", "route.routes[0].similar yields int instead of a string"},
		{"window: 1s", "similar: tool + taste", "does not compile: undeclared reference to 'taste'"},
		{"window: 1s", "flood: {actions: 5, per: 1m, then: approve, for: 1m}", `route.routes[0].flood.then is "approve"`},
		{"window: 1s", "flood: {actions: 5, then: wait, for: 1m}", "route.routes[0].flood.per is 0s"},
		{"window: 1s", "flood: {actions: 5, per: 1m, then: wait}", "route.routes[0].flood.for is 0s"},
		{"window: 1s", "flood: {actions: -1}", "route.routes[0].flood.actions is -1"},
		{"maxItems: 3", "maxItems: 0", "r.yaml:18: route.routes[0].maxItems is 0"},
		{"hourly", "weekly", `r.yaml:19: route.routes[0].delivery is "weekly"`},
		{"score: 90", "score: 101", "r.yaml:20: route.routes[0].urgent.score is 101"},
		{"deadline: 1h", "deadline: -1h", "r.yaml:20: route.routes[0].urgent.deadline is -1h"},
		{"[self]", "['*']", "r.yaml:21: route.routes[0].channels[0]"},
		{"commentOn: [reject]", "commentOn: [shout]", "r.yaml:16: route.routes[0].commentOn[0]"},
		{"medium: waits", "medium: waits\n      plans: always", `route.routes[0].plans is "always"`},
		{"medium: waits", "medium: waits\n      plans: 25h", `route.routes[0].plans is "25h"`},
		{"medium: waits", "medium: waits\n      grants: always", "grants is \"always\""},
		{"medium: waits", "medium: waits\n      grants: {for: 300h}", "route.routes[0].grants.for is 300h"},
		{"medium: waits", "medium: waits\n      grants: {uses: 501}", "route.routes[0].grants.uses is 501"},
		{"medium: waits", "medium: waits\n      grants: {amount: {EUR: -1}}", "route.routes[0].grants.amount.EUR is -1"},
		{"version: 1", "version: 1\nneverGrant: score", "neverGrant yields int"},
		{"medium: waits", "medium: waits\n      mask: [password]", `route.routes[0].mask[0] is "password"`},
		{"version: 1", "version: 1\nreviews: [{by: ops, every: weekly}]", `reviews[0].every is "weekly"`},
		{"version: 1", "version: 1\nreviews: [{by: nobody, every: daily}]", `reviews[0].by is "nobody"`},
		{"version: 1", "version: 1\nreviews: [{by: ops, every: daily, sample: 101}]", "reviews[0].sample is 101"},
		{"version: 1", "version: 1\nreviews: [{by: ops, every: daily, flagFor: 25h}]", "reviews[0].flagFor is 25h"},
		{"version: 1", "version: 1\nreviews: [{by: ops, every: daily}, {by: few, every: hourly}]", "reviews[0].when is missing"},
		{"medium: waits", "medium: waits\n      attention: {perHour: 5, then: approve, for: 1h}", `route.routes[0].attention.then is "approve"`},
		{"medium: waits", "medium: waits\n      attention: {inARow: 5, then: warn, for: 1h}", "route.routes[0].attention.perItem is 0s with inARow 5"},
		{"medium: waits", "medium: waits\n      attention: {perHour: 5, then: warn}", "route.routes[0].attention.for is 0s"},
		{"medium: waits", "medium: waits\n      attention: {then: warn, for: 1h}", "route.routes[0].attention notices nothing"},
		{"medium: waits", "medium: waits\n      attention: some", `attention is "some"`},
		{"medium: waits", "medium: maybe", "r.yaml:24: route.routes[0].medium is"},
		{"otherwise: rejected", "otherwise: approved", `r.yaml:10: route.otherwise is "approved"`},
		{"wait: 1m,", "wait: 0s,", "r.yaml:4: paths.slow[0].wait is 0s"},
		{"{group: few, wait: 2m}", "{group: nobody, wait: 2m}", `r.yaml:5: paths.slow[1].group is "nobody"`},
		{"wait: 1m, remindEvery: 10s", "wait: 1m, remindEvery: 1ms", "r.yaml:4: paths.slow[0].remindEvery is 1ms"},
		{"wait: 1m, remindEvery: 10s", "wait: 1m, remind: {first: 10s, growth: 0.5}", "r.yaml:4: paths.slow[0].remind.growth is 0.5"},
		{"wait: 1m, remindEvery: 10s", "wait: 1m, remind: {first: 10s, tims: 3}", "r.yaml:4: tims is not a field"},
		{"wait: 1m, remindEvery: 10s", "wait: 1m, working: -1m", "r.yaml:4: paths.slow[0].working is -1m"},
		{"  otherwise: rejected", "  therwise: rejected", "r.yaml:10: therwise is not a field"},
		{"when: score > 10", "when: scor > 10", "r.yaml:13: route.routes[0].when does not compile"},
		{"when: score > 10", "when: score", "r.yaml:13: route.routes[0].when yields int"},
		{"      when: score > 10\n", "", "r.yaml:12: route.routes[0].when is missing"},
		{"  approvers: ops\n", "  approvers: ops\n  when: score > 1\n", "r.yaml:9: route.when limits the topmost route"},
		{"id: deep", "id: one", `route.routes[0].routes[0].id is "one", which is taken`},
		{"id: deep", "id: a.b", `route.routes[0].routes[0].id is "a.b"`},
		{good, "", "r.yaml: is empty"},
	} {
		_, err := Parse("r.yaml", []byte(strings.Replace(good, c.old, c.new, 1)), directory(t))
		var where *rulefile.Error
		if !errors.As(err, &where) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

func TestRoutesInherit(t *testing.T) {
	t.Parallel()
	r := mustParse(t, good)
	slow := Path{
		Tiers: []Tier{{Group: "ops", Wait: time.Minute, RemindEvery: 10 * time.Second}, {Group: "few", Wait: 2 * time.Minute}},
		Hold:  10 * time.Minute, Questions: 5 * time.Minute,
	}
	alike := []Similarity{{parts: similar.Default()}}
	want := map[string]Route{
		"rest": {
			ID: "rest", Require: []approval.Requirement{{Group: "ops", Count: 1}}, RejectionEnds: true, Window: Window{2 * time.Second, 20 * time.Second}, Similar: alike, MaxItems: 50,
			Delivery: Now, Urgent: Urgent{Deadline: 10 * time.Minute}, Path: slow, Otherwise: events.Rejected, Plans: time.Hour, Grants: GrantBounds{For: 8 * time.Hour, Uses: 50},
		},
		"deep": {
			ID: "deep", Require: []approval.Requirement{{Group: "ops", Count: 2}}, CommentOn: []events.VerdictKind{events.Reject}, MaxItems: 3, Similar: alike,
			Delivery: Hourly, Urgent: Urgent{90, time.Hour}, Channels: []string{"self"}, Path: slow, Otherwise: events.Expired, Plans: time.Hour, Grants: GrantBounds{For: 8 * time.Hour, Uses: 50}, MediumWaits: true,
		},
		"few": {
			ID: "few", Require: []approval.Requirement{{Group: "few", Count: 1}}, RejectionEnds: true, Window: Window{2 * time.Second, 20 * time.Second}, Similar: alike, MaxItems: 50,
			Delivery: Now, Urgent: Urgent{Deadline: 10 * time.Minute}, Channels: []string{"console"},
			Path: alone("few"), Otherwise: events.Rejected, Plans: time.Hour, Grants: GrantBounds{For: 8 * time.Hour, Uses: 50},
		},
	}
	for _, route := range r.All() {
		if w, ok := want[route.ID]; ok && !reflect.DeepEqual(*route, w) {
			t.Errorf("route %s is\n%+v, want\n%+v", route.ID, *route, w)
		}
	}
	if !r.MediumMayWait() || Default().MediumMayWait() {
		t.Error("whether medium may wait is wrong")
	}
}

func assess(score int, tool, target string) Action {
	return Action{Assessed: &events.ActionAssessed{Score: score, Tool: tool, Target: &events.Target{Name: target}}}
}

func TestTheDeepestMatchWins(t *testing.T) {
	t.Parallel()
	r := mustParse(t, good)
	for _, c := range []struct {
		action Action
		id     string
		needs  string
	}{
		{assess(5, "", ""), "rest", "1 of ops"},
		{assess(20, "", ""), "one", "2 of ops"},
		{assess(60, "pay", "contract"), "deep", "2 of ops"},
		{assess(5, "pay", ""), "few", "1 of few"},
		{assess(5, "", "contract"), "legal", "1 of legal and 1 of ops"},
		{assess(5, "pay", "contract"), "legal_few", "1 of legal and 1 of ops and 1 of few"},
	} {
		got := r.Match(c.action)
		if got.ID != c.id || approval.Words(got.Require) != c.needs {
			t.Errorf("%+v goes to %s (%s), want %s (%s)", c.action.Assessed, got.ID, approval.Words(got.Require), c.id, c.needs)
		}
	}
	joined := r.Match(assess(5, "pay", "contract"))
	if joined.Otherwise != events.Rejected || !slices.Equal(joined.Channels, []string{"console"}) || !joined.RejectionEnds {
		t.Errorf("joined rules are %+v", joined)
	}
}

// A condition that fails brings its people in as well, and never makes fewer decide.
func TestAFailingConditionAddsPeople(t *testing.T) {
	t.Parallel()
	r := mustParse(t, strings.Replace(good, "when: score > 10", "when: 1 / (score - score) > 10", 1))
	route, steps := r.Explain(assess(5, "pay", ""))
	if route.ID != "one_few" || approval.Words(route.Require) != "2 of ops and 1 of few" || !slices.Equal(route.Channels, []string{none}) {
		t.Errorf("route %+v", route)
	}
	var failed []string
	for _, s := range steps {
		if s.Failed != nil {
			failed = append(failed, s.ID)
		}
	}
	if !slices.Equal(failed, []string{"one", "deep"}) && !slices.Equal(failed, []string{"one"}) {
		t.Errorf("failed %v in %+v", failed, steps)
	}
}

func TestAFactOfAnActionThatIsNotAtHandFails(t *testing.T) {
	t.Parallel()
	r := mustParse(t, strings.Replace(good, "when: score > 10", "when: request != ''", 1))
	if _, steps := r.Explain(assess(5, "", "")); steps[1].Failed == nil || !steps[1].Matched {
		t.Errorf("steps %+v", steps)
	}
}

func TestMatchDefaultRoutes(t *testing.T) {
	t.Parallel()
	r := Default()
	for rule, want := range map[string]string{"money": "finance", "deletion": "operations", "computer-control": "security", "unrecognised": "operations"} {
		route := r.Match(Action{Assessed: &events.ActionAssessed{Rules: []events.FiredRule{{ID: rule}}}})
		if route.Group() != want || len(route.Tiers) != 2 || route.Otherwise == events.Approved {
			t.Errorf("%s: route %+v, want group %s", rule, route, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add(policies.Routes)
	d := directory(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse("fuzz.yaml", data, d)
		if err != nil {
			return
		}
		for _, route := range r.All() {
			if approval.Total(route.Require) < 1 || len(route.Tiers) == 0 || route.Otherwise == events.Approved {
				t.Fatalf("route %+v", route)
			}
		}
		if r.Match(Action{Assessed: &events.ActionAssessed{}}) == nil {
			t.Fatal("an action without a route")
		}
	})
}

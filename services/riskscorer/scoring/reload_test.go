package scoring_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

const quick = 5 * time.Millisecond

// versionOf is the version of a policy's text.
func versionOf(t *testing.T, text string) string {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p.Version()
}

func (i *instance) uses(want string) func() error {
	return func() error {
		if got := i.PolicyVersion(); got != want {
			return fmt.Errorf("it uses %s, want %s", got, want)
		}
		return nil
	}
}

// said reads the payloads of all events about policies.
func (r *rig) said(t *testing.T, n int) (loaded []*events.PolicyLoaded, refused []*events.PolicyRefused) {
	t.Helper()
	c, err := r.js.OrderedConsumer(t.Context(), r.server.Subjects.Stream("EVENTS"), jetstream.OrderedConsumerConfig{FilterSubjects: []string{"wl.policies.>"}})
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		m, err := c.Next(jetstream.FetchMaxWait(patience))
		if err != nil {
			t.Fatal(err)
		}
		e, err := events.Decode(events.Header(m.Headers()), m.Data())
		if err != nil {
			t.Fatal(err)
		}
		service, what, err := r.server.Subjects.ParsePolicy(m.Subject())
		if err != nil || service != "riskscorer" {
			t.Errorf("subject %s: %v", m.Subject(), err)
		}
		switch what {
		case events.Loaded:
			p, err := events.As[events.PolicyLoaded](e)
			if err != nil || e.PolicyVersion != p.Version {
				t.Fatalf("%+v: %v", e, err)
			}
			loaded = append(loaded, p)
		default:
			p, err := events.As[events.PolicyRefused](e)
			if err != nil || e.PolicyVersion != p.InUse {
				t.Fatalf("%+v: %v", e, err)
			}
			refused = append(refused, p)
		}
	}
	return loaded, refused
}

func TestPolicyIsReloaded(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	one, two := head+always(1), head+always(50)
	path := policyFile(t, one)
	i := r.scorer(t, scoring.Config{PolicyFile: path, PolicyCheck: quick})
	if a := r.assessed(t, "a1", payment("bob", 1)); a.Score != 1 {
		t.Errorf("%+v", a)
	}
	write(t, path, two)
	eventually(t, "waiting for the second policy", i.uses(versionOf(t, two)))
	if a := r.assessed(t, "a2", payment("bob", 1)); a.Score != 50 {
		t.Errorf("%+v", a)
	}
	if e, _ := r.assessment(t, "a2"); e.PolicyVersion != versionOf(t, two) {
		t.Errorf("named %s", e.PolicyVersion)
	}
	write(t, path, "# nothing else is new\n"+two)
	eventually(t, "waiting for the third", i.uses(versionOf(t, "# nothing else is new\n"+two)))
	loaded, refused := r.said(t, 3)
	if len(refused) != 0 || loaded[0].Previous != "" || loaded[0].Version != versionOf(t, one) || loaded[1].Previous != loaded[0].Version || loaded[1].Version != versionOf(t, two) || loaded[1].Files[0] != path {
		t.Errorf("said %+v %+v", loaded, refused)
	}
}

func TestABrokenPolicyChangesNothing(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	good := head + always(7)
	path := policyFile(t, good)
	i := r.scorer(t, scoring.Config{PolicyFile: path, PolicyCheck: quick})
	broken := []string{
		head + "rules:\n  - {id: all, when: 'tol.name', points: 1, reason: r}\n", "", "\x00\xff", "version: 2\n", head + "rules: []\n",
		strings.Repeat("a: {", 1000),
	}
	for n, text := range broken {
		write(t, path, text)
		eventually(t, "waiting for it to be refused", func() error {
			if got := i.metric(t, "policy_loads_total", "refused"); got != float64(n+1) {
				return fmt.Errorf("refused %g", got)
			}
			return nil
		})
		if err := i.Ready(); err != nil {
			t.Errorf("not ready: %v", err)
		}
		if a := r.assessed(t, fmt.Sprint("a", n), payment("bob", 1)); a.Score != 7 || i.metric(t, "policy_refused") != 1 {
			t.Errorf("%q: %+v, metric %g", text, a, i.metric(t, "policy_refused"))
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, refused := r.said(t, 1+len(broken)+1)
	if len(refused) != len(broken)+1 {
		t.Fatalf("refused %d", len(refused))
	}
	for _, p := range refused {
		if p.InUse != versionOf(t, good) || !strings.Contains(p.Reason, path) || len(p.Reason) > 1024 {
			t.Errorf("%+v", p)
		}
	}
	if !strings.Contains(refused[0].Reason, "tol") || !strings.Contains(refused[0].Reason, ":4:") {
		t.Errorf("the reason names no line: %s", refused[0].Reason)
	}
	write(t, path, good) // as it was
	eventually(t, "waiting for the metric", func() error {
		if i.metric(t, "policy_refused") != 0 {
			return errors.New("it says the file is refused")
		}
		return nil
	})
	if err := i.uses(versionOf(t, good))(); err != nil {
		t.Error(err)
	}
}

// A file that is being written is not taken for a policy before it has come to rest.
func TestHalfAFileIsNotTaken(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	path := policyFile(t, head+always(7))
	i := r.scorer(t, scoring.Config{PolicyFile: path, PolicyCheck: time.Hour})
	write(t, path, head+always(0)) // the first half of what somebody writes
	if err := i.uses(versionOf(t, head+always(7)))(); err != nil {
		t.Error(err)
	}
	i.CheckPolicy() // somebody who asks, by SIGHUP, says that it is whole
	if err := i.uses(versionOf(t, head+always(0)))(); err != nil {
		t.Error(err)
	}
}

// Each assessment is made by one policy whole, and names it.
func TestReloadIsAtomicUnderLoad(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	text := func(points int) string { // two rules that only make sense together
		return head + fmt.Sprintf("rules:\n  - {id: a, when: \"agent != ''\", points: %d, recognises: true, reason: a}\n  - {id: b, when: \"breakpoint != ''\", points: %d, reason: b}\n", points, 20-points)
	}
	points := map[string]int{}
	for n := range 8 {
		points[versionOf(t, text(n+1))] = n + 1
	}
	path := policyFile(t, text(1))
	i := r.scorer(t, scoring.Config{PolicyFile: path, PolicyCheck: time.Millisecond})
	const each = 250
	for n := range 8 { // the next policy comes while actions are being weighed by the one before
		write(t, path, text(n+1))
		i.CheckPolicy()
		for k := range each {
			h, data := binary(t, event(payment("bob", 1)))
			if err := r.agent.PublishMsg(&nats.Msg{Subject: r.server.Subjects.Action("billing", fmt.Sprintf("a%d-%d", n, k)), Header: h, Data: data}); err != nil {
				t.Fatal(err)
			}
		}
		r.assessment(t, fmt.Sprintf("a%d-0", n))
	}
	c, err := r.js.OrderedConsumer(t.Context(), r.server.Subjects.Stream("EVENTS"), jetstream.OrderedConsumerConfig{FilterSubjects: []string{"wl.assessments.>"}})
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer all.Stop()
	used := map[string]int{}
	for range 8 * each {
		m, err := all.Next(jetstream.NextMaxWait(patience))
		if err != nil {
			t.Fatal(err)
		}
		e, err := events.Decode(events.Header(m.Headers()), m.Data())
		if err != nil {
			t.Fatal(err)
		}
		a, err := events.As[events.ActionAssessed](e)
		if err != nil {
			t.Fatal(err)
		}
		used[e.PolicyVersion]++
		for _, rule := range a.Rules {
			if want := points[e.PolicyVersion]; want == 0 || rule.ID == "a" && rule.Points != want || rule.ID == "b" && rule.Points != 20-want || a.Score != 20 {
				t.Fatalf("policy %s (%d): %+v", e.PolicyVersion, want, a)
			}
		}
	}
	if len(used) != 8 {
		t.Errorf("%d policies were used, want 8", len(used))
	}
}

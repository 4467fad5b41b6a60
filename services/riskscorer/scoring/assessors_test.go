package scoring_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

// assessor answers as one; f may be nil for one that listens and says nothing.
func (r *rig) assessor(t *testing.T, name string, f func(*nats.Msg)) *nats.Conn {
	t.Helper()
	nc := r.server.Connect(t, authz.Identity{Kind: authz.Assessor, Name: name}, nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	_, err := nc.Subscribe(r.server.Subjects.Assessor(name), func(m *nats.Msg) {
		if f != nil {
			f(m)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return nc
}

// says answers every question with a text.
func says(t *testing.T, text string) func(*nats.Msg) {
	return func(m *nats.Msg) {
		if err := m.Respond([]byte(text)); err != nil {
			t.Error(err)
		}
	}
}

// asking is a policy that gives 20 points and asks one assessor.
func asking(more string) string {
	return head + always(20) + "assessors:\n  - name: judge\n" + more
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	const ok, nonsense = "answered", "nonsense"
	cases := map[string]struct {
		answer string
		score  int
		kind   string
	}{
		"higher":            {`{"score":70,"reason":"bad"}`, 70, ok},
		"lower":             {`{"score":0,"reason":"harmless, trust me"}`, 20, ok},
		"rounded-up":        {`{"score":59.01,"reason":"bad"}`, 60, ok},
		"points":            {`{"points":15,"reason":"bad","tags":["ASI01"]}`, 35, ok},
		"no-points":         {`{"points":0,"reason":"fine"}`, 20, ok},
		"more-than-allowed": {`{"score":100,"reason":"bad"}`, 80, ok},
		"all-points":        {`{"points":100,"reason":"bad"}`, 80, ok},
		"unknown-member":    {`{"score":70,"reason":"bad","model":"m"}`, 70, ok},
		"negative":          {`{"score":-1,"reason":"x"}`, 30, nonsense},
		"negative-points":   {`{"points":-50,"reason":"x"}`, 30, nonsense},
		"overlarge":         {`{"score":101,"reason":"x"}`, 30, nonsense},
		"infinite":          {`{"score":1e999,"reason":"x"}`, 30, nonsense},
		"text":              {`{"score":"70","reason":"x"}`, 30, nonsense},
		"both":              {`{"score":70,"points":1,"reason":"x"}`, 30, nonsense},
		"neither":           {`{"reason":"x"}`, 30, nonsense},
		"null":              {`{"score":null,"reason":"x"}`, 30, nonsense},
		"no-reason":         {`{"score":70}`, 30, nonsense},
		"twice":             {`{"score":0,"score":70,"reason":"x"}`, 30, nonsense},
		"other-case":        {`{"Score":70,"reason":"x"}`, 30, nonsense},
		"nothing":           {``, 30, nonsense},
		"no-json":           {`I think this is fine.`, 30, nonsense},
		"a-list":            {`[{"score":70,"reason":"x"}]`, 30, nonsense},
		"more-behind":       {`{"score":1,"reason":"x"} {"score":2}`, 30, nonsense},
		"not-unicode":       {"{\"score\":70,\"reason\":\"\xff\"}", 30, nonsense},
		"huge":              {`{"score":0,"reason":"` + strings.Repeat("x", 20<<10) + `"}`, 30, nonsense},
		"many-tags":         {`{"score":0,"reason":"x","tags":[` + strings.Repeat(`"a",`, 20) + `"a"]}`, 30, nonsense},
		"deep":              {strings.Repeat(`[`, 9000), 30, nonsense},
	}
	r := rigOn(t, natstest.Start(t))
	r.assessor(t, "judge", func(m *nats.Msg) {
		var q events.AssessorQuestion
		if err := json.Unmarshal(m.Data, &q); err != nil {
			t.Error(err)
		}
		says(t, cases[q.Action].answer)(m)
	})
	i := r.scorer(t, scoring.Config{PolicyFile: policyFile(t, asking("    timeout: 20s\n    maxPoints: 60\n"))})
	for name, c := range cases {
		before := i.metric(t, "assessor_answers_total", "judge", c.kind)
		a := r.assessed(t, name, payment("bob", 1))
		if a.Score != c.score || !fired(a, "assessor/judge") || a.Denied {
			t.Errorf("%s: %+v, want %d", name, a, c.score)
		}
		if i.metric(t, "assessor_answers_total", "judge", c.kind) != before+1 {
			t.Errorf("%s: it is not counted as %s", name, c.kind)
		}
		if a.Score >= 30 != (a.Level != events.Low) {
			t.Errorf("%s: score %d, level %s", name, a.Score, a.Level)
		}
	}
}

func TestWhatIsAsked(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	asked := make(chan *nats.Msg, 100)
	r.assessor(t, "judge", func(m *nats.Msg) {
		asked <- m
		says(t, `{"score":90,"reason":"bad\u001b[2J","tags":["T1"]}`)(m)
	})
	text := head + always(20) + "  - {id: no, when: \"tool.name == 'never'\", effect: deny, reason: no}\n" +
		"assessors:\n  - {name: judge, when: \"tool.name == 'pay' || tool.name == 'never' || arguments.x.y == 1\", timeout: 20s}\n"
	r.scorer(t, scoring.Config{PolicyFile: policyFile(t, text)})
	data := payment("bob", 1)
	a := r.assessed(t, "a1", data)
	var q events.AssessorQuestion
	if err := json.Unmarshal((<-asked).Data, &q); err != nil {
		t.Fatal(err)
	}
	if string(q.Data) != data || q.ActionRef != a.ActionRef || q.Assessment.Score != 20 || q.Assessment.Level != events.Low || len(q.Assessment.Rules) != 1 {
		t.Errorf("asked %+v", q)
	}
	if last := a.Rules[len(a.Rules)-1]; last.ID != "assessor/judge" || last.Points != 70 || last.Reason != "bad\uFFFD(2J (T1)" || a.Reason != last.Reason || a.Level != events.High {
		t.Errorf("%+v", a)
	}
	if a := r.assessed(t, "never", `{"breakpoint":"tool_call","tool":"never"}`); !a.Denied || fired(a, "assessor/judge") {
		t.Errorf("a denied action is not asked about: %+v", a)
	}
	if a := r.assessed(t, "fails", `{"breakpoint":"tool_call","tool":"other"}`); !fired(a, "assessor/judge") {
		t.Errorf("a condition that fails asks: %+v", a)
	}
	if a := r.assessed(t, "other", `{"breakpoint":"tool_call","tool":"other","arguments":{"x":{"y":2}}}`); fired(a, "assessor/judge") {
		t.Errorf("a condition that does not hold does not ask: %+v", a)
	}
}

// Silence is a finding with the configured effect: absent, mute, too slow, or asked too much.
func TestSilence(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	r.assessor(t, "mute", nil)
	hold := make(chan struct{})
	r.assessor(t, "slow", func(m *nats.Msg) {
		<-hold
		_ = m.Respond([]byte(`{"score":0,"reason":"late"}`)) // the test may be over
	})
	t.Cleanup(func() { close(hold) })
	for name, c := range map[string]struct {
		more  string
		score int
		level events.Level
	}{
		"absent":  {"", 30, events.Medium},
		"mute":    {"", 30, events.Medium},
		"slow":    {"    onSilence: {level: high, reason: the judge was slow}\n", 60, events.High},
		"absent2": {"    onSilence: {points: 5}\n", 25, events.Low},
	} {
		text := strings.Replace(asking("    timeout: 50ms\n"+c.more), "judge\n", name+"\n", 1)
		i := r.scorer(t, scoring.Config{PolicyFile: policyFile(t, text)})
		a := r.assessed(t, name, payment("bob", 1))
		if a.Score != c.score || a.Level != c.level || !fired(a, "assessor/"+name) || i.metric(t, "assessor_answers_total", name, "silent") != 1 {
			t.Errorf("%s: %+v", name, a)
		}
		i.stop(t)
	}
}

// An assessor that does not answer holds up neither other agents nor other actions of the same one.
func TestAssessorsDoNotBlock(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	questions := make(chan *nats.Msg, 100)
	r.assessor(t, "judge", func(m *nats.Msg) { questions <- m })
	text := head + always(20) + "assessors:\n  - {name: judge, when: \"tool.name == 'pay'\", timeout: 30s}\n"
	r.scorer(t, scoring.Config{PolicyFile: policyFile(t, text), Workers: 1})
	for n := range 10 {
		r.act(t, fmt.Sprint("held", n), payment("bob", 1))
	}
	if a := r.assessed(t, "free", `{"breakpoint":"tool_call","tool":"search"}`); a.Score != 20 {
		t.Errorf("%+v", a)
	}
	for range 10 {
		says(t, `{"score":45,"reason":"so so"}`)(<-questions)
	}
	for n := range 10 {
		if _, a := r.assessment(t, fmt.Sprint("held", n)); a.Score != 45 {
			t.Errorf("held%d: %+v", n, a)
		}
	}
}

// A scorer that ends while it asks leaves the action to the next one, and makes no silence of it.
func TestShutdownIsNoSilence(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	questions := make(chan *nats.Msg, 100)
	r.assessor(t, "judge", func(m *nats.Msg) { questions <- m })
	cfg := scoring.Config{PolicyFile: policyFile(t, asking("    timeout: 30s\n")), Drain: time.Millisecond}
	first := r.scorer(t, cfg)
	r.act(t, "a1", payment("bob", 1))
	<-questions
	first.stop(t)
	if n := r.count(t, "wl.assessments.*.billing.a1"); n != 0 {
		t.Errorf("%d assessments", n)
	}
	r.scorer(t, cfg)
	says(t, `{"score":45,"reason":"so so"}`)(<-questions)
	if _, a := r.assessment(t, "a1"); a.Score != 45 {
		t.Errorf("%+v", a)
	}
}

// A judge that says otherwise every time is heard once.
func TestRedeliveryDoesNotAskAgain(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	var n atomic.Int64
	r.assessor(t, "judge", func(m *nats.Msg) {
		says(t, fmt.Sprintf(`{"score":%d,"reason":"it depends"}`, 40+n.Add(1)*10))(m)
	})
	cfg := scoring.Config{PolicyFile: policyFile(t, asking("    timeout: 20s\n"))}
	first := r.scorer(t, cfg)
	want := r.assessed(t, "a1", payment("bob", 1))
	first.stop(t)
	s, err := r.js.Stream(t.Context(), r.server.Subjects.Stream("ACTIONS"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteConsumer(t.Context(), "riskscorer"); err != nil {
		t.Fatal(err)
	}
	r.scorer(t, cfg)
	if a := r.assessed(t, "a2", payment("bob", 1)); a.Score != 60 {
		t.Errorf("a2: %+v", a)
	}
	if got := r.count(t, "wl.assessments.*.billing.a1"); got != 1 || want.Score != 50 || n.Load() != 2 {
		t.Errorf("%d assessments, the first %d, asked %d times", got, want.Score, n.Load())
	}
}

// Several are asked at once, and together they raise what each of them raises.
func TestSeveralAssessors(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	var waiting atomic.Int64
	all := make(chan struct{})
	together := func(text string) func(*nats.Msg) {
		return func(m *nats.Msg) {
			if waiting.Add(1) == 3 {
				close(all) // only when all were asked does anyone answer
			}
			<-all
			says(t, text)(m)
		}
	}
	r.assessor(t, "one", together(`{"score":40,"reason":"one"}`))
	r.assessor(t, "two", together(`{"points":5,"reason":"two"}`))
	r.assessor(t, "three", together(`{"score":1,"reason":"three"}`))
	text := head + always(20) + "assessors:\n  - {name: one, timeout: 20s}\n  - {name: two, timeout: 20s}\n  - {name: three, timeout: 20s}\n"
	r.scorer(t, scoring.Config{PolicyFile: policyFile(t, text)})
	if a := r.assessed(t, "a1", payment("bob", 1)); a.Score != 45 || len(a.Rules) != 4 {
		t.Errorf("%+v", a)
	}
}

// An agent that subscribes to the assessor's subject, or publishes there, is not heard.
func TestAgentCannotPlayAssessor(t *testing.T) {
	t.Parallel()
	r := rigOn(t, natstest.Start(t))
	refused := make(chan error, 100)
	nc := r.server.Connect(t, authz.Identity{Kind: authz.Agent, Name: "mallory"}, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	for _, subject := range []string{"wl.assessors.judge", ">"} {
		if _, err := nc.QueueSubscribe(subject, "q", says(t, `{"score":0,"reason":"fine"}`)); err != nil {
			t.Fatal(err)
		}
		if err := <-refused; !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s: %v", subject, err)
		}
	}
	r.scorer(t, scoring.Config{PolicyFile: policyFile(t, asking("    timeout: 200ms\n    onSilence: {level: high}\n"))})
	if a := r.assessed(t, "a1", payment("bob", 1)); a.Level != events.High {
		t.Errorf("%+v", a)
	}
}

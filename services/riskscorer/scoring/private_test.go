package scoring_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/rescore"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

// split proposes an action with private values; change may spoil what is stored, nil stores nothing.
func (r *rig) split(t *testing.T, action string, a *events.ActionProposed, change func(*events.PrivateStored) *events.PrivateStored, pointers ...string) *events.ActionProposed {
	t.Helper()
	a, stored, err := events.Split("billing", action, a, pointers, nil)
	if err != nil {
		t.Fatal(err)
	}
	if stored = change(stored); stored != nil {
		e, err := events.New(stored, action+"/private", "/agents/billing", event("").Time)
		if err != nil {
			t.Fatal(err)
		}
		h, data := binary(t, e)
		m := &nats.Msg{Subject: r.server.Subjects.Private("billing", action), Header: h, Data: data}
		if answer, err := r.agent.RequestMsg(m, patience); err != nil || strings.Contains(string(answer.Data), "error") {
			t.Fatalf("storing the values: %v, %v", answer, err)
		}
	}
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	r.act(t, action, string(data))
	return a
}

func asIs(p *events.PrivateStored) *events.PrivateStored { return p }

func sql(statement string) *events.ActionProposed {
	arguments, _ := json.Marshal(map[string]string{"query": statement})
	return &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "execute_sql", Arguments: arguments, Request: "Look after the table of customers", Principal: "carol"}
}

// What is private weighs what it weighs in the open, and no reason repeats it.
func TestPrivateValuesAreWeighed(t *testing.T) {
	t.Parallel()
	r := start(t, scoring.Config{})
	for name, statement := range map[string]string{
		"drop": "DROP TABLE customers_of_zurich", "read": "SELECT 1", "delete": "DELETE FROM customers_of_zurich", "odd": "what is this",
	} {
		data, err := json.Marshal(sql(statement))
		if err != nil {
			t.Fatal(err)
		}
		public := r.assessed(t, "public-"+name, string(data))
		r.split(t, "private-"+name, sql(statement), asIs, "/arguments/query")
		e, private := r.assessment(t, "private-"+name)
		if private.Level != public.Level || private.Score != public.Score || len(private.Rules) != len(public.Rules) {
			t.Errorf("%s: private is %s %d %v, public %s %d %v", name, private.Level, private.Score, private.Rules, public.Level, public.Score, public.Rules)
		}
		if strings.Contains(string(e.Data), "zurich") {
			t.Errorf("%s: the assessment repeats it: %s", name, e.Data)
		}
	}
}

func TestUnknownPrivateValuesAreRiskier(t *testing.T) {
	t.Parallel()
	r := start(t, scoring.Config{})
	swap := func(with string) func(*events.PrivateStored) *events.PrivateStored {
		return func(p *events.PrivateStored) *events.PrivateStored {
			p.Values[0].Value = json.RawMessage(with)
			return p
		}
	}
	for name, test := range map[string]struct {
		change func(*events.PrivateStored) *events.PrivateStored
		rule   string
		denied bool
	}{
		"missing":      {func(*events.PrivateStored) *events.PrivateStored { return nil }, "private_missing", false},
		"swapped":      {swap(`"SELECT 2"`), "private_mismatch", true},
		"other salt":   {func(p *events.PrivateStored) *events.PrivateStored { p.Values[0].Salt = events.NewSalt(); return p }, "private_mismatch", true},
		"other place":  {func(p *events.PrivateStored) *events.PrivateStored { p.Values[0].Pointer = "/request"; return p }, "private_mismatch", true},
		"another's":    {func(p *events.PrivateStored) *events.PrivateStored { q := *p; q.Agent = "mallory"; return &q }, "", false}, // the subject counts
		"another form": {swap(`"SELECT\u0020\u0031"`), "", false},                                                                    // the same value
	} {
		r.split(t, "a-"+strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), "'", ""), sql("SELECT 1"), test.change, "/arguments/query")
		_, a := r.assessment(t, "a-"+strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), "'", ""))
		if test.rule == "" {
			if a.Level == events.High || a.Denied {
				t.Errorf("%s: %+v", name, a)
			}
			continue
		}
		if a.Level != events.High || a.Denied != test.denied || !fired(a, test.rule) {
			t.Errorf("%s: level %s, denied %v, %v", name, a.Level, a.Denied, a.Rules)
		}
	}
}

// What is stored and cannot be read is no reason to wait, and none to let it through.
func TestGarbageInThePlaceOfValues(t *testing.T) {
	t.Parallel()
	r := start(t, scoring.Config{})
	if _, err := r.agent.Request(r.server.Subjects.Private("billing", "g-1"), []byte("garbage"), patience); err != nil {
		t.Fatal(err)
	}
	r.split(t, "g-1", sql("SELECT 1"), func(*events.PrivateStored) *events.PrivateStored { return nil }, "/arguments/query")
	if _, a := r.assessment(t, "g-1"); !a.Denied || !fired(a, "private_mismatch") {
		t.Fatalf("%+v", a)
	}
}

// Edited arguments are weighed with the values in the places of the marks that an approver left in them.
func TestEditsAreWeighedWithPrivateValues(t *testing.T) {
	t.Parallel()
	r := start(t, scoring.Config{})
	a := r.split(t, "e-1", sql("DROP TABLE customers_of_zurich"), asIs, "/arguments/query")
	_, before := r.assessment(t, "e-1")
	router := r.server.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.ApproverRouter})
	ask := func(arguments string) *events.ActionAssessed {
		answer, err := rescore.Request(t.Context(), router, r.server.Subjects, rescore.Ask{Action: before.ActionRef, Arguments: json.RawMessage(arguments)})
		if err != nil || answer.Problem != "" {
			t.Fatalf("%+v, %v", answer, err)
		}
		return answer.Assessed
	}
	if kept := ask(string(a.Arguments)); kept.Level != before.Level || kept.ArgumentsDigest != before.ArgumentsDigest {
		t.Errorf("the mark kept is %+v, before %+v", kept, before)
	}
	if other := ask(`{"query":"SELECT 1"}`); other.Score >= before.Score {
		t.Errorf("replaced is %+v, before %+v", other, before)
	}
}

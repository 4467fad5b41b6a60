package badinput

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

const search = `{"breakpoint":"tool_call","tool":"search_orders","arguments":{"query":"88123"}}`

// envelope is a good header of an action, with changes: "" takes a header away.
func envelope(changes ...string) nats.Header {
	h := nats.Header{
		"ce-specversion": {"1.0"}, "ce-id": {"e-1"}, "ce-source": {"/agents/billing"}, "ce-type": {events.ActionProposedType},
		"ce-datacontenttype": {"application/json"},
	}
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			delete(h, changes[i])
		} else {
			h[changes[i]] = []string{changes[i+1]}
		}
	}
	return h
}

func structured(data string) string {
	return `{"specversion":"1.0","id":"e-1","source":"/agents/billing","type":"` + events.ActionProposedType + `","datacontenttype":"application/json","data":` + data + `}`
}

var structuredHeader = nats.Header{"Content-Type": {"application/cloudevents+json"}}

// actions are messages on an agent's own subject, which the server therefore takes, and what
// the pipeline answers.
var actions = map[string]struct {
	header  nats.Header
	data    string
	outcome events.Outcome
	dead    bool   // a dead letter besides
	reason  string // part of the decision's reason
}{
	"in binary mode":                          {envelope(), search, events.Approved, false, ""},
	"in structured mode":                      {structuredHeader, structured(search), events.Approved, false, ""},
	"in structured mode without content type": {nil, structured(search), events.Approved, false, ""},
	"with an unknown field":                   {envelope(), `{"future":{"a":[1]},` + search[1:], events.Approved, false, ""},
	"with an unknown attribute":               {envelope("ce-future", "x"), search, events.Approved, false, ""},
	"that names its agent":                    {envelope(), `{"agent":"billing",` + search[1:], events.Approved, false, ""},

	"of another agent":           {envelope(), `{"agent":"support",` + search[1:], events.Denied, false, "claims to be of agent"},
	"of an unsafe agent":         {envelope(), `{"agent":"billing.>",` + search[1:], events.Denied, false, "claims to be of agent"},
	"of another id":              {envelope(), `{"action":"other",` + search[1:], events.Denied, false, "claims to be action"},
	"without id":                 {envelope("ce-id", ""), search, events.Denied, true, "id is missing"},
	"without source":             {envelope("ce-source", ""), search, events.Denied, true, "source is missing"},
	"without type":               {envelope("ce-type", ""), search, events.Denied, true, "type is missing"},
	"of another type":            {envelope("ce-type", events.DecisionMadeType), search, events.Denied, true, "type is"},
	"of an unknown type":         {envelope("ce-type", "com.example.thing"), search, events.Denied, true, "type is"},
	"without breakpoint":         {envelope(), `{"tool":"search_orders"}`, events.Denied, true, "breakpoint is missing"},
	"with an unknown breakpoint": {envelope(), `{"breakpoint":"later","tool":"x"}`, events.Denied, true, "breakpoint is"},
	"without tool":               {envelope(), `{"breakpoint":"tool_call"}`, events.Denied, true, "tool is missing"},
	"with a list of arguments":   {envelope(), `{"breakpoint":"tool_call","tool":"x","arguments":[1]}`, events.Denied, true, "arguments"},
	"with a key given twice":     {envelope(), `{"breakpoint":"tool_call","tool":"x","arguments":{"to":"a","to":"b"}}`, events.Denied, true, ""},
	"in another specversion":     {envelope("ce-specversion", "0.3"), search, events.Denied, true, "specversion is"},
	"without specversion":        {envelope("ce-specversion", ""), search, events.Denied, true, "specversion is"},
	"with text as content":       {envelope("ce-datacontenttype", "text/plain"), search, events.Denied, true, "datacontenttype is"},
	"as a batch of events":       {nats.Header{"Content-Type": {"application/cloudevents-batch+json"}}, `[` + structured(search) + `]`, events.Denied, true, "Content-Type is"},
	"with other events' format":  {nats.Header{"Content-Type": {"application/cloudevents+avro"}}, "x", events.Denied, true, "Content-Type is"},
	"that is no JSON":            {envelope(), "\x00\x01 rm -rf /", events.Denied, true, ""},
	"that is a JSON list":        {envelope(), `[1,2]`, events.Denied, true, ""},
	"that is cut short":          {envelope(), search[:40], events.Denied, true, ""},
	"that is empty":              {nil, "", events.Denied, true, "is not a CloudEvent"},
	"of structured rubbish":      {structuredHeader, `{"specversion":`, events.Denied, true, ""},
	"with an attribute twice":    {nats.Header{"ce-specversion": {"1.0", "1.0"}, "ce-id": {"e"}}, search, events.Denied, true, "is given 2 times"},
	"replayed from a stream":     {envelope("Nats-Stream", "WL_ACTIONS", "Nats-Sequence", "1", "Nats-Subject", "wl.actions.billing.x"), search, events.Denied, true, ""},
	"of nearly 1 MiB, no JSON":   {envelope(), strings.Repeat("x", 1020<<10), events.Denied, true, ""},

	"answered outside its inbox":        {envelope("ce-replyto", "_INBOX.support.x"), search, events.Denied, false, "replyto"},
	"answered in the ledger":            {envelope("ce-replyto", "wl.decisions.billing.x"), search, events.Denied, false, "replyto"},
	"answered in a wildcard":            {envelope("ce-replyto", "_INBOX.billing.*"), search, events.Denied, false, "replyto"},
	"answered by the server's API":      {envelope("ce-replyto", "$JS.API.STREAM.DELETE.WL_DECISIONS"), search, events.Denied, false, "replyto"},
	"answered outside, and no JSON":     {envelope("ce-replyto", "wl.decisions.billing.x"), "{", events.Denied, true, ""},
	"answered outside, in structure":    {structuredHeader, `{"replyto":"wl.verdicts.self.alice.r",` + structured(search)[1:], events.Denied, false, "replyto"},
	"answered below an agent's own dot": {envelope("ce-replyto", "_INBOX.billing."), search, events.Denied, false, "replyto"},
}

func TestActions(t *testing.T) {
	t.Parallel()
	p := start(t)
	nc := p.agent(t, "billing")
	for name, c := range actions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "a-" + strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(name)
			sequence := stored(t, nc, &nats.Msg{Subject: p.Subjects.Action("billing", id), Header: c.header, Data: []byte(c.data)})
			d := p.decision(t, "billing", id)
			if d.Outcome != c.outcome || d.Sequence != sequence || d.DecidedBy.Kind != events.ByPolicy || !strings.Contains(d.Reason, c.reason) {
				t.Errorf("decided %s: %q, want %s with %q", d.Outcome, d.Reason, c.outcome, c.reason)
			}
			if !c.dead {
				return
			}
			letter := p.deadLetter(t, authz.RiskScorer, "ACTIONS", sequence)
			if letter.Size != len(c.data) || letter.Digest != events.Digest([]byte(c.data)) || letter.Reason == "" || letter.Subject != p.Subjects.Action("billing", id) {
				t.Errorf("dead letter of %s: %d bytes, %q", letter.Subject, letter.Size, letter.Reason)
			}
			if len(letter.Data) > 0 && string(letter.Data) != c.data {
				t.Error("the dead letter has other bytes")
			}
		})
	}
}

// A name that is no safe token gets nowhere: there is no subject its decision could stand on.
func TestUnsafeIds(t *testing.T) {
	t.Parallel()
	p := start(t)
	nc := p.agent(t, "billing")
	for _, id := range []string{"a*b", "a%20b", "ü", "$SYS", strings.Repeat("x", 65), "a/b"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			sequence := stored(t, nc, &nats.Msg{Subject: p.Subjects.Action("billing", id), Header: envelope(), Data: []byte(search)})
			if letter := p.deadLetter(t, authz.RiskScorer, "ACTIONS", sequence); !strings.Contains(letter.Reason, "action has") {
				t.Errorf("buried because: %s", letter.Reason)
			}
		})
	}
}

// The SDK and the server answer the sender himself.
func TestErrorsToTheAgent(t *testing.T) {
	t.Parallel()
	p := start(t)
	seed := p.Add(t, authz.Identity{Kind: authz.Agent, Name: "billing"})
	_, err := agent.Connect(t.Context(), agent.Options{URL: p.URL, Agent: "support", SeedFile: seed})
	if _, ok := errors.AsType[*agent.PermissionError](err); !ok {
		t.Errorf("connecting under another name: %v", err)
	}
	var field *events.FieldError
	for _, name := range []string{"", "a.b", "*", ">", "bill ing", "bïlling"} {
		if _, err := agent.Connect(t.Context(), agent.Options{URL: p.URL, Agent: name, SeedFile: seed}); !errors.As(err, &field) {
			t.Errorf("connecting as %q: %v", name, err)
		}
	}
	c, err := agent.Connect(t.Context(), agent.Options{URL: p.URL, Agent: "billing", SeedFile: seed, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	good := agent.Action{Tool: "search_orders", Arguments: []byte(`{"query":"x"}`)}
	for name, change := range map[string]func(*agent.Action){
		"an unsafe id":       func(a *agent.Action) { a.ID = "a.b" },
		"a wildcard as id":   func(a *agent.Action) { a.ID = ">" },
		"no tool":            func(a *agent.Action) { a.Tool = "" },
		"arguments in text":  func(a *agent.Action) { a.Arguments = []byte(`rm -rf`) },
		"a breakpoint":       func(a *agent.Action) { a.Breakpoint = "later" },
		"a trace of nothing": func(a *agent.Action) { a.TraceParent = "00-x" },
	} {
		a := good
		change(&a)
		if _, err := c.Propose(t.Context(), a); !errors.As(err, &field) {
			t.Errorf("proposing with %s: %v", name, err)
		}
	}
	var large *agent.TooLargeError
	huge := good
	huge.Reasoning = strings.Repeat("x", 1<<20)
	if _, err := c.Propose(t.Context(), huge); !errors.As(err, &large) || large.Limit != 1<<20 || large.Size <= 1<<20 {
		t.Errorf("proposing 1 MiB: %v", err)
	}
	nc := p.agent(t, "billing")
	if err := nc.Publish(p.Subjects.Action("billing", "huge"), make([]byte, 1<<20+1)); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("publishing 1 MiB: %v", err)
	}
}

// Under another agent's name nothing is stored, and the sender's connection hears of it.
func TestAnotherAgentsSubject(t *testing.T) {
	t.Parallel()
	p := start(t)
	heard := make(chan error, 10)
	nc := p.Connect(t, authz.Identity{Kind: authz.Agent, Name: "mallory"}, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { heard <- err }))
	if err := nc.PublishMsg(&nats.Msg{Subject: p.Subjects.Action("billing", "a-1"), Header: envelope(), Data: []byte(search)}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-heard:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("mallory heard: %v", err)
		}
	case <-time.After(patience):
		t.Error("mallory heard nothing")
	}
	// The id is still free for its owner.
	stored(t, p.agent(t, "billing"), &nats.Msg{Subject: p.Subjects.Action("billing", "a-1"), Header: envelope(), Data: []byte(search)})
	if d := p.decision(t, "billing", "a-1"); d.Outcome != events.Approved {
		t.Errorf("the owner's action is %s: %s", d.Outcome, d.Reason)
	}
}

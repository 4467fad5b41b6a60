package scoring_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

const patience = 20 * time.Second

// rig is a running scorer with the connections around it.
type rig struct {
	server *natstest.Server
	agent  *nats.Conn
	js     jetstream.JetStream // the operator's
}

func start(t *testing.T, cfg scoring.Config) *rig {
	t.Helper()
	s := natstest.Start(t)
	r := &rig{server: s, agent: s.Connect(t, authz.Identity{Kind: authz.Agent, Name: "billing"}), js: s.JetStream(t, authz.TheOperator())}
	conn := s.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.RiskScorer})
	svc, err := scoring.New(stream.Runtime{Conn: conn, Subjects: s.Subjects, Logger: slog.New(slog.DiscardHandler)}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("running the scorer: %v", err)
		}
	})
	return r
}

// event makes the envelope of an action.
func event(data string) events.Event {
	return events.Event{
		ID: "e-1", Source: "/agents/billing", Type: events.ActionProposedType, DataContentType: events.ContentTypeJSON,
		ReplyTo: "_INBOX.billing.x", TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Data: []byte(data),
	}
}

func binary(t *testing.T, e events.Event) (nats.Header, []byte) {
	t.Helper()
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		t.Fatal(err)
	}
	return nats.Header(h), data
}

// propose stores a message as the agent would; the server's answer must be a PubAck.
func (r *rig) propose(t *testing.T, action string, h nats.Header, data []byte) uint64 {
	t.Helper()
	m := &nats.Msg{Subject: r.server.Subjects.Action("billing", action), Header: h, Data: data}
	answer, err := r.agent.RequestMsg(m, patience)
	if err != nil {
		t.Fatalf("proposing %s: %v", action, err)
	}
	var ack struct {
		Seq   uint64 `json:"seq"`
		Error *jetstream.APIError
	}
	if err := json.Unmarshal(answer.Data, &ack); err != nil || ack.Seq == 0 {
		t.Fatalf("proposing %s: answer %q", action, answer.Data)
	}
	return ack.Seq
}

// assessment waits for what the scorer says about the action.
func (r *rig) assessment(t *testing.T, action string) (events.Event, *events.ActionAssessed) {
	t.Helper()
	filter := strings.Replace(r.server.Subjects.Assessment(events.Low, "billing", action), ".low.", ".*.", 1)
	m := r.next(t, filter)
	e, err := events.Decode(events.Header(m.Headers()), m.Data())
	if err != nil {
		t.Fatal(err)
	}
	a, err := events.As[events.ActionAssessed](e)
	if err != nil {
		t.Fatal(err)
	}
	if want := r.server.Subjects.Assessment(a.Level, "billing", action); m.Subject() != want {
		t.Errorf("subject %s, want %s", m.Subject(), want)
	}
	return e, a
}

func (r *rig) next(t *testing.T, filter string) jetstream.Msg {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := r.js.OrderedConsumer(ctx, r.server.Subjects.Stream("EVENTS"), jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Next(jetstream.FetchMaxWait(patience))
	if err != nil {
		t.Fatalf("waiting for %s: %v", filter, err)
	}
	return m
}

// count says how many events match the filter.
func (r *rig) count(t *testing.T, filter string) (n uint64) {
	t.Helper()
	s, err := r.js.Stream(t.Context(), r.server.Subjects.Stream("EVENTS"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(filter))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range info.State.Subjects {
		n += c
	}
	return n
}

func TestActionsAreAssessed(t *testing.T) {
	t.Parallel()
	r := start(t, scoring.Config{})
	for i, c := range []struct {
		data string
		want events.Level
	}{
		{`{"breakpoint":"tool_call","tool":"search","arguments":{"query":"x"}}`, events.Low},
		{`{"breakpoint":"tool_call","tool":"query_database","arguments":{"sql":"select 1"},"agent":"billing"}`, events.Low},
		{`{"breakpoint":"tool_call","tool":"update_ticket","arguments":{"id":7},"agent":"billing"}`, events.Medium},
		{`{"breakpoint":"tool_call","tool":"pay_invoice","arguments":{"amount":7},"someday":true}`, events.High},
		{`{"breakpoint":"tool_call","tool":"frobnicate"}`, events.High},
	} {
		action := fmt.Sprintf("a-%d", i)
		h, data := binary(t, event(c.data))
		seq := r.propose(t, action, h, data)
		e, a := r.assessment(t, action)
		if a.Level != c.want || a.Denied || a.Reason == "" || len(a.Rules) == 0 {
			t.Errorf("%s: %+v, want %s", c.data, a, c.want)
		}
		if a.Agent != "billing" || a.Action != action || a.Sequence != seq || a.Digest != events.Digest(data) || a.ArgumentsDigest == "" || a.ProposedAt.IsZero() {
			t.Errorf("reference %+v at %s", a.ActionRef, a.ProposedAt)
		}
		if e.ReplyTo != "_INBOX.billing.x" || e.CausationID != "e-1" || e.TraceParent == "" || e.PolicyVersion != policy.Default().Version() || e.Source != "/services/riskscorer" {
			t.Errorf("envelope %+v", e)
		}
	}
}

func TestStructuredModeIsAssessed(t *testing.T) {
	t.Parallel()
	r := start(t, scoring.Config{})
	h, body, err := events.EncodeStructured(event(`{"breakpoint":"tool_call","tool":"search"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.propose(t, "a", nats.Header(h), body)
	if e, a := r.assessment(t, "a"); a.Level != events.Low || e.ReplyTo == "" {
		t.Errorf("%+v", a)
	}
}

func TestBadInputIsDeniedOnce(t *testing.T) {
	t.Parallel()
	r := start(t, scoring.Config{})
	search := `{"breakpoint":"tool_call","tool":"search"}`
	for name, c := range map[string]struct {
		change func(*events.Event)
		header func(nats.Header)
		rule   string
		silent bool // the reply subject is dropped
		dead   bool
	}{
		"other-agent":     {change: func(e *events.Event) { e.Data = []byte(`{"agent":"root","breakpoint":"tool_call","tool":"search"}`) }, rule: "wrong_name"},
		"other-action":    {change: func(e *events.Event) { e.Data = []byte(`{"action":"b","breakpoint":"tool_call","tool":"search"}`) }, rule: "wrong_name"},
		"strange-inbox":   {change: func(e *events.Event) { e.ReplyTo = "wl.verdicts.self.alice.r" }, rule: "wrong_inbox", silent: true},
		"other-inbox":     {change: func(e *events.Event) { e.ReplyTo = "_INBOX.finance.x" }, rule: "wrong_inbox", silent: true},
		"wildcard-inbox":  {change: func(e *events.Event) { e.ReplyTo = "_INBOX.billing.>" }, rule: "wrong_inbox", silent: true},
		"missing-field":   {change: func(e *events.Event) { e.Data = []byte(`{"breakpoint":"tool_call"}`) }, rule: "malformed", dead: true},
		"no-breakpoint":   {change: func(e *events.Event) { e.Data = []byte(`{"tool":"search"}`) }, rule: "malformed", dead: true},
		"not-json":        {change: func(e *events.Event) { e.Data = []byte("\xff\x00{") }, rule: "malformed", dead: true},
		"no-data":         {change: func(e *events.Event) { e.Data = nil }, rule: "malformed", dead: true},
		"wrong-arguments": {change: func(e *events.Event) { e.Data = []byte(`{"breakpoint":"tool_call","tool":"x","arguments":[1]}`) }, rule: "malformed", dead: true},
		"wrong-type":      {change: func(e *events.Event) { e.Type = "dev.weighlock.decision.made.v1" }, rule: "malformed", dead: true},
		"unknown-type":    {change: func(e *events.Event) { e.Type = "org.example.x" }, rule: "malformed", dead: true},
		"content-type":    {change: func(e *events.Event) { e.DataContentType = "text/plain" }, rule: "malformed", dead: true},
		"specversion":     {header: func(h nats.Header) { h["ce-specversion"] = []string{"0.3"} }, rule: "malformed", dead: true},
		"no-id":           {header: func(h nats.Header) { delete(h, "ce-id") }, rule: "malformed", dead: true},
		"broken-escape":   {header: func(h nats.Header) { h["ce-source"] = []string{"%ff"} }, rule: "malformed", dead: true},
		"no-envelope": {header: func(h nats.Header) {
			for k := range h {
				delete(h, k)
			}
		}, rule: "malformed", dead: true, silent: true},
		"replayed": {header: func(h nats.Header) { h["Nats-Stream"] = []string{"WL_DECISIONS"} }, rule: "malformed", dead: true},
	} {
		e := event(search)
		if c.change != nil {
			c.change(&e)
		}
		h, data := binary(t, e)
		if c.header != nil {
			c.header(h)
		}
		dead := r.count(t, r.server.Subjects.Dead("riskscorer"))
		r.propose(t, name, h, data)
		got, a := r.assessment(t, name)
		if !a.Denied || a.Level != events.High || a.Rules[0].ID != c.rule || a.Reason == "" {
			t.Errorf("%s: %+v, want it denied as %s", name, a, c.rule)
		}
		if (got.ReplyTo == "") != c.silent {
			t.Errorf("%s: answered on %q", name, got.ReplyTo)
		}
		if n := r.count(t, r.server.Subjects.Dead("riskscorer")) - dead; n != 0 != c.dead {
			t.Errorf("%s: %d dead letters", name, n)
		}
		if n := r.count(t, strings.Replace(r.server.Subjects.Assessment(events.High, "billing", name), ".high.", ".*.", 1)); n != 1 {
			t.Errorf("%s: %d assessments", name, n)
		}
	}
}

func TestHugeActionHasASmallAssessment(t *testing.T) {
	t.Parallel()
	r := start(t, scoring.Config{})
	long := strings.Repeat("ä", 90_000)
	e := event(fmt.Sprintf(`{"breakpoint":"tool_call","tool":"search%s","session":%q,"principal":%q,"target":{"kind":%q},"arguments":{"x":%q}}`, long[:2000], long, long, long, long))
	e.ID, e.TraceParent = strings.Repeat("i", 9000), strings.Repeat("t", 9000)
	h, data := binary(t, e)
	r.propose(t, "huge", h, data)
	got, a := r.assessment(t, "huge")
	if len(got.Data) > 8<<10 || len(got.CausationID) > 256 || len(got.TraceParent) > 55 || a.Level != events.High || a.Denied {
		t.Errorf("assessment of %d bytes: %s", len(got.Data), got.Data[:200])
	}
	h, data = binary(t, event(`{"breakpoint":"tool_call","tool":"search","request":"`+string(bytes.Repeat([]byte("x"), 1<<20-1000))+`"}`))
	r.propose(t, "full", h, data)
	if _, a := r.assessment(t, "full"); a.Level != events.Low {
		t.Errorf("%+v", a)
	}
}

func TestPolicyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.yaml")
	text := "version: 1\nthresholds: {medium: 30, high: 60}\nrules:\n  - {id: never, when: action.bytes >= 0, effect: deny, reason: no}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, scoring.Config{PolicyFile: path})
	h, data := binary(t, event(`{"breakpoint":"tool_call","tool":"search"}`))
	r.propose(t, "a", h, data)
	if e, a := r.assessment(t, "a"); !a.Denied || e.PolicyVersion != events.Digest([]byte(text)) {
		t.Errorf("%+v", a)
	}
	more := filepath.Join(t.TempDir(), "more.yaml")
	if err := os.WriteFile(more, []byte("version: 1\nrules:\n  - {id: never-either, when: action.bytes >= 1, effect: deny, reason: no}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var several scoring.Config
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	several.Register(fs)
	if err := fs.Parse([]string{"-policy", "default," + path, "-policy", more}); err != nil {
		t.Fatal(err)
	}
	if want := "default," + path + "," + more; several.PolicyFile != want {
		t.Errorf("policy %s, want %s", several.PolicyFile, want)
	}
	if s, err := scoring.New(stream.Runtime{Subjects: r.server.Subjects, Conn: r.agent, Logger: slog.New(slog.DiscardHandler)}, several); err != nil || s.PolicyVersion() == events.Digest([]byte(text)) {
		t.Errorf("several files: %v", err)
	}
	for _, cfg := range []scoring.Config{{PolicyFile: path + ".missing"}, {Workers: -1}, {AckWait: time.Microsecond}} {
		if _, err := scoring.New(stream.Runtime{Subjects: r.server.Subjects}, cfg); err == nil {
			t.Errorf("config %+v is accepted", cfg)
		}
	}
}

package badinput

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

// targets are places where an agent that calls itself mallory would like an answer to be heard.
var targets = []string{
	"_INBOX.billing.x", "_INBOX.mallory", "_INBOX.mallory.", "_INBOX.mallory.*", "_INBOX.mallory.>", "_INBOX.mallory.a b", "_INBOX.*.x", "_INBOX.>",
	"_INBOX.mallory.x\r\nPUB wl.decisions.mallory.forged 0", "_INBOX_APPROVER.alice.x", "_INBOX_SERVICE.riskscorer.x",
	"wl.decisions.mallory.forged", "wl.decisions.billing.forged", "wl.actions.billing.forged", "wl.verdicts.self.alice.r-1",
	"wl.approvals.operations.requested.r-1", "wl.assessments.low.mallory.forged", "wl.timers.r-1.0.1", "$KV.WL_REQUESTS.r-1",
	"$JS.API.STREAM.DELETE.WL_DECISIONS", "$JS.API.STREAM.PURGE.WL_ACTIONS", "$JS.ACK.WL_ACTIONS.riskscorer.1.1.1.1.1", ">", "*",
}

// Wherever an agent asks for its answer: the answer goes to its own inbox, or nowhere. This goes for
// every kind of decision, since each takes another way through the services.
func TestNobodyIsMadeToPublishElsewhere(t *testing.T) {
	t.Parallel()
	p := start(t)
	heard := make(chan *nats.Msg, 10_000)
	victim := p.agent(t, "billing")
	for subject, nc := range map[string]*nats.Conn{">": p.js.Conn(), "_INBOX.billing.>": victim} {
		if _, err := nc.ChanSubscribe(subject, heard); err != nil {
			t.Fatal(err)
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	nc, alice := p.agent(t, "mallory"), p.approver(t, "alice")

	own := map[string]bool{}
	for kind, data := range map[string]string{
		"low": search, "denied": `{"agent":"billing",` + search[1:], "broken": `{`, "high": `{"breakpoint":"tool_call","tool":"refund_order","arguments":{}}`,
	} {
		for i, target := range targets {
			id := fmt.Sprintf("%s-%d", kind, i)
			own[p.Subjects.Decision("mallory", id)] = true
			stored(t, nc, &nats.Msg{Subject: p.Subjects.Action("mallory", id), Header: envelope("ce-replyto", percent(target)), Data: []byte(data)})
			if d := p.decision(t, "mallory", id); d.Outcome != events.Denied {
				t.Errorf("%s action with replyto %q is %s", kind, target, d.Outcome)
			}
		}
	}
	// One of each that may be answered proves that the listening works, and is the last to be answered.
	good := envelope("ce-replyto", "_INBOX.mallory.good")
	inbox, err := nc.SubscribeSync("_INBOX.mallory.good")
	if err != nil {
		t.Fatal(err)
	}
	own[p.Subjects.Decision("mallory", "good")], own["_INBOX.mallory.good"] = true, true
	stored(t, nc, &nats.Msg{Subject: p.Subjects.Action("mallory", "good"), Header: good, Data: []byte(`{"breakpoint":"tool_call","tool":"refund_order","arguments":{}}`)})
	announced, _ := p.card(t, "mallory", "good")
	a := asked{p, "good", announced.Request, announced.Digest}
	a.cast(t, alice, "alice", a.request, a.approval())
	if _, err := inbox.NextMsg(patience); err != nil {
		t.Fatalf("the answer in its own inbox: %v", err)
	}
	answered := false
	for _, listener := range []*nats.Conn{p.js.Conn(), victim} {
		if err := listener.Flush(); err != nil { // what was heard before is in the channel then
			t.Fatal(err)
		}
	}
	for len(heard) > 0 {
		m := <-heard
		// A service that reads the ledger gets copies from the server, which names the stream in them; an answer never has that.
		read := m.Header.Get("Nats-Stream") != ""
		if m.Header.Get("ce-type") == events.DecisionMadeType && !own[m.Subject] && !read {
			t.Errorf("a decision was heard on %s", m.Subject)
		}
		answered = answered || m.Subject == "_INBOX.mallory.good"
	}
	if !answered {
		t.Error("the listener did not hear the answer that was sent")
	}
}

// percent writes a header value as CloudEvents does.
func percent(s string) string {
	return strings.NewReplacer("%", "%25", " ", "%20", "\r", "%0D", "\n", "%0A").Replace(s)
}

// What the stream of actions refuses, it refuses in the running pipeline too, and nothing is decided.
func TestHeadersOfTheServer(t *testing.T) {
	t.Parallel()
	p := start(t)
	nc := p.agent(t, "mallory")
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for i, extra := range [][]string{
		{"Nats-Schedule", "@at 2030-01-01T00:00:00Z", "Nats-Schedule-Target", "wl.actions.billing.x"},
		{"Nats-Rollup", "all"}, {"Nats-Rollup", "sub"}, {"Nats-TTL", "1s"}, {"Nats-Incr", "+1"},
		{"Nats-Batch-Id", "b", "Nats-Batch-Sequence", "1", "Nats-Batch-Commit", "1"},
	} {
		id := fmt.Sprintf("h-%d", i)
		ack, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: p.Subjects.Action("mallory", id), Header: envelope(extra...), Data: []byte(search)})
		if _, ok := errors.AsType[*jetstream.APIError](err); !ok {
			t.Errorf("%v: %+v, %v", extra, ack, err)
		}
	}
	info, err := p.js.Stream(t.Context(), p.Subjects.Stream("ACTIONS"))
	if err != nil {
		t.Fatal(err)
	}
	if n := info.CachedInfo().State.LastSeq; n != 0 {
		t.Errorf("%d messages were stored", n)
	}
}

// A decision is read by the agent it is on, and by no other.
func TestDecisionsOfOthers(t *testing.T) {
	t.Parallel()
	p := start(t)
	clients := map[string]*agent.Client{}
	for _, name := range []string{"billing", "mallory"} {
		seed := p.Add(t, authz.Identity{Kind: authz.Agent, Name: name})
		c, err := agent.Connect(t.Context(), agent.Options{URL: p.URL, Agent: name, SeedFile: seed, Timeout: patience})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		clients[name] = c
	}
	if _, err := clients["billing"].Propose(t.Context(), agent.Action{ID: "secret", Tool: "search_orders"}); err != nil {
		t.Fatal(err)
	}
	if _, err := clients["billing"].Await(t.Context(), "secret"); err != nil {
		t.Fatal(err)
	}
	nc := p.agent(t, "mallory")
	answers, err := nc.SubscribeSync("_INBOX.mallory.spy.>")
	if err != nil {
		t.Fatal(err)
	}
	ledger := "$JS.API.DIRECT.GET." + p.Subjects.Stream("DECISIONS")
	for i, subject := range []string{ledger + "." + p.Subjects.Decision("billing", "secret"), ledger, ledger + ".>"} {
		if err := nc.PublishRequest(subject, fmt.Sprintf("_INBOX.mallory.spy.%d", i), []byte(`{"last_by_subj":"wl.decisions.billing.secret"}`)); err != nil {
			t.Fatal(err)
		}
	}
	// Its own is answered, after all that was asked before.
	if _, err := clients["mallory"].Propose(t.Context(), agent.Action{ID: "own", Tool: "search_orders"}); err != nil {
		t.Fatal(err)
	}
	if _, err := clients["mallory"].Await(t.Context(), "own"); err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest(ledger+"."+p.Subjects.Decision("mallory", "own"), "_INBOX.mallory.spy.own", nil); err != nil {
		t.Fatal(err)
	}
	m, err := answers.NextMsg(patience)
	if err != nil || m.Subject != "_INBOX.mallory.spy.own" || m.Header.Get("Nats-Subject") != p.Subjects.Decision("mallory", "own") {
		t.Errorf("mallory read %v, %v", m, err)
	}
}

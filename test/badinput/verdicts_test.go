package badinput

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/events"
)

// asked is an action that waits on a card of its own.
type asked struct {
	*pipeline
	id      string
	request string
	digest  string
}

// ask proposes an action that waits: tool decides the route.
func (p *pipeline) ask(t *testing.T, nc *nats.Conn, id, tool string) asked {
	t.Helper()
	data := fmt.Sprintf(`{"breakpoint":"tool_call","tool":%q,"arguments":{}}`, tool)
	stored(t, nc, &nats.Msg{Subject: p.Subjects.Action("billing", id), Header: envelope(), Data: []byte(data)})
	announced, _ := p.card(t, "billing", id)
	return asked{p, id, announced.Request, announced.Digest}
}

// cast stores a verdict as it is, true or not.
func (a asked) cast(t *testing.T, nc *nats.Conn, who, request, data string) uint64 {
	t.Helper()
	h := envelope("ce-type", events.VerdictCastType, "ce-source", "/channels/self/"+who)
	return stored(t, nc, &nats.Msg{Subject: a.Subjects.Verdict("self", who, request), Header: h, Data: []byte(data)})
}

func (a asked) approval() string { return fmt.Sprintf(`{"digest":%q,"verdict":"approve"}`, a.digest) }

// resolved waits until the request is over and returns what became of its action.
func (a asked) resolved(t *testing.T) *events.DecisionMade {
	t.Helper()
	find(t, a.pipeline, "EVENTS", a.Subjects.Approval("*", events.Resolved, a.request), func(jetstream.Msg) (bool, bool) { return true, true })
	return a.decision(t, "billing", a.id)
}

// verdicts are bad verdicts by an approver on an open request, and why each is refused. %s
// stands for the card's digest.
var verdicts = map[string]struct {
	who, data string
	code      events.RefusalCode
	dead      bool
}{
	"with another digest":         {"alice", `{"digest":"sha256:` + strings.Repeat("0", 64) + `","verdict":"approve"}`, events.RefusedWrongDigest, false},
	"by a stranger":               {"mallory", `{"digest":"%s","verdict":"approve"}`, events.RefusedNotEntitled, false},
	"by a member of other groups": {"carol", `{"digest":"%s","verdict":"approve"}`, events.RefusedNotEntitled, false},
	"on an item that is not":      {"alice", `{"digest":"%s","items":[{"number":9,"verdict":"approve"}]}`, events.RefusedUnknownItem, false},
	"without digest":              {"alice", `{"verdict":"approve"}`, events.RefusedMalformed, true},
	"without verdict":             {"alice", `{"digest":"%s"}`, events.RefusedMalformed, true},
	"of an unknown kind":          {"alice", `{"digest":"%s","verdict":"maybe"}`, events.RefusedMalformed, true},
	"in another's name":           {"mallory", `{"digest":"%s","verdict":"approve","approver":"alice"}`, events.RefusedMalformed, true},
	"on another request":          {"alice", `{"digest":"%s","verdict":"approve","request":"r-other"}`, events.RefusedMalformed, true},
	"that is no JSON":             {"alice", `approve!`, events.RefusedMalformed, true},
	"that is empty":               {"alice", ``, events.RefusedMalformed, true},
	"with items twice":            {"alice", `{"digest":"%s","items":[{"number":1,"verdict":"approve"},{"number":1,"verdict":"reject"}]}`, events.RefusedMalformed, true},
	"with too long a comment":     {"alice", `{"digest":"%s","verdict":"approve","comment":"` + strings.Repeat("x", 5000) + `"}`, events.RefusedMalformed, true},
}

// A bad verdict is refused, decides nothing and does not keep a good one from counting.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	p := start(t)
	nc := p.agent(t, "billing")
	people := map[string]*nats.Conn{}
	for _, name := range []string{"alice", "carol", "mallory"} {
		people[name] = p.approver(t, name)
	}
	for name, c := range verdicts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := p.ask(t, nc, "v-"+strings.NewReplacer(" ", "-", "'", "").Replace(name), "refund_order")
			sequence := a.cast(t, people[c.who], c.who, a.request, strings.ReplaceAll(c.data, "%s", a.digest))
			refused := p.refusal(t, a.request, sequence)
			if refused.Code != c.code || refused.Approver != c.who || refused.Channel != "self" || refused.Reason == "" {
				t.Errorf("refused %+v, want %s", refused, c.code)
			}
			if c.dead {
				p.deadLetter(t, authz.ApproverRouter, "VERDICTS", sequence)
			}
			p.undecided(t, "billing", a.id)
			a.cast(t, people["alice"], "alice", a.request, a.approval())
			if d := a.resolved(t); d.Outcome != events.Approved || len(d.DecidedBy.Approvers) != 1 || d.DecidedBy.Approvers[0].Approver != "alice" {
				t.Errorf("decided %s by %+v", d.Outcome, d.DecidedBy)
			}
		})
	}
}

func TestUnknownAndClosedRequests(t *testing.T) {
	t.Parallel()
	p := start(t)
	nc, alice, bob := p.agent(t, "billing"), p.approver(t, "alice"), p.approver(t, "bob")
	a := p.ask(t, nc, "a-1", "refund_order")
	refusedAs := func(request string, sequence uint64, want events.RefusalCode) {
		t.Helper()
		if refused := p.refusal(t, request, sequence); refused.Code != want {
			t.Errorf("refused %+v, want %s", refused, want)
		}
	}
	refusedAs("r-nothing", a.cast(t, alice, "alice", "r-nothing", a.approval()), events.RefusedUnknownRequest)
	// Claims live in the bucket of requests under keys that are no request's.
	for _, unsafe := range []string{"r*", "ü", "claim%20billing"} {
		p.deadLetter(t, authz.ApproverRouter, "VERDICTS", a.cast(t, alice, "alice", unsafe, a.approval()))
	}
	a.cast(t, alice, "alice", a.request, fmt.Sprintf(`{"digest":%q,"verdict":"reject","comment":"no"}`, a.digest))
	before := a.resolved(t)
	refusedAs(a.request, a.cast(t, bob, "bob", a.request, a.approval()), events.RefusedClosed)
	refusedAs(a.request, a.cast(t, alice, "alice", a.request, a.approval()), events.RefusedClosed)
	if after := p.decision(t, "billing", "a-1"); before.Outcome != events.Rejected || after.Outcome != events.Rejected {
		t.Errorf("it was %s and is %s", before.Outcome, after.Outcome)
	}
}

// One person is one approver, however often she answers, and a channel the route does not name has no say.
func TestQuorumAndChannels(t *testing.T) {
	t.Parallel()
	p := start(t)
	nc, alice, bob := p.agent(t, "billing"), p.approver(t, "alice"), p.approver(t, "bob")
	a := p.ask(t, nc, "a-1", "delete_record")
	for range 3 {
		a.cast(t, alice, "alice", a.request, a.approval())
	}
	// The verdicts on a request are taken in order: once this one is refused, the others have counted.
	wrong := a.cast(t, alice, "alice", a.request, strings.Replace(a.approval(), a.digest, events.Digest(nil), 1))
	p.refusal(t, a.request, wrong)
	p.undecided(t, "billing", "a-1")
	a.cast(t, bob, "bob", a.request, a.approval())
	if d := a.resolved(t); d.Outcome != events.Approved || len(d.DecidedBy.Approvers) != 2 {
		t.Errorf("decided %s by %+v", d.Outcome, d.DecidedBy)
	}

	b := p.ask(t, nc, "b-1", "deploy_service")
	if refused := p.refusal(t, b.request, b.cast(t, alice, "alice", b.request, b.approval())); refused.Code != events.RefusedChannel {
		t.Errorf("refused %+v", refused)
	}
	p.undecided(t, "billing", "b-1")
	console := p.Connect(t, authz.Identity{Kind: authz.Adapter, Name: "console"})
	h := envelope("ce-type", events.VerdictCastType, "ce-source", "/channels/console/alice")
	stored(t, console, &nats.Msg{Subject: p.Subjects.Verdict("console", "alice", b.request), Header: h, Data: []byte(b.approval())})
	if d := b.resolved(t); d.Outcome != events.Approved || d.DecidedBy.Approvers[0].Channel != "console" {
		t.Errorf("decided %s by %+v", d.Outcome, d.DecidedBy)
	}
}

// Two approvers who answer at the same instant, and not the same, come to one decision.
func TestTwoAtTheSameInstant(t *testing.T) {
	t.Parallel()
	p := start(t)
	nc := p.agent(t, "billing")
	people := map[string]*nats.Conn{"alice": p.approver(t, "alice"), "bob": p.approver(t, "bob")}
	for i := range 20 {
		a := p.ask(t, nc, fmt.Sprintf("a-%d", i), "refund_order")
		answers := map[string]string{"alice": a.approval(), "bob": strings.Replace(a.approval(), "approve", "reject", 1)}
		var sequences sync.Map
		var both sync.WaitGroup
		for name, data := range answers {
			both.Go(func() { sequences.Store(name, a.cast(t, people[name], name, a.request, data)) })
		}
		both.Wait()
		d := a.resolved(t)
		if len(d.DecidedBy.Approvers) != 1 {
			t.Fatalf("decided %s by %+v", d.Outcome, d.DecidedBy)
		}
		winner, loser := d.DecidedBy.Approvers[0].Approver, "bob"
		if winner == "bob" {
			loser = "alice"
		}
		if want := map[string]events.Outcome{"alice": events.Approved, "bob": events.Rejected}[winner]; d.Outcome != want {
			t.Errorf("%s decided and it is %s", winner, d.Outcome)
		}
		sequence, _ := sequences.Load(loser)
		if refused := p.refusal(t, a.request, sequence.(uint64)); refused.Code != events.RefusedClosed || refused.Approver != loser {
			t.Errorf("the other was refused %+v", refused)
		}
	}
}

func TestStructuredVerdict(t *testing.T) {
	t.Parallel()
	p := start(t)
	a := p.ask(t, p.agent(t, "billing"), "a-1", "refund_order")
	body := `{"specversion":"1.0","id":"v","source":"/channels/self/alice","type":"` + events.VerdictCastType + `","data":` + a.approval() + `}`
	stored(t, p.approver(t, "alice"), &nats.Msg{Subject: p.Subjects.Verdict("self", "alice", a.request), Header: structuredHeader, Data: []byte(body)})
	if d := a.resolved(t); d.Outcome != events.Approved {
		t.Errorf("decided %s by %+v", d.Outcome, d.DecidedBy)
	}
}

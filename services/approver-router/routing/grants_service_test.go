package routing

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/grants"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// call stores a proposed tool call of billing for carol, and returns its assessment.
func (r *rig) call(t *testing.T, action, tool, arguments string, change ...func(*events.ActionProposed)) *events.ActionAssessed {
	t.Helper()
	p := &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: tool, Arguments: json.RawMessage(arguments), Principal: "carol"}
	for _, f := range change {
		f(p)
	}
	return r.proposed(t, action, p)
}

// setRoutes appends to the topmost route.
func (r *rig) setRoutes(t *testing.T, more string) {
	t.Helper()
	text, err := os.ReadFile(r.cfg.RoutesFile)
	if err == nil {
		err = os.WriteFile(r.cfg.RoutesFile, append(text, more...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// approveWith has alice approve the next card with a grant.
func (r *rig) approveWith(t *testing.T, terms *events.GrantTerms) {
	t.Helper()
	announced, _ := r.requested(t)
	r.approver(t, "alice").cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve, Grant: terms})
}

// command sends what an approver says about a grant.
func (a *approver) command(t *testing.T, grant string, p events.Payload) {
	t.Helper()
	e, err := events.New(p, nats.NewInbox(), "/approvers/"+a.name, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		t.Fatal(err)
	}
	a.send(t, grant, h, data)
}

func (a *approver) send(t *testing.T, grant string, h events.Header, data []byte) {
	t.Helper()
	answer, err := a.conn.RequestMsg(&nats.Msg{Subject: a.rig.s.Granting("self", a.name, grant), Header: nats.Header(h), Data: data}, within)
	if err != nil {
		t.Fatal(err)
	}
	var ack jetstream.PubAck
	if err := json.Unmarshal(answer.Data, &ack); err != nil || ack.Sequence == 0 {
		t.Fatalf("commanding: %s", answer.Data)
	}
}

func grantEvent[T any, P interface {
	*T
	events.Payload
}](t *testing.T, r *rig, grant string, event events.GrantEvent) *T {
	t.Helper()
	return as[T, P](t, r.next(t, "EVENTS", r.s.Grant(grant, event)))
}

// granted waits for the decision on an action that passed by a grant.
func (r *rig) granted(t *testing.T, action, grant string) {
	t.Helper()
	d := r.decision(t, "billing", action)
	if d.Outcome != events.Approved || d.DecidedBy.Kind != events.ByGrant || d.DecidedBy.Grant != grant || len(d.DecidedBy.Approvers) != 1 ||
		d.DecidedBy.Approvers[0].Approver != "alice" || d.ArgumentsDigest == "" || d.Request != "" {
		t.Errorf("%s: %+v", action, d)
	}
}

// asksPeople insists that the next card is about the action.
func (r *rig) asksPeople(t *testing.T, action string) *events.ApprovalRequested {
	t.Helper()
	announced, card := r.requested(t)
	if len(card.Items) != 1 || card.Items[0].Action != action {
		t.Fatalf("the card is about %+v, not %s", card.Items, action)
	}
	return announced
}

func TestAVerdictGrantsTheNextOnesLikeThis(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	r.assess(t, r.call(t, "first", "drop_table", `{"schema":"tmp","table":"a"}`))
	r.approveWith(t, &events.GrantTerms{Seconds: 3600, Uses: 2, Same: []string{"/schema"}})
	if d := r.decision(t, "billing", "first"); d.Outcome != events.Approved || d.DecidedBy.Kind != events.ByApprovers {
		t.Fatalf("%+v", d)
	}
	made := grantEvent[events.GrantCreated](t, r, "*", events.GrantGiven)
	if made.Person != "alice" || made.OfAgent != "billing" || made.OnBehalfOf != "carol" || string(made.Equal["/schema"]) != `"tmp"` || made.Uses != 2 || made.Request == "" {
		t.Errorf("%+v", made)
	}
	r.assess(t, r.call(t, "second", "drop_table", `{"table":"b","schema":"tmp"}`))
	r.granted(t, "second", made.Grant)
	if used := grantEvent[events.GrantUsed](t, r, made.Grant, events.GrantCounted); used.Action != "second" || used.UsesLeft != 1 || used.Approver != "alice" {
		t.Errorf("%+v", used)
	}
	// Whatever is not like the first, or not the giver's to let pass, comes before people.
	for action, a := range map[string]*events.ActionAssessed{
		"other-value":     r.call(t, "other-value", "drop_table", `{"schema":"public","table":"c"}`),
		"no-value":        r.call(t, "no-value", "drop_table", `{"table":"c"}`),
		"other-tool":      r.call(t, "other-tool", "drop_schema", `{"schema":"tmp"}`),
		"other-principal": r.call(t, "other-principal", "drop_table", `{"schema":"tmp"}`, func(p *events.ActionProposed) { p.Principal = "dave" }),
		"givers-own":      r.call(t, "givers-own", "drop_table", `{"schema":"tmp"}`, func(p *events.ActionProposed) { p.Principal = "alice" }),
		"moves-money":     r.call(t, "moves-money", "drop_table", `{"schema":"tmp","amount":5,"currency":"EUR","pay_to":"x"}`, func(p *events.ActionProposed) { p.Tool = "pay" }),
	} {
		r.assess(t, a)
		r.asksPeople(t, action)
	}
	r.assess(t, r.call(t, "third", "drop_table", `{"schema":"tmp","table":"d"}`))
	r.granted(t, "third", made.Grant)
	r.assess(t, r.call(t, "fourth", "drop_table", `{"schema":"tmp","table":"e"}`))
	r.asksPeople(t, "fourth") // it is used up
}

// What is on behalf of nobody grants nothing on behalf of somebody.
func TestAGrantOnBehalfOfNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	nobody := func(p *events.ActionProposed) { p.Principal = "" }
	r.assess(t, r.call(t, "first", "drop_table", `{}`, nobody))
	r.approveWith(t, &events.GrantTerms{Seconds: 3600, Uses: 5})
	made := grantEvent[events.GrantCreated](t, r, "*", events.GrantGiven)
	r.assess(t, r.call(t, "carols", "drop_table", `{}`))
	r.asksPeople(t, "carols")
	r.assess(t, r.call(t, "second", "drop_table", `{}`, nobody))
	r.granted(t, "second", made.Grant)
}

func TestAGrantEndsAtOnceWhenItIsRevoked(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	r.assess(t, r.call(t, "first", "drop_table", `{}`))
	r.approveWith(t, &events.GrantTerms{Seconds: 3600, Uses: 50})
	made := grantEvent[events.GrantCreated](t, r, "*", events.GrantGiven)
	r.assess(t, r.call(t, "second", "drop_table", `{}`))
	r.granted(t, "second", made.Grant)
	r.approver(t, "dave").command(t, made.Grant, &events.GrantRevocationAsked{})
	if refused := grantEvent[events.GrantRefused](t, r, made.Grant, events.GrantDenied); refused.Approver != "dave" || !strings.Contains(refused.Reason, "is not in ops") {
		t.Errorf("%+v", refused)
	}
	r.approver(t, "bob").command(t, made.Grant, &events.GrantRevocationAsked{Comment: "enough"})
	if revoked := grantEvent[events.GrantRevoked](t, r, made.Grant, events.GrantEnded); revoked.By != "bob" || revoked.Used != 1 || revoked.Comment != "enough" {
		t.Errorf("%+v", revoked)
	}
	r.assess(t, r.call(t, "third", "drop_table", `{}`))
	r.asksPeople(t, "third")
}

// What the giver could not do alone, or the route does not let anybody grant, is refused with its reason; the request stays as it was.
func TestGrantsWiderThanAllowedAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quorum int
		routes string
		terms  events.GrantTerms
		want   string
	}{
		"a quorum":       {2, "", events.GrantTerms{Seconds: 60, Uses: 1}, "what one person may approve alone"},
		"never":          {1, "  grants: never\n", events.GrantTerms{Seconds: 60, Uses: 1}, "lets nothing be granted"},
		"too long":       {1, "", events.GrantTerms{Seconds: 8*3600 + 1, Uses: 1}, "at most 8h0m0s"},
		"endless":        {1, "", events.GrantTerms{Seconds: 1 << 62, Uses: 1}, "at most 8h0m0s"},
		"too often":      {1, "  grants: {uses: 3}\n", events.GrantTerms{Seconds: 60, Uses: 4}, "at most 3"},
		"money":          {1, "", events.GrantTerms{Seconds: 60, Uses: 1, Amount: 1, Currency: "EUR"}, "at most 0"},
		"too much money": {1, "  grants: {amount: {EUR: 100}}\n", events.GrantTerms{Seconds: 60, Uses: 1, Amount: 100.01, Currency: "EUR"}, "at most 100"},
		"no such value":  {1, "", events.GrantTerms{Seconds: 60, Uses: 1, Same: []string{"/nowhere"}}, "/nowhere is not one value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, c.quorum, "5m", 1)
			r.setRoutes(t, c.routes)
			r.start(t)
			r.assess(t, r.call(t, "first", "drop_table", `{}`))
			announced := r.asksPeople(t, "first")
			alice := r.approver(t, "alice")
			alice.cast(t, announced.Request, events.VerdictCast{Digest: announced.Digest, Verdict: events.Approve, Grant: &c.terms})
			if refused := r.refused(t, announced.Request); refused.Code != events.RefusedGrant || !strings.Contains(refused.Reason, c.want) {
				t.Errorf("%s: %s", refused.Code, refused.Reason)
			}
			if s, err := r.store.Load(t.Context(), announced.Request); err != nil || len(s.Items[0].Votes) != 0 {
				t.Errorf("the request is %+v, %v", s, err)
			}
		})
	}
}

func TestAmountsAreCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.setRoutes(t, "  grants: {amount: {EUR: 500}}\n")
	r.start(t)
	pay := func(action string, amount float64, currency string) *events.ActionAssessed {
		return r.call(t, action, "send_payment", fmt.Sprintf(`{"recipient":"acme","amount":%v,"currency":%q}`, amount, currency))
	}
	r.assess(t, pay("first", 40, "EUR"))
	r.approveWith(t, &events.GrantTerms{Seconds: 3600, Uses: 50, Amount: 100, Currency: "EUR"})
	made := grantEvent[events.GrantCreated](t, r, "*", events.GrantGiven)
	r.assess(t, pay("second", 60.5, "EUR"))
	r.granted(t, "second", made.Grant)
	if used := grantEvent[events.GrantUsed](t, r, made.Grant, events.GrantCounted); used.Amount != 60.5 || used.AmountLeft != 39.5 || used.Currency != "EUR" {
		t.Errorf("%+v", used)
	}
	r.assess(t, pay("too-much", 39.51, "EUR"))
	r.asksPeople(t, "too-much")
	r.assess(t, pay("other", 1, "USD"))
	r.asksPeople(t, "other")
	r.assess(t, pay("rest", 39.5, "EUR"))
	r.granted(t, "rest", made.Grant)
}

func TestGrantsByCommand(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.setRoutes(t, "  medium: passes\n")
	text, err := os.ReadFile(r.cfg.RoutesFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.cfg.RoutesFile, append([]byte("neverGrant: tool == 'drop_database'\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	r.start(t)
	r.assess(t, r.call(t, "first", "drop_table", `{}`))
	r.asksPeople(t, "first")
	r.assess(t, r.call(t, "worse", "drop_database", `{}`))
	r.asksPeople(t, "worse")
	alice := r.approver(t, "alice")
	ask := func(action string) *events.GrantAsked {
		return &events.GrantAsked{Agent: "billing", Action: action, GrantTerms: events.GrantTerms{Seconds: 60, Uses: 1}}
	}
	alice.command(t, "g-mine", ask("first"))
	if made := grantEvent[events.GrantCreated](t, r, "g-mine", events.GrantGiven); made.Tool != "drop_table" || made.Request != "" || made.Group != "ops" {
		t.Errorf("%+v", made)
	}
	r.assess(t, r.call(t, "second", "drop_table", `{}`))
	r.granted(t, "second", "g-mine")
	refused := func(who *approver, id string, p events.Payload, want string) {
		t.Helper()
		who.command(t, id, p)
		if got := grantEvent[events.GrantRefused](t, r, id, events.GrantDenied); got.Approver != who.name || !strings.Contains(got.Reason, want) {
			t.Errorf("%+v, want %q", got, want)
		}
	}
	wider := ask("first")
	wider.Uses = 2
	refused(alice, "g-mine", wider, "belongs to another grant")
	refused(alice, "g-never", ask("worse"), "never granted")
	refused(alice, "g-none", ask("nothing"), "no assessment")
	refused(r.approver(t, "dave"), "g-stranger", ask("first"), "dave is not in ops")
	refused(alice, "g-nobody", &events.GrantRevocationAsked{}, "there is no grant")
	refused(alice, "g-bad", &events.ApprovalResolved{Request: "r", Group: "g", By: events.ByAgent}, "type")
	alice.send(t, "g-worse", events.Header{"ce-type": {events.GrantAskedType}}, []byte("{"))
	if got := grantEvent[events.GrantRefused](t, r, "g-worse", events.GrantDenied); got.Reason == "" {
		t.Errorf("%+v", got)
	}
}

// Two routers, both with every action at once, and more actions than uses: so many pass as there are uses, and the rest come onto
// one card each.
func TestRoutersRaceForUses(t *testing.T) {
	t.Parallel()
	const many, uses = 20, 6
	r := newRig(t, 1, "5m", 1)
	first := r.start(t)
	r.assess(t, r.call(t, "first", "drop_table", `{}`))
	r.approveWith(t, &events.GrantTerms{Seconds: 3600, Uses: uses})
	made := grantEvent[events.GrantCreated](t, r, "*", events.GrantGiven)
	first.stop()
	<-first.done
	var candidates []waiting
	for i := range many {
		candidates = append(candidates, r.heldCall(t, fmt.Sprintf("a-%d", i)))
	}
	var all sync.WaitGroup
	for n := range 2 {
		p, route := r.planner(t)
		for i := range candidates {
			all.Go(func() {
				w := candidates[i]
				w.promise = stream.NewPromise()
				at := &stream.Message{StoredAt: time.Now(), Deliveries: 1 + (i+n)%2}
				if _, passed := p.pass(t.Context(), at, route, routes.Action{Assessed: w.assessment}, w); !passed {
					p.opener.openOne(t.Context(), route, []waiting{w})
				}
			})
		}
	}
	all.Wait()
	asked, passed := []string{"billing/first"}, 0
	for _, w := range candidates {
		if _, err := r.store.PassOf(t.Context(), "billing", w.assessment.Action); err == nil {
			passed++
		} else {
			asked = append(asked, "billing/"+w.assessment.Action)
		}
	}
	r.onOneCard(t, asked...)
	standing := grants.NewStore(r.server.JetStream(t, router), r.s)
	state, err := standing.Load(t.Context(), made.Grant)
	if err != nil || len(state.Used) != passed || passed > uses || passed == 0 {
		t.Errorf("%d passed, %d uses are counted of %d: %v", passed, len(state.Used), uses, err)
	}
}

// heldCall is an assessment of a call like the first that waits in a router.
func (r *rig) heldCall(t *testing.T, action string) waiting {
	t.Helper()
	w := held(r.call(t, action, "drop_table", `{}`))
	w.proposed = &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "drop_table", Arguments: json.RawMessage(`{}`), Principal: "carol"}
	_, route := r.planner(t)
	w.similar = route.Key(routes.Action{Assessed: w.assessment})
	return w
}

// Whatever a router had done with a use when it died, the next one finishes it, and it counts once.
func TestRouterDiesWhileItCountsAUse(t *testing.T) {
	t.Parallel()
	for name, die := range map[string]func(t *testing.T, p *passes, grant string, w waiting, route *routes.Route){
		"after the claim": func(t *testing.T, p *passes, grant string, w waiting, _ *routes.Route) {
			if _, err := p.opener.store.Claim(t.Context(), "billing", w.assessment.Action, requests.GrantPassID(grant, "billing", w.assessment.Action)); err != nil {
				t.Fatal(err)
			}
		},
		"after the use": func(t *testing.T, p *passes, grant string, w waiting, route *routes.Route) {
			id := requests.GrantPassID(grant, "billing", w.assessment.Action)
			if _, err := p.opener.store.Claim(t.Context(), "billing", w.assessment.Action, id); err != nil {
				t.Fatal(err)
			}
			asked := grants.Action{
				Assessment: w.assessment, Arguments: w.proposed.Arguments, Route: route.ID, Group: route.Group(), Key: w.similar, Own: func(string) string { return "" },
			}
			if _, err := p.grants.store.Use(t.Context(), grant, asked, time.Now()); err != nil {
				t.Fatal(err)
			}
		},
		"after the pass": func(t *testing.T, p *passes, _ string, w waiting, route *routes.Route) {
			if _, passed := p.pass(t.Context(), &stream.Message{StoredAt: time.Now(), Deliveries: 1}, route, routes.Action{Assessed: w.assessment}, w); !passed {
				t.Fatal("it does not pass")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, 1, "5m", 1)
			first := r.start(t)
			r.assess(t, r.call(t, "first", "drop_table", `{}`))
			r.approveWith(t, &events.GrantTerms{Seconds: 3600, Uses: 1})
			made := grantEvent[events.GrantCreated](t, r, "*", events.GrantGiven)
			first.stop()
			<-first.done
			w := r.heldCall(t, "second")
			p, route := r.planner(t)
			die(t, p, made.Grant, w, route)
			r.assess(t, w.assessment)
			r.start(t)
			r.granted(t, "second", made.Grant)
			r.assess(t, r.call(t, "third", "drop_table", `{}`))
			r.asksPeople(t, "third")
		})
	}
}

// A use whose action a slower router put before people is taken back.
func TestAUseIsGivenBackWhenPeopleAreAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	first := r.start(t)
	r.assess(t, r.call(t, "first", "drop_table", `{}`))
	r.approveWith(t, &events.GrantTerms{Seconds: 3600, Uses: 1})
	made := grantEvent[events.GrantCreated](t, r, "*", events.GrantGiven)
	first.stop()
	<-first.done
	w := r.heldCall(t, "second")
	p, route := r.planner(t)
	id := requests.GrantPassID(made.Grant, "billing", "second")
	for _, claim := range []string{id, "r-slow"} { // a router that asks people burns the pass, and dies
		if _, err := p.opener.store.Claim(t.Context(), "billing", "second", claim); err != nil {
			t.Fatal(err)
		}
	}
	if _, passed := p.pass(t.Context(), &stream.Message{StoredAt: time.Now(), Deliveries: 2}, route, routes.Action{Assessed: w.assessment}, w); passed {
		t.Error("it passes by a pass that is burnt")
	}
	if state, err := p.grants.store.Load(t.Context(), made.Grant); err != nil || len(state.Used) != 0 {
		t.Errorf("used by %v, %v", state.Used, err)
	}
}

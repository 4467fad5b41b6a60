package checker

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

func two(c *events.Card) {
	c.Quorum, c.Require = 2, []events.Requirement{{Group: "operations", Count: 2}}
}

func flooded(c *events.Card) { c.Flood = &events.Flood{Agent: "billing", Actions: 3, Seconds: 60} }

func named(verdicts ...events.ApproverVerdict) []events.ApproverVerdict { return verdicts }

// withEdit is item with edited arguments, as the next version of its card shows it.
func withEdit(item events.CardItem, arguments string) events.CardItem {
	item.Edited, item.EditedBy, item.ArgumentsDigest = json.RawMessage(arguments), "alice", digestOf(json.RawMessage(arguments))
	return item
}

func asEdited(arguments string) func(*events.DecisionMade) {
	return func(d *events.DecisionMade) {
		d.Arguments, d.ArgumentsDigest = json.RawMessage(arguments), digestOf(json.RawMessage(arguments))
	}
}

// What keeps every guarantee is not complained about.
func TestRightfulRuns(t *testing.T) {
	t.Parallel()
	for name, tell := range map[string]func(*story){
		"nothing at all": func(*story) {},
		"harmless": func(s *story) {
			item := s.propose("a")
			s.assess(item, events.Medium)
			s.decide(item, events.Approved, nil, byKind(events.ByPolicy))
			s.add(&s.log.Actions, s.log.Subjects.Receipt("billing", "a"), &events.ActionExecuted{Status: events.Succeeded, ArgumentsDigest: item.ArgumentsDigest})
		},
		"denied unread": func(s *story) { s.decide(s.propose("a"), events.Denied, nil, byKind(events.ByPolicy)) },
		"approved by two": func(s *story) {
			item, card := s.one(two)
			a, b := s.cast("alice", card, events.Approve), s.cast("bob", card, events.Approve)
			s.decide(item, events.Approved, named(by(a, "alice", events.Approve), by(b, "bob", events.Approve)))
			s.refuse(s.cast("carol", card, events.Reject), "carol")
		},
		"rejected": func(s *story) {
			item, card := s.one()
			s.decide(item, events.Rejected, named(by(s.cast("alice", card, events.Reject), "alice", events.Reject)))
		},
		"approved as edited, at once": func(s *story) {
			item, card := s.one()
			v := s.cast("alice", card, "", editing(edited))
			s.decide(item, events.Approved, named(by(v, "alice", events.Edit)), asEdited(edited))
		},
		"approved as edited, by two": func(s *story) {
			item, card := s.one(two)
			v := s.cast("alice", card, "", editing(edited))
			next := s.open([]events.CardItem{withEdit(item, edited)}, two, func(c *events.Card) { c.Version = 2 })
			w := s.cast("bob", next, events.Approve)
			s.decide(item, events.Approved, named(by(v, "alice", events.Edit), by(w, "bob", events.Approve)), asEdited(edited))
		},
		"approved on the card it moved to": func(s *story) {
			item, card := s.one()
			s.cast("alice", card, "", editing(edited))
			s.assess(withEdit(item, edited), events.High, func(a *events.ActionAssessed) {
				a.Edited = &events.EditedArguments{Arguments: json.RawMessage(edited), By: "alice", Request: "r-1"}
			})
			next := s.open([]events.CardItem{withEdit(item, edited)}, func(c *events.Card) { c.Request = "r-2" })
			v := s.cast("bob", next, events.Approve)
			s.decide(item, events.Approved, named(by(v, "bob", events.Approve)), asEdited(edited), func(d *events.DecisionMade) { d.Request = "r-2" })
		},
		"a later tier stands in": func(s *story) {
			item, card := s.one()
			s.add(&s.log.Events, s.log.Subjects.Approval("security", events.Escalated, "r-1"), &events.ApprovalEscalated{Request: "r-1", FromGroup: "operations", ToGroup: "security", ToTier: 1})
			s.decide(item, events.Approved, named(by(s.cast("dave", card, events.Approve), "dave", events.Approve)))
		},
		"expired": func(s *story) {
			item, _ := s.one()
			s.clock += 3600
			s.decide(item, events.Expired, nil, byKind(events.ByTimeout))
		},
		"expired without a card": func(s *story) {
			deadline := noon.Add(time.Minute)
			item := s.propose("a", func(p *events.ActionProposed) { p.Deadline = &deadline })
			s.clock += 60
			s.decide(item, events.Expired, nil, byKind(events.ByTimeout), func(d *events.DecisionMade) { d.Request = "" })
		},
		"withdrawn": func(s *story) {
			item, _ := s.one()
			s.add(&s.log.Actions, s.log.Subjects.Withdrawal("billing", "a"), &events.ActionWithdrawn{})
			s.decide(item, events.Withdrawn, nil, byKind(events.ByAgent))
			s.resolve(item, events.Withdrawn)
		},
		"a mind changed": func(s *story) {
			item, card := s.one(two)
			s.cast("alice", card, events.Approve)
			b := s.cast("alice", card, events.Reject)
			s.decide(item, events.Rejected, named(by(b, "alice", events.Reject)))
		},
		"warned and nothing else":    func(s *story) { s.warned("warn") },
		"a step of an approved plan": func(s *story) { s.planned(1) },
		"passed by a grant":          func(s *story) { s.granted(2) },
		"waited behind a flood": func(s *story) {
			first, card := s.one(flooded)
			behind := s.propose("b")
			answer := named(by(s.cast("alice", card, events.Reject), "alice", events.Reject))
			s.decide(first, events.Rejected, answer)
			s.decide(behind, events.Rejected, answer)
		},
		"waiting": func(s *story) {
			s.rules.Unfinished = true
			s.one()
		},
		"an action that cannot be named": func(s *story) {
			s.add(&s.log.Actions, s.log.Subjects.Action("billing", "é"), &events.ActionProposed{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t)
			tell(s)
			for _, v := range Check(s.log, s.rules) {
				t.Error(v)
			}
		})
	}
}

// broken are logs with one thing wrong each.
var broken = []struct {
	want Kind
	tell func(*story)
}{
	{Undecided, func(s *story) { s.one() }},
	{DecidedTwice, func(s *story) {
		item := s.propose("a")
		s.decide(item, events.Denied, nil, byKind(events.ByPolicy))
		s.decide(item, events.Denied, nil, byKind(events.ByPolicy))
	}},
	{NeverProposed, func(s *story) {
		item := s.propose("a")
		s.log.Actions = nil
		s.decide(item, events.Denied, nil, byKind(events.ByPolicy))
	}},
	{OtherAction, func(s *story) {
		s.decide(s.propose("a"), events.Denied, nil, byKind(events.ByPolicy), func(d *events.DecisionMade) { d.Sequence = 7 })
	}},
	{Unexplained, func(s *story) {
		s.decide(s.propose("a"), events.Denied, nil, byKind(events.ByPolicy), func(d *events.DecisionMade) { d.Reason = "" })
	}},
	{NoAuthority, func(s *story) { // high and approved by policy
		item := s.propose("a")
		s.assess(item, events.High)
		s.decide(item, events.Approved, nil, byKind(events.ByPolicy))
	}},
	{NoAuthority, func(s *story) { // approved by policy and never assessed
		s.decide(s.propose("a"), events.Approved, nil, byKind(events.ByPolicy))
	}},
	{NoAuthority, func(s *story) { // approved by silence
		item, _ := s.one()
		s.clock += 3600
		s.decide(item, events.Approved, nil, byKind(events.ByTimeout))
	}},
	{NoAuthority, func(s *story) { // ended otherwise than the card said
		item, _ := s.one()
		s.clock += 3600
		s.decide(item, events.Rejected, nil, byKind(events.ByTimeout))
	}},
	{NoAuthority, func(s *story) { s.decide(s.propose("a"), events.Withdrawn, nil, byKind(events.ByAgent)) }},
	{NoAuthority, func(s *story) { // a rejection made into an approval
		item, card := s.one()
		s.decide(item, events.Approved, named(by(s.cast("alice", card, events.Reject), "alice", events.Reject)))
	}},
	{StepTwice, func(s *story) { s.planned(2) }},
	{NoAuthority, func(s *story) { // other arguments than the plan lists
		s.planned(1, func(p *events.ActionProposed) { p.Plan[0].Arguments = json.RawMessage(edited) })
	}},
	{NoAuthority, func(s *story) { // in another session
		s.planned(1, func(p *events.ActionProposed) { p.Session = "other" })
	}},
	{NoAuthority, func(s *story) { // no plan at all
		s.planned(1, func(p *events.ActionProposed) { p.Breakpoint, p.Tool = events.AtSubtask, "pay" })
	}},
	{OverGranted, func(s *story) { s.granted(3) }},
	{NoAuthority, func(s *story) { // for another agent
		s.granted(1, func(g *events.GrantCreated) { g.OfAgent = "refunds" })
	}},
	{NoAuthority, func(s *story) { // over
		s.granted(1, func(g *events.GrantCreated) { g.Expires = noon })
	}},
	{NoAuthority, func(s *story) { // given afterwards
		s.granted(1, func(g *events.GrantCreated) { g.Created = noon.Add(30 * time.Minute) })
	}},
	{InventedVerdict, func(s *story) { // a grant that nobody gave
		s.granted(1, func(g *events.GrantCreated) { g.Request = "r-1" })
	}},
	{NoAuthority, func(s *story) { // never given
		s.granted(1, func(g *events.GrantCreated) { g.Grant = "g-2" })
	}},
	{NotEntitled, func(s *story) {
		s.granted(1, func(g *events.GrantCreated) { g.Group = "security" })
	}},
	{EndedEarly, func(s *story) {
		item, _ := s.one()
		s.decide(item, events.Expired, nil, byKind(events.ByTimeout))
	}},
	{EndedEarly, func(s *story) { // without a card and without a deadline
		s.decide(s.propose("a"), events.Expired, nil, byKind(events.ByTimeout), func(d *events.DecisionMade) { d.Request = "" })
	}},
	{Unreadable, func(s *story) {
		s.add(&s.log.Events, s.log.Subjects.Approval("operations", events.Requested, "r-1"), &events.ApprovalRequested{
			Request: "r-1", Group: "operations", Digest: events.Digest([]byte("another card")), Card: json.RawMessage(`{}`),
		})
	}},
	{InventedVerdict, func(s *story) {
		item, card := s.one()
		v := s.cast("alice", card, events.Approve)
		s.decide(item, events.Approved, named(by(v, "bob", events.Approve)))
	}},
	{RefusedCounted, func(s *story) {
		item, card := s.one()
		v := s.cast("alice", card, events.Approve)
		s.refuse(v, "alice")
		s.decide(item, events.Approved, named(by(v, "alice", events.Approve)))
	}},
	{LateVerdict, func(s *story) {
		item, card := s.one()
		s.resolve(item, events.Approved)
		v := s.cast("alice", card, events.Approve)
		s.decide(item, events.Approved, named(by(v, "alice", events.Approve)))
	}},
	{WrongCard, func(s *story) { // answered before the edit that was approved
		item, card := s.one(two)
		w := s.cast("bob", card, events.Approve)
		v := s.cast("alice", card, "", editing(edited))
		s.open([]events.CardItem{withEdit(item, edited)}, two, func(c *events.Card) { c.Version = 2 })
		s.decide(item, events.Approved, named(by(w, "bob", events.Approve), by(v, "alice", events.Edit)), asEdited(edited))
	}},
	{WrongCard, func(s *story) {
		item, card := s.one()
		v := s.cast("alice", card, events.Approve, func(v *events.VerdictCast) { v.Digest = events.Digest(nil) })
		s.decide(item, events.Approved, named(by(v, "alice", events.Approve)))
	}},
	{UntrustedChannel, func(s *story) {
		item, card := s.one()
		v := s.cast("alice", card, events.Approve)
		s.log.Verdicts[0].Subject = s.log.Subjects.Verdict("slack", "alice", "r-1")
		answer := by(v, "alice", events.Approve)
		answer.Channel = "slack"
		s.decide(item, events.Approved, named(answer))
	}},
	{NotEntitled, func(s *story) { // of a tier that was not brought in
		item, card := s.one()
		s.decide(item, events.Rejected, named(by(s.cast("alice", card, events.Reject), "alice", events.Reject), by(s.cast("dave", card, events.Reject), "dave", events.Reject)))
	}},
	{OwnAction, func(s *story) { // under another account
		item := s.propose("a", func(p *events.ActionProposed) { p.Principal = "Alice@Example.com" })
		card := s.open([]events.CardItem{item})
		s.decide(item, events.Approved, named(by(s.cast("alice-admin", card, events.Approve), "alice-admin", events.Approve)))
	}},
	{OneVoice, func(s *story) {
		item, card := s.one()
		a, b := s.cast("alice", card, events.Approve), s.cast("alice-admin", card, events.Approve)
		s.decide(item, events.Approved, named(by(a, "alice", events.Approve), by(b, "alice-admin", events.Approve)))
	}},
	{AtRest, func(s *story) { s.warned("rest") }},
	{NoSecond, func(s *story) { s.warned("second") }},
	{NoComment, func(s *story) {
		item, card := s.one(func(c *events.Card) { c.CommentOn = []events.VerdictKind{events.Approve} })
		s.decide(item, events.Approved, named(by(s.cast("alice", card, events.Approve), "alice", events.Approve)))
	}},
	{NoQuorum, func(s *story) {
		item, card := s.one(two)
		s.decide(item, events.Approved, named(by(s.cast("alice", card, events.Approve), "alice", events.Approve)))
	}},
	{NoQuorum, func(s *story) {
		item, _ := s.one()
		s.decide(item, events.Approved, nil)
	}},
	{NoQuorum, func(s *story) { // where rejections are votes, one is not enough
		item, card := s.one(two, func(c *events.Card) { c.Route = "votes" })
		s.decide(item, events.Rejected, named(by(s.cast("alice", card, events.Reject), "alice", events.Reject)))
	}},
	{Overruled, func(s *story) {
		item, card := s.one(two)
		a := s.cast("alice", card, events.Approve)
		s.cast("alice", card, events.Abstain)
		b := s.cast("bob", card, events.Approve)
		s.decide(item, events.Approved, named(by(a, "alice", events.Approve), by(b, "bob", events.Approve)))
	}},
	{Overruled, func(s *story) {
		item, card := s.one()
		s.cast("bob", card, events.Reject)
		s.decide(item, events.Approved, named(by(s.cast("alice", card, events.Approve), "alice", events.Approve)))
	}},
	{NoCard, func(s *story) {
		s.decide(s.propose("a"), events.Rejected, nil)
	}},
	{NoCard, func(s *story) {
		_, card := s.one()
		s.rules.Unfinished = true
		other := s.propose("b")
		s.decide(other, events.Approved, named(by(s.cast("alice", card, events.Approve), "alice", events.Approve)))
	}},
	{NoCard, func(s *story) { // approved behind a flood, unseen
		_, card := s.one(flooded)
		s.rules.Unfinished = true
		s.decide(s.propose("b"), events.Approved, named(by(s.cast("alice", card, events.Approve), "alice", events.Approve)))
	}},
	{TwoCards, func(s *story) {
		item, _ := s.one()
		s.rules.Unfinished = true
		s.open([]events.CardItem{item}, func(c *events.Card) { c.Request = "r-2" })
	}},
	{TwoCards, func(s *story) {
		item := s.propose("a")
		s.rules.Unfinished = true
		s.open([]events.CardItem{item, item})
	}},
	{CardChanged, func(s *story) {
		item, _ := s.one()
		s.rules.Unfinished = true
		s.open([]events.CardItem{item}, two)
	}},
	{Thawed, func(s *story) {
		item, _ := s.one()
		s.rules.Unfinished = true
		s.open([]events.CardItem{item, s.propose("late")}, func(c *events.Card) { c.Version = 2 })
	}},
	{OverCap, func(s *story) {
		s.rules.Unfinished = true
		s.open([]events.CardItem{s.propose("a"), s.propose("b"), s.propose("c"), s.propose("d")})
	}},
	{CardDisagrees, func(s *story) {
		item, card := s.one()
		s.decide(item, events.Rejected, named(by(s.cast("alice", card, events.Reject), "alice", events.Reject)))
		s.resolve(item, events.Approved)
	}},
	{ForeignArguments, func(s *story) { // an edit that nobody made, and nobody was shown
		item, card := s.one()
		s.decide(item, events.Approved, named(by(s.cast("alice", card, "", editing(edited)), "alice", events.Edit)), asEdited(`{"to":"mallory"}`))
	}},
	{ForeignArguments, func(s *story) { // a card that shows what was not proposed
		item := s.propose("a")
		item.ArgumentsDigest = digestOf(json.RawMessage(`{"to":"mallory"}`))
		s.rules.Unfinished = true
		s.open([]events.CardItem{item})
	}},
	{RanUnapproved, func(s *story) {
		item := s.propose("a")
		s.decide(item, events.Denied, nil, byKind(events.ByPolicy))
		s.add(&s.log.Actions, s.log.Subjects.Receipt("billing", "a"), &events.ActionExecuted{Status: events.Succeeded, ArgumentsDigest: item.ArgumentsDigest})
	}},
}

// Every kind of violation is found where it is; some break more than one guarantee.
func TestEveryViolationIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range broken {
		t.Run(string(c.want), func(t *testing.T) {
			t.Parallel()
			s := newStory(t)
			c.tell(s)
			found := Check(s.log, s.rules)
			if !slices.ContainsFunc(found, func(v Violation) bool { return v.Kind == c.want }) {
				t.Errorf("found %v", found)
			}
			for _, v := range found {
				if v.About == "" || v.Detail == "" || !strings.HasPrefix(v.String(), string(v.Kind)) {
					t.Errorf("%q says too little", v)
				}
			}
		})
	}
}

// Each kind of violation has a log above that has it.
func TestEveryKindIsTested(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "violation.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	ast.Inspect(file, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || strings.Contains(literal.Value, ": ") {
			return true
		}
		kinds++
		if !slices.ContainsFunc(broken, func(b struct {
			want Kind
			tell func(*story)
		}) bool {
			return strconv.Quote(string(b.want)) == literal.Value
		}) {
			t.Errorf("no log is %s", literal.Value)
		}
		return true
	})
	if kinds < 20 {
		t.Errorf("%d kinds were found", kinds)
	}
}

func TestEveryPlaceOfAQuorumIsTaken(t *testing.T) {
	t.Parallel()
	require := []events.Requirement{{Group: "finance", Count: 1}, {Group: "security", Count: 1}}
	finance, security, both, senior := voter{groups: []string{"finance"}}, voter{groups: []string{"security"}}, voter{groups: []string{"finance", "security"}}, voter{any: true}
	for _, c := range []struct {
		voters []voter
		want   bool
	}{
		{nil, false}, {[]voter{both}, false}, {[]voter{finance, finance}, false}, {[]voter{security, finance}, true},
		{[]voter{both, finance}, true}, {[]voter{finance, both}, true}, {[]voter{senior, security}, true}, {[]voter{senior, senior}, true},
	} {
		if got := enough(require, c.voters); got != c.want {
			t.Errorf("%+v: %t", c.voters, got)
		}
	}
	if enough(nil, []voter{senior}) {
		t.Error("nobody required is an open door")
	}
}

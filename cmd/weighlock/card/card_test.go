package card

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

var update = flag.Bool("update", false, "write the expected cards anew")

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func item(n int, action, arguments string, change ...func(*Fetched)) Fetched {
	f := Fetched{Item: approver.Item{CardItem: events.CardItem{
		Number: n, ActionRef: events.ActionRef{Agent: "finance-bot", Action: action}, Tool: "send_payment", Breakpoint: events.AtToolCall,
		Principal: "jonas@example.com", Level: events.High, Score: 90, Reasons: []string{"moves money"}, Arguments: json.RawMessage(arguments),
		Target: &events.Target{Kind: "account", Name: "operating"}, Context: &events.CardContext{},
	}}}
	for _, c := range change {
		c(&f)
	}
	return f
}

func request(c *events.CardContext, items ...Fetched) View {
	r := approver.Request{
		ID: "r-yqymp7yzykyi", Version: 1, Require: []events.Requirement{{Group: "finance", Count: 1}}, RejectionEnds: true,
		Group: "finance", Groups: []string{"finance"}, Tiers: 2, EndsAt: noon.Add(15 * time.Minute),
		Card: events.Card{Headline: "finance-bot: 3 × send_payment on operating, 1688.60 EUR in all", Otherwise: events.Rejected, Context: c},
	}
	return View{Request: r, Items: items, Now: noon}
}

func cards() map[string]View {
	no := false
	payments := request(
		&events.CardContext{UserRequest: "Pay the approved supplier invoices that are due this week.", Reasoning: "Approved and due.", Impact: &events.Impact{Summary: "money leaves the account", Reversible: &no}},
		item(1, "pay-3", `{"amount":1290,"currency":"EUR","recipient":"Nordlicht GmbH","token":"‹masked: token, 32 to 63 characters›"}`, func(f *Fetched) {
			f.Score, f.Reasons = 100, []string{"moves money", "pays somebody for the first time"}
			f.Context.Memory = []events.MemoryItem{{Origin: "mail from billing@nordlicht.example", Text: "our bank details have changed"}}
		}),
		item(2, "pay-1", `{"amount":312.40,"currency":"EUR","recipient":"Paper \u0026 Co"}`),
		item(3, "pay-2", `{"amount":86.20,"currency":"EUR","recipient":"カフェ 珈琲 コントール 合同会社 東京都渋谷区"}`, func(f *Fetched) { f.Outcome = events.Withdrawn }),
	)
	hostile := request(&events.CardContext{UserRequest: "\x1b[2J\x1b[H\u202eapprove everything\n\n[2] finance-bot/harmless  score 0"},
		item(1, "pay-1", `{"recipient":"`+strings.Repeat("x", 300)+`","note":"\u001b[31m\u202e"}`, func(f *Fetched) {
			f.Reasons = []string{"moves money\nFor         nobody"}
			f.Cut = true
		}))
	plan := request(&events.CardContext{PlanSteps: 25, Plan: []events.PlanStep{
		{Description: "pay Ada", Tool: "send_payment", Arguments: json.RawMessage(`{"amount":84.10,"recipient":"Ad\u0061 Brandt"}`)},
		{Description: "tell Jonas"},
	}}, item(1, "plan", ``, func(f *Fetched) { f.Tool, f.Breakpoint, f.Target = "", events.AtPlan, nil }))
	edited := request(nil, item(1, "pay-1", `{"amount":100,"recipient":"acme"}`, func(f *Fetched) {
		f.Edited, f.EditedBy = json.RawMessage(`{"amount":100,"recipient":"acme","password":"hunter22"}`), "alice"
		f.Proposed = &events.ActionProposed{Tool: "send_payment", Arguments: json.RawMessage(`{"amount":500,"recipient":"acme","password":"hunter21"}`)}
		f.Votes = []approver.Vote{{Approver: "alice", Verdict: events.Edit, Comment: "half will do"}}
	}))
	edited.Request.Version = 2
	old := request(nil, item(1, "pay-1", ``, func(f *Fetched) {
		f.Context = nil
		f.Proposed = &events.ActionProposed{Tool: "send_payment", Arguments: json.RawMessage(`{"api_key":"sk-1234567890abcdef"}`), Request: "use password: hunter2222", Reasoning: "as asked"}
	}))
	gone := request(nil, item(1, "pay-1", ``, func(f *Fetched) { f.Context, f.Unseen, f.Problem = nil, true, "not found" }))
	private, erased := privateCards()
	return map[string]View{"private": private, "erased": erased, "payments": payments, "hostile": hostile, "plan": plan, "edited": edited, "old": old, "gone": gone}
}

// privateCards are a card with private values, some of them secret, and the same with one of them erased.
func privateCards() (all, erased View) {
	proposed := &events.ActionProposed{
		Tool: "send_payment", Request: "Refund Carol Meier, password: hunter2222", Reasoning: "As asked.",
		Arguments: json.RawMessage(`{"amount":100,"password":"hunter2222","person":{"name":"Carol Meier"}}`),
	}
	salt := func(events.PrivateValue) string { return strings.Repeat("5a", 32) }
	split, stored, err := events.Split("finance-bot", "pay-1", proposed, []string{"/request", "/arguments/person", "/arguments/password"}, salt)
	if err != nil {
		panic(err)
	}
	view := func() View {
		return request(&events.CardContext{UserRequest: split.Request, Reasoning: split.Reasoning},
			item(1, "pay-1", string(split.Arguments), func(f *Fetched) {
				f.Proposed, f.Private = split, &approver.Private{}
				f.Edited, f.EditedBy = json.RawMessage(strings.Replace(string(split.Arguments), "100", "50", 1)), "alice"
			}))
	}
	all, erased = view(), view()
	p := all.Items[0].Private
	p.Revealer, p.Lacking = events.Reveals("finance-bot", "pay-1", split.Private, stored)
	p.Shown = split.Private
	p = erased.Items[0].Private
	p.Revealer, p.Lacking = events.Reveals("finance-bot", "pay-1", split.Private, nil)
	p.Gone = true
	return all, erased
}

// What an edit starts from keeps its marks, whatever is shown.
func TestFillingChangesNothingThatIsAnswered(t *testing.T) {
	t.Parallel()
	v, _ := privateCards()
	f := v.Items[0]
	before, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, reveal := range []bool{false, true} {
		filled := f.Filled(v.Request.Card.Context, reveal)
		if got := string(filled.Arguments); !strings.Contains(got, "Carol Meier") || strings.Contains(got, "hunter2") != reveal {
			t.Errorf("reveal %v: %s", reveal, got)
		}
	}
	if after, _ := json.Marshal(f); !bytes.Equal(before, after) || strings.Contains(string(after), "Carol") {
		t.Errorf("it became %s", after)
	}
}

func TestCards(t *testing.T) {
	t.Parallel()
	for name, v := range cards() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			v.Print(&b)
			for line := range strings.Lines(b.String()) {
				if n := ansi.StringWidth(strings.TrimRight(line, "\n")); n > Width {
					t.Errorf("a line takes %d cells: %s", n, line)
				}
			}
			for _, bad := range []string{"\x1b", "\u202e", "hunter2", "sk-1234567890"} {
				if strings.Contains(b.String(), bad) {
					t.Errorf("it shows %q", bad)
				}
			}
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("it is now:\n%s\nwant:\n%s", b.String(), want)
			}
		})
	}
}

func TestRevealShowsSecrets(t *testing.T) {
	t.Parallel()
	v := cards()["old"]
	v.Reveal = true
	var b bytes.Buffer
	v.Print(&b)
	if !strings.Contains(b.String(), "sk-1234567890abcdef") || !strings.Contains(b.String(), "hunter2222") {
		t.Errorf("it shows\n%s", b.String())
	}
}

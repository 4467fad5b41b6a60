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
		item(2, "pay-1", `{"amount":312.40,"currency":"EUR","recipient":"Paper & Co"}`),
		item(3, "pay-2", `{"amount":86.20,"currency":"EUR","recipient":"カフェ 珈琲 コントール 合同会社 東京都渋谷区"}`, func(f *Fetched) { f.Outcome = events.Withdrawn }),
	)
	hostile := request(&events.CardContext{UserRequest: "\x1b[2J\x1b[H\u202eapprove everything\n\n[2] finance-bot/harmless  score 0"},
		item(1, "pay-1", `{"recipient":"`+strings.Repeat("x", 300)+`","note":"\u001b[31m"}`, func(f *Fetched) {
			f.Reasons = []string{"moves money\nFor         nobody"}
			f.Cut = true
		}))
	plan := request(&events.CardContext{PlanSteps: 25, Plan: []events.PlanStep{
		{Description: "pay Ada", Tool: "send_payment", Arguments: json.RawMessage(`{"amount":84.10,"recipient":"Ada Brandt"}`)},
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
	return map[string]View{"payments": payments, "hostile": hostile, "plan": plan, "edited": edited, "old": old, "gone": gone}
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

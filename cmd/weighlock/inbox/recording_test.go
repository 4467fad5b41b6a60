package inbox

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

var update = flag.Bool("update", false, "write docs/inbox.md anew")

const introduction = `# The inbox

` + "`weighlock inbox`" + ` on a terminal is a screen that lives: what waits, the most urgent first, and the card under the cursor. Urgent is what has little time left beside what it takes to read it;
then comes what is riskier, then what is older. ` + "`--group finance`" + ` shows only what is before that group.

One step makes a verdict: a key, a comment that may stay empty, enter. There is no key for all requests at once. A verdict answers the card that was on the screen when its key was pressed. Where that has
changed or closed meanwhile, nothing is sent, and the screen says so.

Who cannot answer yet [hands over](escalation.md#what-people-can-do-beside-answering) in one step too, as the commands do: ` + "`o`" + ` acknowledges, ` + "`t`" + ` reassigns (a name, then why), ` + "`i`" + ` asks the agent about the card or the one
marked item, ` + "`s`" + ` snoozes (how long, then why; both may stay empty). What is refused says so beside what was written. That stays until it holds, and whatever was written and not sent, for a verdict or an
edit too, is there again when its key is pressed again for the same request.

With ` + "`--plain`, `--json`, `--watch` or `--all`" + `, and where the output is no terminal, the inbox is text.

What follows is a session as it was recorded.
`

// TestRecording plays a session and insists that docs/inbox.md shows it.
func TestRecording(t *testing.T) {
	t.Parallel()
	payments := request("r-yqymp7yzykyi", "finance", 100, 2, 15*time.Minute)
	payments.Card.Headline = "finance-bot: 2 × send_payment on operating, 10112.40 EUR in all"
	payments.Card.Context = &events.CardContext{UserRequest: "Pay the approved supplier invoices that are due this week."}
	for i, arguments := range []string{`{"amount":9800,"currency":"EUR","recipient":"Unknown Ltd"}`, `{"amount":312.40,"currency":"EUR","recipient":"Paper & Co"}`} {
		payments.Items[i].Agent, payments.Items[i].Action, payments.Items[i].Arguments = "finance-bot", []string{"pay-5", "pay-1"}[i], json.RawMessage(arguments)
	}
	payments.Items[0].Reasons = []string{"moves money", "pays somebody for the first time"}
	release := request("r-2xnmtqk5ahco", "finance", 88, 1, 3*time.Minute)
	release.Card.Headline = "support-bot: issue_refund on order 88123, 49.90 EUR"
	release.Items[0].Agent, release.Items[0].Action, release.Items[0].Tool, release.Items[0].Arguments = "support-bot", "ticket-9", "issue_refund", json.RawMessage(`{"amount":49.90,"order":"88123"}`)
	p := sit(t, payments, release)
	p.tell(tea.WindowSizeMsg{Width: 100, Height: 28})
	p.desk.answer = func(v approver.Verdict) (approver.Cast, error) {
		r := p.desk.requests[v.Request]
		at := noon
		r.ResolvedAt, r.ResolvedBy = &at, events.ByApprovers
		out := &events.ApprovalResolved{}
		for i := range r.Items {
			r.Items[i].Outcome = events.Approved
			for _, item := range v.Items {
				if item.Number == i+1 && item.Verdict == events.Reject {
					r.Items[i].Outcome = events.Rejected
				}
			}
			out.Items = append(out.Items, events.ItemOutcome{Outcome: r.Items[i].Outcome})
		}
		p.desk.requests[v.Request] = r
		return approver.Cast{Resolved: out}, nil
	}
	var b strings.Builder
	b.WriteString(introduction)
	shot := func(what string, keys ...string) {
		p.press(keys...)
		b.WriteString("\n" + what + "\n\n```text\n")
		for line := range strings.Lines(p.screen() + "\n") {
			b.WriteString(strings.TrimRight(line, " \n") + "\n")
		}
		b.WriteString("```\n")
	}
	shot("carol opens her inbox. The refund has three minutes left, so it comes first.")
	shot("`a` approves; she writes why.", "a", "he ordered it")
	shot("Enter sends it. The next request comes under the cursor.", "enter")
	shot("She marks the first item with `space`; `i` asks the agent about it.", "space", "i", "who is Unknown Ltd?")
	shot("The question is out. She need not wait for the answer: `r` rejects the marked item alone.", "enter", "r", "we know nobody of that name")
	shot("`?` shows all keys.", "enter", "?")
	file := filepath.Join("..", "..", "..", "docs", "inbox.md")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != b.String() {
		t.Errorf("docs/inbox.md is not current: go test ./cmd/weighlock/inbox -update (%v)", err)
	}
	if len(p.desk.handed) != 1 || p.desk.handed[0].Item != 1 {
		t.Errorf("handed over %+v", p.desk.handed)
	}
	if len(p.desk.sent) != 2 || p.desk.sent[1].Items[0].Verdict != events.Reject {
		t.Errorf("sent %+v", p.desk.sent)
	}
}

package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/weighlock/weighlock/cmd/weighlock/card"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// desk is a source without a server: what it is asked for is decided, and what was cast is kept.
type desk struct {
	requests map[string]approver.Request
	sent     []approver.Verdict
	opened   []string
	answer   func(approver.Verdict) (approver.Cast, error)
	handed   []approver.HandOver
	refuse   error // what becomes of a hand-over; nil where it holds
}

func (d *desk) Requests(context.Context) (list []approver.Request, err error) {
	for _, r := range d.requests {
		list = append(list, r)
	}
	return list, nil
}

func (d *desk) Get(_ context.Context, id string) (approver.Request, error) {
	r, ok := d.requests[id]
	if !ok {
		return r, approver.ErrNotFound
	}
	return r, nil
}

func (d *desk) Fetch(_ context.Context, r approver.Request) (items []card.Fetched) {
	for _, item := range r.Items {
		items = append(items, card.Fetched{Item: item, Proposed: &events.ActionProposed{Tool: item.Tool, Arguments: json.RawMessage(`{"amount":500,"to":"acme"}`)}})
	}
	return items
}

func (d *desk) Cast(_ context.Context, v approver.Verdict) (approver.Cast, error) {
	d.sent = append(d.sent, v)
	if d.answer == nil {
		return approver.Cast{}, nil
	}
	return d.answer(v)
}

func (d *desk) HandOver(_ context.Context, h approver.HandOver) (*events.ApprovalHanded, error) {
	d.handed = append(d.handed, h)
	if d.refuse != nil {
		return nil, d.refuse
	}
	return &events.ApprovalHanded{QuestionID: "q-42", Request: h.Request, Kind: h.Kind, Approver: "carol", To: h.To, ToGroup: h.ToGroup, Question: h.Question, Item: h.Item, Comment: h.Comment}, nil
}

func (d *desk) Opened(_ context.Context, r approver.Request) { d.opened = append(d.opened, r.ID) }

func request(id, group string, score, items int, left time.Duration) approver.Request {
	r := approver.Request{
		ID: id, Digest: events.Digest([]byte(id)), Version: 1, Require: []events.Requirement{{Group: group, Count: 1}}, RejectionEnds: true,
		Group: group, Groups: []string{group}, Path: []string{group, "board"}, Tiers: 1, OpenedAt: noon.Add(-time.Minute), EndsAt: noon.Add(left),
		Card: events.Card{Headline: "billing: send_payment " + id, Score: score, Otherwise: events.Rejected},
	}
	for i := range items {
		r.Items = append(r.Items, approver.Item{CardItem: events.CardItem{
			Number: i + 1, ActionRef: events.ActionRef{Agent: "billing", Action: fmt.Sprintf("%s-%d", id, i+1)}, Tool: "send_payment", Score: score,
			Reasons: []string{"moves money"}, Arguments: json.RawMessage(fmt.Sprintf(`{"amount":%d}`, 100*(i+1))), Context: &events.CardContext{Reasoning: "as ordered"},
		}})
	}
	return r
}

// person sits before the interface.
type person struct {
	t    *testing.T
	m    Model
	desk *desk
}

func sit(t *testing.T, list ...approver.Request) *person {
	t.Helper()
	d := &desk{requests: map[string]approver.Request{}}
	for _, r := range list {
		d.requests[r.ID] = r
	}
	p := &person{t: t, desk: d, m: New(t.Context(), Options{Source: d, Approver: "carol", Editor: "true", Now: func() time.Time { return noon }})}
	still := p.m.input.Styles()
	still.Cursor.Blink = false // nothing to wait for
	p.m.input.SetStyles(still)
	p.do(p.m.list())
	return p
}

// do runs commands and hands their messages back, but for those that wait.
func (p *person) do(cmd tea.Cmd) {
	p.t.Helper()
	if cmd == nil {
		return
	}
	done := make(chan tea.Msg, 1)
	go func() { done <- cmd() }()
	select {
	case msg := <-done:
		if batch, ok := msg.(tea.BatchMsg); ok {
			for _, c := range batch {
				p.do(c)
			}
			return
		}
		p.tell(msg)
	case <-time.After(50 * time.Millisecond): // a tick, or the cursor's blinking
	}
}

func (p *person) tell(msg tea.Msg) {
	p.t.Helper()
	if msg == nil {
		return
	}
	next, cmd := p.m.Update(msg)
	p.m = next.(Model)
	p.do(cmd)
}

// press presses keys: names of keys, or text.
func (p *person) press(keys ...string) {
	p.t.Helper()
	special := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "pgdown": tea.KeyPgDown, "tab": tea.KeyTab, "space": tea.KeySpace}
	for _, key := range keys {
		if code, ok := special[key]; ok {
			k := tea.Key{Code: code}
			if key == "space" {
				k.Text = " "
			}
			p.tell(tea.KeyPressMsg(k))
			continue
		}
		for _, r := range key {
			p.tell(tea.KeyPressMsg(tea.Key{Code: r, Text: string(r)}))
		}
	}
}

func (p *person) screen() string { return ansi.Strip(p.m.screen()) }

func (p *person) sees(want ...string) {
	p.t.Helper()
	screen := p.screen()
	for _, w := range want {
		if !strings.Contains(screen, w) {
			p.t.Errorf("the screen does not show %q:\n%s", w, screen)
		}
	}
}

func TestTheMostUrgentIsFirst(t *testing.T) {
	t.Parallel()
	p := sit(t, request("r-calm", "finance", 100, 1, time.Hour), request("r-soon", "finance", 60, 1, time.Minute), request("r-many", "finance", 70, 12, 7*time.Minute), request("r-risky", "finance", 101, 1, time.Hour))
	var ids []string
	for _, id := range p.m.order {
		ids = append(ids, id)
	}
	if got := strings.Join(ids, " "); got != "r-soon r-many r-risky r-calm" {
		t.Errorf("the order is %s", got)
	}
	p.sees("carol: 4 waiting for an answer", "r-soon billing: send_payment r-soon", "moves money")
	p.press("down")
	p.sees("r-many billing: send_payment r-many")
	p.press("/", "calm", "enter")
	p.sees(`1 waiting for an answer, with "calm"`, "r-calm billing: send_payment r-calm")
	p.press("/", "esc")
	p.sees("4 waiting for an answer")
}

func TestOnlyTheirGroups(t *testing.T) {
	t.Parallel()
	p := sit(t, request("r-1", "finance", 90, 1, time.Hour), request("r-2", "security", 90, 1, time.Hour))
	p.m.opts.Groups = []string{"security"}
	p.do(p.m.list())
	p.sees("1 waiting for an answer before security", "r-2 billing")
}

func TestOneStepToAVerdict(t *testing.T) {
	t.Parallel()
	p := sit(t, request("r-1", "finance", 90, 1, time.Hour))
	p.press("a", "as ordered")
	if len(p.desk.sent) != 0 {
		t.Fatal("a key sent something without enter")
	}
	p.sees("approve the item of r-1, comment: as ordered")
	p.press("enter")
	v := p.desk.sent[0]
	if v.Request != "r-1" || v.Digest != p.desk.requests["r-1"].Digest || v.Verdict != events.Approve || len(v.Items) != 0 || v.Comment != "as ordered" {
		t.Errorf("sent %+v", v)
	}
	p.sees("your answer counts", "1 answered")
	p.press("r", "esc")
	p.sees("nothing was sent")
	p.press("w", "enter")
	p.sees("say what the agent is to do instead")
	p.press("ask on Monday", "enter")
	if v := p.desk.sent[1]; v.Verdict != events.Respond || v.Guidance != "ask on Monday" || v.Comment != "" {
		t.Errorf("sent %+v", v)
	}
}

func TestSingleItems(t *testing.T) {
	t.Parallel()
	p := sit(t, request("r-1", "finance", 90, 4, time.Hour))
	p.press("pgdown", "]", "space", "space")
	p.sees("1[ ] 2[x] 3[x] 4[ ]")
	p.press("r")
	p.sees("reject 2 items of r-1")
	p.press("enter")
	if v := p.desk.sent[0]; v.Verdict != "" || len(v.Items) != 2 || v.Items[0].Number != 2 || v.Items[0].Verdict != events.Reject || v.Items[1].Number != 3 {
		t.Errorf("sent %+v", v)
	}
	p.press("[", "[", "[", "space", "x", "a", "enter")
	if v := p.desk.sent[1]; len(v.Items) != 3 || v.Items[0].Number != 2 || v.Items[2].Number != 4 {
		t.Errorf("sent %+v", v)
	}
	p.press("e")
	p.sees("an edit is of one item")
}

// A card that changes or closes while somebody looks at it, or writes an answer to it, is never answered by accident.
func TestACardThatChangesIsNotAnswered(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*approver.Request){
		"was closed": func(r *approver.Request) {
			at := noon
			r.ResolvedAt, r.ResolvedBy = &at, events.ByApprovers
		},
		"has changed: read it again": func(r *approver.Request) { r.Digest, r.Version = events.Digest([]byte("2")), 2 },
	} {
		p := sit(t, request("r-1", "finance", 90, 1, time.Hour), request("r-2", "finance", 80, 1, time.Hour))
		p.press("a", "fine")
		r := p.desk.requests["r-1"]
		change(&r)
		p.desk.requests["r-1"] = r
		p.tell(Changed{"r-1"})
		p.sees(name)
		p.press("enter")
		if len(p.desk.sent) != 0 {
			t.Errorf("%s: sent %+v", name, p.desk.sent)
		}
	}
	// A verdict names the card that was on the screen, whatever came since without its being told.
	p := sit(t, request("r-1", "finance", 90, 1, time.Hour))
	p.desk.answer = func(approver.Verdict) (approver.Cast, error) {
		return approver.Cast{}, &approver.RefusedError{VerdictRefused: events.VerdictRefused{Code: events.RefusedWrongDigest, Reason: "the card has changed"}}
	}
	r := p.desk.requests["r-1"]
	was := r.Digest
	r.Digest = events.Digest([]byte("2"))
	p.desk.requests["r-1"] = r
	p.press("a", "enter")
	if p.desk.sent[0].Digest != was {
		t.Errorf("sent %+v", p.desk.sent[0])
	}
	p.sees("refused (wrong_digest): the card has changed")
}

func TestWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	for want, answer := range map[string]func() (approver.Cast, error){
		"r-1: 1 approved, 1 moved to a card of its own": func() (approver.Cast, error) {
			return approver.Cast{Resolved: &events.ApprovalResolved{Items: []events.ItemOutcome{{Outcome: events.Approved}, {Moved: true}}}}, nil
		},
		"which others have to approve":              func() (approver.Cast, error) { return approver.Cast{Revised: &events.ApprovalRequested{}}, nil },
		"not known whether it counts: the line was": func() (approver.Cast, error) { return approver.Cast{}, errors.New("the line was cut") },
	} {
		p := sit(t, request("r-1", "finance", 90, 2, time.Hour))
		p.desk.answer = func(approver.Verdict) (approver.Cast, error) { return answer() }
		p.press("a", "enter")
		p.sees(want)
	}
}

func TestAnEditStartsFromWhatWouldRun(t *testing.T) {
	t.Parallel()
	p := sit(t, request("r-1", "finance", 90, 1, time.Hour))
	text, err := p.m.arguments(p.desk.requests["r-1"], 1)
	if err != nil || string(text) != "{\n  \"amount\": 500,\n  \"to\": \"acme\"\n}\n" {
		t.Fatalf("%s, %v", text, err)
	}
	d := draft{request: "r-1", digest: p.desk.requests["r-1"].Digest, kind: events.Edit, items: []events.ItemVerdict{{Number: 1, Verdict: events.Edit}}}
	p.tell(edited{draft: d, text: []byte(`[1]`)})
	p.sees("no JSON object")
	if text, err = p.m.arguments(p.desk.requests["r-1"], 1); err != nil || string(text) != "[1]" {
		t.Errorf("the next edit starts from %s, %v", text, err)
	}
	p.tell(edited{draft: d, text: []byte("{ \"amount\": 100,\n \"to\": \"acme\" }")})
	p.press("half will do", "enter")
	if v := p.desk.sent[0]; v.Verdict != "" || len(v.Items) != 1 || string(v.Items[0].Arguments) != `{"amount":100,"to":"acme"}` || v.Comment != "half will do" || len(p.m.unsent) != 0 {
		t.Errorf("sent %+v, and kept %q", v, p.m.unsent)
	}
}

// On a narrow screen no key is out of sight, a long status is read to its end, and whoever writes sees what they write.
func TestNothingRunsOffANarrowScreen(t *testing.T) {
	t.Parallel()
	p := sit(t, request("r-1", "finance", 90, 1, time.Hour))
	p.desk.answer = func(approver.Verdict) (approver.Cast, error) {
		return approver.Cast{}, &approver.RefusedError{VerdictRefused: events.VerdictRefused{Code: events.RefusedNotEntitled, Reason: "carol is in no group that was asked so far, and the request was not handed to her"}}
	}
	for line := range strings.Lines(help) {
		if n := ansi.StringWidth(strings.TrimRight(line, "\n")); n > card.Width {
			t.Errorf("a line of the help takes %d cells: %s", n, line)
		}
	}
	for _, width := range []int{80, 50} {
		p.tell(tea.WindowSizeMsg{Width: width, Height: 24})
		p.sees("? help", "a approve", "q quit")
		p.press("a")
		p.tell(tea.PasteMsg{Content: strings.Repeat("because it is due ", 5) + "on Friday"})
		p.sees("due on Friday")
		p.press("enter")
		p.sees("refused (not_entitled): carol is", "to her", "q quit")
	}
	p.tell(tea.WindowSizeMsg{Width: 20, Height: 8})
	p.sees("? help")
}

// What was written is there again until it counts: for what it was written for, and for nothing else.
func TestWhatWasWrittenIsNotLost(t *testing.T) {
	t.Parallel()
	p := sit(t, request("r-1", "finance", 90, 1, time.Hour), request("r-2", "finance", 80, 1, time.Hour))
	p.press("r", "not due", "esc", "r")
	p.sees("reject the item of r-1, comment: not due")
	p.press("esc", "a")
	if strings.Contains(p.screen(), "not due") {
		t.Errorf("an approval has the words of a rejection:\n%s", p.screen())
	}
	p.press("esc", "down", "r")
	if strings.Contains(p.screen(), "not due") {
		t.Errorf("a request has the words for another:\n%s", p.screen())
	}
	p.press("esc", "up", "r")
	r := p.desk.requests["r-1"]
	r.Digest, r.Version = events.Digest([]byte("2")), 2
	p.desk.requests["r-1"] = r
	p.tell(Changed{"r-1"})
	p.sees("has changed: read it again")
	p.desk.answer = func(approver.Verdict) (approver.Cast, error) { return approver.Cast{}, errors.New("the line was cut") }
	p.press("r", "enter")
	p.sees("not known whether it counts")
	p.desk.answer = nil
	p.press("r", "enter", "r")
	if v := p.desk.sent; len(v) != 2 || v[1].Comment != "not due" || v[1].Digest != r.Digest || strings.Contains(p.screen(), "not due") {
		t.Errorf("sent %+v:\n%s", v, p.screen())
	}
}

// Whatever agents write and however small the terminal is, the screen stays a screen.
func TestTheScreenStaysInItsPlace(t *testing.T) {
	t.Parallel()
	hostile := request("r-1", "finance", 90, 3, time.Hour)
	hostile.Card.Headline = "\x1b[2Jbilling:\u202e \n\n世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世世"
	p := sit(t, hostile, request("r-2", "finance", 80, 1, time.Hour))
	for _, size := range [][2]int{{80, 24}, {20, 5}, {200, 60}, {80, 3}, {1, 1}} {
		p.tell(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		for _, key := range []string{"?", "esc", "a", "esc", "pgdown", "pgdown", "pgdown"} {
			p.press(key)
			lines := strings.Split(p.m.screen(), "\n")
			if len(lines) > max(size[1], 2) || strings.Contains(p.m.screen(), "\x1b[2J") || strings.Contains(p.m.screen(), "\u202e") {
				t.Errorf("at %v the screen is %q", size, p.m.screen())
			}
			for _, line := range lines {
				if n := ansi.StringWidth(line); n > size[0] {
					t.Errorf("at %v a line takes %d cells: %q", size, n, line)
				}
			}
		}
	}
}

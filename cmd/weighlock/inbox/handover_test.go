package inbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestOneStepToAHandOver(t *testing.T) {
	t.Parallel()
	until := func(d time.Duration) time.Time { return noon.Add(d) }
	for _, c := range []struct {
		keys []string
		want approver.HandOver
		says string
	}{
		{[]string{"o"}, approver.HandOver{Kind: events.Acknowledge}, "carol looks at r-1"},
		{[]string{"o", "on it"}, approver.HandOver{Kind: events.Acknowledge, Comment: "on it"}, `carol looks at r-1 "on it"`},
		{[]string{"t", "dave"}, approver.HandOver{Kind: events.Reassign, To: "dave"}, "carol hands r-1 to dave"},
		{[]string{"t", "board  too large"}, approver.HandOver{Kind: events.Reassign, ToGroup: "board", Comment: "too large"}, `carol hands r-1 to board "too large"`},
		{[]string{"t", "bo", "tab", " why"}, approver.HandOver{Kind: events.Reassign, ToGroup: "board", Comment: "why"}, "carol hands r-1 to board"},
		{[]string{"i", "which?"}, approver.HandOver{Kind: events.Ask, Question: "which?"}, `carol asks, on r-1`},
		{[]string{"]", "space", "i", "which?"}, approver.HandOver{Kind: events.Ask, Question: "which?", Item: 2}, `carol asks about item 2, on r-1`},
		{[]string{"s"}, approver.HandOver{Kind: events.Snooze, Until: until(15 * time.Minute)}, "carol is not reminded of r-1"},
		{[]string{"s", "5m"}, approver.HandOver{Kind: events.Snooze, Until: until(5 * time.Minute)}, "carol is not reminded of r-1"},
		{[]string{"s", "5m tea"}, approver.HandOver{Kind: events.Snooze, Until: until(5 * time.Minute), Comment: "tea"}, `carol is not reminded of r-1 "tea"`},
	} {
		p := sit(t, request("r-1", "finance", 90, 3, time.Hour))
		p.press(c.keys...)
		if len(p.desk.handed) != 0 {
			t.Fatalf("%v sent something without enter", c.keys)
		}
		p.press("enter")
		c.want.Request = "r-1"
		if len(p.desk.handed) != 1 || p.desk.handed[0] != c.want {
			t.Errorf("%v sent %+v, want %+v", c.keys, p.desk.handed, c.want)
		}
		p.sees(c.says, "1 waiting for an answer", "? help")
		if len(p.m.unsent) != 0 {
			t.Errorf("%v kept %q", c.keys, p.m.unsent)
		}
	}
}

// What cannot be sent, or does not hold, says so beside what was written, which stays and can be sent otherwise.
func TestAHandOverThatDoesNotHoldStaysOnTheScreen(t *testing.T) {
	t.Parallel()
	p := sit(t, request("r-1", "finance", 90, 3, time.Hour))
	for _, c := range []struct {
		keys []string
		err  error
		want []string
	}{
		{[]string{"t"}, nil, []string{"say to whom, or press esc", "to whom and why:"}},
		{[]string{"i"}, nil, []string{"say what the agent is to tell, or press esc", "ask the agent about r-1:"}},
		{[]string{"s", "until lunch"}, nil, []string{`"until" is no length of time: begin with one such as 10m or 1h30m`, "why: until lunch"}},
		{[]string{"t", "zoe she knows"}, &approver.RefusedError{VerdictRefused: events.VerdictRefused{Code: events.RefusedHandOver, Reason: "zoe is not on the path"}},
			[]string{"refused (handover): zoe is not on the path", "why: zoe she knows"}},
		{[]string{"o", "on it"}, &events.FieldError{Field: "comment", Problem: "has 5000 bytes"}, []string{"nothing was sent: comment has 5000 bytes", "comment: on it"}},
		{[]string{"o"}, errors.New("the line was cut"), []string{"not known whether it holds: the line was cut", "comment: on it"}},
	} {
		p.desk.refuse, p.desk.handed = c.err, nil
		p.press(append(c.keys, "enter")...)
		p.sees(c.want...)
		if sent := len(p.desk.handed) > 0; sent != (c.err != nil) {
			t.Errorf("%v sent %+v", c.keys, p.desk.handed)
		}
		p.press("esc")
		p.sees("nothing was sent")
	}
	p.desk.refuse = nil
	p.press("t")
	p.sees("to a group of its path (finance, board) or a person in one", "why: zoe she knows")
	p.press("enter", "t")
	p.sees("to whom and why:")
	if strings.Contains(p.screen(), "zoe she knows") {
		t.Errorf("what holds is written again:\n%s", p.screen())
	}
}

// While a hand-over is under way nothing else begins, and its words stay; a request that closes meanwhile is not said to have been left alone.
func TestAHandOverUnderWay(t *testing.T) {
	t.Parallel()
	p := sit(t, request("r-1", "finance", 90, 1, time.Hour))
	p.press("o", "on it")
	next, send := p.m.Update(tea.KeyPressMsg(tea.Key{Code: tea.KeyEnter}))
	p.m = next.(Model)
	p.press("x", "esc", "enter", "a")
	p.tell(tea.PasteMsg{Content: "more"})
	p.sees("sending …")
	if got := p.m.input.Value(); got != "on it" {
		t.Errorf("while it is sent it becomes %q", got)
	}
	r := p.desk.requests["r-1"]
	at := noon
	r.ResolvedAt, r.ResolvedBy = &at, events.ByApprovers
	p.desk.requests["r-1"] = r
	p.tell(Changed{"r-1"})
	p.sees("sending …", "comment: on it")
	p.do(send)
	p.sees(`carol looks at r-1 "on it"`, "nothing waits")
	if len(p.desk.handed) != 1 || len(p.desk.sent) != 0 {
		t.Errorf("sent %+v, %+v", p.desk.handed, p.desk.sent)
	}
}

// A hand-over is of the request: a new version of the card does not end it, its closing does.
func TestAHandOverIsOfTheRequest(t *testing.T) {
	t.Parallel()
	p := sit(t, request("r-1", "finance", 90, 3, time.Hour))
	p.press("i", "which?")
	r := p.desk.requests["r-1"]
	r.Digest, r.Version = events.Digest([]byte("2")), 2
	p.desk.requests["r-1"] = r
	p.tell(Changed{"r-1"})
	p.sees("ask the agent about r-1: which?")
	at := noon
	r.ResolvedAt, r.ResolvedBy = &at, events.ByApprovers
	p.desk.requests["r-1"] = r
	p.tell(Changed{"r-1"})
	p.sees("nothing was sent: r-1 was closed")
	p.press("i")
	p.sees("nothing waits here")
}

func TestWhomAndWhatAHandOverIsAbout(t *testing.T) {
	t.Parallel()
	r := request("r-1", "finance", 90, 3, 5*time.Minute)
	r.OnCall = map[string][]string{"board": {"erin", "carol"}}
	r.HandOvers = []approver.HandedOver{{ApprovalHanded: events.ApprovalHanded{To: "dave"}, Person: "frank"}}
	r.Items[0].Votes = []approver.Vote{{Person: "erin"}, {Person: "grace"}}
	p := sit(t, r)
	if got := strings.Join(p.m.receivers(r), " "); got != "finance board erin frank dave grace" {
		t.Errorf("it can be handed to %s", got)
	}
	p.press("space", "space", "i")
	p.sees("a question is about one item or the whole card: mark one, or none")
	p.press("s")
	p.sees("for how long (5m0s) and why:") // the end comes before the usual quarter of an hour
	p.press("enter")
	if got := p.desk.handed[0].Until; !got.Equal(r.EndsAt) {
		t.Errorf("snoozed until %s", got)
	}
}

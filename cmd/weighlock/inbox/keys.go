package inbox

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// help is what the keys do.
const help = `↑ ↓ j k        the request before, the next
PgUp PgDn      scroll the card
[ ]            the item before, the next
space          mark the item; a verdict then answers the marked items alone
x              all but the marked
a              approve        r  reject
e              edit the arguments of one item in your editor, and approve that
w              respond: reject, and tell the agent what to do instead
b              abstain: take your answer back
o              acknowledge: you are on it, which holds the next tier back
t              reassign: name a person or group of its path, then why
i              ask the agent about the whole card, or about the marked item
s              snooze: no reminders for you for 15m, or as in: 1h out for lunch
v              show secrets, or mask them again
/              show only what has these words
R              look for requests again
q              quit
All but i and w take a comment, which may stay empty. Enter sends, esc does not,
and keeps what you wrote until you press the key again. A verdict answers the
card that was on the screen, and no other version of it.`

// key is one key press.
func (m Model) key(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	if k.String() == "ctrl+c" {
		return m, tea.Quit
	}
	switch m.mode {
	case composing:
		return m.composeKey(k)
	case filtering:
		return m.filterKey(k)
	case helping:
		m.mode = browsing
		return m, nil
	}
	return m.browseKey(k)
}

func (m Model) filterKey(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch k.String() {
	case "enter":
		m.mode = browsing
		m.input.Blur()
		return m, nil
	case "esc":
		m.mode, m.filter = browsing, ""
		m.input.Blur()
		m.arrange()
		return m, m.fetch()
	}
	return m.typed(k)
}

func (m Model) composeKey(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch key := k.String(); {
	case m.sending: // a hand-over, whose words stay as they are until it holds
		return m, nil
	case key == "esc":
		m.status = "nothing was sent"
		m.leave()
		return m, nil
	case key == "enter":
		return m.send()
	}
	return m.typed(k)
}

func (m Model) browseKey(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	m.status = ""
	switch k.String() {
	case "q":
		return m, tea.Quit
	case "?":
		m.mode = helping
	case "up", "k":
		m.move(m.line() - 1)
	case "down", "j":
		m.move(m.line() + 1)
	case "pgup":
		m.scroll = max(0, m.scroll-m.cardHeight())
	case "pgdown":
		m.scroll += m.cardHeight()
	case "[", "]", "space", "x":
		m.mark(k.String())
	case "v":
		m.reveal = !m.reveal
	case "R":
		return m, m.list()
	case "/":
		m.mode = filtering
		m.input.Prompt = "only: "
		m.input.SetValue(m.filter)
		m.fit()
		return m, m.input.Focus()
	default:
		return m.actKey(k.String())
	}
	return m, m.fetch()
}

// mark chooses items.
func (m *Model) mark(key string) {
	items := len(m.known[m.cursor].Items)
	switch {
	case items == 0:
	case key == "[":
		m.item = max(0, m.item-1)
	case key == "]":
		m.item = min(items-1, m.item+1)
	case key == "x":
		m.inverse = !m.inverse
	default:
		m.marked[m.item+1] = !m.marked[m.item+1]
		m.item = min(items-1, m.item+1)
	}
}

var verdictKeys = map[string]events.VerdictKind{"a": events.Approve, "r": events.Reject, "w": events.Respond, "b": events.Abstain, "e": events.Edit}

// actKey begins a verdict on the card that is on the screen, or a hand-over of its request.
func (m Model) actKey(key string) (tea.Model, tea.Cmd) {
	kind, answers := verdictKeys[key]
	hand, hands := handOverKeys[key]
	r, there := m.known[m.cursor]
	switch {
	case !answers && !hands:
		return m, nil
	case !there || !r.Open():
		m.status = "nothing waits here"
		return m, nil
	case m.sending:
		m.status = "what you sent before is still under way"
		return m, nil
	case hands:
		return m.beginHandOver(hand, r)
	}
	return m.beginVerdict(kind, r)
}

func (m Model) beginVerdict(kind events.VerdictKind, r approver.Request) (tea.Model, tea.Cmd) {
	d := draft{request: r.ID, digest: r.Digest, kind: kind}
	numbers := m.chosen(r)
	d.all, d.count = len(numbers) == open(r) && !m.inverse && !m.anyMarked(), len(numbers)
	if len(numbers) == 0 {
		m.status = "no item that waits is chosen"
		return m, nil
	}
	if kind == events.Edit {
		return m.edit(d, r, numbers)
	}
	for _, n := range numbers {
		d.items = append(d.items, events.ItemVerdict{Number: n, Verdict: kind})
	}
	return m.compose(d)
}

func (m *Model) anyMarked() bool {
	for _, on := range m.marked {
		if on {
			return true
		}
	}
	return false
}

// chosen are the items that a verdict answers: the marked, all but the marked, or all that wait.
func (m *Model) chosen(r approver.Request) (numbers []int) {
	marked := m.anyMarked()
	for i, item := range r.Items {
		if item.Open() && (!marked || m.marked[i+1] != m.inverse) {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

func open(r approver.Request) int {
	return len(slices.DeleteFunc(slices.Clone(r.Items), func(i approver.Item) bool { return !i.Open() }))
}

// compose asks for the words that go with a verdict.
func (m Model) compose(d draft) (tea.Model, tea.Cmd) {
	items := "the item"
	if d.count > 1 {
		items = fmt.Sprintf("%d items", d.count)
	}
	what := "comment"
	if d.kind == events.Respond {
		what = "what the agent is to do instead"
	}
	return m.write(d, fmt.Sprintf("%s %s of %s, %s: ", d.kind, items, d.request, what))
}

// write begins to write for a draft. What was written for it before and not sent is there again.
func (m Model) write(d draft, prompt string, names ...string) (tea.Model, tea.Cmd) {
	m.mode, m.draft = composing, d
	m.input.Prompt = prompt
	m.input.ShowSuggestions = len(names) > 0
	m.input.SetSuggestions(names)
	m.input.SetValue(m.unsent[d.about()])
	m.input.CursorEnd()
	m.fit()
	return m, m.input.Focus()
}

// leave ends the writing, and keeps what was written until it counts.
func (m *Model) leave() {
	m.unsent[m.draft.about()] = m.input.Value()
	m.mode = browsing
	m.input.Blur()
}

// send sends the hand-over of the draft; or casts its verdict, if its card still waits as it was.
func (m Model) send() (tea.Model, tea.Cmd) {
	d, text := m.draft, m.input.Value()
	if d.hand != "" {
		return m.hand()
	}
	if d.kind == events.Respond && text == "" {
		m.status = "say what the agent is to do instead, or press esc"
		return m, nil
	}
	if !m.standing(d) {
		m.drop()
		return m, nil
	}
	v := approver.Verdict{Request: d.request, Digest: d.digest, Items: d.items, UntilCounted: true}
	if d.all && d.kind != events.Edit {
		v.Verdict, v.Items = d.kind, nil
	}
	if d.kind == events.Respond {
		v.Guidance = text
	} else {
		v.Comment = text
	}
	m.sending, m.status = true, "sending …"
	m.leave()
	return m, func() tea.Msg {
		out, err := m.opts.Source.Cast(m.ctx, v)
		return cast{d, out, err}
	}
}

package inbox

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/weighlock/weighlock/cmd/weighlock/card"
	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/pkg/approver"
)

var (
	chosen = lipgloss.NewStyle().Reverse(true)
	faint  = lipgloss.NewStyle().Faint(true)
	urgent = lipgloss.NewStyle().Foreground(lipgloss.Red)
)

// keyWords are the keys as they are always seen. Help is first, so that the narrowest screen shows it.
var keyWords = []string{"? help", "a approve", "r reject", "e edit", "w respond", "b abstain", "o ack", "t reassign", "i ask", "s snooze", "space mark", "/ filter", "q quit"}

// View implements [tea.Model].
func (m Model) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	v.WindowTitle = "weighlock inbox"
	return v
}

// screen is the whole screen: the list, the card, what happened last, and the keys or the line that is written.
func (m Model) screen() string {
	if m.mode == helping {
		lines := strings.Split(help, "\n")
		lines = lines[:max(0, min(len(lines), m.height-1))]
		return m.fitted(append(lines, faint.Render("any key goes back")))
	}
	bottom := m.bottom()
	height := max(0, m.height-len(bottom))
	lines := []string{m.title()}
	lines = append(lines, m.listLines()...)
	lines = append(lines, m.cardLines()...)
	for len(lines) < height {
		lines = append(lines, "")
	}
	return m.fitted(append(lines[:height], bottom...))
}

// bottom is what is below the card: what happened last, and the keys or the line that is written. Each takes the lines that it needs, as
// long as they leave most of the screen to the card.
func (m Model) bottom() []string {
	most := max(1, m.height/8)
	status := strings.Split(ansi.Wrap(words.Printable(m.status), m.width, ""), "\n")
	if len(status) > most {
		status[most-1] += " …"
		status = status[:most]
	}
	if m.mode != composing && m.mode != filtering {
		return append(status, m.keyLines(most)...)
	}
	if in := m.input; m.promptAbove() {
		status = append(status, in.Prompt)
		in.Prompt = "> "
		return append(status, strings.TrimRight(in.View(), " "))
	}
	return append(status, strings.TrimRight(m.input.View(), " "))
}

// keyLines are the keys on as many lines as they take.
func (m Model) keyLines(most int) (lines []string) {
	line := keyWords[0]
	for _, word := range keyWords[1:] {
		if longer := line + "  " + word; len(longer) <= m.width || len(lines)+1 == most {
			line = longer
			continue
		}
		lines, line = append(lines, faint.Render(line)), word
	}
	return append(lines, faint.Render(line))
}

// promptAbove reports whether the prompt leaves too little of its line to what is written, and there is a line to spare.
func (m Model) promptAbove() bool {
	return m.width-ansi.StringWidth(m.input.Prompt) < 30 && m.height > 6
}

// fit lets the line that is written scroll where it is longer than the screen is wide.
func (m *Model) fit() {
	prompt := ansi.StringWidth(m.input.Prompt)
	if m.promptAbove() {
		prompt = 2
	}
	m.input.SetWidth(max(1, m.width-prompt-1))
	m.input.SetCursor(m.input.Position())
}

// fitted cuts lines to the width of the screen.
func (m Model) fitted(lines []string) string {
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], m.width, "…")
	}
	return strings.Join(lines, "\n")
}

func (m Model) title() string {
	text := fmt.Sprintf("%d waiting for an answer", len(m.order))
	if len(m.order) == 0 {
		text = "nothing waits"
	}
	if len(m.opts.Groups) > 0 {
		text += " before " + strings.Join(m.opts.Groups, ", ")
	}
	if m.filter != "" {
		text += fmt.Sprintf(", with %q", m.filter)
	}
	if m.answered > 0 {
		text += fmt.Sprintf("; %d answered", m.answered)
	}
	return faint.Render(m.opts.Approver + ": " + words.Printable(text))
}

// listHeight is how many requests are listed at once.
func (m Model) listHeight() int { return max(1, min(len(m.order), m.height/4)) }

// cardHeight is how many lines of the card are seen at once.
func (m Model) cardHeight() int { return max(1, m.height-m.listHeight()-len(m.bottom())-2) }

func (m Model) listLines() []string {
	if len(m.order) == 0 {
		return nil
	}
	height, line := m.listHeight(), m.line()
	from := max(0, min(line-height/2, len(m.order)-height))
	lines := make([]string, 0, height)
	now := m.opts.Now()
	for i, id := range m.order[from : from+height] {
		r := m.known[id]
		text := row(r, now)
		if n := ansi.StringWidth(text); n < m.width {
			text += strings.Repeat(" ", m.width-n)
		}
		switch {
		case from+i == line:
			text = chosen.Render(ansi.Truncate(text, m.width, "…"))
		case slack(r, now) < 2*time.Minute:
			text = urgent.Render(text)
		}
		lines = append(lines, text)
	}
	return append(lines, "")
}

// row is a request on one line.
func row(r approver.Request, now time.Time) string {
	return words.Printable(fmt.Sprintf("%8s  %3d  %-12s %s", r.EndsAt.Sub(now).Round(time.Second), r.Card.Score, r.Group, r.Card.Headline))
}

func (m Model) cardLines() []string {
	r, ok := m.known[m.cursor]
	if !ok {
		return nil
	}
	items, have := m.fetched[r.Digest]
	if !have {
		return []string{"reading " + r.ID + " …"}
	}
	for i := range items { // the outcome and the answers are those of now
		if i < len(r.Items) {
			items[i].Item = r.Items[i]
		}
	}
	var b bytes.Buffer
	card.View{Request: r, Items: items, Now: m.opts.Now(), Reveal: m.reveal}.Print(&b)
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	if len(items) > 1 {
		lines = append(lines, m.marks(r))
	}
	from := max(0, min(m.scroll, len(lines)-m.cardHeight()))
	seen := lines[from:min(len(lines), from+m.cardHeight())]
	if rest := len(lines) - from - len(seen); rest > 0 {
		seen[len(seen)-1] = faint.Render(fmt.Sprintf("… %d more lines: PgDn", rest+1))
	}
	return seen
}

// marks shows which items a verdict would answer.
func (m Model) marks(r approver.Request) string {
	var b strings.Builder
	b.WriteString("Items ")
	for i, item := range r.Items {
		box := " "
		switch {
		case !item.Open():
			box = "-"
		case m.marked[i+1]:
			box = "x"
		}
		text := fmt.Sprintf("%d[%s]", i+1, box)
		if i == m.item {
			text = chosen.Render(text)
		}
		b.WriteString(text + " ")
	}
	if m.inverse {
		b.WriteString(" a verdict answers all but the marked")
	}
	return b.String()
}

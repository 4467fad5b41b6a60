package inbox

import (
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// Update implements [tea.Model].
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.fit()
	case tick:
		m.arrange()
		return m, tea.Batch(again(), m.fetch())
	case Changed:
		return m, m.get(msg.ID)
	case listed:
		return m.listed(msg)
	case got:
		return m.got(msg)
	case fetched:
		m.fetched[msg.digest] = msg.items
	case cast:
		return m.cast(msg)
	case handed:
		return m.handed(msg)
	case edited:
		return m.edited(msg)
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.typed(msg)
	}
	return m, nil
}

func (m Model) listed(msg listed) (tea.Model, tea.Cmd) {
	if msg.err != nil {
		m.status = "looking for requests: " + msg.err.Error()
	}
	if msg.err == nil || len(msg.list) > 0 {
		m.known = make(map[string]approver.Request, len(msg.list))
		for _, r := range msg.list {
			m.known[r.ID] = r
		}
	}
	m.arrange()
	return m, m.fetch()
}

// got takes a request as it stands now. A card that changes while somebody writes an answer to it ends that answer.
func (m Model) got(msg got) (tea.Model, tea.Cmd) {
	switch {
	case errors.Is(msg.err, approver.ErrNotFound):
		delete(m.known, msg.id)
	case msg.err != nil:
		m.status = "reading " + msg.id + ": " + msg.err.Error()
		return m, nil
	default:
		m.known[msg.id] = msg.request
	}
	if m.mode == composing && !m.sending && m.draft.request == msg.id && !m.standing(m.draft) {
		m.drop()
	}
	if msg.id == m.cursor && m.known[msg.id].ResolvedAt != nil && m.status == "" {
		m.status = fmt.Sprintf("%s was closed by %s", msg.id, m.known[msg.id].ResolvedBy)
	}
	m.arrange()
	return m, m.fetch()
}

// standing reports whether the card of a draft is still the one that waits. A hand-over is of the request, whatever its card.
func (m *Model) standing(d draft) bool {
	r, ok := m.known[d.request]
	return ok && r.Open() && (d.hand != "" || r.Digest == d.digest)
}

// drop gives a draft up, because its card is no more.
func (m *Model) drop() {
	what := "was closed"
	if r, ok := m.known[m.draft.request]; ok && r.Open() {
		what = "has changed: read it again"
	}
	m.status = fmt.Sprintf("nothing was sent: %s %s", m.draft.request, what)
	if m.mode == composing {
		m.leave()
	}
}

// cast says what became of a verdict.
func (m Model) cast(msg cast) (tea.Model, tea.Cmd) {
	m.sending = false
	refused, isRefused := errors.AsType[*approver.RefusedError](msg.err)
	switch {
	case isRefused:
		m.status = words.Refused(refused.VerdictRefused)
	case msg.err != nil:
		m.status = "not known whether it counts: " + msg.err.Error()
	case msg.out.Resolved != nil:
		m.status = fmt.Sprintf("%s: %s", msg.draft.request, outcomes(msg.out.Resolved))
	case msg.out.Revised != nil:
		m.status = fmt.Sprintf("%s has a new version with your edit, which others have to approve", msg.draft.request)
	default:
		m.status = fmt.Sprintf("%s: your answer counts, and waits for others", msg.draft.request)
	}
	if msg.err == nil {
		m.answered++
		m.counted(msg.draft)
		m.marked, m.inverse = map[int]bool{}, false
	}
	return m, m.get(msg.draft.request)
}

// counted forgets what was written for a draft that counts now.
func (m *Model) counted(d draft) {
	delete(m.unsent, d.about())
	if d.kind == events.Edit {
		delete(m.unsent, argumentsOf(d.request, d.digest, d.items[0].Number))
	}
}

// outcomes counts what a request came to.
func outcomes(r *events.ApprovalResolved) string {
	count, order := map[string]int{}, []string{}
	for _, item := range r.Items {
		word := string(item.Outcome)
		if item.Moved {
			word = "moved to a card of its own"
		}
		if count[word]++; count[word] == 1 {
			order = append(order, word)
		}
	}
	parts := make([]string, len(order))
	for i, word := range order {
		parts[i] = fmt.Sprintf("%d %s", count[word], word)
	}
	return strings.Join(parts, ", ")
}

// typed gives a message to the line that is being written.
func (m Model) typed(msg tea.Msg) (tea.Model, tea.Cmd) {
	if m.mode != composing && m.mode != filtering || m.mode == composing && m.sending {
		return m, nil
	}
	var cmd tea.Cmd
	m.input, cmd = m.input.Update(msg)
	if m.mode == filtering {
		m.filter = m.input.Value()
		m.arrange()
		return m, tea.Batch(cmd, m.fetch())
	}
	return m, cmd
}

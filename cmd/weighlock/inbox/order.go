package inbox

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/pkg/approver"
)

// perItem is about how long somebody needs for one item of a card.
const perItem = 30 * time.Second

// slack is how much of the time that is left is not needed to read the card.
func slack(r approver.Request, now time.Time) time.Duration {
	return r.EndsAt.Sub(now) - time.Duration(len(r.Items))*perItem
}

// arrange puts the most urgent first: what can no longer wait, by the time it has, then what is riskier, then what is older.
func (m *Model) arrange() {
	now := m.opts.Now()
	before := slices.Index(m.order, m.cursor)
	m.order = m.order[:0]
	for id, r := range m.known {
		if r.Open() && m.mine(r) && matches(r, m.filter) {
			m.order = append(m.order, id)
		}
	}
	urgent := func(r approver.Request) int64 { // minutes; whatever has more than ten is not pressing
		return max(0, min(10, int64(slack(r, now)/time.Minute)))
	}
	slices.SortFunc(m.order, func(a, b string) int {
		x, y := m.known[a], m.known[b]
		return cmp.Or(cmp.Compare(urgent(x), urgent(y)), cmp.Compare(y.Card.Score, x.Card.Score), x.OpenedAt.Compare(y.OpenedAt), cmp.Compare(a, b))
	})
	if !slices.Contains(m.order, m.cursor) && m.mode != composing {
		m.move(max(before, 0))
	}
}

func (m *Model) mine(r approver.Request) bool {
	return len(m.opts.Groups) == 0 || slices.ContainsFunc(r.Groups, func(g string) bool { return slices.Contains(m.opts.Groups, g) })
}

func matches(r approver.Request, filter string) bool {
	if filter == "" {
		return true
	}
	parts := []string{r.ID, r.Group, r.Card.Headline}
	for _, item := range r.Items {
		parts = append(parts, item.Agent+"/"+item.Action, item.Tool, item.Principal)
	}
	text := strings.ToLower(strings.Join(parts, " "))
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(filter)), func(word string) bool { return !strings.Contains(text, word) })
}

// move puts the cursor on a line of the list.
func (m *Model) move(line int) {
	id := ""
	if len(m.order) > 0 {
		id = m.order[max(0, min(line, len(m.order)-1))]
	}
	if id == m.cursor {
		return
	}
	m.cursor, m.scroll, m.item, m.marked, m.inverse, m.reveal = id, 0, 0, map[int]bool{}, false, false
}

func (m *Model) line() int { return slices.Index(m.order, m.cursor) }

package inbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// usualSnooze is how long somebody wants no reminders who does not say how long.
const usualSnooze = 15 * time.Minute

var handOverKeys = map[string]events.HandOverKind{"o": events.Acknowledge, "t": events.Reassign, "i": events.Ask, "s": events.Snooze}

// SnoozeUntil is when a snooze ends that begins now: after length; where that is 0 after a quarter of an hour, or at the end of the request
// if that comes first.
func SnoozeUntil(r approver.Request, now time.Time, length time.Duration) time.Time {
	if length != 0 {
		return now.Add(length)
	}
	if until := now.Add(usualSnooze); until.Before(r.EndsAt) {
		return until
	}
	return r.EndsAt
}

// beginHandOver asks for the words that go with a hand-over.
func (m Model) beginHandOver(kind events.HandOverKind, r approver.Request) (tea.Model, tea.Cmd) {
	d := draft{request: r.ID, hand: kind}
	switch kind {
	case events.Acknowledge:
		return m.write(d, fmt.Sprintf("acknowledge %s, comment: ", r.ID))
	case events.Reassign:
		m.status = "to a group of its path (" + strings.Join(r.Path, ", ") + ") or a person in one; tab completes the name"
		return m.write(d, fmt.Sprintf("reassign %s, to whom and why: ", r.ID), m.receivers(r)...)
	case events.Snooze:
		length := SnoozeUntil(r, m.opts.Now(), 0).Sub(m.opts.Now()).Round(time.Second)
		return m.write(d, fmt.Sprintf("snooze %s, for how long (%s) and why: ", r.ID, length))
	}
	what := r.ID
	if m.anyMarked() {
		numbers := m.chosen(r)
		if len(numbers) != 1 {
			m.status = "a question is about one item or the whole card: mark one, or none"
			return m, nil
		}
		d.item, what = numbers[0], fmt.Sprintf("item %d of %s", numbers[0], r.ID)
	}
	return m.write(d, fmt.Sprintf("ask the agent about %s: ", what))
}

// receivers are names that are known to be ones a request can be handed to: its path's groups, and people who have to do with it.
func (m *Model) receivers(r approver.Request) []string {
	names := slices.Clone(r.Path)
	for _, group := range r.Path {
		names = append(names, r.OnCall[group]...)
	}
	for _, h := range r.HandOvers {
		names = append(names, h.Person, h.To)
	}
	for _, item := range r.Items {
		for _, vote := range item.Votes {
			names = append(names, vote.Person)
		}
	}
	seen := map[string]bool{"": true, m.opts.Approver: true}
	return slices.DeleteFunc(names, func(name string) bool {
		before := seen[name]
		seen[name] = true
		return before
	})
}

// handOver reads what was written as a hand-over of r: a name, a length of time or a question, and a comment.
func (d draft) handOver(r approver.Request, text string, now time.Time) (approver.HandOver, error) {
	text = strings.TrimSpace(text)
	h := approver.HandOver{Request: d.request, Kind: d.hand, Comment: text}
	first, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case d.hand == events.Reassign && first == "":
		return h, errors.New("say to whom, or press esc")
	case d.hand == events.Reassign && slices.Contains(r.Path, first):
		h.ToGroup, h.Comment = first, rest
	case d.hand == events.Reassign:
		h.To, h.Comment = first, rest
	case d.hand == events.Ask && first == "":
		return h, errors.New("say what the agent is to tell, or press esc")
	case d.hand == events.Ask:
		h.Question, h.Item, h.Comment = text, d.item, ""
	case d.hand == events.Snooze && first == "":
		h.Until = SnoozeUntil(r, now, 0)
	case d.hand == events.Snooze:
		length, err := time.ParseDuration(first)
		if err != nil || length <= 0 {
			return h, fmt.Errorf("%q is no length of time: begin with one such as 10m or 1h30m", first)
		}
		h.Until, h.Comment = SnoozeUntil(r, now, length), rest
	}
	return h, nil
}

// hand sends the hand-over of the draft. What was written stays where it is until that holds.
func (m Model) hand() (tea.Model, tea.Cmd) {
	d := m.draft
	h, err := d.handOver(m.known[d.request], m.input.Value(), m.opts.Now())
	if err != nil {
		m.status = err.Error()
		return m, nil
	}
	m.sending, m.status = true, "sending …"
	return m, func() tea.Msg {
		out, err := m.opts.Source.HandOver(m.ctx, h)
		return handed{d, out, err}
	}
}

// handed says what became of a hand-over. Where it does not hold, it can be written otherwise and sent again.
func (m Model) handed(msg handed) (tea.Model, tea.Cmd) {
	m.sending = false
	refused, isRefused := errors.AsType[*approver.RefusedError](msg.err)
	wrong, isWrong := errors.AsType[*events.FieldError](msg.err)
	switch {
	case isRefused:
		m.status = words.Refused(refused.VerdictRefused)
	case isWrong:
		m.status = "nothing was sent: " + wrong.Error()
	case msg.err != nil:
		m.status = "not known whether it holds: " + msg.err.Error()
	default:
		m.status = words.Handed(msg.out)
		if m.mode == composing {
			m.leave()
		}
		m.counted(msg.draft)
	}
	return m, m.get(msg.draft.request)
}

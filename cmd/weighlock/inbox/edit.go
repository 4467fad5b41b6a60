package inbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// edit opens the arguments of one item in an editor.
func (m Model) edit(d draft, r approver.Request, numbers []int) (tea.Model, tea.Cmd) {
	if len(numbers) > 1 {
		m.status = "an edit is of one item: mark it with space"
		return m, nil
	}
	arguments, err := m.arguments(r, numbers[0])
	if err != nil {
		m.status = err.Error()
		return m, nil
	}
	d.items = []events.ItemVerdict{{Number: numbers[0], Verdict: events.Edit}}
	file, err := os.CreateTemp("", "weighlock-*.json")
	if err == nil {
		_, err = file.Write(arguments)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		m.status = "making a file to edit: " + err.Error()
		return m, nil
	}
	words := append(strings.Fields(m.opts.Editor), file.Name())
	return m, tea.ExecProcess(exec.CommandContext(m.ctx, words[0], words[1:]...), func(err error) tea.Msg {
		text, readErr := os.ReadFile(file.Name())
		return edited{d, text, errors.Join(err, readErr, os.Remove(file.Name()))}
	})
}

// argumentsOf is what an edit of a version of a card is about, beside its comment: another version has other arguments.
func argumentsOf(request, digest string, number int) about {
	return about{request, fmt.Sprintf("arguments of %d in %s", number, digest)}
}

// arguments are those that an edit starts from: as an edit left them that was not sent, or as they would run.
func (m *Model) arguments(r approver.Request, number int) ([]byte, error) {
	if before := m.unsent[argumentsOf(r.ID, r.Digest, number)]; strings.TrimSpace(before) != "" {
		return []byte(before), nil
	}
	item := r.Items[number-1]
	raw := item.Edited
	for _, f := range m.fetched[r.Digest] {
		if f.Number == number && len(raw) == 0 && f.Proposed != nil {
			raw = f.Proposed.Arguments
		}
	}
	if len(raw) == 0 {
		return nil, fmt.Errorf("the arguments of item %d are not there to be edited", number)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("the arguments of item %d cannot be edited: %w", number, err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// edited takes what the editor left.
func (m Model) edited(msg edited) (tea.Model, tea.Cmd) {
	if msg.err == nil {
		m.unsent[argumentsOf(msg.draft.request, msg.draft.digest, msg.draft.items[0].Number)] = string(msg.text)
	}
	var object map[string]any
	switch err := json.Unmarshal(msg.text, &object); {
	case msg.err != nil:
		m.status = "editing: " + msg.err.Error()
	case err != nil:
		m.status = "nothing was sent: the arguments are no JSON object; e goes on with them: " + err.Error()
	case !m.standing(msg.draft):
		m.draft = msg.draft
		m.drop()
	default:
		var b bytes.Buffer
		if err := json.Compact(&b, msg.text); err != nil {
			m.status = "nothing was sent: " + err.Error()
			return m, nil
		}
		msg.draft.items[0].Arguments, msg.draft.count = b.Bytes(), 1
		return m.compose(msg.draft)
	}
	return m, nil
}

package routing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/mask"
	"github.com/weighlock/weighlock/internal/rescore"
	"github.com/weighlock/weighlock/pkg/events"
)

// editor finds out whether edited arguments can take the place of the proposed ones, and how risky the
// action is with them.
type editor struct {
	conn     *nats.Conn
	subjects events.Subjects
	actions  *actions
}

// assess answers for every edit of a verdict on s, by item number. The error is a passing one: nobody could
// say; what is wrong with an edit is in it.
func (e *editor) assess(ctx context.Context, s *approval.State, cast *events.VerdictCast, person string) (map[int]approval.Edit, error) {
	edits := make(map[int]approval.Edit)
	for _, item := range cast.Items {
		if item.Verdict != events.Edit || item.Number > len(s.Items) || item.Number < 1 {
			continue
		}
		edit, err := e.assessOne(ctx, s.CardItem(item.Number), item.Arguments)
		if err != nil {
			return nil, err
		}
		if edit.Assessed != nil {
			edit.Shown, edit.Masked = mask.JSON(compact(item.Arguments), s.Rules.Mask)
			edit.Assessed.Edited = &events.EditedArguments{Arguments: compact(item.Arguments), By: person, Request: s.Request}
		}
		edits[item.Number] = edit
	}
	return edits, nil
}

func (e *editor) assessOne(ctx context.Context, shown events.CardItem, arguments json.RawMessage) (approval.Edit, error) {
	proposed, err := e.actions.load(ctx, shown.ActionRef)
	switch {
	case errors.Is(err, errNotAtHand):
		return approval.Edit{Problem: "its action is not at hand any more"}, nil
	case err != nil:
		return approval.Edit{}, err
	}
	if problem := misfit(proposed.Arguments, arguments, proposed.Private); problem != "" {
		return approval.Edit{Problem: problem}, nil
	}
	answer, err := rescore.Request(ctx, e.conn, e.subjects, rescore.Ask{Action: shown.ActionRef, Arguments: compact(arguments)})
	if err != nil {
		return approval.Edit{}, err
	}
	if answer.Problem == "" && answer.Assessed.Denied {
		answer.Problem = "policy never allows the edited action: " + answer.Assessed.Reason
	}
	if answer.Problem != "" {
		return approval.Edit{Problem: clip(oneLine(answer.Problem), maxText)}, nil
	}
	return approval.Edit{Assessed: answer.Assessed}, nil
}

// misfit says why edited arguments cannot take the place of the proposed ones: they name the same arguments,
// each of the same type, which of a private one is not known here. What the tool would make of others nobody can judge.
func misfit(proposed, edited json.RawMessage, private []events.PrivateField) string {
	var was, is map[string]any
	if len(bytes.TrimSpace(proposed)) == 0 {
		proposed = json.RawMessage("{}")
	}
	if err := json.Unmarshal(proposed, &was); err != nil {
		return "the proposed arguments cannot be read"
	}
	if _, err := events.ArgumentsDigest(edited); err != nil {
		return "the edited arguments cannot be read: " + err.Error()
	}
	if err := json.Unmarshal(edited, &is); err != nil || is == nil {
		return "the edited arguments are not a JSON object"
	}
	for _, name := range sortedNames(was) {
		value, ok := is[name]
		switch {
		case !ok:
			return fmt.Sprintf("argument %.60q is missing; give all of them", name)
		case isMark(was[name], private):
		case kindOfJSON(value) != kindOfJSON(was[name]):
			return fmt.Sprintf("argument %.60q is %s instead of %s", name, kindOfJSON(value), kindOfJSON(was[name]))
		}
	}
	for _, name := range sortedNames(is) {
		if _, ok := was[name]; !ok {
			return fmt.Sprintf("argument %.60q is not among the proposed ones", name)
		}
	}
	return ""
}

func isMark(v any, private []events.PrivateField) bool {
	text, ok := v.(string)
	return ok && slices.ContainsFunc(private, func(f events.PrivateField) bool { return f.Mark() == text })
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func kindOfJSON(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a truth value"
	case float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return "a list"
	}
	return "an object"
}

// compact is arguments without white space between values, so that their length on the card is their own.
func compact(arguments json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if err := json.Compact(&b, arguments); err != nil {
		return arguments
	}
	return b.Bytes()
}

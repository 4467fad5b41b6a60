package main

import (
	"fmt"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// inWords says what an event means, in one line for people. Text in it comes from
// agents and approvers: print it through printable.
func inWords(s events.Subjects, subject string, e events.Event) string {
	switch e.Type {
	case events.ActionProposedType:
		return words(e, func(a *events.ActionProposed) string {
			_, agent, action, _ := s.ParseAction(subject)
			return fmt.Sprintf("%s proposes %s: %s %s", agent, action, toolOr(a.Tool, a.Breakpoint), clip(string(a.Arguments), 90))
		})
	case events.ActionAssessedType:
		return words(e, func(a *events.ActionAssessed) string {
			return fmt.Sprintf("scored %d, %s: %s", a.Score, a.Level, a.Reason)
		})
	case events.ApprovalRequestedType:
		return words(e, func(a *events.ApprovalRequested) string {
			card, err := a.ReadCard()
			if err != nil {
				return err.Error()
			}
			return fmt.Sprintf("%s is asked, on card %s: %s", a.Group, a.Request, card.Headline)
		})
	case events.ApprovalRemindedType:
		return words(e, func(a *events.ApprovalReminded) string {
			return fmt.Sprintf("%s is reminded of %s", a.Group, a.Request)
		})
	case events.ApprovalEscalatedType:
		return words(e, func(a *events.ApprovalEscalated) string {
			return fmt.Sprintf("%s goes on from %s to %s: %s", a.Request, a.FromGroup, a.ToGroup, a.Reason)
		})
	case events.VerdictCastType:
		return words(e, func(v *events.VerdictCast) string {
			channel, approver, request, _ := s.ParseVerdict(subject)
			return fmt.Sprintf("%s answers %s (%s): %s%s", approver, request, channel, verdictWords(v), quoted(v.Comment))
		})
	case events.VerdictRefusedType:
		return words(e, func(v *events.VerdictRefused) string {
			return fmt.Sprintf("the verdict of %s on %s does not count: %s", v.Approver, v.Request, v.Reason)
		})
	case events.ApprovalResolvedType:
		return words(e, func(a *events.ApprovalResolved) string {
			return fmt.Sprintf("%s is closed by %s", a.Request, a.By)
		})
	case events.DecisionMadeType:
		return words(e, decisionWords)
	case events.ActionExecutedType:
		return words(e, func(a *events.ActionExecuted) string {
			return fmt.Sprintf("the agent reports: %s in %s%s", a.Status, a.FinishedAt.Sub(a.StartedAt), quoted(a.Error))
		})
	case events.MessageDeadType:
		return words(e, func(m *events.MessageDead) string {
			return fmt.Sprintf("%s could not handle a message: %s", m.Service, m.Reason)
		})
	}
	return e.Type
}

// words decodes the payload of e and describes it.
func words[T any, P interface {
	*T
	events.Payload
}](e events.Event, describe func(*T) string) string {
	payload, err := events.As[T, P](e)
	if err != nil {
		return e.Type + ", unreadable: " + err.Error()
	}
	return describe(payload)
}

func decisionWords(d *events.DecisionMade) string {
	by := string(d.DecidedBy.Kind)
	if len(d.DecidedBy.Approvers) > 0 {
		names := make([]string, len(d.DecidedBy.Approvers))
		for i, a := range d.DecidedBy.Approvers {
			names[i] = a.Approver
		}
		by = strings.Join(names, ", ")
	}
	review := ""
	if d.Review {
		review = ", to be reviewed"
	}
	return fmt.Sprintf("%s/%s is %s by %s%s: %s", d.Agent, d.Action, d.Outcome, by, review, d.Reason)
}

func verdictWords(v *events.VerdictCast) string {
	parts := make([]string, 0, len(v.Items)+1)
	if v.Verdict != "" {
		parts = append(parts, string(v.Verdict))
	}
	for _, item := range v.Items {
		parts = append(parts, fmt.Sprintf("%s %d", item.Verdict, item.Number))
	}
	return strings.Join(parts, ", ")
}

func toolOr(tool string, at events.Breakpoint) string {
	if tool == "" {
		return string(at)
	}
	return tool
}

func quoted(comment string) string {
	if comment == "" {
		return ""
	}
	return fmt.Sprintf(" %q", comment)
}

func clip(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}

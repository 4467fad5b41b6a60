package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// escalation says what an event of an escalation path means; "" for others.
func escalation(s events.Subjects, subject string, e events.Event) string {
	switch e.Type {
	case events.ApprovalRemindedType:
		return describe(e, func(a *events.ApprovalReminded) string {
			switch {
			case a.Person != "":
				return fmt.Sprintf("%s is reminded of %s, as the snooze ends", a.Person, a.Request)
			case len(a.Quiet) > 0:
				return fmt.Sprintf("%s is reminded of %s, but for %s", onCall(a.Group, a.OnCall), a.Request, strings.Join(a.Quiet, ", "))
			}
			return fmt.Sprintf("%s is reminded of %s", onCall(a.Group, a.OnCall), a.Request)
		})
	case events.ApprovalEscalatedType:
		return describe(e, func(a *events.ApprovalEscalated) string {
			round := ""
			if a.Round > 0 && a.ToTier > 0 {
				round = fmt.Sprintf(", round %d", a.Round+1)
			}
			return fmt.Sprintf("%s goes on from %s to %s (tier %d%s): %s", a.Request, a.FromGroup, onCall(a.ToGroup, a.OnCall), a.ToTier+1, round, a.Reason)
		})
	case events.ApprovalHandedType:
		return describe(e, Handed)
	case events.HandOverCastType:
		return describe(e, func(h *events.HandOverCast) string {
			channel, approver, request, _ := s.ParseHandOver(subject)
			return fmt.Sprintf("%s wants to %s %s (%s)", approver, h.Kind, request, channel)
		})
	case events.QuestionAnsweredType:
		return describe(e, func(q *events.QuestionAnswered) string {
			agent, _, question, _ := s.ParseAnswer(subject)
			return fmt.Sprintf("%s answers %s: %q", agent, question, q.Answer)
		})
	case events.ApprovalPendingType:
		return describe(e, Pending)
	case events.StormReportedType:
		return describe(e, func(r *events.StormReported) string {
			if r.To == r.Group {
				return fmt.Sprintf("%s is reminded of all its %d open requests at once", r.Group, r.Open)
			}
			return fmt.Sprintf("%s is told that %s has %d open requests", r.To, r.Group, r.Open)
		})
	}
	return ""
}

// Handed says what somebody did with a request beside answering it.
func Handed(a *events.ApprovalHanded) string {
	switch a.Kind {
	case events.Acknowledge:
		return fmt.Sprintf("%s looks at %s%s%s", a.Approver, a.Request, until(", which holds the next tier back until", a.Until), Quoted(a.Comment))
	case events.Reassign:
		return fmt.Sprintf("%s hands %s to %s%s%s", a.Approver, a.Request, a.To+a.ToGroup, until(", which holds the next tier back until", a.Until), Quoted(a.Comment))
	case events.Ask:
		about := ""
		if a.Item > 0 {
			about = fmt.Sprintf(" about item %d", a.Item)
		}
		return fmt.Sprintf("%s asks%s, on %s (%s): %q%s", a.Approver, about, a.Request, a.QuestionID, a.Question, until("; the clock stops at most until", a.Until))
	case events.Snooze:
		return fmt.Sprintf("%s is not reminded of %s%s%s", a.Approver, a.Request, until(" until", a.Until), Quoted(a.Comment))
	}
	return fmt.Sprintf("%s: %s by %s", a.Request, a.Kind, a.Approver)
}

// Refused says why a verdict or a hand-over does not count.
func Refused(r events.VerdictRefused) string {
	return fmt.Sprintf("refused (%s): %s", r.Code, r.Reason)
}

// Pending says how an action stands that waits for people.
func Pending(p *events.ApprovalPending) string {
	if p.Question != "" {
		return fmt.Sprintf("%s asks about %s/%s (%s): %q", p.AskedBy, p.Agent, p.Action, p.QuestionID, p.Question)
	}
	how := "waits for"
	if p.Tier > 0 {
		how = "went on to"
	}
	return fmt.Sprintf("%s/%s %s %s; it is %s unless people answer by %s", p.Agent, p.Action, how, p.Group, p.Otherwise, p.EndsAt.Local().Format(time.TimeOnly))
}

func until(words string, t *time.Time) string {
	if t == nil {
		return ""
	}
	return words + " " + t.Local().Format(time.TimeOnly)
}

// onCall names a group, and who of it is on call where it is a schedule.
func onCall(group string, persons []string) string {
	if len(persons) == 0 {
		return group
	}
	return fmt.Sprintf("%s (%s)", group, strings.Join(persons, ", "))
}

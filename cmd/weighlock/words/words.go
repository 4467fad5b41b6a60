// Package words says what events mean, in one line for people, safe for a terminal.
package words

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/weighlock/weighlock/pkg/events"
)

// Event says what an event means, in one line for people. Text in it comes from
// agents and approvers: print it through [Printable].
func Event(s events.Subjects, subject string, e events.Event) string {
	switch e.Type {
	case events.ActionProposedType:
		return describe(e, func(a *events.ActionProposed) string {
			_, agent, action, _ := s.ParseAction(subject)
			return fmt.Sprintf("%s proposes %s: %s %s", agent, action, Tool(a.Tool, a.Breakpoint), Clip(string(a.Arguments), 90))
		})
	case events.ActionAssessedType:
		return describe(e, func(a *events.ActionAssessed) string {
			scored := fmt.Sprintf("scored %d, %s: %s", a.Score, a.Level, a.Reason)
			if a.Edited != nil {
				return fmt.Sprintf("moves from %s to a card of its own, as %s edited it: %s %s", a.Edited.Request, a.Edited.By, scored, Clip(string(a.Edited.Arguments), 90))
			}
			return scored
		})
	case events.ActionWithdrawnType:
		return describe(e, func(a *events.ActionWithdrawn) string {
			_, agent, action, _ := s.ParseAction(subject)
			return fmt.Sprintf("%s withdraws %s%s", agent, action, Quoted(a.Reason))
		})
	case events.ApprovalRequestedType:
		return describe(e, func(a *events.ApprovalRequested) string {
			card, err := a.ReadCard()
			if err != nil {
				return err.Error()
			}
			if _, kind, _, _ := s.ParseApproval(subject); kind == events.Revised {
				return fmt.Sprintf("%s is shown version %d of card %s: %s", a.Group, card.Version, a.Request, edits(card))
			}
			return fmt.Sprintf("%s is asked, on card %s: %s", onCall(a.Group, a.OnCall), a.Request, card.Headline)
		})
	case events.VerdictCastType:
		return describe(e, func(v *events.VerdictCast) string {
			channel, approver, request, _ := s.ParseVerdict(subject)
			return fmt.Sprintf("%s answers %s (%s): %s%s", approver, request, channel, verdictWords(v), Quoted(v.Comment)+Quoted(v.Guidance))
		})
	case events.VerdictRefusedType:
		return describe(e, func(v *events.VerdictRefused) string {
			return fmt.Sprintf("the verdict of %s on %s does not count: %s", v.Approver, v.Request, v.Reason)
		})
	case events.ApprovalResolvedType:
		return describe(e, closed)
	case events.DecisionMadeType:
		return describe(e, Decision)
	case events.ActionExecutedType:
		return describe(e, func(a *events.ActionExecuted) string {
			return fmt.Sprintf("the agent reports: %s in %s%s", a.Status, a.FinishedAt.Sub(a.StartedAt), Quoted(a.Error))
		})
	case events.PolicyLoadedType:
		return describe(e, func(p *events.PolicyLoaded) string {
			return fmt.Sprintf("%s weighs by policy %.19s", p.Service, p.Version)
		})
	case events.PolicyRefusedType:
		return describe(e, func(p *events.PolicyRefused) string {
			return fmt.Sprintf("%s keeps policy %.19s: %s", p.Service, p.InUse, p.Reason)
		})
	case events.MessageDeadType:
		return describe(e, func(m *events.MessageDead) string {
			return fmt.Sprintf("%s could not handle a message: %s", m.Service, m.Reason)
		})
	}
	if said := escalation(s, subject, e); said != "" {
		return said
	}
	if said := privacy(s, subject, e); said != "" {
		return said
	}
	return grant(s, subject, e)
}

// closed says who closed a request, and how much of it goes on elsewhere.
func closed(a *events.ApprovalResolved) string {
	moved := 0
	for _, item := range a.Items {
		if item.Moved {
			moved++
		}
	}
	if moved == 0 {
		return fmt.Sprintf("%s is closed by %s", a.Request, a.By)
	}
	return fmt.Sprintf("%s is closed by %s; %d of %d items moved to another card", a.Request, a.By, moved, len(a.Items))
}

// edits says who put other arguments, or answers, onto the card.
func edits(card *events.Card) string {
	var parts []string
	for _, item := range card.Items {
		if len(item.Edited) > 0 {
			parts = append(parts, fmt.Sprintf("item %d as %s edited it", item.Number, item.EditedBy))
		}
	}
	for _, q := range card.Questions {
		parts = append(parts, fmt.Sprintf("%s asked %q, %s answered %q", q.AskedBy, q.Question, q.Agent, q.Answer))
	}
	return strings.Join(parts, ", ")
}

// describe decodes the payload of e and describes it.
func describe[T any, P interface {
	*T
	events.Payload
}](e events.Event, say func(*T) string) string {
	payload, err := events.As[T, P](e)
	if err != nil {
		return e.Type + ", unreadable: " + err.Error()
	}
	return say(payload)
}

// Decision says who decided what, and why.
func Decision(d *events.DecisionMade) string {
	by := string(d.DecidedBy.Kind)
	if len(d.DecidedBy.Approvers) > 0 {
		names := make([]string, len(d.DecidedBy.Approvers))
		for i, a := range d.DecidedBy.Approvers {
			names[i] = a.Approver
		}
		by = strings.Join(names, ", ")
	}
	if d.DecidedBy.Grant != "" {
		by = "grant " + d.DecidedBy.Grant // the reason says who gave it
	}
	if p := d.DecidedBy.Plan; p != nil {
		by = fmt.Sprintf("plan %s", p.Action) // the reason says who approved it
	}
	review := ""
	if d.Review {
		review = ", to be reviewed"
	}
	if len(d.Arguments) > 0 {
		review += ", with other arguments"
	}
	if d.Guidance != "" {
		return fmt.Sprintf("%s/%s is %s by %s: %s, instead %q", d.Agent, d.Action, d.Outcome, by, d.Reason, d.Guidance)
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

// Tool names the tool, or the breakpoint where there is none.
func Tool(tool string, at events.Breakpoint) string {
	if tool == "" {
		return string(at)
	}
	return tool
}

// Quoted sets a comment apart; nothing where there is none.
func Quoted(comment string) string {
	if comment == "" {
		return ""
	}
	return fmt.Sprintf(" %q", comment)
}

// Clip shortens s to at most most characters.
func Clip(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}

// Printable makes text from agents safe for a terminal: it cannot move the cursor, hide or
// imitate anything on the card.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp): // control characters, what is invisible or turns the direction, ends of lines
			return '\ufffd'
		}
		return r
	}, s)
}

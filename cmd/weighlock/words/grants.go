package words

import (
	"fmt"

	"github.com/weighlock/weighlock/pkg/events"
)

// grant says what an event about a grant means.
func grant(s events.Subjects, subject string, e events.Event) string {
	switch e.Type {
	case events.GrantAskedType:
		return describe(e, func(g *events.GrantAsked) string {
			return fmt.Sprintf("%s asks to grant the next actions like %s/%s", about(s, subject), g.Agent, g.Action)
		})
	case events.GrantRevocationAskedType:
		return describe(e, func(g *events.GrantRevocationAsked) string {
			return about(s, subject) + " ends the grant" + Quoted(g.Comment)
		})
	case events.GrantCreatedType:
		return describe(e, func(g *events.GrantCreated) string { return "grant " + g.Grant + ": " + Granted(g) })
	case events.GrantRefusedType:
		return describe(e, func(g *events.GrantRefused) string {
			return fmt.Sprintf("%s does not get what grant %s was to be: %s", g.Approver, g.Grant, g.Reason)
		})
	case events.GrantUsedType:
		return describe(e, func(g *events.GrantUsed) string {
			return fmt.Sprintf("grant %s of %s lets %s/%s pass; %d more may", g.Grant, g.Approver, g.Agent, g.Action, g.UsesLeft)
		})
	case events.GrantRevokedType:
		return describe(e, func(g *events.GrantRevoked) string {
			return fmt.Sprintf("grant %s is revoked by %s after %d actions%s", g.Grant, g.By, g.Used, Quoted(g.Comment))
		})
	}
	return review(e)
}

// about is who sent what stands on the subject of a granting.
func about(s events.Subjects, subject string) string {
	_, approver, _, err := s.ParseGranting(subject)
	if err != nil {
		return "somebody"
	}
	return approver
}

// Granted says who lets what pass, how often, and until when.
func Granted(g *events.GrantCreated) string {
	of, behalf, money := "any agent", "", ""
	if g.OfAgent != "" {
		of = g.OfAgent
	}
	if g.OnBehalfOf != "" {
		behalf = " on behalf of " + g.OnBehalfOf
	}
	if g.Amount > 0 {
		money = fmt.Sprintf(", for at most %g %s in all", g.Amount, g.Currency)
	}
	tool := g.Tool
	if tool == "" {
		tool = "actions"
	}
	return fmt.Sprintf("%s lets the next %d × %s of %s%s pass until %s%s", g.Approver, g.Uses, tool, of, behalf, g.Expires.Local().Format("15:04 on 2 January"), money)
}

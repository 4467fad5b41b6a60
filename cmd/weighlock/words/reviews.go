package words

import (
	"fmt"

	"github.com/weighlock/weighlock/pkg/events"
)

// review says what an event about a review means.
func review(e events.Event) string {
	switch e.Type {
	case events.ReviewOpenedType:
		return describe(e, func(r *events.ReviewOpened) string {
			card, err := r.ReadCard()
			if err != nil {
				return "review " + r.Review + ", which cannot be read: " + err.Error()
			}
			return fmt.Sprintf("%s is to look at %d of %d actions that went through, in review %s", r.Group, len(card.Items), card.Actions, r.Review)
		})
	case events.ReviewCastType:
		return describe(e, func(r *events.ReviewCast) string {
			return fmt.Sprintf("a reviewer says %s, and of %d items something else%s", r.Mark, len(r.Items), Quoted(r.Comment))
		})
	case events.ReviewMarkedType:
		return describe(e, func(r *events.ReviewMarked) string {
			return fmt.Sprintf("%s finds %d fine and flags %d in review %s; %d are left%s", r.Approver, r.Fine, r.Flagged, r.Review, r.Left, Quoted(r.Comment))
		})
	case events.ReviewFlaggedType:
		return describe(e, func(r *events.ReviewFlagged) string {
			return fmt.Sprintf("%s flags %s/%s: %s of %s scores higher until %s%s", r.Approver, r.Agent, r.Action, Tool(r.Tool, "what is without a tool"), r.Agent, r.Until.Local().Format("15:04 on 2 January"), Quoted(r.Comment))
		})
	case events.ReviewRefusedType:
		return describe(e, func(r *events.ReviewRefused) string {
			return fmt.Sprintf("what %s says to review %s does not count: %s", r.Approver, r.Review, r.Reason)
		})
	case events.AttentionReportedType:
		return describe(e, func(a *events.AttentionReported) string { return "an approver saw the card " + a.Evidence })
	case events.AttentionWarnedType:
		return describe(e, func(a *events.AttentionWarned) string {
			then := map[string]string{"second": ": somebody else has to approve too", "rest": ": others have to answer"}[a.Then]
			return fmt.Sprintf("%s seems to wave cards through on route %s (%s)%s, until %s", a.Person, a.Route, a.Detail, then, a.Until.Local().Format("15:04"))
		})
	}
	return e.Type
}

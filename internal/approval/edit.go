package approval

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

const (
	// maxVersions is how often a card can be edited: people who differ longer should talk.
	maxVersions = 20
	// maxEdited bounds the edited arguments on one card, in bytes.
	maxEdited = 128 << 10
)

// checkEdits refuses what cannot take the place of the proposed arguments.
func (s *State) checkEdits(in Verdict) *refusal {
	total := 0
	for i := range s.card.Items {
		total += len(s.card.Items[i].Edited)
	}
	for _, item := range in.Cast.Items {
		if item.Verdict != events.Edit || item.Number > len(s.Items) {
			continue // an item that the card does not have is refused as such
		}
		e, ok := in.Edits[item.Number]
		total += len(item.Arguments)
		switch {
		case e.Problem != "":
			return &refusal{events.RefusedEdit, fmt.Sprintf("item %d: %s", item.Number, e.Problem)}
		case !ok || e.Assessed == nil || e.Assessed.Edited == nil || e.Assessed.Denied:
			return &refusal{events.RefusedEdit, fmt.Sprintf("the edited arguments of item %d could not be assessed, or are never allowed", item.Number)}
		case s.card.Version >= maxVersions:
			return &refusal{events.RefusedEdit, fmt.Sprintf("the card was edited %d times already", maxVersions-1)}
		case total > maxEdited:
			return &refusal{events.RefusedEdit, fmt.Sprintf("the edited arguments of the card exceed %d bytes", maxEdited)}
		}
	}
	return nil
}

// edit puts the edited arguments of Items[i] in place: on a new card where they are riskier than
// what was shown, else on a new version of this one, on which the count of the item starts anew.
// It reports whether the item stays.
func (s *State) edit(i int, in Verdict, cause Cause) (stays bool) {
	item, shown, e := &s.Items[i], s.card.Items[i], in.Edits[i+1].Assessed
	item.Votes = nil
	if riskier(e, shown) {
		assessed := *e
		assessed.Level = events.High // people look at it again, whatever its score
		item.Moved = &Move{Assessed: assessed, Cause: cause, At: in.At}
		return false
	}
	card := *s.card
	card.Items = slices.Clone(card.Items)
	shown.Edited, shown.EditedBy, shown.ArgumentsDigest = e.Edited.Arguments, in.person(), e.ArgumentsDigest
	shown.Level, shown.Score = e.Level, e.Score
	shown.Arguments, shown.Masked, shown.Cut = in.Edits[i+1].Shown, in.Edits[i+1].Masked, false
	card.Items[i] = shown
	s.card = &card
	return true
}

func riskier(e *events.ActionAssessed, shown events.CardItem) bool {
	return e.Score > shown.Score || e.Level == events.High && shown.Level != events.High || !e.Level.Valid()
}

// freeze makes the changed card the one that verdicts answer from now on.
func (s *State) freeze(cause Cause, at time.Time) {
	card := *s.card
	card.Version++
	bytes, err := json.Marshal(card)
	if err != nil { // arguments that were digested are JSON
		panic(fmt.Sprintf("writing card %s: %v", s.Request, err))
	}
	s.card, s.Card, s.Digest = &card, bytes, events.Digest(bytes)
	s.Revised = &Revision{Cause: cause, At: at}
}

// revised announces the newest version of the card to everybody who was shown another.
func (s *State) revised() []Effect {
	var effects []Effect
	for _, group := range s.Groups() {
		effects = append(effects, Announce{
			Event: events.Revised, Group: group, Key: fmt.Sprintf("revised/%d/%s", s.card.Version, group), At: s.Revised.At,
			Payload: &events.ApprovalRequested{Request: s.Request, Group: group, Digest: s.Digest, OnCall: s.OnCall[group], Card: s.Card},
		})
	}
	return effects
}

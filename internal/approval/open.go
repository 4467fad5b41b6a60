package approval

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Open makes the state of a new request and freezes its card. From the rules, the duty and
// now it sets the card's Group, Quorum, OpenedAt, EndsAt and Otherwise, and numbers the
// items; everything else of the card is the caller's. EndsAt is the end of the path, or the
// earliest deadline where that comes first, and not before now. origins are in
// the order of the card's items.
//
// The effect is the announcement of the request. Its timers are not among them:
// they are armed by whoever hears the announcement, see [Timers].
func Open(card events.Card, rules Rules, origins []ItemOrigin, duty Duty, now time.Time) (State, []Effect, error) {
	if err := rules.Validate(); err != nil {
		return State{}, nil, fmt.Errorf("opening request %s: %w", card.Request, err)
	}
	if err := checkCard(&card, len(origins)); err != nil {
		return State{}, nil, fmt.Errorf("opening request %s: %w", card.Request, err)
	}
	now = now.UTC().Round(0)
	deadline := earliest(&card)
	plan := rules.unroll(duty, now, deadline)
	card.Group, card.Otherwise, card.CommentOn = rules.Tiers[0].Group, rules.Otherwise, rules.CommentOn
	card.Version, card.Quorum, card.Require = 1, Total(rules.Require), rules.Require
	card.OpenedAt, card.EndsAt = now, plan[len(plan)-1].Ends
	card.Items = append([]events.CardItem(nil), card.Items...)
	items := make([]Item, len(origins))
	for i := range items {
		card.Items[i].Number = i + 1
		items[i].ItemOrigin = origins[i]
	}
	frozen, err := json.Marshal(card)
	if err != nil {
		return State{}, nil, fmt.Errorf("opening request %s: writing its card: %w", card.Request, err)
	}
	s := State{
		Request: card.Request, Digest: events.Digest(frozen), Card: frozen, Rules: rules,
		OpenedAt: now, EndsAt: card.EndsAt, Plan: plan, Deadline: deadline, Items: items, card: &card,
	}
	s.enter(now, duty.OnCall)
	return s, append(Requested(s), s.tell(nil)...), nil
}

// Requested are the announcements of a request to every group that is asked at first, for whoever has to
// repeat them.
func Requested(s State) []Effect {
	var effects []Effect
	for i, group := range s.Rules.asked(0) {
		key := "requested"
		if i > 0 {
			key += "/" + group
		}
		effects = append(effects, Announce{
			Event: events.Requested, Group: group, Key: key, At: s.OpenedAt,
			Payload: &events.ApprovalRequested{Request: s.Request, Group: group, Digest: s.Digest, OnCall: s.Entered[0].OnCall[group], Card: s.Card},
		})
	}
	return effects
}

// Announced are the announcements of the version of the card that stands, as they were or should have been made.
func Announced(s State) []Effect {
	if s.Revised == nil {
		return Requested(s)
	}
	return s.revised()
}

func checkCard(card *events.Card, origins int) error {
	if err := events.CheckToken("request", card.Request); err != nil {
		return err
	}
	if len(card.Items) == 0 {
		return &events.FieldError{Field: "items", Problem: "are missing", Fix: "ask for at least one action"}
	}
	if len(card.Items) != origins {
		return &events.FieldError{Field: "items", Problem: fmt.Sprintf("are %d with %d origins", len(card.Items), origins), Fix: "give one origin for each item"}
	}
	seen := make(map[[2]string]bool, len(card.Items))
	for i := range card.Items {
		item := &card.Items[i]
		if err := item.Validate(); err != nil {
			return fmt.Errorf("items[%d]: %w", i, err)
		}
		if item.ArgumentsDigest == "" {
			return &events.FieldError{Field: fmt.Sprintf("items[%d].argumentsDigest", i), Problem: "is missing", Fix: "deny what cannot be read instead of asking"}
		}
		name := [2]string{item.Agent, item.Action}
		if seen[name] {
			return &events.FieldError{Field: fmt.Sprintf("items[%d].action", i), Problem: fmt.Sprintf("repeats %s/%s", item.Agent, item.Action), Fix: "put each action on the card once"}
		}
		seen[name] = true
	}
	return nil
}

// earliest is the first deadline of all, nil where there is none.
func earliest(card *events.Card) *time.Time {
	var first *time.Time
	for i := range card.Items {
		if d := card.Items[i].Deadline; d != nil && (first == nil || d.Before(*first)) {
			first = d
		}
	}
	if first == nil {
		return nil
	}
	d := first.UTC().Round(0)
	return &d
}

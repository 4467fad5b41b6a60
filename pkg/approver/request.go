package approver

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Request is one approval request as it stands.
type Request struct {
	ID string
	// Card is what is shown; Digest names its exact bytes, CardJSON, and goes into every verdict.
	Card     events.Card
	CardJSON json.RawMessage
	Digest   string
	// Group is the group of the current tier, Groups those brought in so far, each once; they may answer.
	Group  string
	Groups []string
	// Tier counts the tiers from 0, Tiers says how many there are.
	Tier, Tiers int
	Reminders   int
	OpenedAt    time.Time
	EndsAt      time.Time
	// Items are the card's items, in its order.
	Items []Item
	// ResolvedAt is when the last item had its outcome; nil while the request is open. A resolved request
	// can be read for a day.
	ResolvedAt *time.Time
	ResolvedBy events.DeciderKind
}

// Open reports whether the request still waits for answers.
func (r Request) Open() bool { return r.ResolvedAt == nil }

// Item is one action of a request.
type Item struct {
	events.CardItem
	Votes []Vote
	// Outcome is "" while the item waits.
	Outcome events.Outcome
	By      events.DeciderKind
	At      time.Time
}

// Vote is one approver's present answer to an item.
type Vote struct {
	Approver string             `json:"approver"`
	Verdict  events.VerdictKind `json:"verdict"`
	// Sequence is the verdict's place in the stream of verdicts.
	Sequence uint64 `json:"sequence"`
}

// stored is the part of a request's stored state that this package reads: the JSON of
// internal/approval.State.
type stored struct {
	Request string          `json:"request"`
	Digest  string          `json:"digest"`
	Card    json.RawMessage `json:"card"`
	Rules   struct {
		Tiers []struct {
			Group string `json:"group"`
		} `json:"tiers"`
	} `json:"rules"`
	OpenedAt  time.Time `json:"openedAt"`
	EndsAt    time.Time `json:"endsAt"`
	Tier      int       `json:"tier"`
	Reminders int       `json:"reminders"`
	Items     []struct {
		Votes   []Vote `json:"votes"`
		Outcome *struct {
			Outcome events.Outcome     `json:"outcome"`
			By      events.DeciderKind `json:"by"`
			At      time.Time          `json:"at"`
		} `json:"outcome"`
	} `json:"items"`
	Resolved *struct {
		By events.DeciderKind `json:"by"`
		At time.Time          `json:"at"`
	} `json:"resolved"`
}

// readRequest decodes a stored state and checks that its card is the one the digest names.
func readRequest(id string, value []byte) (Request, error) {
	var s stored
	if err := json.Unmarshal(value, &s); err != nil {
		return Request{}, fmt.Errorf("reading request %s: %w", id, err)
	}
	card, err := (&events.ApprovalRequested{Digest: s.Digest, Card: s.Card}).ReadCard()
	if err != nil {
		return Request{}, fmt.Errorf("reading request %s: %w", id, err)
	}
	if s.Request != id || card.Request != id {
		return Request{}, fmt.Errorf("reading request %s: it holds request %s with a card of %s", id, s.Request, card.Request)
	}
	if len(card.Items) != len(s.Items) || s.Tier < 0 || s.Tier >= len(s.Rules.Tiers) {
		return Request{}, fmt.Errorf("reading request %s: %d items on the card and %d in the state, tier %d of %d",
			id, len(card.Items), len(s.Items), s.Tier, len(s.Rules.Tiers))
	}
	r := Request{
		ID: id, Card: *card, CardJSON: s.Card, Digest: s.Digest,
		Tier: s.Tier, Tiers: len(s.Rules.Tiers), Group: s.Rules.Tiers[s.Tier].Group,
		Reminders: s.Reminders, OpenedAt: s.OpenedAt, EndsAt: s.EndsAt,
	}
	seen := make(map[string]bool)
	for _, t := range s.Rules.Tiers[:s.Tier+1] {
		if !seen[t.Group] {
			seen[t.Group] = true
			r.Groups = append(r.Groups, t.Group)
		}
	}
	for i, item := range s.Items {
		it := Item{CardItem: card.Items[i], Votes: item.Votes}
		if o := item.Outcome; o != nil {
			it.Outcome, it.By, it.At = o.Outcome, o.By, o.At
		}
		r.Items = append(r.Items, it)
	}
	if s.Resolved != nil {
		r.ResolvedAt, r.ResolvedBy = &s.Resolved.At, s.Resolved.By
	}
	return r, nil
}

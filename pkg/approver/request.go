package approver

import (
	"encoding/json"
	"fmt"
	"slices"
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
	// Version counts the versions of the card, from 1; an edit makes a new one. Answers to an older one do not count.
	Version int
	// Require is who must approve each item, by different people.
	Require []events.Requirement
	// RejectionEnds says that one rejection is enough; otherwise as many must reject as must approve.
	RejectionEnds bool
	// Group is the group of the current tier, Groups those brought in so far, each once; they may answer.
	Group  string
	Groups []string
	// Path are the groups of the whole escalation path in its order, each once: the request can be handed to these, and to people in them.
	Path []string
	// Tier counts the tiers from 0, Tiers says how many there are.
	Tier, Tiers int
	// Round is how often the whole path had ended before.
	Round     int
	Reminders int
	// OnCall are the persons who are asked of a group that is a schedule; others of it may not answer.
	OnCall map[string][]string
	// HandOvers are what people did with the request beside answering it.
	HandOvers []HandedOver
	OpenedAt  time.Time
	EndsAt    time.Time
	// Items are the card's items, in its order.
	Items []Item
	// ResolvedAt is when the last item had its outcome; nil while the request is open. A resolved request
	// can be read for a day.
	ResolvedAt *time.Time
	ResolvedBy events.DeciderKind

	counted map[string]uint64 // the newest verdict of each person that counted
}

// Open reports whether the request still waits for answers.
func (r Request) Open() bool { return r.ResolvedAt == nil }

// Item is one action of a request.
//
// Where approvers edited the arguments, Edited of the [events.CardItem] holds them and EditedBy says who.
type Item struct {
	events.CardItem
	Votes []Vote
	// Outcome is "" while the item waits, and where it moved.
	Outcome events.Outcome
	By      events.DeciderKind
	// Moved says that an edit made the action riskier than what was on this card: it went to a card of its own.
	Moved bool
	// At is when the item had its outcome or moved.
	At time.Time

	movedBy uint64 // the verdict
}

// Open reports whether the item still waits for answers.
func (i Item) Open() bool { return i.Outcome == "" && !i.Moved }

// Vote is one person's present answer to an item.
type Vote struct {
	// Approver is the account that answered, Person who is behind it.
	Approver string             `json:"approver"`
	Person   string             `json:"person"`
	Groups   []string           `json:"groups"`
	Verdict  events.VerdictKind `json:"verdict"`
	// Sequence is the verdict's place in the stream of verdicts.
	Sequence uint64 `json:"sequence"`
	Comment  string `json:"comment"`
	Guidance string `json:"guidance"`
}

// AllBut answers every item that waits with kind, but leaves these alone, by number: whatever was answered to
// them stands. A number that is not on the card, and nothing left to answer, is an error.
func (r Request) AllBut(kind events.VerdictKind, except ...int) ([]events.ItemVerdict, error) {
	for _, n := range except {
		if n < 1 || n > len(r.Items) {
			return nil, &events.FieldError{Field: "items", Problem: fmt.Sprintf("name %d, and the card has %d", n, len(r.Items)), Fix: "name items of the card"}
		}
	}
	var answers []events.ItemVerdict
	for i, item := range r.Items {
		if item.Open() && !slices.Contains(except, i+1) {
			answers = append(answers, events.ItemVerdict{Number: i + 1, Verdict: kind})
		}
	}
	if len(answers) == 0 {
		return nil, &events.FieldError{Field: "items", Problem: "leave nothing to answer", Fix: "leave out fewer"}
	}
	return answers, nil
}

// stored is the part of a request's stored state that this package reads: the JSON of
// internal/approval.State.
type stored struct {
	Request string          `json:"request"`
	Digest  string          `json:"digest"`
	Card    json.RawMessage `json:"card"`
	Rules   struct {
		Require       []events.Requirement `json:"require"`
		RejectionEnds bool                 `json:"rejectionEnds"`
		EarlierLeave  bool                 `json:"earlierLeave"`
		Tiers         []struct {
			Group string `json:"group"`
			Round int    `json:"round"`
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
		Moved *struct {
			Cause struct {
				Sequence uint64 `json:"sequence"`
			} `json:"cause"`
			At time.Time `json:"at"`
		} `json:"moved"`
	} `json:"items"`
	Verdicts []struct {
		Sequence uint64 `json:"sequence"`
		Comment  string `json:"comment"`
		Guidance string `json:"guidance"`
	} `json:"verdicts"`
	Counted   map[string]uint64   `json:"counted"`
	OnCall    map[string][]string `json:"onCall"`
	HandOvers []struct {
		events.ApprovalHanded

		Person string    `json:"person"`
		At     time.Time `json:"at"`
		Answer *struct {
			Text string `json:"text"`
		} `json:"answer"`
	} `json:"handOvers"`
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
	return s.request(card), nil
}

func (s *stored) request(card *events.Card) Request {
	r := Request{
		ID: s.Request, Card: *card, CardJSON: s.Card, Digest: s.Digest, Version: max(card.Version, 1),
		Require: s.Rules.Require, RejectionEnds: s.Rules.RejectionEnds,
		Tier: s.Tier, Tiers: len(s.Rules.Tiers), Group: s.Rules.Tiers[s.Tier].Group, Groups: s.groups(), Path: s.asked(0, len(s.Rules.Tiers)-1),
		Round: s.Rules.Tiers[s.Tier].Round, OnCall: s.OnCall, Reminders: s.Reminders, OpenedAt: s.OpenedAt, EndsAt: s.EndsAt, counted: s.Counted,
	}
	for i, item := range s.Items {
		it := Item{CardItem: card.Items[i], Votes: item.Votes}
		for v := range it.Votes {
			s.explain(&it.Votes[v])
		}
		if o := item.Outcome; o != nil {
			it.Outcome, it.By, it.At = o.Outcome, o.By, o.At
		}
		if m := item.Moved; m != nil {
			it.Moved, it.At, it.movedBy = true, m.At, m.Cause.Sequence
		}
		r.Items = append(r.Items, it)
	}
	for _, h := range s.HandOvers {
		done := HandedOver{ApprovalHanded: h.ApprovalHanded, Person: h.Person, At: h.At}
		done.Request, done.Group = s.Request, r.Group
		if h.Kind == events.Ask {
			done.QuestionID = events.QuestionID(h.Sequence)
		}
		if h.Answer != nil {
			done.Answer = h.Answer.Text
		}
		r.HandOvers = append(r.HandOvers, done)
	}
	if s.Resolved != nil {
		r.ResolvedAt, r.ResolvedBy = &s.Resolved.At, s.Resolved.By
	}
	return r
}

// groups are those that may answer now: those of the tiers that came in, unless they left, and those it was handed to.
func (s *stored) groups() []string {
	from := 0
	if s.Rules.EarlierLeave {
		from = s.Tier
	}
	groups := s.asked(from, s.Tier)
	for _, h := range s.HandOvers {
		groups = with(groups, h.ToGroup)
	}
	return groups
}

// asked are the groups that some tiers bring in, each once: their own, and in the first of a round those required.
func (s *stored) asked(from, to int) (groups []string) {
	for i := from; i <= to; i++ {
		t := s.Rules.Tiers[i]
		groups = with(groups, t.Group)
		if i == 0 || t.Round != s.Rules.Tiers[i-1].Round {
			for _, q := range s.Rules.Require {
				groups = with(groups, q.Group)
			}
		}
	}
	return groups
}

func with(groups []string, group string) []string {
	if group == "" || slices.Contains(groups, group) {
		return groups
	}
	return append(groups, group)
}

// explain adds what the vote's verdict said.
func (s *stored) explain(v *Vote) {
	for _, verdict := range s.Verdicts {
		if verdict.Sequence == v.Sequence {
			v.Comment, v.Guidance = verdict.Comment, verdict.Guidance
		}
	}
}

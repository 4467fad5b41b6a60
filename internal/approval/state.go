// Package approval decides what becomes of an approval request: one pure
// function from a state and an input to the next state and its effects.
package approval

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// State is everything about one request. It comes out of [Open], [Next] or its
// own JSON, and is never changed in place.
type State struct {
	Request string `json:"request"`
	// Digest names the exact bytes of Card. An edit makes a new version of the card, with another digest.
	Digest string `json:"digest"`
	// Card is the JSON of an [events.Card], as it was published.
	Card  json.RawMessage `json:"card"`
	Rules Rules           `json:"rules"`
	// OpenedAt is when the request opened, EndsAt when it ends unless people answer: what the card says, later by what holds the path up.
	OpenedAt time.Time `json:"openedAt"`
	EndsAt   time.Time `json:"endsAt"`
	// Plan has a rung for each tier, as planned at opening; Pauses is what has stopped its clock since. Deadline is the earliest
	// of the items, which nothing moves past; nil for none.
	Plan     []Rung     `json:"plan"`
	Pauses   []Pause    `json:"pauses,omitempty"`
	Deadline *time.Time `json:"deadline,omitempty"`
	// OnCall are the persons who were on call when the tier of a schedule came in, by its name. Others of it are not asked.
	OnCall map[string][]string `json:"onCall,omitempty"`
	// HandOvers are what people did with the request beside answering it, in the order in which that held.
	HandOvers []HandedOver `json:"handOvers,omitempty"`
	// Tier is the current tier, from 0. Entered says how each tier up to it came in, Reminders how often the current one was
	// reminded.
	Tier      int     `json:"tier"`
	Entered   []Entry `json:"entered"`
	Reminders int     `json:"reminders,omitempty"`
	// Items are in the order of the card: item number n is Items[n-1].
	Items []Item `json:"items"`
	// Verdicts are the accepted verdicts that some vote still refers to, by sequence.
	Verdicts []Accepted `json:"verdicts,omitempty"`
	// Counted is the newest verdict of each person that counted. An edit may restart the count and drop it; delivered
	// again, it is then neither counted nor refused.
	Counted map[string]uint64 `json:"counted,omitempty"`
	// Revised is what the newest version of the card came from; nil for the first.
	Revised *Revision `json:"revised,omitempty"`
	// TooEarly holds, for approvers of a tier to come, the newest verdict that was
	// refused because their tier had not come in. Delivered again after it did,
	// such a verdict stays refused.
	TooEarly map[string]uint64 `json:"tooEarly,omitempty"`
	// Resolved is set once every item has its outcome; nothing changes after that.
	Resolved *Resolution `json:"resolved,omitempty"`

	card *events.Card // Card decoded; never changed
}

// Item is the request's account of one action on its card. What the card says of
// the action is not repeated, see [State.CardItem].
type Item struct {
	ItemOrigin
	Votes   []Vote   `json:"votes,omitempty"` // by sequence, one per person
	Outcome *Outcome `json:"outcome,omitempty"`
	// Moved says that an edit took the action to a new card; then there is no outcome here.
	Moved *Move `json:"moved,omitempty"`
}

// Entry is how a tier came in: when, when the request was to end then, and who was on call for its groups that are schedules.
type Entry struct {
	At     time.Time           `json:"at"`
	EndsAt time.Time           `json:"endsAt"`
	OnCall map[string][]string `json:"onCall,omitempty"`
}

// closed reports whether nothing more is to be answered about the item.
func (item *Item) closed() bool { return item.Outcome != nil || item.Moved != nil }

// Revision is the edit, or the agent's answer, behind a version of the card.
type Revision struct {
	Cause Cause     `json:"cause"`
	At    time.Time `json:"at"`
}

// Move is an edit that made an action riskier than what was on the card.
type Move struct {
	// Assessed is the assessment with the edited arguments.
	Assessed events.ActionAssessed `json:"assessed"`
	Cause    Cause                 `json:"cause"`
	At       time.Time             `json:"at"`
}

// ItemOrigin is where an item came from: what its decision has to carry on.
type ItemOrigin struct {
	ReplyTo       string `json:"replyTo,omitempty"`
	TraceParent   string `json:"traceParent,omitempty"`
	PolicyVersion string `json:"policyVersion,omitempty"`
	// EventID is the id of the assessment that led to the item.
	EventID string `json:"eventId,omitempty"`
	// Similar is what the items of the card share with actions like them, by their route; kept with the first item only.
	Similar string `json:"similar,omitempty"`
}

// Vote is one person's latest answer to one item; Sequence finds the rest in
// [State.Verdicts].
type Vote struct {
	Sequence uint64 `json:"sequence"`
	// Approver is the account, Person who is behind it: nobody has two votes.
	Approver string             `json:"approver"`
	Person   string             `json:"person"`
	Groups   []string           `json:"groups,omitempty"`
	Verdict  events.VerdictKind `json:"verdict"`
	// Doubted says that it does not suffice alone.
	Doubted bool `json:"doubted,omitempty"`
}

// Accepted is a verdict that counted, kept once for all items it answered.
type Accepted struct {
	Sequence uint64 `json:"sequence"`
	EventID  string `json:"eventId"`
	Approver string `json:"approver"`
	Channel  string `json:"channel"`
	Comment  string `json:"comment,omitempty"`
	Guidance string `json:"guidance,omitempty"`
	// ValidUntil bounds what it approves; nil for no bound.
	ValidUntil *time.Time `json:"validUntil,omitempty"`
	At         time.Time  `json:"at"`
}

// Outcome is the final word on one item, and the input it came from.
type Outcome struct {
	Outcome events.Outcome     `json:"outcome"`
	By      events.DeciderKind `json:"by"`
	Cause   Cause              `json:"cause"`
	At      time.Time          `json:"at"`
}

// Resolution says how and when a request was resolved.
type Resolution struct {
	By    events.DeciderKind `json:"by"` // timeout where it decided any item
	Cause Cause              `json:"cause"`
	At    time.Time          `json:"at"`
}

// Cause names the input that led to something: a verdict, a withdrawal or an agent's answer by its sequence, or
// the end of a tier. Redelivery of that input repeats its effects.
type Cause struct {
	EventID    string `json:"eventId"`
	Sequence   uint64 `json:"sequence,omitempty"`   // of the verdict; 0 for others
	Withdrawal uint64 `json:"withdrawal,omitempty"` // its sequence
	Answer     uint64 `json:"answer,omitempty"`     // its sequence
	Tier       int    `json:"tier,omitempty"`       // of the timer
}

// UnmarshalJSON reads a state back and checks that the card's bytes are those
// that were shown.
func (s *State) UnmarshalJSON(data []byte) error {
	type plain State
	var p plain
	if err := json.Unmarshal(data, &p); err != nil {
		return fmt.Errorf("reading a request's state: %w", err)
	}
	requested := events.ApprovalRequested{Digest: p.Digest, Card: p.Card}
	card, err := requested.ReadCard()
	if err != nil {
		return fmt.Errorf("reading the card of request %s: %w", p.Request, err)
	}
	if err := p.Rules.Validate(); err != nil {
		return fmt.Errorf("reading the rules of request %s: %w", p.Request, err)
	}
	if len(card.Items) != len(p.Items) || p.Tier < 0 || p.Tier >= len(p.Rules.Tiers) || len(p.Entered) != p.Tier+1 || len(p.Plan) != len(p.Rules.Tiers) {
		return fmt.Errorf("reading request %s: its card has %d items and its state %d, at tier %d of %d",
			p.Request, len(card.Items), len(p.Items), p.Tier, len(p.Rules.Tiers))
	}
	*s = State(p)
	s.card = card
	return nil
}

// ReadCard returns the card, decoded. It is shared: do not change it.
func (s *State) ReadCard() *events.Card { return s.card }

// CardItem returns what the card says of item number n, from 1.
func (s *State) CardItem(n int) events.CardItem { return s.card.Items[n-1] }

// Group is the group of the current tier.
func (s *State) Group() string { return s.Rules.Tiers[s.Tier].Group }

// Groups are the groups that were brought in so far, each once, those it was handed to included.
func (s *State) Groups() []string { return s.groups(s.Tier, s.HandOvers) }

// groups are those that were brought in up to tier and by the hand-overs.
func (s *State) groups(tier int, handOvers []HandedOver) []string {
	var groups []string
	add := func(g string) {
		if g != "" && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	for t := range tier + 1 {
		for _, g := range s.Rules.asked(t) {
			add(g)
		}
	}
	for i := range handOvers {
		add(handOvers[i].ToGroup)
	}
	return groups
}

// Due is when the current tier ends.
func (s *State) Due() time.Time { return s.rung(s.Tier).Ends }

// last reports whether the end of tier is the end of the request.
func (s *State) last(tier int) bool {
	return tier == len(s.Rules.Tiers)-1 || !s.rung(tier).Ends.Before(s.EndsAt)
}

// copied is s with everything that a step may change copied.
func (s *State) copied() State {
	c := *s
	c.Items = slices.Clone(s.Items)
	for i := range c.Items {
		c.Items[i].Votes = slices.Clone(c.Items[i].Votes)
	}
	c.Verdicts = slices.Clone(s.Verdicts)
	c.Counted = maps.Clone(s.Counted)
	c.Entered = slices.Clone(s.Entered)
	c.Pauses = slices.Clone(s.Pauses)
	c.HandOvers = slices.Clone(s.HandOvers)
	return c
}

package reviews

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// State is a review with what reviewers said.
type State struct {
	Review string          `json:"review"`
	Group  string          `json:"group"`
	Digest string          `json:"digest"`
	Card   json.RawMessage `json:"card"`
	// FlagSeconds is for how long a flag raises assessments.
	FlagSeconds int `json:"flagSeconds"`
	// Marks are by item number.
	Marks map[int]Marked `json:"marks,omitempty"`
	// Answers are the sequences of the answers that counted, by person: the newest of each.
	Answers map[string]uint64 `json:"answers,omitempty"`

	card *events.ReviewCard
}

// Marked is what a person said of an item last.
type Marked struct {
	Mark     events.Mark `json:"mark"`
	Person   string      `json:"person"`
	Sequence uint64      `json:"sequence"`
}

// UnmarshalJSON reads a state back, and checks that the digest is of the card.
func (s *State) UnmarshalJSON(data []byte) error {
	type plain State
	if err := json.Unmarshal(data, (*plain)(s)); err != nil {
		return fmt.Errorf("reading a review: %w", err)
	}
	card, err := (&events.ReviewOpened{Digest: s.Digest, Card: s.Card}).ReadCard()
	s.card = card
	return err
}

// ReadCard returns what is to be looked at. It is shared: do not change it.
func (s *State) ReadCard() *events.ReviewCard { return s.card }

// Left is how many items nobody has marked.
func (s *State) Left() int { return len(s.card.Items) - len(s.Marks) }

// Answer is what a reviewer said, and who that is.
type Answer struct {
	Cast     *events.ReviewCast
	Sequence uint64
	Approver string
	Person   string
	Channel  string
	// Groups are those the person is in.
	Groups []string
	// Own says, by item number, why an action is the reviewer's own, which others have to look at.
	Own map[int]string
	At  time.Time
}

// Apply counts an answer and says what it comes to: what is marked, and a flag for each item that it flags. An answer that comes again says the
// same; one that comes after a newer one of the same person changes nothing. refused says why it does not count.
func (s *State) Apply(a Answer) (next State, marked *events.ReviewMarked, flags []events.ReviewFlagged, refused string) {
	switch {
	case !slices.Contains(a.Groups, s.Group):
		return *s, nil, nil, fmt.Sprintf("%s is not in %s", a.Approver, s.Group)
	case a.Cast.Digest != s.Digest:
		return *s, nil, nil, "the answer is to another review than the one that stands"
	}
	marks := map[int]events.Mark{}
	if a.Cast.Mark != "" {
		for i := range s.card.Items {
			if a.Own[i+1] == "" {
				marks[i+1] = a.Cast.Mark
			}
		}
	}
	for _, item := range a.Cast.Items {
		switch {
		case item.Number > len(s.card.Items):
			return *s, nil, nil, fmt.Sprintf("the review has no item %d", item.Number)
		case a.Own[item.Number] != "":
			return *s, nil, nil, fmt.Sprintf("item %d is for others to look at: %s", item.Number, a.Own[item.Number])
		}
		marks[item.Number] = item.Mark
	}
	if len(marks) == 0 {
		return *s, nil, nil, "every item is for others to look at"
	}
	if a.Sequence < s.Answers[a.Person] {
		return *s, nil, nil, ""
	}
	next = *s
	next.Marks, next.Answers = maps.Clone(s.Marks), maps.Clone(s.Answers)
	if next.Marks == nil {
		next.Marks = map[int]Marked{}
	}
	if next.Answers == nil {
		next.Answers = map[string]uint64{}
	}
	next.Answers[a.Person] = a.Sequence
	marked = &events.ReviewMarked{
		Review: s.Review, Group: s.Group, Approver: a.Approver, Person: a.Person, Channel: a.Channel, Sequence: a.Sequence, Comment: a.Cast.Comment,
	}
	for _, n := range slices.Sorted(maps.Keys(marks)) {
		if next.Marks[n].Sequence <= a.Sequence {
			next.Marks[n] = Marked{Mark: marks[n], Person: a.Person, Sequence: a.Sequence}
		}
		if marks[n] == events.Fine {
			marked.Fine++
			continue
		}
		marked.Flagged++
		item := s.card.Items[n-1]
		flags = append(flags, events.ReviewFlagged{
			Review: s.Review, Group: s.Group, Agent: item.Agent, Action: item.Action, Tool: item.Tool, Approver: a.Approver, Person: a.Person, Comment: a.Cast.Comment,
			Until: a.At.UTC().Add(time.Duration(s.FlagSeconds) * time.Second),
		})
	}
	marked.Left = next.Left()
	return next, marked, flags, ""
}

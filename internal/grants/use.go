package grants

import (
	"fmt"
	"maps"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// State is a grant with what was done under it.
type State struct {
	Grant
	// Used are the uses by "<agent>/<action>".
	Used    map[string]Used `json:"used,omitempty"`
	Revoked *Revocation     `json:"revoked,omitempty"`
}

// Used is one use. It stands for good: a revocation ends later uses only.
type Used struct {
	At     time.Time `json:"at"`
	Digest string    `json:"digest"` // of the action's data
	// ArgumentsDigest is the digest of the arguments that were granted.
	ArgumentsDigest string `json:"argumentsDigest"`
	Micros          int64  `json:"micros,omitempty"`
}

// Revocation says who ended a grant before its time.
type Revocation struct {
	By string    `json:"by"` // the person
	At time.Time `json:"at"`
}

// Action is what a grant is asked about.
type Action struct {
	Assessment *events.ActionAssessed
	Arguments  []byte // the proposed arguments, JSON
	Route      string // the route that the assessment matched, with its group
	Group      string
	Key        string
	// Own says why the person behind an account may not judge the action, "" where they may: it is on their behalf, or
	// their agent asks. Without it no grant covers the action.
	Own func(account string) string
	// Money is what the action moves; nil where it moves none for certain, see MoneyUnknown.
	Money *Money
	// MoneyUnknown says that it moves an amount that cannot be read or has no one currency.
	MoneyUnknown bool
}

// Code says why a grant does not let an action through.
type Code string

// The codes.
const (
	NotCovered  Code = "not_covered"  // another route, group, key, agent, principal or argument
	NotEligible Code = "not_eligible" // denied, edited or unreadable: no grant covers it
	OwnAction   Code = "own_action"   // the giver's own
	IsRevoked   Code = "revoked"
	IsExpired   Code = "expired"
	UsedUp      Code = "used_up"
	OverLimit   Code = "over_limit"
	Changed     Code = "changed" // the action was used with other content
)

// RefusedError is why a grant does not let an action through. The action then goes before people.
type RefusedError struct {
	Code   Code
	Reason string
}

func (r *RefusedError) Error() string { return r.Reason }

func refuse(code Code, format string, args ...any) *RefusedError {
	return &RefusedError{Code: code, Reason: fmt.Sprintf(format, args...)}
}

// Use counts one use of the grant for a, unless it was counted before. On a refusal the state is unchanged. The given
// state is never written to.
func Use(s State, a Action, now time.Time) (State, *RefusedError) {
	if refusal := s.covers(a); refusal != nil {
		return s, refusal
	}
	name := a.Assessment.Agent + "/" + a.Assessment.Action
	if before, ok := s.Used[name]; ok {
		if before.Digest != a.Assessment.Digest || before.ArgumentsDigest != a.Assessment.ArgumentsDigest {
			return s, refuse(Changed, "%s was granted with other content", name)
		}
		return s, nil
	}
	if refusal := s.open(a, now); refusal != nil {
		return s, refusal
	}
	used := maps.Clone(s.Used)
	if used == nil {
		used = make(map[string]Used, 1)
	}
	use := Used{At: now, Digest: a.Assessment.Digest, ArgumentsDigest: a.Assessment.ArgumentsDigest}
	if a.Money != nil {
		use.Micros = a.Money.Micros
	}
	used[name] = use
	s.Used = used
	return s, nil
}

// Left is how many uses are left.
func (s *State) Left() int { return max(0, s.Uses-len(s.Used)) }

// AmountLeft is how much of the limit is left, in millionths; 0 without a limit.
func (s *State) AmountLeft() int64 {
	if s.Limit == nil {
		return 0
	}
	left := s.Limit.Micros
	for _, use := range s.Used {
		left -= use.Micros
	}
	return max(0, left)
}

// open says whether one more use may be counted.
func (s *State) open(a Action, now time.Time) *RefusedError {
	switch {
	case s.Revoked != nil:
		return refuse(IsRevoked, "grant %s was revoked by %s", s.ID, s.Revoked.By)
	case now.Before(s.Created), !now.Before(s.Expires):
		return refuse(IsExpired, "grant %s is valid from %s until %s", s.ID, s.Created.Format(time.RFC3339), s.Expires.Format(time.RFC3339))
	case s.Left() == 0:
		return refuse(UsedUp, "all %d uses of grant %s are counted", s.Uses, s.ID)
	case s.Limit == nil && (a.Money != nil || a.MoneyUnknown):
		return refuse(OverLimit, "grant %s names no amount, and the action moves money", s.ID)
	case a.MoneyUnknown:
		return refuse(OverLimit, "how much the action moves cannot be read")
	case s.Limit != nil && a.Money != nil && a.Money.Currency != s.Limit.Currency:
		return refuse(OverLimit, "grant %s is in %s, the action in %s", s.ID, s.Limit.Currency, a.Money.Currency)
	case a.Money != nil && (a.Money.Micros < 0 || a.Money.Micros > s.AmountLeft()):
		return refuse(OverLimit, "the action moves more than grant %s has left", s.ID)
	}
	return nil
}

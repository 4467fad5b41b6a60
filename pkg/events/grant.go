package events

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// GrantTerms say how far a standing approval reaches: for actions like the one it is given with, for so long, so often, and for so much money.
type GrantTerms struct {
	// Seconds is for how long, from 1.
	Seconds int `json:"seconds"`
	// Uses is how many actions pass, from 1.
	Uses int `json:"uses"`
	// Amount is how much money they may move in all, in Currency; 0 means that what moves money does not pass.
	Amount   float64 `json:"amount,omitempty"`
	Currency string  `json:"currency,omitempty"`
	// Same are JSON pointers (RFC 6901) into the arguments: what stands there must be as in the action that the grant is given with.
	Same []string `json:"same,omitempty"`
	// AnyAgent and AnyPrincipal let the actions of other agents, and on behalf of others, pass too.
	AnyAgent     bool `json:"anyAgent,omitempty"`
	AnyPrincipal bool `json:"anyPrincipal,omitempty"`
}

// maxSame is how many values of the arguments a grant may fix.
const maxSame = 16

// Validate names the first term that is wrong.
func (t *GrantTerms) Validate() error {
	switch {
	case t.Seconds < 1:
		return &FieldError{Field: "grant.seconds", Problem: fmt.Sprintf("is %d", t.Seconds), Fix: "say for how long, at least 1"}
	case t.Uses < 1:
		return &FieldError{Field: "grant.uses", Problem: fmt.Sprintf("is %d", t.Uses), Fix: "say how many actions may pass, at least 1"}
	case t.Amount < 0 || math.IsNaN(t.Amount) || math.IsInf(t.Amount, 0):
		return &FieldError{Field: "grant.amount", Problem: fmt.Sprintf("is %v", t.Amount), Fix: "give an amount above zero, or leave it out"}
	case t.Amount > 0 != (t.Currency != ""):
		return &FieldError{Field: "grant.currency", Problem: fmt.Sprintf("is %q", t.Currency), Fix: "give an amount together with its currency, such as 500 EUR"}
	case len(t.Same) > maxSame:
		return &FieldError{Field: "grant.same", Problem: fmt.Sprintf("has %d pointers", len(t.Same)), Fix: fmt.Sprintf("use at most %d", maxSame)}
	}
	for i, pointer := range t.Same {
		if !strings.HasPrefix(pointer, "/") {
			return &FieldError{Field: fmt.Sprintf("grant.same[%d]", i), Problem: fmt.Sprintf("is %.40q", pointer), Fix: "write a JSON pointer such as /recipient"}
		}
	}
	return nil
}

// GrantAsked asks for a standing approval by the example of an action that was assessed. Who asks is in the subject.
type GrantAsked struct {
	GrantTerms

	// Agent and Action name the example.
	Agent   string `json:"agent"`
	Action  string `json:"action"`
	Comment string `json:"comment,omitempty"`
}

// GrantRevocationAsked ends a grant before its time.
type GrantRevocationAsked struct {
	Comment string `json:"comment,omitempty"`
}

// GrantCreated says that a standing approval is in force.
type GrantCreated struct {
	Grant string `json:"grant"`
	// Approver is the account that gave it, Person who is behind it.
	Approver string `json:"approver"`
	Person   string `json:"person"`
	Channel  string `json:"channel"`
	// Route and Group are those whose actions pass; Tool is that of the example.
	Route string `json:"route"`
	Group string `json:"group"`
	Tool  string `json:"tool,omitempty"`
	// OfAgent and OnBehalfOf are empty where it is for all.
	OfAgent    string `json:"ofAgent,omitempty"`
	OnBehalfOf string `json:"onBehalfOf,omitempty"`
	// Equal are the values that arguments must have, by JSON pointer.
	Equal map[string]json.RawMessage `json:"equal,omitempty"`
	Uses  int                        `json:"uses"`
	// Created is inclusive, Expires exclusive: by when the assessment of an action was stored.
	Created time.Time `json:"created,omitzero"`
	Expires time.Time `json:"expires"`
	// Amount is the limit of money in Currency; 0 for none.
	Amount   float64 `json:"amount,omitempty"`
	Currency string  `json:"currency,omitempty"`
	// Request is the card on which it was given; empty where it was given by command.
	Request string `json:"request,omitempty"`
	// Sequence is the place of the verdict or command in its stream.
	Sequence uint64 `json:"sequence"`
}

// GrantRefused says why a grant is not given or not revoked.
type GrantRefused struct {
	Grant    string `json:"grant"`
	Approver string `json:"approver"`
	Channel  string `json:"channel"`
	Sequence uint64 `json:"sequence"`
	Reason   string `json:"reason"`
}

// GrantUsed says that an action passed by a grant.
type GrantUsed struct {
	Grant    string `json:"grant"`
	Approver string `json:"approver"` // who gave it
	Agent    string `json:"agent"`
	Action   string `json:"action"`
	// UsesLeft and AmountLeft are what is left of it, Amount what this use took.
	UsesLeft   int     `json:"usesLeft"`
	Amount     float64 `json:"amount,omitempty"`
	AmountLeft float64 `json:"amountLeft,omitempty"`
	Currency   string  `json:"currency,omitempty"`
}

// GrantRevoked says that a grant lets nothing pass any more. What passed before stands.
type GrantRevoked struct {
	Grant   string `json:"grant"`
	By      string `json:"by"`   // the person
	Used    int    `json:"used"` // how many actions had passed
	Comment string `json:"comment,omitempty"`
}

// The types of events about grants.
const (
	GrantAskedType           = "dev.weighlock.grant.asked.v1"
	GrantRevocationAskedType = "dev.weighlock.grant.revocation_asked.v1"
	GrantCreatedType         = "dev.weighlock.grant.created.v1"
	GrantRefusedType         = "dev.weighlock.grant.refused.v1"
	GrantUsedType            = "dev.weighlock.grant.used.v1"
	GrantRevokedType         = "dev.weighlock.grant.revoked.v1"
)

// EventType implements [Payload].
func (*GrantAsked) EventType() string { return GrantAskedType }

// EventType implements [Payload].
func (*GrantRevocationAsked) EventType() string { return GrantRevocationAskedType }

// EventType implements [Payload].
func (*GrantCreated) EventType() string { return GrantCreatedType }

// EventType implements [Payload].
func (*GrantRefused) EventType() string { return GrantRefusedType }

// EventType implements [Payload].
func (*GrantUsed) EventType() string { return GrantUsedType }

// EventType implements [Payload].
func (*GrantRevoked) EventType() string { return GrantRevokedType }

// Validate implements [Payload].
func (g *GrantAsked) Validate() error {
	return firstError(checkTokens("agent", g.Agent, "action", g.Action), g.GrantTerms.Validate(), checkComment(g.Comment))
}

// Validate implements [Payload].
func (g *GrantRevocationAsked) Validate() error { return checkComment(g.Comment) }

// Validate implements [Payload].
func (g *GrantCreated) Validate() error {
	return checkTokens("grant", g.Grant, "approver", g.Approver, "channel", g.Channel, "route", g.Route, "group", g.Group)
}

// Validate implements [Payload].
func (g *GrantRefused) Validate() error {
	return checkTokens("grant", g.Grant, "approver", g.Approver, "channel", g.Channel)
}

// Validate implements [Payload].
func (g *GrantUsed) Validate() error {
	return checkTokens("grant", g.Grant, "agent", g.Agent, "action", g.Action)
}

// Validate implements [Payload].
func (g *GrantRevoked) Validate() error { return checkTokens("grant", g.Grant) }

func checkComment(text string) error {
	if len(text) > MaxCommentLength {
		return &FieldError{Field: "comment", Problem: fmt.Sprintf("has %d bytes", len(text)), Fix: fmt.Sprintf("use at most %d", MaxCommentLength)}
	}
	return nil
}

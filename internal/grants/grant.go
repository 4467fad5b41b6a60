// Package grants keeps standing approvals and counts their uses exactly.
package grants

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Bounds that no setting lifts: an entry with all its uses stays far below what a message may hold.
const (
	MaxUses        = 500
	MaxLife        = 7 * 24 * time.Hour
	MaxConstraints = 16
	MaxKey         = 4096 // bytes
	maxConstraints = 16 << 10
)

// Grant is a standing approval: narrow, expiring, counted, revocable.
type Grant struct {
	ID    string `json:"id"`
	Giver Giver  `json:"giver"`
	// Route, Group and Key say which actions it is for. Key is the similarity key: all three must be equal.
	Route string `json:"route"`
	Group string `json:"group"`
	Key   string `json:"key"`
	// Agent and Principal narrow it further; empty means any.
	Agent     string `json:"agent,omitempty"`
	Principal string `json:"principal,omitempty"`
	// Nobodys says that it is for actions on behalf of nobody.
	Nobodys bool `json:"nobodys,omitempty"`
	// Equal are values that arguments must have, by JSON pointer (RFC 6901).
	Equal map[string]json.RawMessage `json:"equal,omitempty"`
	// Created is inclusive, Expires exclusive.
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Uses    int       `json:"uses"` // 1 to [MaxUses]
	// Limit is how much money all uses together may move; nil says nothing about money.
	Limit *Money `json:"limit,omitempty"`
}

// Giver is who gave a grant.
type Giver struct {
	Person   string `json:"person"`
	Approver string `json:"approver"` // the account
	Channel  string `json:"channel"`
}

// Validate checks a grant that is to be given at now. Errors are [*events.FieldError].
func (g *Grant) Validate(now time.Time) error {
	for _, token := range [][2]string{{"id", g.ID}, {"giver.person", g.Giver.Person}, {"giver.approver", g.Giver.Approver}, {"giver.channel", g.Giver.Channel}, {"route", g.Route}, {"group", g.Group}} {
		if err := events.CheckToken(token[0], token[1]); err != nil {
			return fmt.Errorf("checking the grant: %w", err)
		}
	}
	wrong := func(field, problem, fix string) error {
		return &events.FieldError{Field: field, Problem: problem, Fix: fix}
	}
	switch {
	case g.Key == "" || len(g.Key) > MaxKey:
		return wrong("key", "is empty or too long", fmt.Sprintf("use 1 to %d bytes", MaxKey))
	case g.Uses < 1 || g.Uses > MaxUses:
		return wrong("uses", fmt.Sprintf("is %d", g.Uses), fmt.Sprintf("use 1 to %d", MaxUses))
	case g.Created.IsZero() || g.Created.After(now):
		return wrong("created", "is missing or in the future", "take the present time")
	case !g.Expires.After(now):
		return wrong("expires", "is not in the future", "name a later time")
	case g.Expires.Sub(g.Created) > MaxLife:
		return wrong("expires", "is too far away", "use at most "+MaxLife.String())
	case g.Limit != nil && (g.Limit.Micros <= 0 || !currency(g.Limit.Currency)):
		return wrong("limit", "is no amount of money", "use an amount above zero and one currency, such as 500 EUR")
	}
	return g.checkEqual()
}

func (g *Grant) checkEqual() error {
	if len(g.Equal) > MaxConstraints {
		return &events.FieldError{Field: "equal", Problem: fmt.Sprintf("holds %d values", len(g.Equal)), Fix: fmt.Sprintf("use at most %d", MaxConstraints)}
	}
	size := 0
	for pointer, value := range g.Equal {
		size += len(pointer) + len(value)
		if !strings.HasPrefix(pointer, "/") {
			return &events.FieldError{Field: "equal", Problem: fmt.Sprintf("has %q, which is no JSON pointer", pointer), Fix: "begin it with a slash"}
		}
		if _, err := canonical(value); err != nil {
			return fmt.Errorf("checking the grant's value at %s: %w", pointer, err)
		}
	}
	if size > maxConstraints {
		return &events.FieldError{Field: "equal", Problem: "is too long", Fix: fmt.Sprintf("use at most %d bytes", maxConstraints)}
	}
	return nil
}

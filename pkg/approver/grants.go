package approver

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// Grant is a standing approval as it stands.
type Grant struct {
	ID string `json:"id"`
	// Approver gave it; Group are those who could have approved what it lets pass.
	Approver string `json:"approver"`
	Group    string `json:"group"`
	Route    string `json:"route"`
	// OfAgent and OnBehalfOf are empty where it is for all.
	OfAgent    string    `json:"ofAgent,omitempty"`
	OnBehalfOf string    `json:"onBehalfOf,omitempty"`
	Expires    time.Time `json:"expires"`
	Uses       int       `json:"uses"`
	Used       int       `json:"used"`
	// Amount and Moved are money in Currency; 0 where the grant says nothing of it.
	Amount   float64 `json:"amount,omitempty"`
	Moved    float64 `json:"moved,omitempty"`
	Currency string  `json:"currency,omitempty"`
	// RevokedBy is who ended it before its time; "" for nobody.
	RevokedBy string `json:"revokedBy,omitempty"`
	// Equal are the values that arguments must have, by JSON pointer.
	Equal map[string]json.RawMessage `json:"equal,omitempty"`
}

// Open reports whether the grant may still let something pass.
func (g Grant) Open(now time.Time) bool {
	return g.RevokedBy == "" && g.Used < g.Uses && now.Before(g.Expires)
}

// GrantRefusedError says why a grant was not given or not revoked.
type GrantRefusedError struct{ events.GrantRefused }

func (e *GrantRefusedError) Error() string {
	return fmt.Sprintf("grant %s was refused: %s", e.Grant, e.Reason)
}

// storedGrant is a grant as the router keeps it.
type storedGrant struct {
	ID    string `json:"id"`
	Giver struct {
		Approver string `json:"approver"`
	} `json:"giver"`
	Route     string                     `json:"route"`
	Group     string                     `json:"group"`
	Agent     string                     `json:"agent"`
	Principal string                     `json:"principal"`
	Equal     map[string]json.RawMessage `json:"equal"`
	Expires   time.Time                  `json:"expires"`
	Uses      int                        `json:"uses"`
	Limit     *struct {
		Micros   int64  `json:"micros"`
		Currency string `json:"currency"`
	} `json:"limit"`
	Used map[string]struct {
		Micros int64 `json:"micros"`
	} `json:"used"`
	Revoked *struct {
		By string `json:"by"`
	} `json:"revoked"`
}

func (s *storedGrant) grant() Grant {
	g := Grant{
		ID: s.ID, Approver: s.Giver.Approver, Group: s.Group, Route: s.Route, OfAgent: s.Agent, OnBehalfOf: s.Principal, Expires: s.Expires,
		Uses: s.Uses, Used: len(s.Used), Equal: s.Equal,
	}
	if s.Limit != nil {
		g.Amount, g.Currency = float64(s.Limit.Micros)/1e6, s.Limit.Currency
		for _, use := range s.Used {
			g.Moved += float64(use.Micros) / 1e6
		}
	}
	if s.Revoked != nil {
		g.RevokedBy = s.Revoked.By
	}
	return g
}

// Grants lists all grants that are stored: those in force, and those that ended within the last days.
func (c *Client) Grants(ctx context.Context) ([]Grant, error) {
	var list []Grant
	err := c.entries(ctx, c.subjects.Stream("GRANTS"), func(id string, data []byte) error {
		var s storedGrant
		if err := json.Unmarshal(data, &s); err != nil {
			return fmt.Errorf("reading grant %s: %w", id, err)
		}
		list = append(list, s.grant())
		return nil
	})
	if err != nil {
		return list, fmt.Errorf("listing grants: %w", err)
	}
	return list, nil
}

// GiveGrant asks for a standing approval by the example of an action, and waits until it is given or refused, which is a [*GrantRefusedError].
// approver is who gives it; "" means Options.Approver, and only an adapter may name others.
func (c *Client) GiveGrant(ctx context.Context, approver string, ask events.GrantAsked) (events.GrantCreated, error) {
	id := "g-" + strings.ToLower(rand.Text()[:12])
	var made events.GrantCreated
	err := c.command(ctx, approver, id, &ask, func(p events.Payload) bool {
		created, ok := p.(*events.GrantCreated)
		if ok {
			made = *created
		}
		return ok
	})
	return made, err
}

// RevokeGrant ends a grant before its time, and waits until it is ended or that is refused.
func (c *Client) RevokeGrant(ctx context.Context, approver, grant, comment string) (events.GrantRevoked, error) {
	var ended events.GrantRevoked
	err := c.command(ctx, approver, grant, &events.GrantRevocationAsked{Comment: comment}, func(p events.Payload) bool {
		revoked, ok := p.(*events.GrantRevoked)
		if ok {
			ended = *revoked
		}
		return ok
	})
	return ended, err
}

// command stores what an approver says of a grant, and waits for the answer.
func (c *Client) command(ctx context.Context, approver, grant string, p events.Payload, done func(events.Payload) bool) error {
	if approver == "" {
		approver = c.opts.Approver
	}
	for _, token := range [][2]string{{"approver", approver}, {"grant", grant}} {
		if err := events.CheckToken(token[0], token[1]); err != nil {
			return err
		}
	}
	e, err := events.New(p, rand.Text(), "/channels/"+c.opts.Channel+"/"+approver, time.Now())
	if err != nil {
		return err
	}
	e.Subject = grant
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return err
	}
	steps := make(chan *nats.Msg, 64) // listening starts before asking: no answer can come in between
	sub, err := c.nc.ChanSubscribe(c.subjects.Grant(grant, "*"), steps)
	if err != nil {
		return fmt.Errorf("asking about grant %s, not sent: %w", grant, err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // a closed connection has none left
	sequence, err := c.store(ctx, &nats.Msg{Subject: c.subjects.Granting(c.opts.Channel, approver, grant), Header: nats.Header(header), Data: data})
	if err != nil {
		return fmt.Errorf("asking about grant %s: %w", grant, err)
	}
	for {
		select {
		case m := <-steps:
			payload, err := decodeGrant(m)
			if err != nil {
				c.log.Warn("dropped a step that cannot be read", "subject", m.Subject, "error", err)
				continue
			}
			if refused, ok := payload.(*events.GrantRefused); ok && refused.Sequence == sequence {
				return &GrantRefusedError{*refused}
			}
			if done(payload) {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("waiting for the answer about grant %s: %w", grant, context.Cause(ctx))
		case <-c.closed:
			return fmt.Errorf("waiting for the answer about grant %s: %w", grant, ErrClosed)
		}
	}
}

func decodeGrant(m *nats.Msg) (events.Payload, error) {
	e, err := events.Decode(m.Header, m.Data)
	if err != nil {
		return nil, err
	}
	switch e.Type {
	case events.GrantCreatedType:
		return events.As[events.GrantCreated](e)
	case events.GrantRevokedType:
		return events.As[events.GrantRevoked](e)
	case events.GrantRefusedType:
		return events.As[events.GrantRefused](e)
	}
	return nil, nil // that it was used
}

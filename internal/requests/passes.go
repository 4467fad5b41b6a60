package requests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/bucket"
)

// Pass lets one action through that needs nobody to be asked any more. A pass is given to one action, once, and an action that has one
// comes onto no request.
type Pass struct {
	Agent  string `json:"agent"`
	Action string `json:"action"`
	// Plan and Step name the step of the approved plan that the action is.
	Plan string `json:"plan,omitempty"`
	Step int    `json:"step,omitempty"`
	// Grant is the standing approval that lets the action through.
	Grant string `json:"grant,omitempty"`
	// Burnt marks a pass that nobody gets any more: a router that was about to take it came too late.
	Burnt bool `json:"burnt,omitempty"`
}

// passPrefix begins the keys of passes. No request is named so: its id would be no token.
const passPrefix = "pass."

// PassID names a pass by what there is one of.
func PassID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return passPrefix + hex.EncodeToString(sum[:16])
}

// GrantPassID names the pass of an action by a grant. The claim shows the grant, so that a router that comes after one that died asks the
// same grant again.
func GrantPassID(grant, agent, action string) string {
	return passPrefix + "grant." + grant + "." + agent + "." + action
}

func isPass(claim string) bool { return strings.HasPrefix(claim, passPrefix) }

// TakePass gives the pass with this id to its action and returns what stands: the pass as given, before or now, where it is the
// action's; one of another action, or a burnt one, where it is not to be had; and none at all where the
// action is on a request or has another pass, which the claim says.
//
// First the action is claimed for the pass, then the pass is written, once and for all; only then may the action be let through. A router
// that is about to put the action on a card finds the claim, and burns the pass before it goes on, so that it is one or the other.
func (st *Store) TakePass(ctx context.Context, id string, p Pass) (Pass, Claimed, error) {
	return st.TakeCounted(ctx, id, p, nil)
}

// TakeCounted is [Store.TakePass] where something has to be counted between the claim and the pass: count reports whether it was. Nothing is
// given where it was not. What it counted is to be taken back where the pass that stands is burnt.
func (st *Store) TakeCounted(ctx context.Context, id string, p Pass, count func() (bool, error)) (Pass, Claimed, error) {
	failed := func(err error) (Pass, Claimed, error) {
		return Pass{}, Claimed{}, fmt.Errorf("taking a pass for %s/%s: %w", p.Agent, p.Action, err)
	}
	claimed, err := st.Claim(ctx, p.Agent, p.Action, id)
	if err != nil {
		return failed(err)
	}
	if claimed.Request != id {
		return Pass{}, claimed, nil
	}
	if count != nil {
		counted, err := count()
		if err != nil {
			return failed(err)
		}
		if !counted {
			return Pass{}, claimed, nil
		}
	}
	stands, err := st.writePass(ctx, id, p)
	if err != nil {
		return failed(err)
	}
	return stands, claimed, nil
}

// PassOf returns the pass of an action, or [ErrNotFound].
func (st *Store) PassOf(ctx context.Context, agent, action string) (Pass, error) {
	none := fmt.Errorf("looking for the pass of %s/%s: %w", agent, action, ErrNotFound)
	claim, err := st.last(ctx, ClaimKey(agent, action))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound), err == nil && (bucket.IsMarker(claim) || !isPass(string(claim.Data))):
		return Pass{}, none
	case err != nil:
		return Pass{}, fmt.Errorf("looking for the pass of %s/%s: %w", agent, action, err)
	}
	p, err := st.readPass(ctx, string(claim.Data))
	if err != nil {
		return Pass{}, err
	}
	if !p.Of(agent, action) {
		return Pass{}, none
	}
	return p, nil
}

// Of reports whether the pass lets that action through.
func (p *Pass) Of(agent, action string) bool {
	return !p.Burnt && p.Agent == agent && p.Action == action
}

// passVoid reports whether an action will never have the pass that it is claimed for, which it makes sure of.
func (st *Store) passVoid(ctx context.Context, id, agent, action string) (bool, error) {
	p, err := st.writePass(ctx, id, Pass{Burnt: true})
	if err != nil {
		return false, err
	}
	return !p.Of(agent, action), nil
}

// writePass writes a pass unless there is one, and returns the one that stands.
func (st *Store) writePass(ctx context.Context, id string, p Pass) (Pass, error) {
	value, err := json.Marshal(p)
	if err != nil {
		return Pass{}, err
	}
	for range bucket.Attempts {
		stands, err := st.readPass(ctx, id)
		if err == nil || !errors.Is(err, ErrNotFound) {
			return stands, err
		}
		err = st.write(ctx, id, value, 0, KeepClaims)
		if err == nil {
			return p, nil
		}
		if !bucket.Lost(err) {
			return Pass{}, fmt.Errorf("writing a pass: %w", err)
		}
		if err := bucket.BackOff(ctx); err != nil {
			return Pass{}, err
		}
	}
	return Pass{}, ErrContended
}

func (st *Store) readPass(ctx context.Context, id string) (p Pass, err error) {
	m, err := st.last(ctx, id)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return p, fmt.Errorf("reading a pass: %w", ErrNotFound)
	case err != nil:
		return p, fmt.Errorf("reading a pass: %w", err)
	case bucket.IsMarker(m): // it aged out: it was given long ago
		return Pass{Burnt: true}, nil
	}
	if err := json.Unmarshal(m.Data, &p); err != nil {
		return Pass{Burnt: true}, nil //nolint:nilerr // what cannot be read lets nothing through
	}
	return p, nil
}

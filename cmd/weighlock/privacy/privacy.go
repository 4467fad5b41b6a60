// Package privacy asks for private values to be erased or held, as an auditor, and waits for what becomes of it.
package privacy

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

// askAgain is how long is waited between two looks for the answer.
const askAgain = 50 * time.Millisecond

// ErrUnanswered says that the question is stored, and that the audit sink has not answered it yet. It will; asking again does no harm.
var ErrUnanswered = errors.New("the audit sink has not answered yet; the question is stored, and it does what is asked once it runs: see `weighlock doctor`")

// Desk is an auditor's connection.
type Desk struct {
	Conn     *nats.Conn
	Subjects events.Subjects
	Auditor  string
}

// Erase has the private values in a scope erased, and returns what was, for each part of at most a few hundred actions.
func (d Desk) Erase(ctx context.Context, scope events.PrivateScope, reason string) ([]*events.ErasureMade, error) {
	var all []*events.ErasureMade
	for {
		name := "e-" + strings.ToLower(rand.Text()[:16])
		made, err := ask[events.ErasureMade](ctx, d, name, &events.ErasureAsked{PrivateScope: scope, Reason: reason}, d.Subjects.Erasure(d.Auditor, name))
		if err != nil {
			return all, err
		}
		all = append(all, made)
		if !made.More {
			return all, nil
		}
	}
}

// Hold places a legal hold, or ends the one of that name. Refused of the answer says why nothing changed.
func (d Desk) Hold(ctx context.Context, name string, question events.HoldAsked) (*events.HoldSet, error) {
	if err := events.CheckToken("hold", name); err != nil {
		return nil, err
	}
	return ask[events.HoldSet](ctx, d, name, &question, d.Subjects.Hold(d.Auditor, name))
}

// Holds lists the legal holds by name, those that have ended as well.
func (d Desk) Holds(ctx context.Context) ([]sink.Hold, error) {
	known, err := sink.ReadHolds(ctx, d.Conn, d.Subjects)
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(known), func(a, b sink.Hold) int { return strings.Compare(a.Hold, b.Hold) }), nil
}

// ask publishes a question and waits for the event that answers it.
func ask[T any, P interface {
	*T
	events.Payload
}](ctx context.Context, d Desk, name string, question events.Payload, answer string) (*T, error) {
	id := name + "/" + rand.Text()
	e, err := events.New(question, id, "/auditors/"+d.Auditor, time.Now())
	if err != nil {
		return nil, err
	}
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(d.Conn)
	if err != nil {
		return nil, err
	}
	subject := d.Subjects.Privacy(d.Auditor, name)
	if _, err := js.PublishMsg(ctx, &nats.Msg{Subject: subject, Header: nats.Header(header), Data: data}, jetstream.WithMsgID(id)); err != nil {
		return nil, fmt.Errorf("asking on %s: %w", subject, err)
	}
	for {
		said, err := d.last(ctx, answer)
		if err != nil {
			return nil, err
		}
		if said != nil && said.CausationID == id {
			return events.As[T, P](*said)
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
			return nil, ErrUnanswered
		}
	}
}

// last is the last event on a subject; nil where there is none yet.
func (d Desk) last(ctx context.Context, subject string) (*events.Event, error) {
	m, err := d.Conn.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+d.Subjects.Stream("EVENTS")+"."+subject, nil)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ErrUnanswered
	case err != nil:
		return nil, fmt.Errorf("looking for the answer: %w", err)
	case m.Header.Get("Status") == "404":
		return nil, nil //nolint:nilnil // documented
	case m.Header.Get("Status") != "":
		return nil, fmt.Errorf("looking for the answer: the server says %s %s", m.Header.Get("Status"), m.Header.Get("Description"))
	}
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return &e, nil
}

package faults

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// explain logs what is known of actions that have no decision, and of the services' consumers.
func (w *world) explain(t *testing.T, plans []plan) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	undecided := map[string]bool{}
	ledger, err := w.js.Stream(ctx, w.Subjects.Stream("DECISIONS"))
	if err != nil {
		t.Log(err)
		return
	}
	for _, p := range plans {
		_, err := ledger.GetLastMsgForSubject(ctx, w.Subjects.Decision(p.agent, p.id))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			undecided[p.key()] = true
			t.Logf("no decision on %s (%s)", p.key(), p.kind)
		}
	}
	list, err := w.approvers["alice"].Requests(ctx)
	if err != nil {
		t.Log(err)
	}
	for _, r := range list {
		for _, item := range r.Items {
			if undecided[item.Agent+"/"+item.Action] {
				t.Logf("%s/%s is on %s of %s, open %t: %q votes %+v", item.Agent, item.Action, r.ID, r.Group, r.Open(), item.Outcome, item.Votes)
			}
		}
	}
	for _, name := range []string{"ACTIONS", "EVENTS", "VERDICTS"} {
		stream, err := w.js.Stream(ctx, w.Subjects.Stream(name))
		if err != nil {
			t.Log(err)
			continue
		}
		for c := range stream.ListConsumers(ctx).Info() {
			t.Logf("%s of %s: acknowledged to %d, %d pending, %d unacknowledged, %d redelivered, %d waiting", c.Name, name, c.AckFloor.Stream, c.NumPending, c.NumAckPending, c.NumRedelivered, c.NumWaiting)
		}
	}
}

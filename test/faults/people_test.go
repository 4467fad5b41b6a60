package faults

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// answer has one approver answer every card of its groups, once, until ctx ends. Some
// cards it answers with a wrong digest first, and the stranger answers what it was never asked.
func (w *world) answer(ctx context.Context, name string) error {
	client := w.approvers[name]
	answered := map[string]bool{}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		open, err := client.Requests(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s listing requests: %w", name, err)
		}
		for _, r := range open {
			if !r.Open() || answered[r.ID] || name != stranger && !slices.Contains(groups[r.Group], name) {
				continue
			}
			if err := castOn(ctx, client, name, r); err != nil {
				return err
			}
			answered[r.ID] = true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// disliked is the item each approver singles out where it does. They differ where two of
// one group have to agree: a verdict that names an item which the other's has just
// settled is refused as a whole, and nobody here answers twice.
var disliked = map[string]int{"alice": 1, "bob": 1, "carol": 2, "dave": 1}

// castOn answers a card as name always would: what somebody does depends on who and which card.
func castOn(ctx context.Context, client *approver.Client, name string, r approver.Request) error {
	v := approver.Verdict{Request: r.ID, Digest: r.Digest, Verdict: events.Approve, Comment: "seen by " + name}
	mood := moodOf(name, r.ID)
	if mood%7 == 0 && name != stranger {
		wrong := v
		wrong.Digest = "sha256:" + strings.Repeat("0", 64)
		if err := send(ctx, client, wrong); err != nil {
			return err
		}
	}
	switch {
	case name == stranger || mood < 60:
	case mood < 80 && len(r.Items) > 1:
		v.Items = []events.ItemVerdict{{Number: disliked[name], Verdict: events.Reject}}
	case mood >= 80:
		v.Verdict = events.Reject
	}
	return send(ctx, client, v)
}

func moodOf(name, request string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(name + request))
	return h.Sum32() % 100
}

// send casts a verdict; one that may have been stored or not is cast again.
func send(ctx context.Context, client *approver.Client, v approver.Verdict) error {
	for {
		_, err := client.Cast(ctx, v)
		switch {
		case ctx.Err() != nil:
			return nil // nobody waits for this answer any more
		case !errors.Is(err, approver.ErrUnconfirmed):
			return err
		}
	}
}

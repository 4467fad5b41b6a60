package escalation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// storm is what is remembered of a group with more open requests than people can be reminded of one by one.
type storm struct {
	Since time.Time `json:"since"` // zero: there is none
	// Told is when its group was told last, by the timer with the sequence By: delivered again, it tells again.
	Told time.Time `json:"told"`
	By   uint64    `json:"by"`
	// Above is the timer by which the tier above was told; 0 for none so far.
	Above uint64 `json:"above,omitempty"`
}

// next is the storm after a reminder fired with so many open requests, and whom to tell of it. It begins above limit, and ends
// only below half of that, so that it does not come and go.
func (s storm) next(open, limit int, now time.Time, every time.Duration, by uint64) (next storm, group, above bool) {
	if open <= limit && (s.Since.IsZero() || open <= limit/2) {
		return storm{}, false, false
	}
	if s.Since.IsZero() {
		s = storm{Since: now}
	}
	if s.By != by && now.Sub(s.Told) >= every {
		s.Told, s.By = now, by
	}
	if s.Above == 0 {
		s.Above = by
	}
	return s, s.By == by, s.Above == by
}

// keepStorm is how long a storm is remembered that nothing reminds of.
const keepStorm = 24 * time.Hour

// storms turns the reminders of a group with too many open requests into one digest.
type storms struct {
	js       jetstream.JetStream
	subjects events.Subjects
	index    *requests.Index
	limit    int
	every    time.Duration
	now      func() time.Time

	mu sync.Mutex
	kv jetstream.Stream // nil until it was first looked up
}

// calm takes the reminders of groups in a storm out of effects, and returns what is told in their place.
func (w *storms) calm(ctx context.Context, m *stream.Message, st *approval.State, effects []approval.Effect) (kept []approval.Effect, out []stream.Output, err error) {
	for _, e := range effects {
		a, ok := e.(approval.Announce)
		reminded, isReminder := a.Payload.(*events.ApprovalReminded)
		if !ok || !isReminder || reminded.Person != "" {
			kept = append(kept, e)
			continue
		}
		if err := w.index.RefreshWithin(ctx, time.Second); err != nil && !errors.Is(err, requests.ErrUnreadable) {
			return nil, nil, err
		}
		open := w.index.Open(a.Group)
		s, toGroup, toAbove, err := w.note(ctx, a.Group, open, m.Sequence)
		if err != nil {
			return nil, nil, err
		}
		if s.Since.IsZero() {
			kept = append(kept, e)
			continue
		}
		if !toGroup && !toAbove {
			continue
		}
		report := events.StormReported{Group: a.Group, Open: open, Since: s.Since, Next: w.index.Soonest(a.Group, events.MaxStormRequests)}
		if toGroup {
			if out, err = w.report(out, m, report, a.Group); err != nil {
				return nil, nil, err
			}
		}
		if above := above(st); toAbove && above != "" {
			if out, err = w.report(out, m, report, above); err != nil {
				return nil, nil, err
			}
		}
	}
	return kept, out, nil
}

// above is the group of the tier that comes next; "" where there is none.
func above(st *approval.State) string {
	if st.Tier+1 >= len(st.Rules.Tiers) {
		return ""
	}
	return st.Rules.Tiers[st.Tier+1].Group
}

func (w *storms) report(out []stream.Output, m *stream.Message, r events.StormReported, to string) ([]stream.Output, error) {
	r.To = to
	id := fmt.Sprintf("storm/%s/%s/%d", r.Group, to, m.Sequence)
	e, err := events.New(&r, id, source, w.now())
	if err != nil {
		return nil, fmt.Errorf("reporting %s: %w", id, err)
	}
	e = e.Because(m.Event)
	e.Subject = r.Group
	return append(out, stream.Output{Subject: w.subjects.Storm(to, r.Group), Event: e, MsgID: id}), nil
}

// note moves what is remembered of a group on, by compare-and-set: of two escalators one tells.
func (w *storms) note(ctx context.Context, group string, open int, by uint64) (s storm, toGroup, toAbove bool, err error) {
	name := w.subjects.Stream("STORMS")
	subject := "$KV." + name + "." + group
	for range bucket.Attempts {
		before, revision, err := w.load(ctx, name, subject)
		if err != nil {
			return s, false, false, err
		}
		s, toGroup, toAbove = before.next(open, w.limit, w.now().UTC().Round(0), w.every, by)
		if s == before {
			return s, toGroup, toAbove, nil
		}
		value, err := json.Marshal(s)
		if err != nil {
			return s, false, false, fmt.Errorf("remembering the storm of %s: %w", group, err)
		}
		_, err = w.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: value}, jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithMsgTTL(keepStorm))
		if err == nil {
			return s, toGroup, toAbove, nil
		}
		if !bucket.Lost(err) {
			return s, false, false, fmt.Errorf("remembering the storm of %s: %w", group, err)
		}
		if err := bucket.BackOff(ctx); err != nil {
			return s, false, false, err
		}
	}
	return s, false, false, fmt.Errorf("remembering the storm of %s: others keep changing it", group)
}

func (w *storms) load(ctx context.Context, name, subject string) (s storm, revision uint64, err error) {
	kv, err := w.handle(ctx, name)
	if err != nil {
		return s, 0, err
	}
	m, err := kv.GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return s, 0, nil
	case err != nil:
		return s, 0, fmt.Errorf("reading %s: %w", subject, err)
	}
	if json.Unmarshal(m.Data, &s) != nil { // a marker, or damaged: the storm begins anew
		s = storm{}
	}
	return s, m.Sequence, nil
}

// handle looks the bucket's stream up once: the client wants to know how it may be read.
func (w *storms) handle(ctx context.Context, name string) (jetstream.Stream, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kv == nil {
		kv, err := w.js.Stream(ctx, "KV_"+name)
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", name, err)
		}
		w.kv = kv
	}
	return w.kv, nil
}

// onCall are who is on call now for the groups of the tier after the state's.
func (s *Service) onCall(st *approval.State, at time.Time) map[string][]string {
	if st.Tier+1 >= len(st.Rules.Tiers) {
		return nil
	}
	groups := []string{st.Rules.Tiers[st.Tier+1].Group}
	if st.Rules.Tiers[st.Tier+1].Round != st.Rules.Tiers[st.Tier].Round { // the path begins anew
		for _, r := range st.Rules.Require {
			groups = append(groups, r.Group)
		}
	}
	slices.Sort(groups)
	return s.people.Get().AllOnCall(slices.Compact(groups), at)
}

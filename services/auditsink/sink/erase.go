package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

const (
	privacyConsumer = "auditsink-privacy"
	privacyRetry    = 2 * time.Second
	// erasureActions is how many actions one erasure erases at most: the list goes into one event.
	erasureActions = 500
	// catchUpWithin is how long an erasure waits for the table to have what the stream has before it is tried again later.
	catchUpWithin = 20 * time.Second
	// erasureKept is how long it is remembered what an erasure was about to do; a question is redelivered long before.
	erasureKept = 30 * 24 * time.Hour
)

// The steps of an erasure at which tests end a sink.
const (
	stepPlanned = "erasure planned"
	stepRows    = "rows erased"
	stepErased  = "messages erased"
)

// eraser answers auditors, one after the other.
type eraser struct {
	s     *Service
	holds *holds
}

// Handle implements stream.Handler.
func (e *eraser) Handle(ctx context.Context, m *stream.Message) stream.Outcome {
	auditor, name, err := e.s.rt.Subjects.ParsePrivacy(m.Subject)
	if err != nil {
		return stream.Permanent(err)
	}
	switch m.Event.Type {
	case events.HoldAskedType:
		ask, err := events.As[events.HoldAsked](m.Event)
		if err != nil {
			return stream.Permanent(err)
		}
		return e.holds.change(ctx, m, auditor, name, ask)
	case events.ErasureAskedType:
		ask, err := events.As[events.ErasureAsked](m.Event)
		if err != nil {
			return stream.Permanent(err)
		}
		made, err := e.erase(ctx, m, auditor, name, ask)
		if err != nil {
			return stream.RetryAfter(privacyRetry, err)
		}
		return e.s.say(m, e.s.rt.Subjects.Erasure(auditor, name), made, fmt.Sprintf("erasure/%d", m.Sequence))
	}
	return stream.Permanent(fmt.Errorf("an auditor asks with an event of type %q", m.Event.Type))
}

// erase does what is asked. It may be called again after any step.
func (e *eraser) erase(ctx context.Context, m *stream.Message, auditor, name string, ask *events.ErasureAsked) (*events.ErasureMade, error) {
	made, err := e.plan(ctx, m, auditor, name, ask)
	if err != nil {
		return nil, err
	}
	if err := e.s.reach(PrivacyBucket, stepPlanned); err != nil {
		return nil, err
	}
	if err := e.spare(ctx, made); err != nil {
		return nil, err
	}
	if len(made.Items) == 0 {
		return made, nil
	}
	if err := e.s.deletePrivate(ctx, itemsSQL(made.Items)); err != nil {
		return nil, err
	}
	if err := e.s.reach(PrivacyBucket, stepRows); err != nil {
		return nil, err
	}
	if err := e.deleteMessages(ctx, made.Items); err != nil {
		return nil, err
	}
	return made, e.s.reach(PrivacyBucket, stepErased)
}

// plan is what an erasure is about to erase. It is stored before anything is, so that whoever goes on after a crash can still name it.
func (e *eraser) plan(ctx context.Context, m *stream.Message, auditor, name string, ask *events.ErasureAsked) (*events.ErasureMade, error) {
	kv, err := e.s.js.KeyValue(ctx, e.s.rt.Subjects.Stream(PrivacyBucket))
	if err != nil {
		return nil, fmt.Errorf("opening the bucket of erasures: %w", err)
	}
	key := "erasure." + strconv.FormatUint(m.Sequence, 10)
	made := &events.ErasureMade{PrivateScope: ask.PrivateScope, Erasure: name, Auditor: auditor, Reason: ask.Reason}
	entry, err := kv.Get(ctx, key)
	if err == nil {
		return made, json.Unmarshal(entry.Value(), made)
	}
	if !errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, fmt.Errorf("reading erasure %s: %w", name, err)
	}
	if err := e.tableHasAll(ctx); err != nil {
		return nil, err
	}
	held, _, err := e.holds.held(ctx)
	if err != nil {
		return nil, err
	}
	if made.Items, err = e.s.items(ctx, scopeSQL(ask.PrivateScope)+" AND NOT "+held, erasureActions+1); err != nil {
		return nil, err
	}
	n := fitting(made.Items, int(e.s.rt.Conn.MaxPayload()/2))
	made.Items, made.More = made.Items[:n], n < len(made.Items)
	if len(made.Items) == 0 && ask.Principal == "" { // nothing readable; what cannot be read goes by its name
		at, err := e.messageOf(ctx, ask.Agent, ask.Action)
		if err != nil {
			return nil, err
		}
		if at > 0 {
			made.Items = []events.ErasedItem{{Agent: ask.Agent, Action: ask.Action}}
		}
	}
	data, err := json.Marshal(made)
	if err != nil {
		return nil, err
	}
	if _, err := kv.Create(ctx, key, data, jetstream.KeyTTL(erasureKept)); err != nil {
		return nil, fmt.Errorf("storing erasure %s: %w", name, err)
	}
	return made, nil
}

// fitting is how many of the items go into one event of at most so many bytes; one does always.
func fitting(items []events.ErasedItem, most int) int {
	for i := range items {
		most -= len(items[i].Agent) + len(items[i].Action) + 64
		for _, c := range items[i].Commitments {
			most -= len(c) + 3
		}
		if i == erasureActions || i > 0 && most < 0 {
			return i
		}
	}
	return len(items)
}

// spare takes out of an erasure what is under hold, also by one that was placed since it began, and says which holds those are.
func (e *eraser) spare(ctx context.Context, made *events.ErasureMade) error {
	held, all, err := e.holds.held(ctx)
	if err != nil {
		return err
	}
	spared, err := e.s.items(ctx, scopeSQL(made.PrivateScope)+" AND "+held, 0)
	if err != nil {
		return err
	}
	made.Held, made.Holds = len(spared), nil
	made.Items = slices.DeleteFunc(made.Items, func(i events.ErasedItem) bool {
		return slices.ContainsFunc(spared, func(s events.ErasedItem) bool { return s.Agent == i.Agent && s.Action == i.Action }) || heldByName(all, i)
	})
	for _, name := range slices.Sorted(maps.Keys(all)) {
		n, err := e.s.count(ctx, scopeSQL(made.PrivateScope)+" AND "+scopeSQL(all[name].PrivateScope))
		if err != nil {
			return err
		}
		if n > 0 {
			made.Holds = append(made.Holds, name)
		}
	}
	return nil
}

// heldByName says whether an action is under a hold that names no principal: of values that cannot be read it is not known whose they are.
func heldByName(all map[string]Hold, i events.ErasedItem) bool {
	for _, h := range all {
		if h.Principal == "" && h.Agent == i.Agent && (h.Action == "" || h.Action == i.Action) {
			return true
		}
	}
	return false
}

// tableHasAll waits until the table has whatever is in the stream now: what comes into it afterwards is not meant, and nothing
// of what is erased can come into it once more.
func (e *eraser) tableHasAll(ctx context.Context) error {
	handle, err := e.private(ctx)
	if err != nil {
		return err
	}
	state := handle.CachedInfo().State
	for deadline := time.Now().Add(catchUpWithin); time.Now().Before(deadline); {
		consumer, err := handle.Consumer(ctx, privateConsumer)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return fmt.Errorf("looking how far the table is: %w", err)
		}
		if err == nil {
			info := consumer.CachedInfo()
			// A consumer that is just being made says for a moment that nothing is to be delivered.
			begun := info.Delivered.Consumer > 0 || state.Msgs == 0
			if info.AckFloor.Stream >= state.LastSeq || begun && info.NumPending == 0 && info.NumAckPending == 0 {
				return nil
			}
		}
		if !pause(ctx, 50*time.Millisecond) {
			return ctx.Err()
		}
	}
	return errors.New("the table does not have all private values yet")
}

// private is the stream of private values as it is now.
func (e *eraser) private(ctx context.Context) (jetstream.Stream, error) {
	handle, err := e.s.js.Stream(ctx, e.s.rt.Subjects.Stream("PRIVATE"))
	if err != nil {
		return nil, fmt.Errorf("looking at the stream of private values: %w", err)
	}
	return handle, nil
}

// deleteMessages overwrites and removes the messages of actions.
func (e *eraser) deleteMessages(ctx context.Context, items []events.ErasedItem) error {
	handle, err := e.private(ctx)
	if err != nil {
		return err
	}
	for _, i := range items {
		for tries := 0; ; tries++ {
			at, err := e.messageOf(ctx, i.Agent, i.Action)
			if err == nil && at == 0 {
				break
			}
			if err == nil {
				err = handle.SecureDeleteMsg(ctx, at)
			}
			if err != nil && tries >= 3 { // a replica may show for a moment what is gone
				return fmt.Errorf("erasing the private values of %s/%s: %w", i.Agent, i.Action, err)
			}
			if err != nil && !pause(ctx, 50*time.Millisecond) {
				return ctx.Err()
			}
		}
	}
	return nil
}

// messageOf is the sequence of the message with an action's private values; 0 where there is none.
func (e *eraser) messageOf(ctx context.Context, agent, action string) (uint64, error) {
	subjects := e.s.rt.Subjects
	m, err := bucket.Last(ctx, e.s.rt.Conn, subjects.Stream("PRIVATE"), subjects.Private(agent, action))
	if err != nil {
		return 0, fmt.Errorf("looking for the private values of %s/%s: %w", agent, action, err)
	}
	if m == nil {
		return 0, nil
	}
	return m.Sequence, nil
}

// say is the outcome that publishes an event about private values.
func (s *Service) say(m *stream.Message, subject string, p events.Payload, id string) stream.Outcome {
	e, err := events.New(p, id, "/services/"+Name, s.rt.Now())
	if err != nil {
		return stream.Permanent(err)
	}
	e = e.Because(m.Event)
	return stream.Done(stream.Output{Subject: subject, Event: e, MsgID: id})
}

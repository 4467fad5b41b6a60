package scoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/internal/rescore"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// rescorer answers routers that ask how risky an action is with edited arguments.
type rescorer struct {
	scorer *scorer
	conn   *nats.Conn
}

// run answers until ctx ends. Standbys answer too: an assessment needs no order.
func (r *rescorer) run(ctx context.Context) error {
	sub, err := r.conn.QueueSubscribe(r.scorer.subjects.Rescore(), Name, func(m *nats.Msg) {
		reply, err := json.Marshal(r.answer(ctx, m.Data))
		if err == nil {
			_ = m.Respond(reply) // whoever asked hears nothing and ends closed
		}
	})
	if err != nil {
		return fmt.Errorf("subscribing to %s: %w", r.scorer.subjects.Rescore(), err)
	}
	<-ctx.Done()
	if err := sub.Drain(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return err
	}
	return nil
}

func (r *rescorer) answer(ctx context.Context, data []byte) rescore.Answer {
	var ask rescore.Ask
	if err := json.Unmarshal(data, &ask); err != nil {
		return rescore.Answer{Problem: "the question cannot be read"}
	}
	assessed, err := r.assess(ctx, ask)
	if err != nil {
		return rescore.Answer{Problem: err.Error()}
	}
	return rescore.Answer{Assessed: assessed}
}

func (r *rescorer) assess(ctx context.Context, ask rescore.Ask) (*events.ActionAssessed, error) {
	raw, err := bucket.At(ctx, r.conn, r.scorer.subjects.Stream("ACTIONS"), ask.Action.Sequence)
	if err != nil {
		return nil, fmt.Errorf("reading the action: %w", err)
	}
	if raw == nil {
		return nil, errors.New("the action is not stored any more")
	}
	at, err := raw.StoredAt()
	if err != nil {
		return nil, fmt.Errorf("reading the action: %w", err)
	}
	e, err := events.Decode(events.Header(raw.Header), raw.Data)
	if err != nil || raw.Subject != r.scorer.subjects.Action(ask.Action.Agent, ask.Action.Action) || events.Digest(e.Data) != ask.Action.Digest {
		return nil, errors.New("the action is another than the one that was assessed")
	}
	proposed, err := events.As[events.ActionProposed](e)
	if err != nil {
		return nil, fmt.Errorf("reading the action: %w", err)
	}
	edited := *proposed
	edited.Arguments = ask.Arguments
	ref := ask.Action
	if ref.ArgumentsDigest, err = events.ArgumentsDigest(ask.Arguments); err != nil {
		return nil, err
	}
	if e.Data, err = json.Marshal(edited); err != nil { // what further assessors are shown
		return nil, err
	}
	m := &stream.Message{Subject: raw.Subject, Sequence: raw.Sequence, StoredAt: at, Event: e}
	p := r.scorer.keeper.rules()
	open, err := open(ctx, r.conn, r.scorer.subjects, ref.Agent, ref.Action, &edited)
	if err != nil {
		return nil, fmt.Errorf("reading the action's private values: %w", err)
	}
	w, asked := r.scorer.weigh(p, m, ref, inputOf(m, ref.Agent, open.action), open.shownIn(m, ref.Agent))
	if w = open.judge(w); w.Denied {
		asked = nil
	}
	if len(asked) > 0 {
		findings, err := r.scorer.asker.ask(ctx, asked, ref, m, w)
		if err != nil {
			return nil, err
		}
		w = p.Combine(w, findings)
	}
	return assessmentOf(m, ref, &edited, w), nil
}

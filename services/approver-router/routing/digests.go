package routing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/internal/reviews"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
)

const (
	// lookForDigests is how often it is looked whether an hour or a day is over; settled is how long after its end everything of it is stored.
	lookForDigests = 10 * time.Second
	settled        = 5 * time.Second
	// mostBehind is how far back digests are made up for: what is older is no longer of use to a reviewer.
	mostBehind = 7 * 24 * time.Hour
	// digestPage is how many assessments are read at once.
	digestPage = 5000
)

// digests puts medium actions that went through before reviewers, once an hour or a day is over. It works from the log alone: a digest follows from
// what is stored, so that a router that comes after one that died, or works beside another, makes the same one.
type digests struct {
	js       jetstream.JetStream
	subjects events.Subjects
	store    *reviews.Store
	tables   *tables
	answers  *answers
	handles  handles
	logger   *slog.Logger
	now      func() time.Time
}

// run looks from time to time until ctx ends.
func (d *digests) run(ctx context.Context) {
	tick := time.NewTicker(lookForDigests)
	defer tick.Stop()
	for {
		if err := d.look(ctx); err != nil && ctx.Err() == nil {
			d.logger.Warn("making digests for reviewers failed, and is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look makes the digests that are due.
func (d *digests) look(ctx context.Context) error {
	t := d.tables.get()
	for _, every := range []time.Duration{time.Hour, 24 * time.Hour} {
		var wanted []routes.Review
		for _, r := range t.routes.Reviews() {
			if r.Every == every {
				wanted = append(wanted, r)
			}
		}
		if len(wanted) == 0 {
			continue
		}
		if err := d.catchUp(ctx, t, every, wanted); err != nil {
			return err
		}
	}
	return nil
}

// catchUp makes the digests of every period that is over.
func (d *digests) catchUp(ctx context.Context, t *table, every time.Duration, wanted []routes.Review) error {
	for ctx.Err() == nil {
		from, advance, err := d.store.Until(ctx, every)
		if err != nil {
			return err
		}
		now := d.now().UTC()
		if from.IsZero() || now.Sub(from) > mostBehind {
			if from = now.Truncate(every); now.Sub(from) < settled {
				from = from.Add(-every)
			}
			if err := advance(ctx, from); err != nil {
				return err
			}
			continue
		}
		to := from.Add(every)
		if now.Before(to.Add(settled)) {
			return nil
		}
		if err := d.period(ctx, t, from, to, wanted); err != nil {
			return err
		}
		if err := advance(ctx, to); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// period makes the digests of one hour or day.
func (d *digests) period(ctx context.Context, t *table, from, to time.Time, wanted []routes.Review) error {
	collectors := make([]*reviews.Collector, len(wanted))
	for i := range wanted {
		collectors[i] = reviews.NewCollector(wanted[i].Sample)
	}
	err := d.read(ctx, from, to, func(a *events.ActionAssessed, at time.Time) {
		about := routes.Action{Assessed: a}
		for i := range t.routes.Reviews() {
			r := &t.routes.Reviews()[i]
			if !r.Covers(about) {
				continue
			}
			for k := range wanted { // the first that covers it has it, if it is one of this period
				if wanted[k].By == r.By && r.Every == wanted[k].Every {
					collectors[k].Add(a, at)
					break
				}
			}
			return
		}
	})
	if err != nil {
		return err
	}
	for i, c := range collectors {
		if c.Empty() {
			continue
		}
		if err := d.open(ctx, c, wanted[i], from, to); err != nil {
			return err
		}
	}
	return nil
}

// open freezes a digest, stores it and announces it.
func (d *digests) open(ctx context.Context, c *reviews.Collector, r routes.Review, from, to time.Time) error {
	items, err := c.Sampled(func(ref events.ActionRef) (bool, error) {
		made, err := d.answers.to(ctx, ref.Agent, ref.Action, d.now())
		return err == nil && made != nil && made.Outcome == events.Approved && made.Review, err
	})
	if err != nil || len(items) == 0 {
		return err
	}
	sum := sha256.Sum256([]byte(r.By + "/" + r.Every.String() + "/" + from.UTC().Format(time.RFC3339)))
	state, err := c.Open("v-"+hex.EncodeToString(sum[:6]), r.By, from, to, items)
	if err != nil {
		return err
	}
	state.FlagSeconds = int(r.FlagFor / time.Second)
	if state, err = d.store.Create(ctx, state); err != nil {
		return err
	}
	subject := d.subjects.Review(state.Group, events.ReviewIsOpen, state.Review)
	stored, err := d.handles.of(ctx, d.js, d.subjects.Stream("EVENTS"))
	if err != nil {
		return err
	}
	if _, err := stored.GetLastMsgForSubject(ctx, subject); err == nil || !errors.Is(err, jetstream.ErrMsgNotFound) {
		return err // it is announced
	}
	id := "review/" + state.Review + "/opened"
	e, err := events.New(&events.ReviewOpened{Review: state.Review, Group: state.Group, Digest: state.Digest, Card: state.Card}, id, source, d.now())
	if err != nil {
		return err
	}
	e.Subject = state.Review
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return err
	}
	if _, err := d.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Header: nats.Header(header), Data: data}, jetstream.WithMsgID(id)); err != nil {
		return fmt.Errorf("announcing review %s: %w", state.Review, err)
	}
	return nil
}

// read hands over every medium assessment that was stored from from on and before to. Those of edits are people's doing, and were looked at.
func (d *digests) read(ctx context.Context, from, to time.Time, each func(*events.ActionAssessed, time.Time)) error {
	stream, subjects := d.subjects.Stream("EVENTS"), d.subjects.Assessment(events.Medium, "*", "*")
	first, err := bucket.First(ctx, d.js.Conn(), stream, subjects, from)
	if err != nil || first == nil {
		return err
	}
	for next := first.Sequence; ; {
		page, more, err := bucket.PageOf(ctx, d.js.Conn(), stream, subjects, next, digestPage)
		if err != nil {
			return fmt.Errorf("reading assessments after %d: %w", next, err)
		}
		for i := range page {
			at, err := page[i].StoredAt()
			if err != nil {
				return fmt.Errorf("reading assessment %d: %w", page[i].Sequence, err)
			}
			if !at.Before(to) {
				return nil
			}
			next = page[i].Sequence + 1
			if !strings.HasPrefix(page[i].Subject, d.subjects.All("assessments", 0)) {
				continue
			}
			e, err := events.Decode(events.Header(page[i].Header), page[i].Data)
			if err != nil {
				continue // it was denied, and is a dead letter
			}
			if a, err := events.As[events.ActionAssessed](e); err == nil && a.Edited == nil && !a.Denied {
				each(a, at)
			}
		}
		if !more {
			return nil
		}
	}
}

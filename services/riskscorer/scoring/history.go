package scoring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/pkg/events"
)

const (
	historySpan = 24 * time.Hour
	// followEvery is how far behind a standby, and what is known of decisions, may be.
	followEvery = 250 * time.Millisecond
	// maxMisses is how many rounds may fail before the history counts as unknown.
	maxMisses = 20
)

// history keeps the state current from the streams: first everything of the last 24 hours, then what
// comes. A standby does so too, so that it takes over with its eyes open.
type history struct {
	conn     *nats.Conn
	subjects events.Subjects
	state    *lately.State
	limit    uint64 // messages per stream that are read at the start
	logger   *slog.Logger
	metrics  *Metrics
	now      func() time.Time
	handled  atomic.Int64 // when this scorer last handled an action, Unix nanoseconds
	feeds    []*feed

	caught chan struct{} // closed when the start is done
	once   sync.Once
	mu     sync.Mutex
	err    error // why the start is not done
}

// feed is one stream that is followed.
type feed struct {
	stream  string
	kinds   []string // of the subjects that matter
	bounded bool     // not beyond what scorers were given, see [history.bound]
	next    uint64
	from    time.Time                  // complete since when; zero for all of the last 24 hours
	known   func(sequence uint64) bool // what need not be read; nil where every message must be
	apply   func(stored)

	// bare says that what a message says and the second in which it was stored are enough: see [history.bare].
	bare bool
	at   time.Time // when the message before next was stored; zero where that is not known
}

func newHistory(conn *nats.Conn, s events.Subjects, state *lately.State, limit uint64, now func() time.Time, logger *slog.Logger, m *Metrics) *history {
	h := &history{conn: conn, subjects: s, state: state, limit: limit, now: now, logger: logger, metrics: m, caught: make(chan struct{})}
	// In this order: a decision is better understood after its assessment.
	h.feeds = []*feed{
		{stream: s.Stream("ACTIONS"), kinds: []string{"actions"}, bounded: true, known: state.Acted, apply: h.action},
		{stream: s.Stream("EVENTS"), kinds: []string{"assessments", "reviews"}, known: state.WasTold, apply: h.event},
		{stream: s.Stream("DECISIONS"), kinds: []string{"decisions"}, apply: h.decision, bare: true},
	}
	return h
}

// run follows the streams until ctx ends.
func (h *history) run(ctx context.Context) {
	began := h.now()
	misses := 0
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		switch err := h.round(ctx); {
		case err == nil:
			misses = 0
			h.complete(began)
		case ctx.Err() == nil:
			h.missed(&misses, err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// round reads everything that is new.
func (h *history) round(ctx context.Context) error {
	js, err := jetstream.New(h.conn)
	if err != nil {
		return fmt.Errorf("opening JetStream: %w", err)
	}
	given, err := h.bound(ctx, js)
	if err != nil {
		return err
	}
	for _, s := range h.feeds {
		if s.next == 0 {
			if err := h.begin(ctx, js, s, given); err != nil {
				return err
			}
		}
		last := uint64(math.MaxUint64)
		if s.bounded {
			last = given
		}
		if err := h.follow(ctx, s, last); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// follow reads on, up to the sequence last. It asks for every message of the stream: for a batch
// by subject the server counts all subjects that match, which takes tens of milliseconds where there are
// a hundred thousand, and stores nothing meanwhile.
func (h *history) follow(ctx context.Context, s *feed, last uint64) error {
	wanted := func(subject string) bool {
		return subject == "" || slices.ContainsFunc(s.kinds, func(kind string) bool { return strings.HasPrefix(subject, h.subjects.All(kind, 0)+".") })
	}
	for {
		for s.known != nil && s.next <= last && s.known(s.next) {
			s.next++
		}
		if s.next > last {
			return nil
		}
		batch, err := h.batch(ctx, s, last)
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, m := range batch {
			if m.sequence > last {
				return nil
			}
			if wanted(m.subject) {
				s.apply(m)
			}
			s.next, s.at = m.sequence+1, m.at
			h.metrics.read.WithLabelValues(s.stream).Inc()
		}
	}
}

// activeFor is how long after its last action a scorer takes itself for the active one.
const activeFor = 10 * time.Second

// bound is the last action that is to be counted by following. What lies beyond it this scorer will be given itself and count in
// its turn: an action is not to see those that wait behind it. A standby counts what the active scorer
// was given, because it will not be given that.
func (h *history) bound(ctx context.Context, js jetstream.JetStream) (uint64, error) {
	c, err := js.Consumer(ctx, h.subjects.Stream("ACTIONS"), Name)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		return 0, nil // there was no scorer yet
	case err != nil:
		return 0, fmt.Errorf("looking at the scorers' consumer: %w", err)
	}
	info := c.CachedInfo()
	if h.now().Sub(time.Unix(0, h.handled.Load())) < activeFor {
		return info.AckFloor.Stream, nil
	}
	return info.Delivered.Stream, nil
}

// begin finds where the 24 hours before the next action start in a stream, or the last messages where there are too many.
func (h *history) begin(ctx context.Context, js jetstream.JetStream, s *feed, given uint64) error {
	stream, err := js.Stream(ctx, s.stream)
	if err != nil {
		return fmt.Errorf("looking at stream %s: %w", s.stream, err)
	}
	last := stream.CachedInfo().State.LastSeq
	filter := h.subjects.Prefix() + ".>"
	if len(s.kinds) == 1 {
		filter = h.subjects.All(s.kinds[0], 0) + ".>"
	}
	since := h.now()
	waiting, err := read(ctx, h.conn, h.subjects.Stream("ACTIONS"), query{Seq: given + 1, Next: h.subjects.All("actions", 2)})
	if err != nil {
		return err
	}
	if len(waiting) > 0 && waiting[0].at.Before(since) {
		since = waiting[0].at
	}
	since = since.Add(-historySpan)
	first, err := read(ctx, h.conn, s.stream, query{StartTime: &since, Next: filter})
	if err != nil {
		return err
	}
	if len(first) == 0 {
		s.next = last + 1
		return nil
	}
	next := first[0].sequence
	if last >= next && last-next >= h.limit {
		next = last - h.limit + 1
		cut, err := read(ctx, h.conn, s.stream, query{Seq: next, Next: filter})
		if err != nil {
			return err
		}
		if s.from = h.now(); len(cut) > 0 {
			s.from = cut[0].at.Add(time.Second)
		}
	}
	s.next = next
	return nil
}

// complete notes that everything was read.
func (h *history) complete(began time.Time) {
	var from time.Time
	for _, s := range h.feeds {
		if s.from.After(from) {
			from = s.from
		}
	}
	h.state.Complete(from)
	h.metrics.known.WithLabelValues().Set(1)
	h.fail(nil)
	h.once.Do(func() {
		took := h.now().Sub(began)
		h.metrics.rebuild.WithLabelValues().Set(took.Seconds())
		h.logger.Info("what happened lately is known", "took", took, "cut", !from.IsZero())
		close(h.caught)
	})
}

// missed counts a round that failed.
func (h *history) missed(misses *int, err error) {
	*misses++
	h.fail(err)
	if *misses == maxMisses {
		h.state.Incomplete()
		h.metrics.known.WithLabelValues().Set(0)
		h.logger.Warn("what happened lately is not known", "error", err)
	}
}

func (h *history) fail(err error) {
	h.mu.Lock()
	h.err = err
	h.mu.Unlock()
}

// ready says why the start is not done.
func (h *history) ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return fmt.Errorf("reading what happened lately: %w", h.err)
	}
	return nil
}

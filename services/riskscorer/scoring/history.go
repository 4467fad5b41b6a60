package scoring

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/facts/input"
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
	feeds    []*feed

	caught chan struct{} // closed when the start is done
	once   sync.Once
	mu     sync.Mutex
	err    error // why the start is not done
}

// feed is one stream that is followed.
type feed struct {
	stream, filter string
	next           uint64
	from           time.Time // complete since when; zero for all of the last 24 hours
	apply          func(stored)
}

func newHistory(conn *nats.Conn, s events.Subjects, state *lately.State, limit uint64, now func() time.Time, logger *slog.Logger, m *Metrics) *history {
	h := &history{conn: conn, subjects: s, state: state, limit: limit, now: now, logger: logger, metrics: m, caught: make(chan struct{})}
	// In this order: a decision is better understood after its assessment.
	h.feeds = []*feed{
		{stream: s.Stream("ACTIONS"), filter: s.All("actions", 2), apply: h.action},
		{stream: s.Stream("EVENTS"), filter: s.All("assessments", 3), apply: h.assessment},
		{stream: s.Stream("DECISIONS"), filter: s.All("decisions", 2), apply: h.decision},
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
	for _, s := range h.feeds {
		if s.next == 0 {
			if err := h.begin(ctx, s); err != nil {
				return err
			}
		}
		for more := true; more; {
			batch, err := read(ctx, h.conn, s.stream, query{Seq: s.next, Next: s.filter, Batch: batchMessages, MaxBytes: batchBytes})
			if err != nil {
				return err
			}
			for _, m := range batch {
				s.apply(m)
				s.next = m.sequence + 1
			}
			h.metrics.read.WithLabelValues(s.stream).Add(float64(len(batch)))
			more = len(batch) > 0 && ctx.Err() == nil
		}
	}
	return ctx.Err()
}

// begin finds where the last 24 hours of a stream start, or the last messages where there are too many.
func (h *history) begin(ctx context.Context, s *feed) error {
	js, err := jetstream.New(h.conn)
	if err != nil {
		return fmt.Errorf("opening JetStream: %w", err)
	}
	stream, err := js.Stream(ctx, s.stream)
	if err != nil {
		return fmt.Errorf("looking at stream %s: %w", s.stream, err)
	}
	last := stream.CachedInfo().State.LastSeq
	since := h.now().Add(-historySpan)
	first, err := read(ctx, h.conn, s.stream, query{StartTime: &since, Next: s.filter, Batch: 1})
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
		cut, err := read(ctx, h.conn, s.stream, query{Seq: next, Next: s.filter, Batch: 1})
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

func (h *history) action(m stored) {
	_, agent, _, err := h.subjects.ParseAction(m.subject)
	if err != nil || h.state.Acted(m.sequence) {
		return
	}
	proposed := &events.ActionProposed{}
	if e, err := events.Decode(events.Header(m.Header), m.Data); err == nil {
		if p, err := events.As[events.ActionProposed](e); err == nil {
			proposed = p
		}
	}
	h.state.Act(actOf(m.sequence, m.at, agent, proposed))
}

// actOf is a proposed action as it is counted; one that cannot be read counts as well.
func actOf(sequence uint64, at time.Time, agent string, a *events.ActionProposed) lately.Action {
	return lately.Action{Sequence: sequence, At: at, Agent: agent, Principal: short(a.Principal), Seen: lately.SeenIn(input.New(a, agent, at, nil))}
}

func (h *history) assessment(m stored) {
	if id := m.Header.Get(jetstream.MsgIDHeader); id != "" { // own work is known without decoding it
		if n, err := strconv.ParseUint(id[strings.LastIndexByte(id, '/')+1:], 10, 64); err == nil && h.state.Assessed(n) {
			return
		}
	}
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return
	}
	if a, err := events.As[events.ActionAssessed](e); err == nil {
		h.state.Assess(assessOf(a))
	}
}

func assessOf(a *events.ActionAssessed) lately.Assessment {
	return lately.Assessment{Sequence: a.Sequence, At: a.ProposedAt, Agent: a.Agent, Principal: a.Principal, Level: a.Level, Denied: a.Denied}
}

func (h *history) decision(m stored) {
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return
	}
	if d, err := events.As[events.DecisionMade](e); err == nil {
		h.state.Decide(lately.Decision{Ledger: m.sequence, At: m.at, Sequence: d.Sequence, Agent: d.Agent, Outcome: d.Outcome})
	}
}

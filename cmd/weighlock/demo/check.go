package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

// queries are what an analyst might ask first.
var queries = []struct{ question, sql string }{
	{
		"What was asked, how was it scored, how did it end?",
		`SELECT level, outcome, decided_by, count() AS actions, round(avg(score)) AS avg_score FROM decisions GROUP BY ALL ORDER BY level, outcome`,
	},
	{
		"Who decided what, and when?",
		`SELECT agent, action, outcome, arrayStringConcat(approvers, ', ') AS by, reason, formatDateTime(decided_at, '%H:%i:%S') AS at FROM decisions WHERE level = 'high' ORDER BY decided_at LIMIT 20`,
	},
	{
		"How often were people interrupted, and how often would they have been without batches, plans and grants?",
		`SELECT countIf(level = 'high' AND outcome != 'denied') AS waited_for_people, (SELECT count() FROM approval_requests) AS cards,
    countIf(request != '') - cards AS saved_by_batches, countIf(decided_by = 'plan') AS saved_by_plans, countIf(decided_by = 'grant') AS saved_by_grants FROM decisions`,
	},
}

// check shows the decisions and the queries, and fails unless every action has exactly one
// decision and every event is in ClickHouse.
func (s *stage) check(ctx context.Context) error {
	if err := s.caughtUp(ctx); err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	for _, q := range queries {
		fmt.Fprintf(s.out, "%s\n  %s\n", q.question, q.sql)
		if err := ask.ClickHouse(ctx, s.pipeline.Place.ClickHouseURL, q.sql, "PrettyCompactMonoBlock", s.out); err != nil {
			return err
		}
		fmt.Fprintln(s.out)
	}
	actions, err := s.oneDecisionEach(ctx)
	if err != nil {
		return err
	}
	stored, err := s.allAudited(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d actions, each with exactly one decision; %d events in the streams, each once in ClickHouse.\n", actions, stored)
	return nil
}

// caughtUp waits until the sink has written everything.
func (s *stage) caughtUp(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		lags, err := sink.Lag(ctx, s.operator, s.pipeline.Subjects)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(lags, func(l sink.StreamLag) bool { return l.Behind() > 0 }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the audit: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// oneDecisionEach compares the ledger with what the agents did.
func (s *stage) oneDecisionEach(ctx context.Context) (int, error) {
	js, err := jetstream.New(s.operator)
	if err != nil {
		return 0, err
	}
	ledger, err := js.Stream(ctx, s.pipeline.Subjects.Stream("DECISIONS"))
	if err != nil {
		return 0, fmt.Errorf("opening the ledger: %w", err)
	}
	info, err := ledger.Info(ctx, jetstream.WithSubjectFilter(">"))
	if err != nil {
		return 0, fmt.Errorf("reading the ledger: %w", err)
	}
	actions := 0
	for _, w := range s.works {
		for n := range w.Actions {
			a, err := w.action(n)
			if err != nil {
				return 0, err
			}
			subject := s.pipeline.Subjects.Decision(w.Agent, a.ID)
			if got := info.State.Subjects[subject]; got != 1 {
				return 0, fmt.Errorf("%s/%s has %d decisions", w.Agent, a.ID, got)
			}
			actions++
		}
	}
	if len(info.State.Subjects) != actions {
		return 0, fmt.Errorf("the ledger has %d decisions for %d actions", len(info.State.Subjects), actions)
	}
	return actions, nil
}

// allAudited compares the streams with ClickHouse, with duplicates merged away and
// without.
func (s *stage) allAudited(ctx context.Context) (uint64, error) {
	js, err := jetstream.New(s.operator)
	if err != nil {
		return 0, err
	}
	var stored uint64
	for _, name := range []string{"ACTIONS", "EVENTS", "VERDICTS", "DECISIONS"} {
		stream, err := js.Stream(ctx, s.pipeline.Subjects.Stream(name))
		if err != nil {
			return 0, fmt.Errorf("opening %s: %w", name, err)
		}
		stored += stream.CachedInfo().State.Msgs
	}
	var answer strings.Builder
	if err := ask.ClickHouse(ctx, s.pipeline.Place.ClickHouseURL, "SELECT (SELECT count() FROM events), (SELECT count() FROM events FINAL)", "TSV", &answer); err != nil {
		return 0, err
	}
	want := fmt.Sprintf("%d\t%d", stored, stored)
	if got := strings.TrimSpace(answer.String()); got != want {
		return 0, fmt.Errorf("the streams hold %d events, ClickHouse without and with FINAL %s", stored, got)
	}
	return stored, nil
}

package sink

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/clickhouse"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/auditsink/schema"
)

const (
	// partsGoneWithin is how long it is waited for the files that a mutation has replaced to be deleted before it is tried again later. Replicated
	// tables do it about twice a minute.
	partsGoneWithin = time.Minute
	// noPartition is one that no row can be in: a stream stores its messages later.
	noPartition = "190001"
)

// privateTable collects rows of the table private_values; schema/0070_private.sql says what each column is.
type privateTable struct {
	clickhouse.Table
	rows                                                   int
	cell, agent                                            lowCol
	action, principal, pointer, commitment, salt, valueCol strCol
	storedAt                                               timeCol
	epoch, seq                                             u64Col
}

func newPrivateTable() *privateTable {
	t := &privateTable{Table: clickhouse.Table{Name: schema.PrivateTable}}
	t.cell, t.agent, t.action, t.principal = t.Low("cell"), t.Low("agent"), t.Str("action"), t.Str("principal")
	t.pointer, t.commitment, t.salt, t.valueCol = t.Str("pointer"), t.Str("commitment"), t.Str("salt"), t.Str("value")
	t.storedAt, t.epoch, t.seq = t.Time("stored_at", proto.PrecisionNano), t.U64("epoch"), t.U64("seq")
	return t
}

// take adds the values of a message. Whose they are the subject says; which commitment they have is computed.
func (t *privateTable) take(s events.Subjects, m *nats.Msg, epoch uint64, meta *nats.MsgMetadata) error {
	agent, action, err := s.ParsePrivate(m.Subject)
	if err != nil {
		return err
	}
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return err
	}
	p, err := events.As[events.PrivateStored](e)
	if err != nil {
		return err
	}
	for _, v := range p.Values {
		commitment, err := events.Commitment(agent, action, v)
		if err != nil {
			return err // not reached: the event was valid
		}
		t.rows++
		t.cell.Append(s.Prefix())
		t.agent.Append(agent)
		t.action.Append(action)
		t.principal.Append(p.Principal)
		t.pointer.Append(v.Pointer)
		t.commitment.Append(commitment)
		t.salt.Append(v.Salt)
		t.valueCol.Append(strings.ToValidUTF8(string(v.Value), "\uFFFD"))
		t.storedAt.Append(meta.Timestamp)
		t.epoch.Append(epoch)
		t.seq.Append(meta.Sequence.Stream)
	}
	return nil
}

// items are the actions with rows that meet a condition, at most so many; 0 for all.
func (s *Service) items(ctx context.Context, where string, most int) ([]events.ErasedItem, error) {
	sql := "SELECT CAST(agent AS String), action, arrayStringConcat(arraySort(groupUniqArray(commitment)), ' ') FROM " + s.privateRows(where) + " GROUP BY agent, action ORDER BY agent, action"
	if most > 0 {
		sql += " LIMIT " + strconv.Itoa(most)
	}
	answer, err := s.client.Query(ctx, s.client.Database, sql)
	if err != nil {
		return nil, fmt.Errorf("looking for private values: %w", err)
	}
	var items []events.ErasedItem
	for line := range strings.Lines(answer) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("looking for private values: ClickHouse answers %d columns", len(f))
		}
		items = append(items, events.ErasedItem{Agent: f[0], Action: f[1], Commitments: strings.Fields(f[2])})
	}
	return items, nil
}

// count is how many rows of private_values meet a condition.
func (s *Service) count(ctx context.Context, where string) (int, error) {
	answer, err := s.client.Query(ctx, s.client.Database, "SELECT toString(count()) FROM "+s.privateRows(where))
	if err != nil {
		return 0, fmt.Errorf("counting private values: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(answer))
}

// privateRows are this pipeline's rows that meet a condition.
func (s *Service) privateRows(where string) string {
	return schema.PrivateTable + " WHERE cell = " + quoted(s.rt.Subjects.Prefix()) + " AND " + where
}

// deletePrivate removes rows by a mutation, which writes the files anew without them, and makes sure that neither a row nor an old file is left.
func (s *Service) deletePrivate(ctx context.Context, where string) error {
	target, err := s.privateTarget(ctx)
	if err != nil {
		return err
	}
	n, err := s.count(ctx, where)
	if err != nil {
		return err
	}
	if n > 0 { // else it was done before, but perhaps not to the end
		sql := "ALTER TABLE " + target + " DELETE WHERE cell = " + quoted(s.rt.Subjects.Prefix()) + " AND " + where + " SETTINGS mutations_sync = 2"
		if _, err := s.client.Query(ctx, s.client.Database, sql); err != nil {
			return fmt.Errorf("erasing private values: %w", err)
		}
		if n, err = s.count(ctx, where); err == nil && n > 0 {
			err = fmt.Errorf("%d private values are still there", n)
		}
		if err != nil {
			return err
		}
	}
	return s.oldPartsGone(ctx, target)
}

// privateTarget is the table whose rows can be deleted: not the one that is spread over shards.
func (s *Service) privateTarget(ctx context.Context) (string, error) {
	answer, err := s.client.Query(ctx, s.client.Database, "SELECT engine, ifNull((SELECT max(sha256) FROM schema_migrations FINAL WHERE name = {mark:String}), '') FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
		"mark", schema.ClusterMark, "name", schema.PrivateTable)
	if err != nil {
		return "", fmt.Errorf("looking where private values are: %w", err)
	}
	engine, cluster, _ := strings.Cut(strings.TrimSpace(answer), "\t")
	return mutable(engine, cluster), nil
}

func mutable(engine, cluster string) string {
	if engine != "Distributed" {
		return schema.PrivateTable
	}
	l := schema.Layout{Cluster: cluster, Sharded: true}
	return l.Local(schema.PrivateTable) + l.On()
}

// oldPartsGone waits until the files are deleted that a mutation has replaced, of the server that is asked. Later ones, of merges, are not waited for.
// An idle table would take minutes to look at them; that a partition is dropped makes it look at once, also where there is none.
func (s *Service) oldPartsGone(ctx context.Context, target string) error {
	old := ""
	for deadline := time.Now().Add(partsGoneWithin); time.Now().Before(deadline); {
		where := "database = currentDatabase() AND table IN ('" + schema.PrivateTable + "', '" + schema.Layout{Sharded: true}.Local(schema.PrivateTable) + "') AND NOT active AND rows > 0"
		if old != "" {
			where += " AND name IN (" + old + ")"
		}
		answer, err := s.client.Query(ctx, s.client.Database, "SELECT name FROM system.parts WHERE "+where)
		if err != nil {
			return fmt.Errorf("looking for the files of erased values: %w", err)
		}
		names := strings.Fields(answer)
		if len(names) == 0 {
			return nil
		}
		for i, name := range names {
			names[i] = quoted(name)
		}
		old = strings.Join(names, ", ")
		if !pause(ctx, 200*time.Millisecond) {
			return ctx.Err()
		}
		if _, err := s.client.Query(ctx, s.client.Database, "ALTER TABLE "+target+" DROP PARTITION "+noPartition); err != nil { // it only hurries
			s.log.Debug("hurrying the deletion of erased values' files", "error", err)
		}
	}
	return fmt.Errorf("ClickHouse has not deleted the files of erased values within %s", partsGoneWithin)
}

// itemsSQL is the condition that a row is of one of the actions.
func itemsSQL(items []events.ErasedItem) string {
	pairs := make([]string, len(items))
	for i, item := range items {
		pairs[i] = "(" + quoted(item.Agent) + ", " + quoted(item.Action) + ")"
	}
	return "(agent, action) IN (" + strings.Join(pairs, ", ") + ")"
}

// scopeSQL is the condition that a row is in a scope.
func scopeSQL(s events.PrivateScope) string {
	var parts []string
	for _, part := range [][2]string{{"principal", s.Principal}, {"agent", s.Agent}, {"action", s.Action}} {
		if part[1] != "" {
			parts = append(parts, part[0]+" = "+quoted(part[1]))
		}
	}
	if len(parts) == 0 {
		return "0" // a scope of nothing covers nothing
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// quoted is a text as a literal of ClickHouse's SQL.
func quoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

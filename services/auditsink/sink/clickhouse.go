package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/ch-go"

	"github.com/weighlock/weighlock/internal/clickhouse"
)

// client speaks to ClickHouse. Rows go as Native blocks built column by column, which costs a fifth of handing single values to
// a driver, over HTTP and the native protocol alike.
type client struct {
	database string
	via      transport
}

// transport is one of ClickHouse's interfaces. An empty database means the server's default.
type transport interface {
	// query runs a statement and returns its answer, tab-separated. Its columns are all String.
	query(ctx context.Context, database, sql string, params map[string]string) (string, error)
	// insert sends the rows collected in t as one block.
	insert(ctx context.Context, database string, t *table, rows int, settings map[string]string) error
	closeIdle()
}

func newClient(c Config) (*client, error) {
	a, err := clickhouse.Parse(c.ClickHouseURL)
	if err != nil {
		return nil, fmt.Errorf("the ClickHouse URL %w", err)
	}
	if a.Native {
		return &client{database: c.Database, via: nativeTransport{clickhouse.NewNative(a)}}, nil
	}
	return &client{database: c.Database, via: newHTTPTransport(a)}, nil
}

// ClickHouse's codes for what a restored or emptied server lacks.
const (
	codeUnknownTable    = 60
	codeUnknownDatabase = 81
)

func lacksSchema(err error) bool {
	var e *clickhouse.ServerError
	return errors.As(err, &e) && (e.Code == codeUnknownTable || e.Code == codeUnknownDatabase)
}

// query runs a statement whose columns are all String and returns its answer as tab-separated text. An empty database means the
// server's default.
func (c *client) query(ctx context.Context, database, sql string, params ...string) (string, error) {
	values := map[string]string{}
	for i := 0; i+1 < len(params); i += 2 {
		values[params[i]] = params[i+1]
	}
	return c.via.query(ctx, database, sql, values)
}

// insert sends the rows collected in t as one Native block. The same token twice is stored once.
func (c *client) insert(ctx context.Context, t *table, rows int, token string) error {
	return c.via.insert(ctx, c.database, t, rows, map[string]string{
		"insert_deduplication_token": token,
		"insert_deduplicate":         "1",
		// The server's default since 26.2 is to buffer inserts and drop the token with them.
		"async_insert": "0",
		"deduplicate_blocks_in_dependent_materialized_views": "1",
		// A batch may span any number of months; the limit would refuse it for ever.
		"max_partitions_per_insert_block": maxPartitionsOff,
		// Where the table is spread over shards: stored there, and not only on its way.
		"distributed_foreground_insert": "1",
	})
}

// nativeTransport is the native protocol over TCP.
type nativeTransport struct{ *clickhouse.Native }

func (n nativeTransport) query(ctx context.Context, database, sql string, params map[string]string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var answer strings.Builder
	err := n.Texts(ctx, database, ch.Query{Body: sql, Parameters: clickhouse.Parameters(params)}, func(row []string) error {
		answer.WriteString(strings.Join(row, "\t") + "\n")
		return nil
	})
	return answer.String(), err
}

func (n nativeTransport) insert(ctx context.Context, database string, t *table, _ int, settings map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	q := ch.Query{Body: t.statement(), Input: t.input}
	for name, value := range settings {
		q.Settings = append(q.Settings, clickhouse.Setting(name, value))
	}
	return n.Do(ctx, database, q)
}

func (n nativeTransport) closeIdle() { n.CloseIdle() }

package sink

import (
	"context"
	"errors"
	"fmt"

	"github.com/weighlock/weighlock/internal/clickhouse"
)

func newClient(c Config) (*clickhouse.Client, error) {
	client, err := clickhouse.NewClient(c.ClickHouseURL, c.Database)
	if err != nil {
		return nil, fmt.Errorf("the ClickHouse URL %w", err)
	}
	return client, nil
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

// insert sends the rows collected in t as one block. The same token twice is stored once.
func (s *Service) insert(ctx context.Context, t *clickhouse.Table, rows int, token string) error {
	return s.client.Insert(ctx, t, rows, insertSettings(token))
}

func insertSettings(token string) map[string]string {
	return map[string]string{
		"insert_deduplication_token": token,
		"insert_deduplicate":         "1",
		// The server's default since 26.2 is to buffer inserts and drop the token with them.
		"async_insert": "0",
		"deduplicate_blocks_in_dependent_materialized_views": "1",
		// A batch may span any number of months; the limit would refuse it for ever.
		"max_partitions_per_insert_block": maxPartitionsOff,
		// Where the table is spread over shards: stored there, and not only on its way.
		"distributed_foreground_insert": "1",
	}
}

package bench

import (
	"context"
	"fmt"
	"net/url"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// insertBatch is the sink's batch: the plain insert gets the same.
const insertBatch = 20_000

// plainInsert writes n rows of payload's size into a table without anything to it: the
// ceiling of what an audit could do with the same engine.
func plainInsert(ctx context.Context, clickHouseURL string, n int, payload []byte) error {
	u, err := url.Parse(clickHouseURL)
	if err != nil {
		return err
	}
	password, _ := u.User.Password()
	conn, err := clickhouse.Open(&clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{u.Host}, Auth: clickhouse.Auth{Username: u.User.Username(), Password: password}})
	if err != nil {
		return fmt.Errorf("opening ClickHouse: %w", err)
	}
	defer conn.Close()
	for _, ddl := range []string{
		"CREATE DATABASE IF NOT EXISTS bench",
		"CREATE TABLE IF NOT EXISTS bench.plain (seq UInt64, subject LowCardinality(String), raw String CODEC(ZSTD(3))) ENGINE = MergeTree ORDER BY seq",
	} {
		if err := conn.Exec(ctx, ddl); err != nil {
			return fmt.Errorf("making the plain table: %w", err)
		}
	}
	text := string(payload)
	for from := 0; from < n; from += insertBatch {
		batch, err := conn.PrepareBatch(ctx, "INSERT INTO bench.plain")
		if err != nil {
			return fmt.Errorf("inserting plainly: %w", err)
		}
		for i := from; i < min(from+insertBatch, n); i++ {
			if err := batch.Append(uint64(i), "raw.0.x", text); err != nil {
				return fmt.Errorf("inserting plainly: %w", err)
			}
		}
		if err := batch.Send(); err != nil {
			return fmt.Errorf("inserting plainly: %w", err)
		}
	}
	return nil
}

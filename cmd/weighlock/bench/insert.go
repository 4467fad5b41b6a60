package bench

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/nats-io/nuid"

	address "github.com/weighlock/weighlock/internal/clickhouse"
)

// insertBatch is the sink's batch: the plain insert gets the same.
const insertBatch = 20_000

// plainInsert writes n rows of a message's size into a table without anything to it: the
// ceiling of what an audit could do with the same engine. Subjects, ids and traces differ from
// row to row as those of real messages do: rows that are all alike would compress to nothing.
func plainInsert(ctx context.Context, clickHouseURL string, n int, payload rawPayload) error {
	a, err := address.Parse(clickHouseURL)
	if err != nil {
		return fmt.Errorf("the ClickHouse URL %w", err)
	}
	options := &clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{a.Host}, Auth: clickhouse.Auth{Username: a.User, Password: a.Password}}
	if a.Native {
		options.Protocol = clickhouse.Native
	}
	if a.Secure {
		options.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return fmt.Errorf("opening ClickHouse: %w", err)
	}
	defer conn.Close()
	for _, ddl := range []string{
		"CREATE DATABASE IF NOT EXISTS bench",
		"CREATE TABLE IF NOT EXISTS bench.plain (seq UInt64, subject String, headers String CODEC(ZSTD(1)), data String CODEC(ZSTD(1))) ENGINE = MergeTree ORDER BY seq",
	} {
		if err := conn.Exec(ctx, ddl); err != nil {
			return fmt.Errorf("making the plain table: %w", err)
		}
	}
	row := newRow(payload)
	for from := 0; from < n; from += insertBatch {
		batch, err := conn.PrepareBatch(ctx, "INSERT INTO bench.plain")
		if err != nil {
			return fmt.Errorf("inserting plainly: %w", err)
		}
		for i := from; i < min(from+insertBatch, n); i++ {
			subject, headers, data := row.next()
			if err := batch.Append(uint64(i), subject, headers, data); err != nil {
				return fmt.Errorf("inserting plainly: %w", err)
			}
		}
		if err := batch.Send(); err != nil {
			return fmt.Errorf("inserting plainly: %w", err)
		}
	}
	return nil
}

// rowMaker makes rows like the sink's out of one message.
type rowMaker struct{ headers, data string }

func newRow(p rawPayload) rowMaker {
	var headers strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.header)) {
		headers.WriteString(name + ":" + p.header[name][0] + "\r\n")
	}
	return rowMaker{headers.String(), string(p.data)}
}

func (r rowMaker) next() (subject, headers, data string) {
	id := nuid.Next()
	return "raw.0." + id, strings.Replace(r.headers, rawID, id, 1), strings.Replace(r.data, rawID, id, 1)
}

package engine_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
)

func run(t *testing.T, conn driver.Conn, sql string, args ...any) {
	t.Helper()
	if err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func count(t *testing.T, conn driver.Conn, sql string, args ...any) uint64 {
	t.Helper()
	var n uint64
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// everything is one row of the types Weighlock's tables use, with the values that break careless transports.
type everything struct {
	S    string             `ch:"s"`
	LC   string             `ch:"lc"`
	LCN  *string            `ch:"lcn"`
	M    map[string]string  `ch:"m"`
	D9   time.Time          `ch:"d9"`
	D    time.Time          `ch:"d"`
	F    string             `ch:"f"`
	A    []string           `ch:"a"`
	AA   [][]int64          `ch:"aa"`
	N    *int32             `ch:"n"`
	U    uuid.UUID          `ch:"u"`
	Dec  decimal.Decimal    `ch:"dec"`
	B    bool               `ch:"b"`
	U8   uint8              `ch:"u8"`
	U64  uint64             `ch:"u64"`
	I64  int64              `ch:"i64"`
	F64  float64            `ch:"f64"`
	E    string             `ch:"e"`
	LCA  []string           `ch:"lca"`
	MLC  map[string]float64 `ch:"mlc"`
	Last string             `ch:"last"`
}

const everythingColumns = `s String, lc LowCardinality(String), lcn LowCardinality(Nullable(String)), m Map(String, String),
	d9 DateTime64(9, 'UTC'), d DateTime('UTC'), f FixedString(4), a Array(String), aa Array(Array(Int64)), n Nullable(Int32), u UUID,
	dec Decimal(18, 4), b Bool, u8 UInt8, u64 UInt64, i64 Int64, f64 Float64, e Enum8('red' = 1, 'green' = 2),
	lca Array(LowCardinality(String)), mlc Map(LowCardinality(String), Float64), last String`

func everythingRows() []everything {
	text, small := "x", int32(-7)
	return []everything{
		{
			S: "blank lines\n\n\r\n\n\x00NUL\x00 'quotes' \"\\ \t;\nINSERT INTO t FORMAT CSV\n\xff\xfe", LC: "", LCN: nil,
			M: map[string]string{"": "\n\n", "k\x00": "v'"}, D9: time.Unix(1700000000, 123456789).UTC(), D: time.Unix(0, 0).UTC(),
			F: "a\x00\nb", A: []string{"", "\n\n", "\x00"}, AA: [][]int64{{}, {1, -2}}, N: nil,
			U: uuid.MustParse("01234567-89ab-cdef-fedc-ba9876543210"), Dec: decimal.RequireFromString("-12345678901.2345"), B: true,
			U8: 255, U64: 1<<64 - 1, I64: -1 << 63, F64: -0.5, E: "green", LCA: []string{"a", "b", "a"}, MLC: map[string]float64{"p": 1.5}, Last: "\n\n",
		},
		{
			S: "", LC: "low", LCN: &text, M: map[string]string{}, D9: time.Unix(1, 0).UTC(), D: time.Unix(1700000000, 0).UTC(), F: "1234", A: []string{},
			AA: [][]int64{}, N: &small, U: uuid.Nil, Dec: decimal.RequireFromString("0"), E: "red", LCA: []string{}, MLC: map[string]float64{}, Last: "end",
		},
	}
}

func TestEveryTypeSurvivesTheRoundTrip(t *testing.T) {
	t.Parallel()
	for _, method := range []clickhouse.CompressionMethod{
		clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD, clickhouse.CompressionGZIP,
		clickhouse.CompressionDeflate, clickhouse.CompressionBrotli,
	} {
		t.Run(method.String(), func(t *testing.T) {
			t.Parallel()
			database := enginetest.Database(t)
			options := database.Options()
			options.Compression.Method = method
			conn, err := clickhouse.Open(options)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			run(t, conn, "CREATE TABLE t ("+everythingColumns+") ENGINE = MergeTree ORDER BY u8")
			want := everythingRows()
			batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO t")
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if err := batch.AppendStruct(&want[i]); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			var got []everything
			if err := conn.Select(t.Context(), &got, "SELECT * FROM t ORDER BY u8 DESC"); err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) {
				t.Fatalf("%d rows came back, want %d", len(got), len(want))
			}
			for i := range want {
				if !got[i].Dec.Equal(want[i].Dec) {
					t.Errorf("row %d: decimal %v, want %v", i, got[i].Dec, want[i].Dec)
				}
				got[i].Dec = want[i].Dec // equal decimals may differ in representation
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("row %d:\n got %#v\nwant %#v", i, got[i], want[i])
				}
			}
		})
	}
}

func TestDeduplicationTokenCollapsesARepeatedInsert(t *testing.T) {
	t.Parallel()
	conn := enginetest.Database(t).Open(t)
	run(t, conn, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100")
	for _, token := range []string{"first", "first", "it's `odd` \\ \n token", "it's `odd` \\ \n token"} {
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{
			"insert_deduplication_token": token, "async_insert": 0, "insert_deduplicate": 1,
		}))
		batch, err := conn.PrepareBatch(ctx, "INSERT INTO t (a)")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			if err := batch.Append(uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := batch.Send(); err != nil {
			t.Fatalf("token %q: %v", token, err)
		}
	}
	if n := count(t, conn, "SELECT count() FROM t"); n != 20 {
		t.Fatalf("%d rows after two tokens sent twice, want 20", n)
	}
}

const batchRows = 20_000

func eventTable(t testing.TB, conn driver.Conn) {
	t.Helper()
	err := conn.Exec(t.Context(), `CREATE TABLE events (seq UInt64, at DateTime64(9, 'UTC'), subject LowCardinality(String), raw String CODEC(ZSTD(3)))
		ENGINE = MergeTree ORDER BY seq SETTINGS non_replicated_deduplication_window = 10000`)
	if err != nil {
		t.Fatal(err)
	}
}

// sendEvents inserts n rows of about 1 KiB from seq on, in one batch.
func sendEvents(ctx context.Context, conn driver.Conn, seq uint64, n int) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO events (seq, at, subject, raw)")
	if err != nil {
		return err
	}
	at := time.Unix(1700000000, 0).UTC()
	filler := strings.Repeat(`{"tool":"transfer","target":"account","reason":"quarterly"},`, 15)
	for i := range n {
		raw := fmt.Sprintf(`{"id":"%016x","hash":"%x","items":[%s]}`, seq+uint64(i), (seq+uint64(i))*0x9e3779b97f4a7c15, filler)
		if err := batch.Append(seq+uint64(i), at, "wl.actions.billing-bot", raw); err != nil {
			return err
		}
	}
	return batch.Send()
}

func TestBatchOfTwentyThousandRows(t *testing.T) {
	t.Parallel()
	conn := enginetest.Database(t).Open(t)
	eventTable(t, conn)
	if err := sendEvents(t.Context(), conn, 1, batchRows); err != nil {
		t.Fatal(err)
	}
	if n := count(t, conn, "SELECT count() FROM events WHERE length(raw) > 800"); n != batchRows {
		t.Fatalf("%d rows, want %d", n, batchRows)
	}
	if sum := count(t, conn, "SELECT sum(seq) FROM events"); sum != batchRows*(batchRows+1)/2 {
		t.Fatalf("sum of sequences %d", sum)
	}
}

func TestAnswerWithoutRowsNamesItsColumns(t *testing.T) {
	t.Parallel()
	conn := enginetest.Database(t).Open(t)
	rows, err := conn.Query(t.Context(), "SELECT toUInt8(1) AS one, 'x' AS text WHERE 0 SETTINGS max_threads = 1;")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() {
		t.Fatal("a row came")
	}
	if got := rows.Columns(); !reflect.DeepEqual(got, []string{"one", "text"}) {
		t.Fatalf("columns %v", got)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkBatchInsert(b *testing.B) {
	conn := enginetest.Database(b).Open(b)
	eventTable(b, conn)
	seq := uint64(1)
	for b.Loop() {
		if err := sendEvents(b.Context(), conn, seq, batchRows); err != nil {
			b.Fatal(err)
		}
		seq += batchRows
	}
	b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "rows/s")
}

package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/weighlock/weighlock/internal/embedded/engine"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
)

// overNative runs a test over the native protocol: against the library and, where a clickhouse program is on PATH, against that.
func overNative(t *testing.T, test func(t *testing.T, database enginetest.Conn)) {
	t.Run("library", func(t *testing.T) {
		t.Parallel()
		test(t, enginetest.DatabaseOn(t, sharedLibrary(t)))
	})
	if _, err := exec.LookPath("clickhouse"); err == nil {
		t.Run("binary", func(t *testing.T) {
			t.Parallel()
			test(t, enginetest.Database(t)) // a program on PATH is what the shared engine takes
		})
	}
}

// sharedLibrary is the engine from libchdb: the shared one, unless that is a program from PATH.
func sharedLibrary(t *testing.T) *engine.Engine {
	t.Helper()
	if source, err := engine.Locate(engine.LocateOptions{}); err == nil && source.Kind == engine.Library {
		return enginetest.Engine(t)
	}
	return start(t, engine.Options{Dir: t.TempDir(), Source: library(t)})
}

func openNative(t testing.TB, database enginetest.Conn, change ...func(*clickhouse.Options)) driver.Conn {
	t.Helper()
	options := database.NativeOptions()
	for _, f := range change {
		f(options)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// one makes a pool of one connection, so that what a statement leaves behind meets the next.
func one(o *clickhouse.Options) { o.MaxOpenConns, o.MaxIdleConns = 1, 1 }

func TestNativeEveryTypeSurvivesTheRoundTrip(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		for _, method := range []clickhouse.CompressionMethod{clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD} {
			conn := openNative(t, database, func(o *clickhouse.Options) { o.Compression.Method = method })
			run(t, conn, "CREATE OR REPLACE TABLE t ("+everythingColumns+") ENGINE = MergeTree ORDER BY u8")
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
				t.Fatalf("%s: %d rows came back, want %d", method, len(got), len(want))
			}
			for i := range want {
				if !got[i].Dec.Equal(want[i].Dec) {
					t.Errorf("row %d: decimal %v, want %v", i, got[i].Dec, want[i].Dec)
				}
				got[i].Dec = want[i].Dec
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("%s row %d:\n got %#v\nwant %#v", method, i, got[i], want[i])
				}
			}
		}
	})
}

// Types that no table of Weighlock has, but a person may ask for.
func TestNativeTypesOfSelects(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn := openNative(t, database, one)
		for expression, want := range map[string]string{
			"tuple(1::UInt8, 'x', [1::Int64])":        "[1 x [1]]",
			"tuple(1, 'x')::Tuple(a UInt8, b String)": "",
			"toInt128(-5)": "-5",
			"toUInt256('123456789012345678901234567890')":       "123456789012345678901234567890",
			"toIPv4('10.1.2.3')":                                "10.1.2.3",
			"toIPv6('2001:db8::1')":                             "2001:db8::1",
			"[(1, 'a'), (2, 'b')]::Nested(n UInt8, s String)":   "",
			"[[], [NULL, 'x']]::Array(Array(Nullable(String)))": "",
			"map('a', [1, 2])::Map(String, Array(UInt8))":       "",
			"toDate32('1900-01-01')":                            "1900-01-01 00:00:00 +0000 UTC",
			"toDecimal256('1.5', 3)":                            "1.5",
			"(1.5, 2.5)::Point":                                 "[1.5 2.5]",
			"INTERVAL 3 DAY":                                    "3 Days",
			"NULL":                                              "<nil>",
			"'x'::Enum16('x' = 300, 'odd, one' = 2)":            "x",
			"[]::Array(LowCardinality(String))":                 "[]",
			"'{\"a\":{\"b\":1}}'::JSON":                         "",
			"42::Variant(UInt64, String)":                       "",
		} {
			rows, err := conn.Query(t.Context(), "SELECT "+expression+" AS x, 'end' AS mark")
			if err != nil {
				t.Errorf("%s: %v", expression, err)
				continue
			}
			for rows.Next() {
				value := reflect.New(rows.ColumnTypes()[0].ScanType())
				var mark string
				if err := rows.Scan(value.Interface(), &mark); err != nil || mark != "end" {
					t.Errorf("%s: %v, mark %q", expression, err, mark)
				}
				if got := fmt.Sprint(value.Elem().Interface()); want != "" && got != want && !strings.HasPrefix(got, "0x") {
					t.Errorf("%s: %s, want %s", expression, got, want)
				}
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Errorf("%s: %v", expression, err)
			}
		}
	})
}

func TestNativeErrorsKeepTheirCodeAndTheConnection(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn := openNative(t, database, one)
		run(t, conn, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
		for sql, code := range map[string]int32{
			"SELECT * FROM nowhere":      60,
			"SELEC 1":                    62,
			"SELECT no_such_function(1)": 46,
			"SELECT throwIf(number = 200000) FROM numbers(300000)": 395,
			"SELECT toUInt8('x')": 6,
			"DROP TABLE nowhere":  60,
			"SELECT 1; SELECT 2":  62,
		} {
			rows, err := conn.Query(t.Context(), sql)
			if err == nil {
				for rows.Next() {
				}
				err = errors.Join(rows.Err(), rows.Close())
			}
			var refused *clickhouse.Exception
			if !errors.As(err, &refused) || refused.Code != code {
				t.Errorf("%s: %v, want code %d", sql, err, code)
			}
			if err != nil && strings.Contains(err.Error(), "\n-- ") {
				t.Errorf("%s: the mark is in %v", sql, err)
			}
			if n := count(t, conn, "SELECT toUInt64(7)"); n != 7 {
				t.Fatalf("after %s the connection gives %d", sql, n)
			}
		}
		for insert, code := range map[string]int32{"INSERT INTO nowhere (a)": 60, "INSERT INTO t (b)": 16} {
			_, err := conn.PrepareBatch(t.Context(), insert)
			var refused *clickhouse.Exception
			if !errors.As(err, &refused) || refused.Code != code {
				t.Errorf("%s: %v, want code %d", insert, err, code)
			}
		}
		if err := conn.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestNativeCredentials(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		for _, change := range []func(*clickhouse.Options){
			func(o *clickhouse.Options) { o.Auth.Password = "guess" },
			func(o *clickhouse.Options) { o.Auth.Username = "default" },
			func(o *clickhouse.Options) { o.Auth.Password = "" },
		} {
			var refused *clickhouse.Exception
			if err := openNative(t, database, change).Ping(t.Context()); !errors.As(err, &refused) || refused.Code != 516 {
				t.Errorf("%v, want code 516", err)
			}
		}
	})
}

func TestNativeParametersAndSettings(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn := openNative(t, database, one)
		odd := "it's \\ `odd` \t\n {x} -- ;"
		ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{"n": "42", "s": "it's -- ;"}))
		var n uint64
		var s string
		if err := conn.QueryRow(ctx, "SELECT toUInt64({n:UInt8}), {s:String}").Scan(&n, &s); err != nil || n != 42 || s != "it's -- ;" {
			t.Errorf("parameters %d %q: %v", n, s, err)
		}
		var refused *clickhouse.Exception
		if err := conn.QueryRow(t.Context(), "SELECT {n:UInt8}").Scan(&n); !errors.As(err, &refused) || refused.Code != 456 {
			t.Errorf("a parameter that was not given: %v", err)
		}
		ctx = clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"log_comment": odd, "max_threads": 1}))
		if err := conn.QueryRow(ctx, "SELECT getSetting('log_comment')").Scan(&s); err != nil || s != odd {
			t.Errorf("setting %q: %v", s, err)
		}
		ctx = clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"no_such_setting": 1}))
		if err := conn.Exec(ctx, "SELECT 1"); !errors.As(err, &refused) || refused.Code != 115 {
			t.Errorf("an unknown setting: %v", err)
		}
	})
}

func countIn(ctx context.Context, t *testing.T, conn driver.Conn, sql string) (n uint64) {
	t.Helper()
	if err := conn.QueryRow(ctx, sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func TestNativeStreamsLargeAnswersAndTellsProgress(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn := openNative(t, database, one)
		var read, told uint64
		ctx := clickhouse.Context(t.Context(), clickhouse.WithProgress(func(p *clickhouse.Progress) { told += p.Rows }))
		rows, err := conn.Query(ctx, "SELECT number, toString(number) FROM numbers(1000000)")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var n uint64
			var s string
			if err := rows.Scan(&n, &s); err != nil || n != read || s != fmt.Sprint(n) {
				t.Fatalf("row %d: %d %q %v", read, n, s, err)
			}
			read++
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil || read != 1e6 || told == 0 || told > 1e6 { // libchdb misses some of what its streams read
			t.Errorf("%d rows read, %d told: %v", read, told, err)
		}
	})
}

// A statement whose client leaves is ended in the engine, and what follows does not wait for it.
func TestNativeCancelEndsTheStatement(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn, other := openNative(t, database, one), openNative(t, database)
		for name, sql := range map[string]string{
			"before the first row": "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number, '%s') = 1 SETTINGS max_threads = 1",
			"between rows":         "SELECT number, '%s' FROM system.numbers",
		} {
			mark := strings.ReplaceAll(name, " ", "-") + database.Database
			running := "SELECT count() FROM system.processes WHERE position(query, '" + mark[:5] + "' || '" + mark[5:] + "') > 0"
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				rows, err := conn.Query(ctx, fmt.Sprintf(sql, mark))
				if err == nil {
					for rows.Next() {
					}
					err = rows.Err()
				}
				ended <- err
			}()
			eventually(t, name+": the statement runs", func() bool { return count(t, other, running) == 1 })
			cancel()
			<-ended
			eventually(t, name+": the statement is ended", func() bool { return count(t, other, running) == 0 })
			if n := count(t, conn, "SELECT toUInt64(1)"); n != 1 {
				t.Errorf("%s: %d", name, n)
			}
		}
	})
}

func TestNativeInsertsOfEveryKind(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn := openNative(t, database, one)
		run(t, conn, "CREATE TABLE t (a UInt64, `odd, (name)` LowCardinality(String) DEFAULT 'd', m UInt64 MATERIALIZED a + 1, al UInt64 ALIAS a) ENGINE = MergeTree ORDER BY a")
		run(t, conn, "INSERT INTO t VALUES (1, 'x; y'), (2, 'it''s')")
		run(t, conn, "INSERT INTO t (a) SELECT number + 3 FROM numbers(2)")
		for _, into := range []string{"INSERT INTO t (a)", "INSERT INTO " + database.Database + ".t (a) VALUES"} {
			batch, err := conn.PrepareBatch(t.Context(), into)
			if err != nil {
				t.Fatalf("%s: %v", into, err)
			}
			for i := range 3 { // several blocks of one insert
				for j := range 10 {
					if err := batch.Append(uint64(100 + i*10 + j)); err != nil {
						t.Fatal(err)
					}
				}
				if err := batch.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatalf("%s: %v", into, err)
			}
		}
		if n := count(t, conn, "SELECT count() FROM t WHERE m = a + 1"); n != 64 {
			t.Errorf("%d rows, want 64", n)
		}
		empty, err := conn.PrepareBatch(t.Context(), "INSERT INTO t")
		if err != nil {
			t.Fatal(err)
		}
		if err := empty.Send(); err != nil {
			t.Errorf("a batch without rows: %v", err)
		}
		given, err := conn.PrepareBatch(t.Context(), "INSERT INTO t (a)")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(given.Append(uint64(9999)), given.Abort()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, conn, "SELECT count() FROM t"); n != 64 {
			t.Errorf("%d rows after a batch that was given up, want 64", n)
		}
	})
}

// A batch that the table refuses is answered with the reason; all its blocks are read, so that the connection goes on.
func TestNativeInsertThatIsRefused(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn := openNative(t, database)
		run(t, conn, "CREATE TABLE t (a UInt64, CONSTRAINT small CHECK a < 1000) ENGINE = MergeTree ORDER BY a")
		batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO t")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200_000 {
			if err := batch.Append(uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
		var refused *clickhouse.Exception
		if err := batch.Send(); !errors.As(err, &refused) || refused.Code != 469 {
			t.Errorf("%v, want code 469", err)
		}
		if n := count(t, conn, "SELECT count() FROM t"); n != 0 {
			t.Errorf("%d rows of a batch that was refused", n)
		}
	})
}

func TestNativeDeduplicationToken(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn, web := openNative(t, database), database.Open(t)
		run(t, conn, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100")
		for i, token := range []string{"first", "first", "it's `odd` \\ \n token", "it's `odd` \\ \n token"} {
			ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{
				"insert_deduplication_token": token, "async_insert": 0, "insert_deduplicate": 1,
			}))
			client := conn
			if i == 3 {
				client = web // the same token over the other interface is the same insert
			}
			batch, err := client.PrepareBatch(ctx, "INSERT INTO t (a)")
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
	})
}

func TestNativeSessionRemembersUseAndSet(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn := openNative(t, database, one)
		run(t, conn, "SET max_block_size = 77")
		run(t, conn, "USE system")
		if n := count(t, conn, "SELECT toUInt64(getSetting('max_block_size')) FROM one"); n != 77 {
			t.Errorf("the setting is %d", n)
		}
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 5}))
		if n := countIn(ctx, t, conn, "SELECT toUInt64(getSetting('max_block_size'))"); n != 5 {
			t.Errorf("the statement's own setting is %d", n)
		}
		if n := count(t, conn, "SELECT toUInt64(getSetting('max_block_size'))"); n != 77 {
			t.Errorf("a statement's own setting stayed: %d", n)
		}
	})
}

func TestNativeEmptyAnswerNamesItsColumns(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn := openNative(t, database, one)
		rows, err := conn.Query(t.Context(), "SELECT 'a'::LowCardinality(String) AS low, toUInt8(1) AS one WHERE 0 FORMAT JSON SETTINGS max_threads = 1;")
		if err != nil {
			t.Fatal(err)
		}
		if rows.Next() || !slices.Equal(rows.Columns(), []string{"low", "one"}) {
			t.Errorf("columns %v", rows.Columns())
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, conn, "SELECT toUInt64(1)"); n != 1 {
			t.Error(n)
		}
	})
}

// Whatever bytes come, the answer is an exception or the connection's end, and the engine serves the next client.
func TestNativeHostileBytes(t *testing.T) {
	t.Parallel()
	e := sharedLibrary(t)
	database := enginetest.DatabaseOn(t, e)
	pid := e.PID()
	conn := openNative(t, database)
	run(t, conn, "CREATE TABLE t (a UInt64, s String, l LowCardinality(String), r Array(String)) ENGINE = MergeTree ORDER BY a")
	good := record(t, database)
	for name, data := range hostile(good) {
		t.Run(name, func(t *testing.T) {
			answer := throw(t, database.NativeAddr, data)
			if strings.HasPrefix(name, "before") && (len(answer) == 0 || answer[0] != 2) {
				t.Errorf("the answer is no exception: %.80q", answer)
			}
		})
	}
	if n := count(t, conn, "SELECT count() FROM t"); n != 0 {
		t.Errorf("%d rows came of it", n)
	}
	if e.PID() != pid {
		t.Error("the engine's process died of it")
	}
}

func hostile(good []byte) map[string][]byte {
	list := map[string][]byte{
		"before hello: HTTP":      []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"before hello: long name": append([]byte{0}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
		"before hello: overflow":  append([]byte{0}, bytes.Repeat([]byte{0xff}, 20)...),
		"before hello: old":       append([]byte{0}, "\x03old\x12\x01\xab\xa9\x03\x00\x00\x00"...),
		"nothing":                 nil,
	}
	for cut := 1; cut < len(good); cut += 7 {
		list[fmt.Sprint("cut at ", cut)] = good[:cut]
	}
	for at := 20; at < len(good); at += 5 {
		for _, b := range []byte{0xff, 0x80, 0x00} {
			bad := slices.Clone(good)
			bad[at] ^= b | 1
			list[fmt.Sprint("byte ", at, " xor ", b|1)] = bad[:len(bad)-1] // without its end, so that nothing may be stored
		}
	}
	return list
}

// record is what clickhouse-go sends for a batch, from its hello to the end of the data.
func record(t *testing.T, database enginetest.Conn) []byte {
	t.Helper()
	var mu sync.Mutex
	var sent bytes.Buffer
	options := database.NativeOptions()
	one(options)
	options.Compression = nil
	options.DialContext = func(ctx context.Context, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		return &recorder{conn, &mu, &sent}, err
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO t")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := batch.Append(uint64(i), strings.Repeat("s", i), "low", []string{"a", "b"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	recorded := bytes.Clone(sent.Bytes())
	mu.Unlock()
	run(t, conn, "TRUNCATE TABLE t")
	return recorded
}

type recorder struct {
	net.Conn
	mu   *sync.Mutex
	sent *bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	r.sent.Write(p)
	r.mu.Unlock()
	return r.Conn.Write(p)
}

// throw sends data, says that no more comes, and reads the answer to its end.
func throw(t *testing.T, address string, data []byte) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	conn.Write(data)
	conn.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(conn)
	if err, ok := err.(net.Error); ok && err.Timeout() {
		t.Error("the connection is neither answered nor ended")
	}
	return answer
}

func TestNativeManyClients(t *testing.T) {
	t.Parallel()
	overNative(t, func(t *testing.T, database enginetest.Conn) {
		conn := openNative(t, database, func(o *clickhouse.Options) { o.MaxOpenConns, o.MaxIdleConns = 60, 60 })
		run(t, conn, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
		var clients sync.WaitGroup
		for i := range 60 { // more than run at once
			clients.Go(func() {
				batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO t")
				if err == nil {
					err = errors.Join(batch.Append(uint64(i)), batch.Send())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		clients.Wait()
		if n := count(t, conn, "SELECT uniqExact(a) FROM t"); n != 60 {
			t.Errorf("%d rows", n)
		}
	})
}

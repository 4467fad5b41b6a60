package engine_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
)

// request posts data to the engine with the URL's parameters and returns the answer with its body read.
func request(t *testing.T, method, address string, data io.Reader, change ...func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(r)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// body posts a statement that must go well.
func body(t *testing.T, address, sql string) string {
	t.Helper()
	response, text := request(t, http.MethodPost, address, strings.NewReader(sql))
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", sql, response.Status, text)
	}
	return text
}

func with(address string, pairs ...string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	values := u.Query()
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	u.RawQuery = values.Encode()
	return u.String()
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestPingNeedsNoPassword(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	response, text := request(t, http.MethodGet, "http://"+c.Addr+"/ping", nil)
	if response.StatusCode != http.StatusOK || text != "Ok.\n" {
		t.Fatalf("%s %q", response.Status, text)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	bare := "http://" + c.Addr + "/?query=SELECT+1"
	for name, test := range map[string]struct {
		address string
		change  func(*http.Request)
		ok      bool
	}{
		"none":           {bare, func(*http.Request) {}, false},
		"wrong password": {bare, func(r *http.Request) { r.SetBasicAuth(c.User, "guess") }, false},
		"wrong user":     {bare, func(r *http.Request) { r.SetBasicAuth("default", c.Password) }, false},
		"user alone":     {bare, func(r *http.Request) { r.SetBasicAuth(c.User, "") }, false},
		"basic":          {bare, func(r *http.Request) { r.SetBasicAuth(c.User, c.Password) }, true},
		"headers": {bare, func(r *http.Request) {
			r.Header.Set("X-ClickHouse-User", c.User)
			r.Header.Set("X-ClickHouse-Key", c.Password)
		}, true},
		"wrong headers win": {with(bare, "user", c.User, "password", c.Password), header("X-ClickHouse-Key", "guess"), false},
		"parameters":        {with(bare, "user", c.User, "password", c.Password), func(*http.Request) {}, true},
		"wrong parameters":  {with(bare, "user", c.User, "password", "guess"), func(*http.Request) {}, false},
	} {
		response, text := request(t, http.MethodGet, test.address, nil, test.change)
		if test.ok && (response.StatusCode != http.StatusOK || text != "1\n") {
			t.Errorf("%s: %s %s", name, response.Status, text)
		}
		if !test.ok && (response.StatusCode != http.StatusUnauthorized || response.Header.Get("X-ClickHouse-Exception-Code") != "516") {
			t.Errorf("%s: %s %s", name, response.Status, text)
		}
	}
	options := c.Options()
	options.Auth.Password = "guess"
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var refused *clickhouse.Exception
	if err := conn.Ping(t.Context()); !errors.As(err, &refused) || refused.Code != 516 {
		t.Errorf("clickhouse-go with a wrong password: %v", err)
	}
}

func TestErrorsCarryStatusCodeAndText(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	for sql, want := range map[string]struct {
		status int
		code   int32
	}{
		"SELECT * FROM nowhere":                     {404, 60},
		"SELEC 1":                                   {400, 62},
		"SELECT no_such_function(1)":                {404, 46},
		"SELECT 1; SELECT 2":                        {400, 62},
		"SELECT throwIf(1)":                         {500, 395},
		"INSERT INTO nowhere FORMAT CSV\n1":         {404, 60},
		"INSERT INTO nowhere VALUES (1)":            {404, 60},
		"SELECT {missing:UInt8}":                    {400, 456},
		"SELECT toUInt8('x')":                       {400, 6},
		"":                                          {400, 62},
		"SELECT 1 FORMAT NoSuchFormat":              {404, 73},
		"SELECT " + strings.Repeat("(", 5000) + "1": {500, 306},
	} {
		response, text := request(t, http.MethodPost, c.URL(), strings.NewReader(sql))
		if response.StatusCode != want.status || response.Header.Get("X-ClickHouse-Exception-Code") != fmt.Sprint(want.code) {
			t.Errorf("%.60q: %s, code %s: %s", sql, response.Status, response.Header.Get("X-ClickHouse-Exception-Code"), text)
		}
		if !strings.HasPrefix(text, fmt.Sprintf("Code: %d. DB::Exception: ", want.code)) {
			t.Errorf("%.60q: text %q", sql, text)
		}
	}
	var refused *clickhouse.Exception
	if err := c.Open(t).Exec(t.Context(), "SELECT * FROM nowhere"); !errors.As(err, &refused) || refused.Code != 60 {
		t.Errorf("clickhouse-go: %v", err)
	}
}

func TestHostileQueryParameters(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	conn := c.Open(t)
	run(t, conn, "CREATE TABLE victim (s String) ENGINE = MergeTree ORDER BY s")
	for _, hostile := range []string{
		"", "'", "''", `\`, `\\'`, "a\nb\n\nc", "\t\r\x00", "'; DROP TABLE victim; --", `\'; DROP TABLE victim; --`, "{s:String}", "$$x$$", "\xff\xfe", "NULL", `\N`, "日本",
	} {
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT {s:String}", clickhouse.Named("s", hostile)).Scan(&got); err != nil || got != hostile {
			t.Errorf("%q came back as %q: %v", hostile, got, err)
		}
		run(t, conn, "INSERT INTO victim SELECT {s:String}", clickhouse.Named("s", hostile))
		if n := count(t, conn, "SELECT count() FROM victim WHERE s = {s:String}", clickhouse.Named("s", hostile)); n != 1 {
			t.Errorf("%q was stored %d times", hostile, n)
		}
	}
	run(t, conn, "INSERT INTO victim VALUES ({s:String})", clickhouse.Named("s", "by values"))
	if n := count(t, conn, "SELECT count() FROM victim WHERE s = 'by values'"); n != 1 {
		t.Errorf("a parameter in VALUES was stored %d times", n)
	}
	if got := body(t, with(c.URL(), "param_t", "victim"), "SELECT count() FROM {t:Identifier}"); got != "16\n" {
		t.Errorf("identifier parameter: %q", got)
	}
}

func TestSettingsCannotBreakOut(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	if got := body(t, with(c.URL(), "max_threads", "3", "log_comment", `it's \ "odd"`+"\n`"), "SELECT getSetting('max_threads'), getSetting('log_comment')"); got != "3\t"+`it\'s \\ "odd"\n`+"`\n" {
		t.Errorf("settings arrived as %q", got)
	}
	for _, pair := range [][2]string{
		{"max_threads = 1, readonly", "0"}, {"Max-Threads", "1"}, {"max_threads'", "1"}, {"no_such_setting", "1"}, {"max_threads", "1', readonly = '0"},
		{"session_id", "x"}, {"database", "x`; DROP DATABASE " + c.Database}, {"client_protocol_version", "-1"},
	} {
		if response, text := request(t, http.MethodPost, with(c.URL(), pair[0], pair[1]), strings.NewReader("SELECT 1")); response.StatusCode < 400 {
			t.Errorf("%q was accepted: %s", pair, text)
		}
	}
	if got := body(t, c.URL(), "SELECT getSetting('readonly')"); got != "0\n" {
		t.Errorf("a request's settings reached the next one: %q", got)
	}
}

func TestGetIsReadOnly(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	response, _ := request(t, http.MethodGet, with(c.URL(), "query", "CREATE TABLE t (a UInt8) ENGINE = Memory"), nil)
	if code := response.Header.Get("X-ClickHouse-Exception-Code"); code != "164" {
		t.Fatalf("%s, code %s", response.Status, code)
	}
	if _, text := request(t, http.MethodGet, with(c.URL(), "query", "SELECT 7", "max_threads", "1"), nil); text != "7\n" {
		t.Fatalf("a SELECT by GET gave %q", text)
	}
}

func TestFormatsPassThrough(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	body(t, c.URL(), "CREATE TABLE t (a UInt8, s String) ENGINE = MergeTree ORDER BY a")
	for i, insert := range []string{
		"INSERT INTO t FORMAT CSV\n1,\"x\n\ny\"\n", "INSERT INTO t VALUES (2, 'a;\n\nb')", "INSERT INTO t (s, a) FORMAT JSONEachRow {\"a\":3,\"s\":\"\\n\\n\"}",
		"INSERT INTO t FORMAT TabSeparated\n4\ttab\n", "INSERT INTO t SELECT 5, 'FORMAT CSV'", "-- comment\nINSERT INTO `t` SETTINGS max_threads = 1 FORMAT CSV\n6,z",
		"INSERT INTO t VALUES (7, 'semicolon');",
	} {
		body(t, c.URL(), insert)
		if got := body(t, c.URL(), "SELECT count() FROM t"); got != fmt.Sprintf("%d\n", i+1) {
			t.Fatalf("after %q there are %s rows", insert, got)
		}
	}
	_, parquet := request(t, http.MethodPost, with(c.URL(), "default_format", "Parquet"), strings.NewReader("SELECT * FROM t ORDER BY a"))
	body(t, c.URL(), "CREATE TABLE copy AS t")
	for _, query := range []string{"INSERT INTO copy FORMAT Parquet", "INSERT INTO copy FORMAT Parquet;"} {
		if response, text := request(t, http.MethodPost, with(c.URL(), "query", query), strings.NewReader(parquet)); response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", query, text)
		}
	}
	if got := body(t, c.URL(), "SELECT count(), uniqExact(a, s) FROM copy WHERE (a, s) IN (SELECT a, s FROM t)"); got != "14\t7\n" {
		t.Errorf("Parquet there and back: %q", got)
	}
	response, text := request(t, http.MethodPost, c.URL(), strings.NewReader("SELECT a, s FROM t WHERE a < 3 ORDER BY a"), header("X-ClickHouse-Format", "JSONEachRow"))
	if text != "{\"a\":1,\"s\":\"x\\n\\ny\"}\n{\"a\":2,\"s\":\"a;\\n\\nb\"}\n" || response.Header.Get("X-ClickHouse-Format") != "JSONEachRow" {
		t.Errorf("JSONEachRow: %q", text)
	}
	response, _ = request(t, http.MethodPost, with(c.URL(), "query_id", "mine"), strings.NewReader("INSERT INTO t VALUES (8, ''), (9, '')"))
	if summary := response.Header.Get("X-ClickHouse-Summary"); !strings.Contains(summary, `"written_rows":"2"`) || response.Header.Get("X-ClickHouse-Query-Id") != "mine" {
		t.Errorf("headers %v", response.Header)
	}
}

func TestEncodedBodies(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	body(t, c.URL(), "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
	var lines bytes.Buffer
	for i := range 50_000 {
		fmt.Fprintln(&lines, i)
	}
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	writer.Write(lines.Bytes())
	writer.Close()
	insert := with(c.URL(), "query", "INSERT INTO t FORMAT CSV")
	if response, text := request(t, http.MethodPost, insert, bytes.NewReader(zipped.Bytes()), header("Content-Encoding", "gzip")); response.StatusCode != http.StatusOK {
		t.Fatalf("gzip: %s", text)
	}
	framed := frames(t, lines.Bytes(), 4)
	if response, text := request(t, http.MethodPost, with(insert, "decompress", "1"), bytes.NewReader(framed)); response.StatusCode != http.StatusOK {
		t.Fatalf("frames: %s", text)
	}
	if got := body(t, c.URL(), "SELECT count(), uniqExact(a) FROM t"); got != "100000\t50000\n" {
		t.Fatalf("rows %q", got)
	}
	// A body that is cut short anywhere must not be stored as if it were whole.
	body(t, c.URL(), "TRUNCATE TABLE t")
	firstFrame := len(frames(t, lines.Bytes()[:lines.Len()/4], 1))
	for name, cut := range map[string]func() (*http.Response, string){
		"gzip": func() (*http.Response, string) {
			return request(t, http.MethodPost, insert, bytes.NewReader(zipped.Bytes()[:zipped.Len()-9]), header("Content-Encoding", "gzip"))
		},
		"in a frame": func() (*http.Response, string) {
			return request(t, http.MethodPost, with(insert, "decompress", "1"), bytes.NewReader(framed[:len(framed)-5]))
		},
		"behind a frame's header": func() (*http.Response, string) {
			return request(t, http.MethodPost, with(insert, "decompress", "1"), bytes.NewReader(framed[:firstFrame+25]))
		},
		"encoding": func() (*http.Response, string) {
			return request(t, http.MethodPost, insert, bytes.NewReader(lines.Bytes()), header("Content-Encoding", "gzip"))
		},
		"unknown encoding": func() (*http.Response, string) {
			return request(t, http.MethodPost, insert, bytes.NewReader(lines.Bytes()), header("Content-Encoding", "rot13"))
		},
	} {
		if response, text := cut(); response.StatusCode < 400 || !strings.HasPrefix(text, "Code: ") {
			t.Errorf("%s: %s %s", name, response.Status, text)
		}
	}
	if got := body(t, c.URL(), "SELECT count() FROM t"); got != "0\n" {
		t.Errorf("%s rows of bodies cut short are stored", got)
	}
}

// frames cuts data in parts and compresses each as ClickHouse does.
func frames(t *testing.T, data []byte, parts int) []byte {
	t.Helper()
	var out []byte
	writer := compress.NewWriter(compress.LevelZero, compress.LZ4)
	for i := range parts {
		if err := writer.Compress(data[len(data)*i/parts : len(data)*(i+1)/parts]); err != nil {
			t.Fatal(err)
		}
		out = append(out, writer.Data...)
	}
	return out
}

func TestClientThatLeavesInTheMiddleStoresNothing(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	body(t, c.URL(), "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
	raw, err := net.Dial("tcp", c.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	query := url.Values{"database": {c.Database}, "query": {"INSERT INTO t FORMAT CSV"}, "user": {c.User}, "password": {c.Password}}.Encode()
	fmt.Fprintf(raw, "POST /?%s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1\n2\n\r\n", query)
	if err := raw.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(raw), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("status %s", response.Status)
	}
	if got := body(t, c.URL(), "SELECT count() FROM t"); got != "0\n" {
		t.Errorf("%s rows of half a body are stored", got)
	}
}

func TestMalformedNativeIsAnError(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	e := enginetest.Engine(t)
	body(t, c.URL(), "CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
	body(t, c.URL(), "INSERT INTO t SELECT number, toString(number) FROM numbers(1000)")
	_, good := request(t, http.MethodPost, with(c.URL(), "default_format", "Native"), strings.NewReader("SELECT * FROM t"))
	body(t, c.URL(), "TRUNCATE TABLE t")
	for name, data := range map[string]string{
		"garbage": "garbage garbage", "cut": good[:len(good)/2], "huge count": "\x02\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + good[3:],
		"wrong type": strings.Replace(good, "UInt64", "Uint64", 1), "text": "1,2\n",
	} {
		response, text := request(t, http.MethodPost, with(c.URL(), "query", "INSERT INTO t FORMAT Native"), strings.NewReader(data))
		if response.StatusCode < 400 || !strings.HasPrefix(text, "Code: ") {
			t.Errorf("%s: %s %s", name, response.Status, text)
		}
	}
	if got := body(t, c.URL(), "SELECT count() FROM t"); got != "0\n" {
		t.Errorf("%s malformed rows are stored", got)
	}
	if e.Restarts() != 0 {
		t.Error("malformed data ended the engine")
	}
}

// TestStatementsRunSideBySide holds one insert open while others, and queries, run to their end.
func TestStatementsRunSideBySide(t *testing.T) {
	t.Parallel()
	c := enginetest.Database(t)
	conn := c.Open(t)
	run(t, conn, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
	reader, writer := io.Pipe()
	held := make(chan string, 1)
	go func() {
		response, err := http.Post(with(c.URL(), "query", "INSERT INTO t FORMAT CSV"), "text/csv", reader)
		if err != nil {
			held <- err.Error()
			return
		}
		defer response.Body.Close()
		held <- response.Status
	}()
	io.WriteString(writer, "1\n")
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 10 {
				if err := conn.Exec(t.Context(), "INSERT INTO t VALUES (?)", worker*10+i); err != nil {
					t.Error(err)
				}
				var n uint64
				if err := conn.QueryRow(t.Context(), "SELECT count() FROM t").Scan(&n); err != nil || n == 0 {
					t.Error(n, err)
				}
			}
		})
	}
	group.Wait()
	select {
	case status := <-held:
		t.Fatalf("the held insert ended: %s", status)
	default:
	}
	writer.Close()
	if status := <-held; status != "200 OK" {
		t.Fatal(status)
	}
	if n := count(t, conn, "SELECT count() FROM t"); n != 81 {
		t.Fatalf("%d rows, want 81", n)
	}
}

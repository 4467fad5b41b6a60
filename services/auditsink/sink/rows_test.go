package sink

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/auditsink/schema"
)

// What cannot be decoded is stored with its bytes, and as a dead letter; what follows is not held up.
func TestPoison(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, over address) {
		w := newWorld(t, nil, over)
		s := w.nats.Subjects
		good := nats.Header{"ce-specversion": {"1.0"}, "ce-id": {"x"}, "ce-source": {"/x"}, "ce-type": {events.ActionProposedType}}
		with := func(name string, values ...string) nats.Header {
			h := nats.Header{name: values}
			for k, v := range good {
				if k != name {
					h[k] = v
				}
			}
			return h
		}
		binary := "\x00\xff\n\n\r\n\"'\\"
		poison := map[string]struct {
			header nats.Header
			data   string
		}{
			"no-headers":   {nil, `{"tool":"x"}`},
			"not-json":     {good, binary},
			"no-data":      {good, ""},
			"array":        {good, `[1,2]`},
			"cut":          {good, `{"tool":"x`},
			"two-ids":      {with("ce-id", "a", "b"), `{}`},
			"bad-escape":   {with("ce-source", "%ff"), `{}`},
			"bad-time":     {with("ce-time", "yesterday"), `{}`},
			"future":       {with("ce-specversion", "9.9"), `{}`},
			"structured":   {nats.Header{"Content-Type": {"application/cloudevents+json"}}, `{"specversion":"1.0","id":1`},
			"odd-content":  {nats.Header{"Content-Type": {"application/cloudevents+avro"}}, `x`},
			"pin-id-only":  {nats.Header{stream.PinHeader: {"forged"}}, `x`},
			"other-header": {nats.Header{"X-Odd": {"a", "b\t c"}}, `x`},
		}
		for name, p := range poison {
			w.raw(s.Action("mallory", name), p.header, []byte(p.data))
		}
		// These are odd and yet events.
		w.raw(s.Action("mallory", "far-time"), with("ce-time", "9999-12-31T23:59:59Z"), []byte(`{"tool":7,"target":[],"session":{"a":"}"},"TOOL":"shout","level":"low","outcome":"approved"}`))
		w.raw(s.Action("mallory", "structured-good"), nats.Header{"Content-Type": {"application/cloudevents+json"}},
			[]byte(`{"specversion":"1.0","id":"i","source":"/s","type":"t.unknown","note":"n","data":{"tool":"\u0073earch"}}`))
		w.raw(s.Action("mallory", "big"), good, []byte(`{"tool":"big","x":"`+strings.Repeat("y", 900<<10)+`"}`))
		w.start()
		w.fill(0, 5)
		w.caughtUp()
		if got, want := w.number("SELECT count() FROM events FINAL WHERE agent = 'mallory' AND NOT decoded"), len(poison); got != want {
			t.Errorf("%d events count as undecodable, want %d", got, want)
		}
		if got, want := w.number("SELECT count() FROM dead_letters FINAL WHERE service = 'auditsink' AND reason != ''"), len(poison); got != want {
			t.Errorf("%d dead letters, want %d", got, want)
		}
		for _, table := range []string{"SELECT hex(data) FROM events FINAL WHERE action = 'not-json'", "SELECT hex(origin_data) FROM dead_letters FINAL WHERE subject LIKE '%.not-json'"} {
			if got := w.ask(table); got != "00FF0A0A0D0A22275C" {
				t.Errorf("%s: the bytes are %s", table, got)
			}
		}
		for sql, want := range map[string]string{
			"SELECT tool, level, outcome, event_time FROM events FINAL WHERE action = 'far-time'":                "shout\t\t\t2261-12-31 00:00:00.000000",
			"SELECT tool, headers['ce-note'], decoded, event FROM events FINAL WHERE action = 'structured-good'": "search\tn\t1\tt.unknown",
			"SELECT tool, length(data) > 900000 FROM events FINAL WHERE action = 'big'":                          "big\t1",
			"SELECT headers['X-Odd'] FROM events FINAL WHERE action = 'other-header'":                            `a, b\t c`,
			"SELECT count() FROM events FINAL WHERE agent != 'mallory' AND stream = 'WL_ACTIONS' AND decoded":    "5",
		} {
			if got := w.ask(sql); got != want {
				t.Errorf("%s: %q, want %q", sql, got, want)
			}
		}
		w.chain(s.Stream("ACTIONS"))
	})
}

func TestDeadLettersOfServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	data := []byte("\x00poison")
	w.publish(w.nats.Subjects.Dead("riskscorer"), &events.MessageDead{
		Service: "riskscorer", Stream: "WL_ACTIONS", Sequence: 7, Subject: "wl.actions.a.b", Reason: "cannot be read", Deliveries: 1,
		Header: events.Header{"B": {"2"}, "A": {"1", "0"}}, Data: data, Size: len(data), Digest: events.Digest(data),
	}, "dead-1")
	w.start()
	w.caughtUp()
	got := w.ask("SELECT service, reason, origin_stream, origin_seq, origin_subject, origin_headers, hex(origin_data), origin_size FROM dead_letters FINAL")
	if want := "riskscorer\tcannot be read\tWL_ACTIONS\t7\twl.actions.a.b\tA:1\\r\\nA:0\\r\\nB:2\\r\\n\t00706F69736F6E\t7"; got != want {
		t.Errorf("the dead letter is\n%q, want\n%q", got, want)
	}
}

// Without ClickHouse the sink waits and says so; nothing is pulled. When it comes, everything is written.
func TestClickHouseAbsentAtStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	clickhouse, err := url.Parse(w.cfg.ClickHouseURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg, absent := w.cfg, *clickhouse
	absent.Host = listener.Addr().String()
	cfg.ClickHouseURL = absent.String()
	listener.Close()
	s := w.run(w.service(cfg))
	w.fill(0, 30)
	w.until("Ready to name ClickHouse", func() bool {
		err := s.Ready()
		return err != nil && strings.Contains(err.Error(), "asking ClickHouse at")
	})
	if _, err := w.js.Consumer(t.Context(), w.nats.Subjects.Stream("ACTIONS"), consumerName); err == nil {
		t.Error("the sink consumes although it cannot write")
	}
	if strings.Contains(s.Ready().Error(), clickhouse.User.String()) {
		t.Error("Ready tells the password")
	}
	if listener, err = net.Listen("tcp", absent.Host); err != nil {
		t.Fatal(err)
	}
	proxy := &http.Server{Handler: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: clickhouse.Host})}
	go proxy.Serve(listener) // ends with Close
	t.Cleanup(func() { proxy.Close() })
	w.caughtUp()
	w.until("Ready to be well", func() bool { return s.Ready() == nil })
	w.exactly(30)
}

// The database vanishes under a running sink: the tables are made again and what comes is written.
func TestDatabaseDropped(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, over address) {
		w := newWorld(t, nil, over)
		w.start()
		w.fill(0, 5)
		w.caughtUp()
		w.ask("DROP DATABASE " + w.cfg.Database + " SYNC")
		w.fill(5, 5)
		w.caughtUp()
		if n := w.number("SELECT count() FROM events FINAL"); n != 20 {
			t.Errorf("%d rows, want 20", n)
		}
	})
}

func TestChangedSchemaFileIsRefused(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, over address) {
		w := newWorld(t, nil, over)
		noted := 0
		for range 2 {
			if err := schema.Apply(t.Context(), w.client()); err != nil {
				t.Fatal(err)
			}
			n := w.number("SELECT count() FROM schema_migrations")
			if n < 10 || noted > 0 && n != noted {
				t.Errorf("%d files and reports are noted, after %d: applied ones must not be applied again", n, noted)
			}
			noted = n
		}
		w.ask("INSERT INTO schema_migrations (name, sha256) VALUES ('0001_tables.sql', 'f0')") // as if the file had been another one
		if err := schema.Apply(t.Context(), w.client()); err == nil || !strings.Contains(err.Error(), "new file") {
			t.Errorf("a changed file gives %v", err)
		}
	})
}

func TestConfigNamesTheField(t *testing.T) {
	t.Parallel()
	const good = "http://u:secret@127.0.0.1:8123/"
	for field, c := range map[string]Config{
		"clickhouseURL": {ClickHouseURL: "clickhouses://u:secret@h:9000"},
		"database":      {ClickHouseURL: good, Database: "a`b"},
		"batchRows":     {ClickHouseURL: good, BatchRows: -1},
		"batchBytes":    {ClickHouseURL: good, BatchBytes: 1},
		"batchMemory":   {ClickHouseURL: good, BatchMemory: 1},
		"batchWait":     {ClickHouseURL: good, BatchWait: -1},
		"idleWait":      {ClickHouseURL: good, IdleWait: 2e9},
		"drain":         {ClickHouseURL: good, Drain: -1},
		"proofDir":      {ClickHouseURL: good, ProofDir: "x"},
		"proofBucket":   {ClickHouseURL: good, ProofKey: "x", ProofBucket: "https://host.example.com"},
	} {
		err := c.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), field+" ") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, url := range []string{good, "clickhouse://u:secret@h:9000/audit?max_threads=2", "clickhouse://u:secret@h?secure=true"} {
		if err := (Config{ClickHouseURL: url}).Validate(); err != nil {
			t.Error(err)
		}
	}
	if c := (Config{ClickHouseURL: "clickhouse://h/audit"}).withDefaults(); c.Database != "audit" {
		t.Errorf("the database is %q", c.Database)
	}
}

// Whatever encoding/json takes for an object, the scanner takes too, with the same members.
func FuzzScanObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"b":[{"c":"}\\\""}],"\u0061":null}`, ` { "x" : "\\" } `, `[1]`, `{"a"`, `{"a":}`, `{"a":1,}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := map[string]string{}
		err := scanObject(data, func(k, v []byte) { got[string(k)] = string(v) })
		var want map[string]json.RawMessage
		if json.Unmarshal(data, &want) != nil || want == nil {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		wanted := map[string]string{}
		for k, v := range want {
			wanted[k] = string(v)
		}
		for k := range got {
			if !json.Valid([]byte(`"` + k + `"`)) {
				return // invalid UTF-8 in a key is replaced by encoding/json
			}
		}
		if strings.ToValidUTF8(string(data), "") == string(data) && !reflect.DeepEqual(got, wanted) {
			t.Errorf("%q: %q, want %q", data, got, wanted)
		}
	})
}

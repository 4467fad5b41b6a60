package docs

import (
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const patience = time.Minute

// audited is a database with the audit of one proposed action in it.
func audited(t *testing.T) enginetest.Conn {
	t.Helper()
	nats := natstest.Start(t)
	billing := authz.Identity{Kind: authz.Agent, Name: "billing"}
	seed := nats.Add(t, billing) // before anybody asks: the server's reload of its configuration races with its answers
	db := enginetest.Database(t)
	rt := stream.Runtime{
		Conn: nats.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.AuditSink}), Subjects: nats.Subjects,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	s, err := sink.New(rt, sink.Config{ClickHouseURL: enginetest.Engine(t).URL(), Database: db.Database, IdleWait: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	client, err := agent.Connect(t.Context(), agent.Options{URL: nats.URL, Agent: billing.Name, SeedFile: seed})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Propose(t.Context(), agent.Action{ID: "a1", Tool: "send_payment", Arguments: json.RawMessage(`{"amount": 1}`)}); err != nil {
		t.Fatal(err)
	}
	operator := nats.Connect(t, authz.TheOperator())
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		if ok, err := sink.CaughtUp(t.Context(), operator, nats.Subjects); err == nil && ok {
			return db
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the audit did not catch up")
		}
	}
}

var shellQuery = regexp.MustCompile(`weighlock audit query "([^"]+)"`)

// Every query on a page runs, and those that look for tampering find it.
func TestQueriesOnPages(t *testing.T) {
	t.Parallel()
	db := audited(t)
	queries := blocks(read(t, "docs/audit.md"), "sql")
	for _, m := range shellQuery.FindAllStringSubmatch(read(t, "README.md"), -1) {
		queries = append(queries, m[1])
	}
	if len(queries) < 12 {
		t.Fatalf("only %d queries found", len(queries))
	}
	for _, sql := range queries {
		db.Ask(t, sql, nil)
	}
	if got := db.Ask(t, queries[len(queries)-1], nil); !strings.Contains(got, "billing\tsend_payment") {
		t.Errorf("the README's query answers %q", got)
	}

	missing, beside, changed := find(t, queries, "AS missing"), find(t, queries, "AS versions"), find(t, queries, "SHA256(concat")
	if got := db.Ask(t, missing, nil); !strings.HasSuffix(strings.TrimSpace(got), "\t1\t1\t0") {
		t.Errorf("nothing is missing, and the query answers %q", got)
	}
	if got := db.Ask(t, beside, nil) + db.Ask(t, changed, nil); got != "" {
		t.Errorf("nothing was tampered with, and the queries answer %q", got)
	}
	db.Ask(t, `INSERT INTO events SELECT * REPLACE (replaceAll(data, '1', '9') AS data, SHA256('forged') AS leaf_hash) FROM events`, nil)
	if got := db.Ask(t, beside, nil); !strings.HasSuffix(strings.TrimSpace(got), "\t1\t2") {
		t.Errorf("a row was put beside the original, and the query answers %q", got)
	}
	if got := db.Ask(t, changed, nil); strings.Count(got, "\n") != 1 {
		t.Errorf("a row with other content was put in, and the query answers %q", got)
	}
	db.Ask(t, `INSERT INTO events SELECT * REPLACE (3 AS seq) FROM events`, nil)
	if got := db.Ask(t, missing, nil); !strings.HasSuffix(strings.TrimSpace(got), "\t1") {
		t.Errorf("sequence 2 is missing, and the query answers %q", got)
	}
}

func find(t *testing.T, queries []string, part string) string {
	t.Helper()
	for _, sql := range queries {
		if strings.Contains(sql, part) {
			return sql
		}
	}
	t.Fatalf("docs/audit.md has no query with %q", part)
	return ""
}

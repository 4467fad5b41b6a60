package sink

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/services/auditsink/schema"
)

// written are the statements of what write writes, without comments.
func written(t *testing.T, text string) []string {
	t.Helper()
	var out []string
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "-- ") {
			kept.WriteString(line)
		}
	}
	for s := range strings.SplitSeq(kept.String(), ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func schemaOf(t *testing.T, l schema.Layout) []string {
	t.Helper()
	var b bytes.Buffer
	if err := schema.Write(&b, l); err != nil {
		t.Fatal(err)
	}
	return written(t, b.String())
}

// The engine understands every statement for a server, a replicated cluster, a sharded one, and roles. It has no cluster and no access management,
// so that it is asked for the syntax.
func TestSchemaForServersIsUnderstood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client()
	var access bytes.Buffer
	if err := schema.WriteAccess(&access); err != nil {
		t.Fatal(err)
	}
	for name, statements := range map[string][]string{
		"server": schemaOf(t, schema.Layout{}), "replicated": schemaOf(t, schema.Layout{Cluster: "main"}), "sharded": schemaOf(t, schema.Layout{Cluster: "main", Sharded: true, Database: "a-b"}),
		"access": written(t, access.String()),
	} {
		if len(statements) < 10 {
			t.Errorf("%s: only %d statements", name, len(statements))
		}
		for _, s := range statements {
			if _, err := c.Query(t.Context(), "default", "EXPLAIN AST "+s); err != nil {
				t.Errorf("%s: %v\n%s", name, err, s)
			}
		}
	}
	if _, err := c.Query(t.Context(), "default", "EXPLAIN AST CREATE TABLE t ON CLUSTER (x)"); err == nil {
		t.Error("the engine takes what is no statement: this test proves nothing")
	}
}

// On a cluster every table is replicated, forgets tokens late, and is made on all servers; what is not about clusters is what a single server has.
func TestClusterHasTheSameSchema(t *testing.T) {
	t.Parallel()
	for _, sharded := range []bool{false, true} {
		w := newWorld(t, nil)
		if err := schema.Apply(t.Context(), w.client()); err != nil {
			t.Fatal(err)
		}
		other := newWorld(t, nil)
		for _, s := range schemaOf(t, schema.Layout{Cluster: "main", Sharded: sharded, Database: other.cfg.Database}) {
			if strings.HasPrefix(s, "USE ") {
				continue
			}
			if strings.HasPrefix(s, "CREATE ") || strings.HasPrefix(s, "ALTER ") {
				if n := strings.Count(s, " ON CLUSTER 'main'"); n != 1 {
					t.Errorf("%d times on the cluster: %.80s", n, s)
				}
			}
			if strings.Contains(s, " MODIFY QUERY\n") && strings.Contains(s, "FROM events_local") != sharded {
				t.Errorf("sharded %v: each server's view is to read its own events: %s", sharded, s)
			}
			if strings.Contains(s, "MergeTree") && (!strings.Contains(s, "ENGINE = Replicated") || strings.Contains(s, "non_replicated")) {
				t.Errorf("not replicated: %.200s", s)
			}
			if strings.HasPrefix(s, "CREATE DATABASE") {
				other.askDefault(strings.ReplaceAll(s, " ON CLUSTER 'main'", ""))
				continue
			}
			// The engine is alone: the same without the cluster.
			s = strings.NewReplacer(" ON CLUSTER 'main'", "", "ENGINE = Replicated", "ENGINE = ",
				"replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800", "non_replicated_deduplication_window = 10000").Replace(s)
			if strings.Contains(s, "Distributed('main'") {
				s = strings.Replace(s, "Distributed('main', '"+other.cfg.Database+"', ", "Merge(currentDatabase(), ", 1)
				s = mergeKey.ReplaceAllString(s, "'^$1$$')")
			}
			if sharded {
				s = insertInto.ReplaceAllString(s, "INSERT INTO ${1}_local")
			}
			other.ask(s)
		}
		const columns = "SELECT table, name, type, comment FROM system.columns WHERE database = currentDatabase() AND table NOT LIKE '%_local' ORDER BY table, position"
		if got, want := other.ask(columns), w.ask(columns); got != want {
			t.Errorf("sharded %v: the columns differ:\n%s", sharded, firstDifference(got, want))
		}
		// A sink that starts there finds nothing to do, and says so where an upgrade brought files.
		if err := schema.Apply(t.Context(), other.client()); err != nil {
			t.Error(err)
		}
		if !sharded {
			other.ask("ALTER TABLE schema_migrations DELETE WHERE name = '0053_ocsf.sql' SETTINGS mutations_sync = 2")
			if err := schema.Apply(t.Context(), other.client()); err == nil || !strings.Contains(err.Error(), "weighlock audit schema --cluster main") {
				t.Errorf("the sink makes a table on one server of a cluster: %v", err)
			}
		}
	}
}

func (w *world) askDefault(sql string) {
	w.t.Helper()
	if _, err := w.client().Query(w.t.Context(), "default", sql); err != nil {
		w.t.Fatal(err)
	}
}

func firstDifference(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return left[i] + "\n" + right[i]
		}
	}
	return "one is longer"
}

var insertInto = regexp.MustCompile(`^INSERT INTO (\w+)`)

// mergeKey is the end of a distributed table's engine: the local table and the sharding key.
var mergeKey = regexp.MustCompile(`'(\w+_local)', (?:rand\(\)|cityHash64\(agent, action\)|cityHash64\(stream, epoch, intDiv\(seq, 20000\)\))\)`)

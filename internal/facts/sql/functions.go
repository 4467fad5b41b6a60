package sql

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/verb"
)

// risks of a function that is not harmless.
type risk uint16

const (
	sideEffect risk = 1 << iota
	stall
	kill
	file
	program
	network
	dynamic
	setting
	global
	notify
	write
)

// risky are functions, without schema, that do more than compute. Sources: the function lists in the manuals of
// PostgreSQL 17, MySQL 8.4, SQLite 3, SQL Server, Oracle, ClickHouse, DuckDB, Snowflake and BigQuery.
var risky = merged(map[risk]string{
	sideEffect: `setval nextval pg_advisory_lock pg_advisory_lock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock
		pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared get_lock release_lock release_all_locks pg_export_snapshot txid_current pg_stat_reset pg_stat_reset_shared pg_stat_reset_single_table_counters
		pg_stat_statements_reset last_insert_id_reset lo_create lo_creat lo_unlink lo_put lo_from_bytea lowrite lo_open lo_truncate lo_truncate64 loread crypt_reset create_hypertable add_retention_policy
		drop_chunks add_job delete_job alter_job run_job pg_logical_emit_message gin_clean_pending_list brin_summarize_new_values pg_prewarm system$cancel_all_queries sp_rename sp_configure sp_addlinkedserver
		addgeometrycolumn dropgeometrycolumn updategeometrysrid dropgeometrytable run_command_on_workers sp_detach_db sp_attach_db sp_delete_job sp_add_job sp_start_job pgp_reset schedule unschedule schedule_in_database alter_job`,
	stall: `pg_sleep pg_sleep_for pg_sleep_until sleep benchmark dbms_lock.sleep dbms_session.sleep sleepeachrow randomblob_bomb master_pos_wait source_pos_wait wait_for_executed_gtid_set zeroblob system$wait`,
	kill:  `pg_terminate_backend pg_cancel_backend pg_terminate system$cancel_query system$abort_session system$abort_transaction rds_kill rds_kill_query`,
	file: `pg_read_file pg_read_binary_file pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_archive_statusdir pg_ls_tmpdir pg_stat_file lo_import lo_export pg_file_write pg_file_rename pg_file_unlink pg_file_sync pg_file_read
		load_file readfile writefile edit fsdir file files read_csv read_csv_auto read_parquet parquet_scan read_json read_json_auto read_text read_blob glob_files sqlite_scan postgres_scan mysql_scan read_ndjson
		fs_dir utl_file.fopen utl_file.put_line utl_file.get_line utl_file.fremove bfilename xp_dirtree xp_fileexist xp_subdirs xp_create_subdir xp_delete_file xp_regread xp_regwrite xp_regdeletekey pg_import pg_logdir_ls
		iceberg_scan delta_scan fileglob infile get_presigned_url build_scoped_file_url dbms_lob.loadfromfile copy_files sp_oamethod`,
	program: `xp_cmdshell sys_exec sys_eval load_extension sp_oacreate sp_execute_external_script sys_bineval executable dbms_scheduler.create_job dbms_scheduler.run_job dbms_java.runjava java_run plperl_call xp_startmail sp_addextendedproc http_shell dbms_job.submit reload_plugin pg_reload_lib`,
	network: `dblink dblink_exec dblink_connect dblink_connect_u dblink_open dblink_send_query http http_get http_post http_put http_delete http_patch http_head urlencode_get url urlcluster s3 s3cluster gcs azureblobstorage hdfs hdfscluster
		mysql postgresql mongodb redis remote remotesecure jdbc odbc deltalake iceberg hudi sqlite_remote openrowset opendatasource openquery utl_http.request utl_http.begin_request utl_inaddr.get_host_address utl_inaddr.get_host_name utl_smtp.open_connection utl_tcp.open_connection httpuritype
		dbms_ldap.init net.http_post net.http_get net.http_delete external_query cluster clusterallreplicas sp_send_dbmail xp_sendmail aws_lambda.invoke lambda_async lambda_sync aws_s3.query_export_to_s3 aws_s3.table_import_from_s3 query_export_to_s3 table_import_from_s3 system$send_email send_email postgres_attach mysql_attach ml.generate_text notify_webhook`,
	dynamic: `query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml table_to_xml schema_to_xml database_to_xml sp_executesql sp_execute exec_sql execute_immediate dbms_sql.parse dbms_sql.execute dbms_xmlgen.getxml query query_table sp_msforeachdb sp_msforeachtable ts_stat plpgsql_exec eval connectby crosstab_exec json_execute`,
	setting: `set_config pg_set_setting set_limit dbms_session.set_role`,
	global: `pg_reload_conf pg_rotate_logfile pg_switch_wal pg_create_restore_point pg_promote pg_start_backup pg_stop_backup pg_backup_start pg_backup_stop pg_wal_replay_pause pg_wal_replay_resume pg_create_physical_replication_slot
		pg_create_logical_replication_slot pg_drop_replication_slot pg_replication_slot_advance pg_replication_origin_create pg_replication_origin_drop pg_logical_slot_get_changes pg_log_backend_memory_contexts
		group_replication_set_as_primary asynchronous_connection_failover_add_source sp_addsrvrolemember sp_addrolemember sp_droplogin sp_addlogin sp_password master_add_node citus_add_node rds_set_configuration pg_import_system_collations`,
	notify: `pg_notify`,
	write:  `sp_writetable fts_main_insert upsert_row delete_rows`,
})

func merged(lists map[risk]string) map[string]risk {
	m := map[string]risk{}
	for r, list := range lists {
		for w := range words(list) {
			m[w] |= r
		}
	}
	return m
}

// prefixes are families of functions that only read and compute.
var prefixes = []string{
	"st_", "json_", "jsonb_", "array_", "regexp_", "regr_", "date_", "datetime_", "timestamp_", "time_", "to_", "as_", "try_", "safe_", "is_", "has_", "pg_get_", "pg_size_", "pg_stat_get_", "pg_safe_", "pg_table_", "pg_total_", "pg_column_",
	"pg_is_", "pg_wal_lsn", "pg_current_", "pg_last_", "pg_relation_", "pg_indexes_", "pg_database_", "pg_tablespace_", "pg_describe_", "pg_identify_", "pg_encoding_", "pg_char_", "pg_stats_", "pg_control_", "pg_show_", "pg_xact_",
	"pg_postmaster_", "pg_conf_", "pg_my_", "pg_options_", "pg_function_", "pg_type_", "pg_opclass_", "pg_collation_", "pg_operator_", "pg_ts_", "pg_conversion_", "pg_partition_", "pg_lock_", "pg_blocking_", "pg_safe_snapshot_", "pg_isolation_", "hypopg", "inet_", "to_tsvector",
	"bit_", "bool_", "percentile_", "stddev", "var_", "variance", "covar_", "approx", "hll_", "string_", "str_", "json", "xpath", "xml", "ts_", "text", "ascii", "char", "length", "hex", "base64", "md5", "sha", "farm_", "arraymap", "arrayfilter",
	"tosta", "todate", "tostring", "toint", "tofloat", "touint", "todecimal", "totypename", "toyear", "tomonth", "today", "tohour", "tounix", "array", "map_", "map", "tuple", "group", "quantile", "uniq", "sum", "count", "min", "max", "avg", "any",
	"parse_", "generate_", "make_", "current_", "object_", "struct_", "list_", "unix_", "from_", "net.", "net_", "hash", "cosine", "l2_", "inner_product", "vector_", "vec_", "make", "dict", "format", "rank", "row_", "first_", "last_", "nth_", "cast", "convert",
	"int", "float", "num", "datetimeoffset", "cot", "isnu", "isjson", "substr", "trim", "ltrim", "rtrim", "lower", "upper", "extract", "lag", "lead", "mode", "corr", "over", "int4", "tstz", "ts", "date", "num", "unnest", "width_", "jaro", "levenshtein", "similar", "word_similarity", "metaphone", "soundex", "table_", "information_", "sqlite_", "typeof", "unistr", "bm25", "snippet", "highlight",
	"ml.predict", "time", "year", "month", "week", "quarter", "day", "hour", "minute", "second", "add_", "months_", "last_day", "next_day", "duckdb_", "pragma_", "equi_", "inet6_", "uuid", "gen_random_", "bin_", "is", "get_bit", "get_byte", "get_path", "get_current_", "get_json",
}

// harmless are functions, types and words in the place of a function that only read and compute.
var harmless = words(`abs acos asin atan atan2 atn2 cbrt ceil ceiling cos degrees div exp floor gcd lcm ln log log10 log2 mod pi pow power radians random rand setseed round scale sign sin sqrt tan trunc truncate square
	sinh cosh tanh factorial greatest least coalesce nullif ifnull nvl nvl2 isnull if iif iff decode choose case when zeroifnull nullifzero concat concat_ws bit octet initcap left right lpad rpad repeat replace reverse replicate space
	split_part strpos position locate instr charindex patindex stuff insert field elt find_in_set starts_with ends_with startswith endswith contains overlay translate btrim quote_ident quote_literal quote_nullable quote quotename parse_ident normalize
	encode decode_text convert_from convert_to unhex crc32 crc32c digest hmac pgp_sym_decrypt crypt compress decompress uncompress get_bit set_bit set_byte age now clock_timestamp statement_timestamp transaction_timestamp timeofday localtime
	localtimestamp sysdate getdate getutcdate sysdatetime sysutcdatetime curdate curtime utc_timestamp utc_date utc_time dateadd datediff datename datepart eomonth dayname dayofweek dayofmonth dayofyear weekday strftime strptime julianday period_add period_diff
	justify_days justify_hours justify_interval interval julian str_to_date sec_to_time maketime makedate from_days isfinite overlaps version database schema user current_user session_user system_user user_name suser_sname suser_name host_name app_name
	db_name db_id schema_name schema_id type_name col_name col_length index_col original_login connection_id found_rows row_count last_insert_id changes total_changes last_insert_rowid lastval currval col_description obj_description shobj_description format_type
	regclass regtype regproc cluster_logical_timestamp array_agg listagg group_concat xmlagg xmlelement median mad kurtosis skewness entropy checksum binary_checksum checksum_agg cume_dist dense_rank percent_rank ntile row_number
	unnest explode posexplode flatten lateral_flatten openjson string_split values value key nodes exist grouping grouping_id cardinality element_at transform filter reduce zip slice flatten sequence splitbychar splitbystring
	least_common argmax argmin toppk topk histogram range subscripts rownum rowid abs_diff ceiling bar host hostmask netmask network family broadcast masklen masklen area center diameter point box circle line polygon path lseg
	tsrange daterange numrange int4range int8range tstzrange lower_inf upper_inf isempty multirange bigint smallint integer decimal numeric real double varchar nvarchar nchar binary varbinary blob clob bool boolean enum set bytea bytes variant number tinyint
	mediumint serial bigserial varying precision vector halfvec sparsevec key index primary unique references check conflict exclude partition columns column over within match against glob like likelihood likely unlikely nullish printf printf_s
	rownumber try_cast try_convert assumenotnull ifnotfinite finalizeaggregation neighbor runningdifference multiif and or not xor bitand bitor bitxor bitnot shiftleft shiftright bitcount bit_count export_set make_set soundex difference
	nextafter isnan isinf ieee_divide session_context serverproperty databasepropertyex objectproperty columnproperty indexproperty has_dbaccess is_member is_srvrolemember permissions original_db_name scope_identity ident_current
	st_distance distance within dwithin ltree2text subpath nlevel lca subltree akeys avals skeys svals hstore similarity show_trgm show_limit unaccent dmetaphone plainto_tsquery phraseto_tsquery websearch_to_tsquery numnode querytree setweight strip tsvector_to_array
	crosstab normal_rand connectby row rows oid xid txid_current_if_assigned txid_status txid_snapshot_xmin pg_typeof pg_backend_pid pg_jit_available pg_snapshot_xmin pg_visible_in_snapshot pg_filenode_relation pg_tables pg_size_bytes pg_stat_statements pg_buffercache
	inputfile wordcount visitparamextractstring bitmapcardinality host_id geodistance greatcircledistance haversine h3tostring s2 iptostring ipv4numtostring ipv4stringtonum tostartofday plus minus divide multiply equals materialize ignore view numbers numbers_mt zeros null input generaterandom values merge
	table parse_json check_json object_construct array_construct get seq4 seq8 uniform randstr zipf normal hash_agg system$typeof rlike ilike regexp lateral fuzzy edit_distance aggregate score rollup cube sets except exclude struct named_struct rank_over`)

// operators are words that stand before a parenthesis without being functions.
var operators = words(`select from where and or not in exists any all some on using as values then else when case by having between like ilike similar is union intersect except minus join over filter within with
	distinct limit offset set into table returning check key materialized recursive only lateral conflict insert update delete group order partition columns to add column apply of for top end unique primary escape rollup cube sets explain analyze
	unnest_with ordinality return div mod xor rlike regexp interval array row do nothing exclude include storing cross inner outer left_join full natural limit fetch top qualify pivot unpivot window if range rows groups`)

// functionsOf adds what the functions that are called do.
func (st *statement) functionsOf() {
	f, looked := st.f, false
	for _, full := range st.functions {
		name := lastPart(full)
		r := risky[full] | risky[name]
		r &^= tableFunctionsOnly(st.dialect, name)
		if r != 0 {
			f.risk(r)
			if r&(dynamic|network) != 0 && !looked {
				looked = true
				st.inner(0)
			}
			continue
		}
		if strings.HasPrefix(name, "xp_") || strings.HasPrefix(name, "sp_oa") || strings.HasPrefix(full, "utl_") || strings.HasPrefix(full, "dbms_") || strings.HasPrefix(name, "dblink") || strings.HasPrefix(name, "http_") || strings.HasPrefix(name, "pg_logical_") {
			f.Effects = true
			continue
		}
		if !known(name) {
			f.Unknown = addName(f.Unknown, full)
		}
	}
}

// tableFunctionsOnly are risks that a name has in some dialects only; where the dialect is not known, it has them.
func tableFunctionsOnly(dialect, name string) risk {
	switch {
	case dialect == "" || dialect == click || dialect == duck:
		return 0
	case name == "url" || name == "file" || name == "files" || name == "s3" || name == "query" || name == "edit" || name == "remote" || name == "cluster" || name == "mysql" || name == "redis" || name == "mongodb":
		return 0xffff
	}
	return 0
}

func known(name string) bool {
	if harmless[name] || operators[name] {
		return true
	}
	joined := !strings.Contains(name, "_")
	for _, p := range prefixes {
		if !strings.HasPrefix(name, p) {
			continue
		}
		if family := strings.HasSuffix(p, "_"); family && (valueFamilies[p] || !acts(name)) || !family && (joined || p == "hypopg") {
			return true
		}
	}
	return false
}

// valueFamilies work on values alone, whatever their names say: jsonb_set, array_remove.
var valueFamilies = words("st_ json_ jsonb_ array_ regexp_ bit_ map_ list_ object_ struct_ string_ str_ date_ datetime_ timestamp_ time_ to_ make_ parse_ generate_")

// acts says that a word of a function's name names an act beyond reading.
func acts(function string) bool {
	for part := range strings.SplitSeq(function, "_") {
		switch verb.Of(part) {
		case verb.Delete, verb.Pay, verb.Grant, verb.Send, verb.Run, verb.Stop, verb.Deploy, verb.Install, verb.Publish:
			return true
		case verb.Change, verb.Create:
			if part != "merge" && part != "order" && part != "set" {
				return true
			}
		}
	}
	return false
}

func (f *Facts) risk(r risk) {
	f.Stalls = f.Stalls || r&stall != 0
	f.Kills = f.Kills || r&kill != 0
	f.Files = f.Files || r&file != 0
	f.Programs = f.Programs || r&program != 0
	f.Network = f.Network || r&network != 0
	f.Dynamic = f.Dynamic || r&dynamic != 0
	f.Settings = f.Settings || r&setting != 0
	f.Global = f.Global || r&global != 0
	f.Notifies = f.Notifies || r&notify != 0
	f.Writes = f.Writes || r&write != 0
	f.Effects = f.Effects || r&(sideEffect|kill|setting|global|notify) != 0
}

package sql

import "strings"

// act adds what the statement does beside its rows.
func (st *statement) act(at int, e effect) {
	f, next := st.f, st.at(at+1)
	switch e {
	case unknown:
		f.Unparsed = true
	case inserts, updates, deletes, reads, meets:
		f.Files = f.Files || st.has("outfile") || st.has("dumpfile") || st.has("infile")
	case creates, alters, drops:
		st.definition(at, e)
	case truncates:
		f.Truncates, f.Deletes, f.Unfiltered = true, true, true
		i := at + 1
		if st.at(i).is("table") {
			i++
		}
		st.objectNames(i, "table")
	case grants:
		f.Privileges = true
		f.DropsData = f.DropsData || st.at(at).is("reassign") && st.has("drop")
	case calls:
		f.Calls = true
		st.call(at + 1)
	case codes, dynamics:
		f.Code = true
		st.inner(at + 1)
	case sets:
		st.setting(at)
	case transacts:
		f.Transaction = true
		f.Code = f.Code || (st.at(at).is("begin") || st.at(at).is("end")) && next.kind == word && !transactWords[next.val]
	case maintains:
		f.Maintains = true
		f.Files = f.Files || st.at(at).is("vacuum") && st.has("into")
	case notifies:
		f.Notifies = true
	case locks:
		f.Locks = true
	case kills:
		f.Kills = true
	case manages:
		f.Global = true
		f.Network = f.Network || st.at(at).is("change")
		f.Programs = f.Programs || st.at(at).is("install")
		f.Kills = f.Kills || st.at(at).is("system") && st.has("shutdown")
	case waits:
		f.Stalls = true
	default:
		st.actRarely(at, e)
	}
}

// transactWords stand behind BEGIN and END of a transaction.
var transactWords = words("transaction tran work isolation read deferred immediate exclusive and concurrent deferrable not")

func (st *statement) actRarely(at int, e effect) {
	f, next := st.f, st.at(at+1)
	switch e {
	case copies:
		st.copied(at)
	case files:
		f.Files = true
		f.Deletes = f.Deletes || st.at(at).is("remove") || st.at(at).is("rm")
		f.Drops = f.Drops || st.at(at).is("detach")
	case prepares:
		f.Calls = true
		f.Dynamic = f.Dynamic || st.has("from")
		f.Transaction = f.Transaction || next.is("transaction")
		st.inner(at + 1)
		for i := at + 1; i < len(st.tokens); i++ {
			if st.at(i).is("as") {
				st.goOn(i + 1)
				break
			}
		}
	case uses:
		f.Privileges = f.Privileges || next.is("role") || next.is("secondary")
	}
}

// goOn looks at what follows from i as a statement of its own.
func (st *statement) goOn(i int) {
	if rest := st.nested(st.tokens[min(i, len(st.tokens)):]); rest != nil {
		rest.settle()
	}
}

// inner looks at texts that are SQL themselves: the body of DO, EXECUTE 'DROP …'.
func (st *statement) inner(i int) {
	if st.depth >= maxStatementDepth {
		st.f.Unparsed = true
		return
	}
	for ; i < len(st.tokens); i++ {
		t := st.tokens[i]
		if t.kind == text && len(t.val) > 4 {
			st.body(t.val)
		}
		if t.is("execute") || t.is("exec") {
			st.f.Dynamic = true
		}
	}
}

// body looks at every statement inside a body of code, wherever it begins.
func (st *statement) body(s string) {
	if len(s) > st.f.room {
		st.f.Unparsed = true
		return
	}
	st.f.room -= len(s) / 4
	l := lex(s, modePostgres)
	fresh := true
	for i := 0; i < len(l.tokens); i++ {
		t := l.tokens[i]
		if !t.wordIn(acting) && !(fresh && (t.is("select") || t.is("with") || t.is("perform"))) {
			fresh = fresh && !t.named() || t.is(";") || t.wordIn(openers)
			continue
		}
		end := i + 1
		for end < len(l.tokens) && !l.tokens[end].is(";") && !l.tokens[end].wordIn(acting) {
			end++
		}
		if rest := st.nested(l.tokens[i:end]); rest != nil {
			rest.suspects = nil
			rest.settle()
		}
		i, fresh = end-1, false
	}
}

// openers stand before a statement in a body of code.
var openers = words("begin then else loop do as atomic execute immediate return query")

// call looks at the procedure that is called.
func (st *statement) call(i int) {
	f, t := st.f, st.at(i)
	switch {
	case t.is("immediate"), t.is("("), t.kind == text, t.kind == param:
		f.Dynamic = true
		st.inner(i)
		return
	case t.named():
		full, end := st.qualified(i)
		st.functions = append(st.functions, full)
		if short := lastPart(full); short == "sp_executesql" || short == "sp_execute" || short == "sp_prepare" {
			f.Dynamic = true
			st.inner(end + 1)
		}
	}
}

// setting looks at SET, RESET and PRAGMA.
func (st *statement) setting(at int) {
	f := st.f
	a, b := st.at(at+1), st.at(at+2)
	if st.at(at).is("pragma") {
		st.pragma(at)
		return
	}
	f.Settings = true
	for i := at + 1; i < min(at+4, len(st.tokens)); i++ {
		switch t := st.tokens[i]; {
		case t.is("role"), t.is("authorization"), t.is("password"):
			f.Privileges = true
		case t.is("global"), t.is("persist"), t.is("persist_only"), t.val == "@@global":
			f.Global = true
		case t.is("transaction"), t.is("constraints"), t.is("autocommit"):
			f.Transaction = true
		}
	}
	f.Privileges = f.Privileges || (a.is("row_security") || a.is("session_replication_role") || a.is("sql_safe_updates") || a.is("foreign_key_checks")) && b.kind != text
	f.Dynamic = f.Dynamic || a.kind == param && st.longText(at)
	st.setQuery(at)
}

// setQuery looks at SET x = (SELECT …).
func (st *statement) setQuery(at int) {
	for i := at + 1; i < len(st.tokens); i++ {
		if st.tokens[i].is("(") && !st.at(i-1).is("=") && st.at(i-1).named() {
			st.functions = append(st.functions, st.dotted(i-1))
		}
		if st.tokens[i].is("select") {
			st.goOn(i)
			return
		}
	}
}

// longText says that a variable is set to a text that may be SQL for later.
func (st *statement) longText(at int) bool {
	for _, t := range st.tokens[at:] {
		if t.kind != text || len(t.val) <= 8 {
			continue
		}
		if first, sure := looksLike(t.val); first && sure {
			st.inner(at)
			return true
		}
	}
	return false
}

// pragmaReads are pragmas of SQLite and DuckDB that take an argument and only tell.
var pragmaReads = words("table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list foreign_key_check database_list integrity_check quick_check collation_list function_list module_list pragma_list compile_options show_tables database_size storage_info user_version page_count freelist_count version")

func (st *statement) pragma(at int) {
	f := st.f
	full, end := "", at+1
	if st.at(at + 1).named() {
		full, end = st.qualified(at + 1)
	}
	short := lastPart(full)
	switch next := st.at(end + 1); {
	case next.is("="):
		f.Settings = true
	case next.is("(") && !pragmaReads[short]:
		f.Settings = true
	case short == "optimize" || short == "wal_checkpoint" || short == "incremental_vacuum" || short == "shrink_memory":
		f.Maintains = true
	}
	f.Global = f.Global || f.Settings && short == "writable_schema"
	f.Privileges = f.Privileges || short == "key" || short == "rekey"
}

// copied looks at COPY, LOAD, UNLOAD, EXPORT and BULK INSERT.
func (st *statement) copied(at int) {
	f, next := st.f, st.at(at+1)
	lead := st.at(at).val
	if lead == "load" && (next.kind == text || next.is("extension")) || lead == "load" && len(st.tokens) == at+2 {
		f.Programs = true // a library
		return
	}
	if lead == "copy" && next.is("(") {
		st.copyQuery(at + 1)
	}
	from, to := false, false
	for i := at + 1; i < len(st.tokens); i++ {
		t, after := st.tokens[i], st.at(i+1)
		switch {
		case t.is("program"):
			f.Programs = true
		case t.is("from") && !from && !to && !(next.is("(")):
			from = true
			f.Files = f.Files || !after.is("stdin")
		case t.is("to") || t.is("into") && lead == "copy":
			to = true
			f.Files = f.Files || !after.is("stdout")
		}
	}
	if lead == "unload" || lead == "export" {
		f.Files = true
		return
	}
	if lead != "copy" {
		f.Files, from = true, true
	}
	if from || st.has("into") {
		f.Writes, f.Inserts = true, true
	}
	if next.named() && lead == "copy" && !next.is("into") {
		full, _ := st.qualified(at + 1)
		if from {
			f.TablesWritten = addName(f.TablesWritten, full)
		} else {
			f.TablesRead = addName(f.TablesRead, full)
		}
	}
}

func (st *statement) copyQuery(i int) {
	depth := 0
	for j := i; j < len(st.tokens); j++ {
		switch {
		case st.tokens[j].is("("):
			depth++
		case st.tokens[j].is(")"):
			depth--
		}
		if depth > 0 {
			continue
		}
		if inner := st.nested(st.tokens[i+1 : j]); inner != nil {
			inner.settle()
		}
		return
	}
}

func lastPart(s string) string { return s[strings.LastIndexByte(s, '.')+1:] }

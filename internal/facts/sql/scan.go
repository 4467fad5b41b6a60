package sql

import "strings"

// frame is one level of parentheses while the tokens are scanned.
type frame struct {
	call    bool // behind a function's name
	query   bool // a SELECT was seen in it
	tables  bool // in the list behind FROM
	table   bool // the next name is a table
	written bool // and it is written
	dml     int  // index in open, or -1
	outer   int  // the same of what surrounds it
}

// maxNesting is how deep parentheses are followed; deeper ones count as unparsed.
const maxNesting = 100

// scanner walks over a statement's tokens once.
type scanner struct {
	*statement
	frames []frame
	open   []bool // for each UPDATE or DELETE: it has a WHERE that means something
	ctes   []string
	lead   effect
	main   bool // the main verb of WITH was seen
	last   int  // the last token of the last table that is written
}

// clauses end the list of tables behind FROM.
var clauses = words("where group order having limit union intersect except set values window returning qualify offset fetch for connect start sample prewhere settings format option minus do with")

// scan finds out the statement's shape from its tokens.
func (st *statement) scan() {
	at, e := st.lead()
	st.known = e != unknown
	if !rowStatements[e] || shows[st.at(at).val] {
		st.others(at, e)
		return
	}
	s := &scanner{statement: st, lead: e, frames: make([]frame, 1, 8), last: -1}
	s.frames[0] = frame{dml: -1, outer: -1}
	for i := 0; i < len(st.tokens); i++ {
		if len(s.frames) > maxNesting {
			st.known = false
			break
		}
		i = s.step(i, i == at)
	}
	for _, where := range s.open {
		st.shape.unfiltered = st.shape.unfiltered || !where
	}
	st.shape.read = without(st.shape.read, s.ctes)
	st.functions = without(st.functions, s.ctes)
}

// shows are reads whose words are no clauses.
var shows = words("show describe desc help list print check checksum fetch")

// rowStatements are scanned for rows and tables.
var rowStatements = map[effect]bool{reads: true, inserts: true, updates: true, deletes: true, meets: true}

func (s *scanner) top() *frame { return &s.frames[len(s.frames)-1] }

// step looks at token i and returns the last token that it used.
func (s *scanner) step(i int, first bool) int {
	t, top := s.tokens[i], s.top()
	switch {
	case t.is("("):
		return s.paren(i)
	case t.is(")"):
		if len(s.frames) > 1 {
			s.frames = s.frames[:len(s.frames)-1]
			s.top().table = false
		} else {
			s.known = false
		}
		return i
	case t.is(",") && top.tables:
		top.table = true
		return i
	case top.table && (t.named() || t.kind == text || t.kind == param):
		if t.kind == word && modifiers[t.val] {
			s.shape.updates = s.shape.updates || t.val == "replace"
			return i
		}
		if t.kind == word && t.val == "select" {
			break
		}
		top.table = false
		return s.tableName(i, top.written)
	case t.kind != word:
		return i
	}
	if s.at(i-1).is(".") || s.at(i+1).is(".") && !first {
		return i
	}
	return s.keyword(i, first)
}

// modifiers stand between a verb and its table.
var modifiers = words("or replace only lateral low_priority delayed quick ignore high_priority into from table or rollback abort fail overwrite all top final if exists")

func (s *scanner) paren(i int) int {
	prev := s.at(i - 1)
	call := (prev.kind == word && !operators[prev.val] || prev.kind == name) && s.last != i-1 && !s.at(i-2).is("as") && !s.at(i-2).is(")")
	if call {
		s.functions = append(s.functions, s.dotted(i-1))
	}
	top := s.top()
	f := frame{call: call, dml: -1, outer: max(top.dml, top.outer), table: top.table, tables: top.table}
	if top.table {
		top.table = false
	}
	s.frames = append(s.frames, f)
	return i
}

// tableName records the table whose name begins at i.
func (s *scanner) tableName(i int, written bool) int {
	full, end := s.qualified(i)
	if s.at(end+1).is("(") && !written {
		return end // a function in the place of a table
	}
	if written {
		s.last = end
		s.shape.written = addName(s.shape.written, full)
	} else {
		s.shape.read = addName(s.shape.read, full)
	}
	return end
}

// qualified joins "schema . table" from i on and returns the last token of it.
func (st *statement) qualified(i int) (string, int) {
	var full strings.Builder
	full.WriteString(st.tokens[i].val)
	for st.at(i + 1).is(".") {
		if st.at(i + 2).is(".") { // database..table
			i++
		}
		if !st.at(i+2).named() && !st.at(i+2).is("*") {
			break
		}
		full.WriteString("." + st.at(i+2).val)
		i += 2
	}
	return full.String(), i
}

// dotted joins "schema . function" backwards from i.
func (st *statement) dotted(i int) string {
	full := st.tokens[i].val
	for st.at(i-1).is(".") && st.at(i-2).named() {
		i -= 2
		full = st.tokens[i].val + "." + full
	}
	return full
}

// keyword looks at a bare word.
func (s *scanner) keyword(i int, first bool) int {
	t, top := s.tokens[i], s.top()
	switch t.val {
	case "select", "values", "table":
		top.query, top.tables, s.selected = true, false, true
		top.table, top.written = t.val == "table" && first, false
		if s.lead == meets && len(s.frames) == 1 {
			s.main = true
		}
	case "from":
		if prev := s.at(i - 1); !(top.call && !top.query) && !prev.is("distinct") {
			top.tables, top.table, top.written = true, true, prev.is("delete")
		}
	case "join":
		top.tables, top.table, top.written = true, true, false
	case "using":
		if !s.at(i + 1).is("(") {
			top.tables, top.table, top.written = true, true, false
		}
	case "where":
		s.where(i)
		top.tables = false
	case "or", "||":
		if dml := max(top.dml, top.outer); dml >= 0 && alwaysTrue(s.statement, i+1) {
			s.open[dml] = false
		}
	case "limit", "top", "fetch", "count", "sum", "avg", "min", "max", "group", "rownum", "sample", "tablesample":
		s.shape.bounded = true
		top.tables = top.tables && !clauses[t.val]
	case "into":
		s.into(i)
	case "for":
		s.lock(i)
		top.tables = false
	case "as":
		if s.lead == meets && (s.at(i+1).is("(") || s.at(i+1).is("materialized") || s.at(i+1).is("not")) {
			s.cte(i)
		}
	default:
		if acting[t.val] || t.val == "replace" && !s.at(i+1).is("(") {
			return s.verb(i, first)
		}
		if clauses[t.val] {
			top.tables, top.table = false, false
		}
	}
	return i
}

// cte remembers the name of a WITH query, which is no table.
func (s *scanner) cte(i int) {
	j := i - 1
	if s.at(j).is(")") {
		for j > 0 && !s.at(j).is("(") {
			j--
		}
		j--
	}
	if s.at(j).named() {
		s.ctes = append(s.ctes, s.at(j).val)
	}
}

func (s *scanner) where(i int) {
	s.shape.bounded = true
	if top := s.top(); top.dml >= 0 {
		s.open[top.dml] = !alwaysTrue(s.statement, i+1)
	}
}

func (s *scanner) into(i int) {
	next := s.at(i + 1)
	switch {
	case next.is("outfile") || next.is("dumpfile"):
		s.f.Files = true
	case s.selected && s.lead != inserts && s.lead != updates && next.kind != param && !s.at(i-1).is("insert"):
		s.shape.into = true
		s.top().table, s.top().written = true, true
	}
}

// lock tells FOR UPDATE and FOR SHARE from other uses of FOR.
func (s *scanner) lock(i int) {
	for j := i + 1; j <= i+3; j++ {
		switch {
		case s.at(j).is("update") || s.at(j).is("share"):
			s.shape.locks = true
		case !s.at(j).is("no") && !s.at(j).is("key"):
			return
		}
	}
}

// verb looks at a word that may begin a statement that acts.
func (s *scanner) verb(i int, first bool) int {
	prev, next := s.at(i-1), s.at(i+1)
	v := s.tokens[i].val
	switch {
	case prev.is("for") || prev.is("key") && s.shape.locks:
		return i // FOR UPDATE
	case v == "update" && (prev.is("do") || prev.is("key") && s.lead == inserts):
		s.shape.updates = true // an upsert
		return i
	case prev.is("then") && s.lead == updates, prev.is("or") && v == "replace":
		s.dml(v, false)
		return i
	case prev.is("as") && !s.at(i-2).is(")"), next.is("(") && v != "exec" && v != "execute", prev.is("."):
		return i // a name
	case prev.is("on") && (v == "update" || v == "delete"):
		return i
	}
	starts := first || prev.is("(") || s.lead == meets && prev.is(")") && len(s.frames) == 1 && !s.main
	if !starts || leads[v] != inserts && leads[v] != updates && leads[v] != deletes {
		s.suspects = append(s.suspects, i)
		return i
	}
	if len(s.frames) == 1 {
		s.main = true
	}
	s.dml(v, v == "update" || v == "delete")
	top := s.top()
	top.table, top.written, top.query = true, true, true
	top.tables = v == "update" || v == "delete"
	return i
}

// dml records the verb; filtered says that a WHERE is expected.
func (s *scanner) dml(v string, filtered bool) {
	switch v {
	case "insert":
		s.shape.inserts = true
	case "delete":
		s.shape.deletes = true
	default:
		s.shape.updates = true
	}
	if filtered {
		s.open = append(s.open, false)
		s.top().dml = len(s.open) - 1
	}
}

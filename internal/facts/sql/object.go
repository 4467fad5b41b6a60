package sql

// objects are the kinds of things that CREATE, ALTER and DROP name.
var objects = words(`table database schema view index user role group function procedure proc routine trigger extension server policy sequence type domain event tablespace publication
	subscription warehouse stage pipe task login account keyspace cluster aggregate language wrapper credential assembly secret system rule operator cast collation conversion statistics
	partition column constraint package synonym profile directory dictionary dataset model share catalog queue resource integration quota statement plugin component macro privileges
	mapping alert tag network password session endpoint certificate key audit job backup repository snapshot location volume connection reservation assignment capacity method transform flow row stream branch streamlit`)

// object returns the kind of object at i and where it stands; "" if there is none.
func (st *statement) object(i int) (string, int) {
	for j := i; j < i+14 && j < len(st.tokens); j++ {
		t := st.tokens[j]
		if t.wordIn(objects) {
			return t.val, j
		}
		if t.is("(") || t.is("as") || t.is("on") || t.is("set") {
			return "", j
		}
	}
	return "", i
}

var (
	dataObjects   = words("table schema database user role column keyspace partition tablespace dataset catalog stage account warehouse snapshot backup volume row branch")
	rightsObjects = words("user role group login policy privileges credential profile account password mapping secret integration share certificate key")
	codeObjects   = words("function procedure proc routine trigger extension event rule language aggregate package assembly operator cast job task plugin component macro transform pipe method streamlit")
	netObjects    = words("server subscription publication wrapper integration connection endpoint network location")
	serverObjects = words("system cluster plugin component resource tablespace extension language account warehouse capacity assembly audit")
)

// others looks at a statement that is no row statement.
func (st *statement) others(at int, e effect) {
	object, _ := st.object(at + 1)
	if (e == creates || e == alters) && codeObjects[object] {
		return // its body is stored, not run
	}
	from := at + 1
	if shows[st.at(at).val] {
		from = at + 3 // SHOW CREATE TABLE
	}
	for i := from; i < len(st.tokens); i++ {
		if t := st.tokens[i]; t.wordIn(acting) && e != explains && (e == unknown || st.begins(i, e)) {
			st.suspects = append(st.suspects, i)
		}
	}
}

// begins says that a statement begins at i, inside one that begins otherwise, without a semicolon.
func (st *statement) begins(i int, e effect) bool {
	next, prev := st.at(i+1), st.at(i-1)
	if prev.is(".") || prev.is("on") {
		return false
	}
	switch st.tokens[i].val {
	case "insert":
		return next.is("into")
	case "delete":
		return next.is("from")
	case "update":
		return st.at(i+2).is("set") || st.at(i+4).is("set")
	case "drop", "truncate", "create", "alter":
		object, _ := st.object(i + 1)
		switch object {
		case "table", "database", "schema", "user", "role", "login", "procedure":
			return e != grants && next.is(object)
		}
		return false
	case "exec", "execute":
		return e != grants && !next.is("on") && !next.is("function") && !next.is("procedure") && !next.is("as") && !prev.is(",")
	case "kill", "shutdown", "waitfor", "reconfigure":
		return e == uses || e == sets || e == codes || e == transacts || e == ignores || e == unknown
	}
	return false
}

// definition adds what CREATE, ALTER, DROP and TRUNCATE do.
func (st *statement) definition(at int, e effect) {
	f := st.f
	object, i := st.object(at + 1)
	switch e {
	case creates:
		f.Creates = true
		f.Drops = f.Drops || st.at(at+1).is("or") && st.at(at+2).is("replace") && object == "table"
		f.DropsData = f.DropsData || st.at(at+1).is("or") && st.at(at+2).is("replace") && dataObjects[object]
	case alters:
		f.Alters = true
		st.altered(at, i)
	case drops:
		f.Drops = true
		f.DropsData = f.DropsData || dataObjects[object] || object == "" || st.has("owned") || st.has("materialized") || st.has("cascade")
		f.Privileges = f.Privileges || st.has("owned")
	}
	f.Privileges = f.Privileges || rightsObjects[object]
	f.Code = f.Code || codeObjects[object] && e != drops
	f.Network = f.Network || netObjects[object] && e != drops
	f.Global = f.Global || serverObjects[object]
	f.Files = f.Files || object == "directory" || object == "stage" || st.has("external") || st.has("infile") || st.has("filename")
	if i > at && (object == "table" || object == "view" || object == "index" || object == "sequence" || object == "dataset" || object == "database" || object == "schema") {
		st.objectNames(i+1, object)
	}
	if e == creates {
		st.createdFrom(i)
	}
}

// altered looks at the clauses of ALTER.
func (st *statement) altered(at, from int) {
	f := st.f
	for i := max(at+1, from+1); i < len(st.tokens); i++ {
		t, next := st.tokens[i], st.at(i+1)
		switch {
		case t.is("drop") || t.is("detach"):
			f.Drops = true
			f.DropsData = f.DropsData || !(next.is("constraint") || next.is("default") || next.is("not") || next.is("index") || next.is("key") || next.is("foreign") || next.is("primary") || next.is("check") || next.is("expression") || next.is("identity"))
		case t.is("truncate"):
			f.Truncates, f.Deletes = true, true
		case t.is("owner") && next.is("to"), t.is("password"), t.is("identified"), t.is("superuser"), t.is("row") && next.is("level"), t.is("authorization"), t.is("privileges"):
			f.Privileges = true
		case t.is("delete"), t.is("update") && st.dialect == click:
			f.Deletes = f.Deletes || t.is("delete")
			f.Updates = f.Updates || t.is("update")
			f.Unfiltered = f.Unfiltered || !st.has("where")
		}
	}
	f.Privileges = f.Privileges || st.has("grant") || st.has("revoke")
}

// objectNames records the names behind the kind of object.
func (st *statement) objectNames(i int, object string) {
	for i < len(st.tokens) {
		t := st.tokens[i]
		switch {
		case t.is("if") || t.is("not") || t.is("exists") || t.is("only") || t.is("concurrently") || t.is("on") && object == "index" || t.is(","):
			i++
		case t.named():
			full, end := st.qualified(i)
			st.f.TablesWritten = addName(st.f.TablesWritten, full)
			if i = end + 1; !st.at(i).is(",") && !(object == "index" && st.at(i).is("on")) {
				return
			}
		default:
			return
		}
	}
}

// createdFrom looks at the query of CREATE … AS SELECT.
func (st *statement) createdFrom(from int) {
	for i := from; i < len(st.tokens); i++ {
		t := st.tokens[i]
		if !t.is("select") && !t.is("with") || st.at(i-1).is(",") {
			continue
		}
		if t.is("with") && !st.at(i-1).is("as") {
			continue
		}
		if inner := st.nested(st.tokens[i:]); inner != nil {
			st.f.TablesRead = addNames(st.f.TablesRead, inner.shape.read)
			st.functions = append(st.functions, inner.functions...)
		}
		return
	}
}

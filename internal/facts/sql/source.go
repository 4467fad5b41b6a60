package sql

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// keys are keys, see [input.PlainKey], whose texts are SQL by name.
var sqlKeys = words("sql sqls sqlquery sqlqueries querysql sqlstatement sqlstatements sqlcommand sqltext sqlstring rawsql sqlcode ddl dml sqlscript plsql tsql pgquery sqlexpression migrationsql upsql downsql")

// queryKeys are keys whose texts are SQL where the tool speaks SQL, or where the text looks like it.
var queryKeys = words("query queries statement statements stmt stmts command commands cmd text code script scripts q input string expression querystring querytext body source content batch migration up down request parameters args arguments rawquery dbquery operation operations instruction")

// running are words of tools that run what they are given.
var running = words("query queries execute exec run statement statements migration migrations database db read write select transaction explain")

// texts finds the SQL in the arguments.
func texts(a *input.Action, args *input.Arguments, speaks bool) []string {
	speaks = speaks || speaksSQL(a)
	for _, t := range args.Texts { // a tool that takes SQL once may take it under another key as well
		speaks = speaks || sqlKeys[t.Key]
	}
	runs := speaks
	for _, w := range a.Words {
		runs = runs || running[w]
	}
	var list []string
	for _, t := range args.Texts {
		if strings.TrimSpace(t.Value) == "" {
			continue
		}
		byName := sqlKeys[t.Key] || sqlKeys[t.Parent]
		query := queryKeys[t.Key] || queryKeys[t.Parent]
		if !byName && !query && !speaks {
			continue
		}
		first, looks := looksLike(t.Value)
		if byName || query && (speaks && !prose(t.Value, first) || runs && first || looks) || speaks && looks {
			list = append(list, t.Value)
		}
	}
	return list
}

// prose says that a text is rather a sentence or another language than SQL: it begins with no
// word of SQL and has none of its signs. Broken SQL still begins or looks like SQL.
func prose(s string, first bool) bool {
	if first || len(s) > 4096 {
		return false
	}
	t := strings.TrimSpace(s)
	if strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
		return true
	}
	l := lex(t, modePostgres)
	for _, tok := range l.tokens {
		if tok.is(";") || tok.wordIn(acting) || tok.is("select") {
			return false
		}
	}
	return !l.comment
}

// glance is how many bytes of a text are read first.
const glance = 64

// looksLike says whether a text begins with a word of SQL, and whether what follows fits it so well that it is SQL wherever it stands.
func looksLike(s string) (first, sure bool) {
	head := s
	if len(head) > 2048 {
		head = head[:2048]
	}
	anyone := mode{nested: true, dollar: true, versioned: true}
	if len(head) > glance { // most texts show by their first word that they are none
		st := &statement{tokens: lex(head[:glance], anyone).tokens}
		if at, e := st.lead(); at+1 < len(st.tokens) && (e == unknown || e == ignores) {
			return false, false
		}
	}
	l := lex(head, anyone)
	st := &statement{tokens: l.tokens}
	at, e := st.lead()
	if e == unknown || e == ignores {
		return false, false
	}
	next, after := st.at(at+1), st.at(at+2)
	switch st.at(at).val {
	case "select":
		sure = next.is("*") || next.literal() || next.is("distinct") || st.has("from") || after.is("(") || next.kind == param
	case "with":
		sure = (next.named() && (after.is("as") || after.is("(")) || next.is("recursive")) && (st.has("select") || st.has("delete") || st.has("update") || st.has("insert"))
	case "insert", "merge":
		sure = next.is("into") || after.is("into") || next.is("overwrite")
	case "replace":
		sure = next.is("into")
	case "update":
		sure = st.has("set")
	case "delete":
		sure = next.is("from")
	case "create", "drop", "alter":
		object, _ := st.object(at + 1)
		sure = object != ""
	case "truncate":
		sure = next.is("table")
	case "grant", "revoke":
		sure = st.has("to") || st.has("from")
	case "copy":
		sure = st.has("from") || st.has("to")
	case "explain":
		sure = st.has("select") || st.has("delete") || st.has("update") || st.has("insert")
	case "pragma", "vacuum", "reindex":
		sure = len(l.tokens) < 8
	case "do":
		sure = next.kind == text
	}
	return true, sure
}

func (st *statement) has(w string) bool {
	for _, t := range st.tokens {
		if t.is(w) {
			return true
		}
	}
	return false
}

package session

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
)

// Column is the name and type of a column.
type Column struct{ Name, Type string }

// IsSelect says whether the statement is a SELECT, by its first word.
func IsSelect(sql string) bool {
	lex := &lexer{text: sql}
	t := lex.next()
	for t.kind == tokenOpen && sql[t.start] == '(' {
		t = lex.next()
	}
	word := strings.ToUpper(sql[t.start:t.end])
	return word == "SELECT" || word == "WITH"
}

// ColumnsOf asks the engine what a SELECT would return. For anything else, and where the engine cannot say, there are no columns.
func ColumnsOf(conn *chdb.Conn, sql string, params []chdb.Param) []Column {
	if !IsSelect(sql) {
		return nil
	}
	described, err := describe(conn, "(\n"+queryBody(sql)+"\n)", params)
	if err != nil {
		return nil // it is no SELECT the engine can describe; no columns is what it said itself
	}
	columns := make([]Column, len(described))
	for i, d := range described {
		columns[i] = d.Column
	}
	return columns
}

// TargetColumns are the columns that an INSERT's data has: those it names, or all that can be inserted into.
func TargetColumns(conn *chdb.Conn, insert string, params []chdb.Param) ([]Column, error) {
	table, names, err := insertTarget(insert)
	if err != nil {
		return nil, err
	}
	described, err := describe(conn, table, params)
	if err != nil {
		return nil, err
	}
	var columns []Column
	if names == nil {
		for _, d := range described {
			if d.kind == "" || d.kind == "DEFAULT" {
				columns = append(columns, d.Column)
			}
		}
		return columns, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(described, func(d describedColumn) bool { return d.Name == name })
		if i < 0 {
			return nil, Refuse(codeNoSuchColumn, "No such column %s in table %s", name, table)
		}
		columns = append(columns, described[i].Column)
	}
	return columns, nil
}

type describedColumn struct {
	Column
	kind string // DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL or empty
}

func describe(conn *chdb.Conn, table string, params []chdb.Param) ([]describedColumn, error) {
	result, err := conn.Query("DESCRIBE TABLE "+table, "JSONCompactEachRow", params...)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	var list []describedColumn
	for decoder := json.NewDecoder(bytes.NewReader(result.Data)); decoder.More(); {
		var row []string
		if err := decoder.Decode(&row); err != nil || len(row) < 3 {
			return nil, Refuse(CodeLogicalError, "the engine's description of the columns cannot be read")
		}
		list = append(list, describedColumn{Column{row[0], row[1]}, row[2]})
	}
	return list, nil
}

// queryBody is the text without its FORMAT clause and closing semicolons, to be put in parentheses.
func queryBody(sql string) string {
	from, to, end := formatClause(sql)
	return strings.TrimSpace(sql[:from] + " " + sql[to:end])
}

// WithoutFormat is the statement without its FORMAT clause: who speaks the native protocol gets blocks, whatever the text asks for.
func WithoutFormat(sql string) string {
	from, to, _ := formatClause(sql)
	if from == to {
		return sql
	}
	return sql[:from] + sql[to:]
}

// formatClause finds where FORMAT and its name begin and end, and where the statement ends. Without the clause both are the end.
func formatClause(sql string) (from, to, end int) {
	lex, depth := &lexer{text: sql}, 0
	from, to, end = -1, -1, len(sql)
	for t := lex.next(); t.kind != tokenEnd; t = lex.next() {
		switch {
		case t.kind == tokenOpen:
			depth++
		case t.kind == tokenClose:
			depth--
		case t.kind == tokenSemicolon:
			end = min(end, t.start)
		case t.kind == tokenWord && depth == 0 && strings.EqualFold(sql[t.start:t.end], "FORMAT") && outputFormat(*lex) != "":
			from, to = t.start, lex.next().end
		}
	}
	if from < 0 || from > end {
		from, to = end, end
	}
	return from, to, end
}

package session

import (
	"errors"
	"strings"
)

// Statement is what the splitter found in a request's text.
type Statement struct {
	// SQL is the text for the engine. For an insert with data it ends before FORMAT or VALUES.
	SQL string
	// Insert says that data follows the statement, and Format is the data's format.
	// Without Insert, Format is the output format the text asks for, or empty.
	Insert bool
	Format string
	// DataAt is where an insert's data begins in the text that was split.
	DataAt int
}

//nolint:staticcheck // worded and capitalized as ClickHouse's own answer, which clients parse
var errMultiple = errors.New("Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)")

// Split finds out whether text is an INSERT that data follows, and where the data begins, by ClickHouse's own rules. It never
// judges the SQL: that is the engine's. Several statements in one text are refused, as ClickHouse's HTTP interface does.
func Split(text string) (Statement, error) {
	lex := &lexer{text: text}
	first := lex.next()
	if first.kind == tokenWord && strings.EqualFold(text[first.start:first.end], "INSERT") {
		if s, ok := splitInsert(lex); ok {
			return s, nil
		}
	}
	return splitQuery(text)
}

// splitInsert reads on after INSERT. Not ok means that no data follows: INSERT … SELECT, or FROM INFILE.
func splitInsert(lex *lexer) (Statement, bool) {
	text, depth, nameNext := lex.text, 0, false
	for {
		t := lex.next()
		switch t.kind {
		case tokenEnd, tokenSemicolon:
			return Statement{}, false
		case tokenOpen:
			depth++
		case tokenClose:
			depth--
		}
		if nameNext && t.kind == tokenOther {
			nameNext = false
		}
		if t.kind != tokenWord || depth != 0 {
			continue
		}
		switch word := strings.ToUpper(text[t.start:t.end]); {
		case nameNext:
			nameNext = word == "TABLE" || word == "FUNCTION"
		case t.start > 0 && text[t.start-1] == '.': // the table in database.table
		case word == "INTO":
			nameNext = true
		case word == "SELECT", word == "WITH", word == "FROM", word == "WATCH", word == "EXPLAIN":
			return Statement{}, false
		case word == "VALUES":
			return Statement{SQL: text[:t.start], Insert: true, Format: "Values", DataAt: t.end}, true
		case word == "FORMAT":
			name := lex.next()
			if name.kind != tokenWord {
				return Statement{}, false
			}
			format := text[name.start:name.end]
			if strings.EqualFold(format, "Values") {
				format = "Values"
			}
			return Statement{SQL: text[:t.start], Insert: true, Format: format, DataAt: dataStart(text, name.end)}, true
		}
	}
}

// dataStart skips what ClickHouse skips between the format's name and the data: blanks, then at most one line break.
func dataStart(text string, pos int) int {
	for pos < len(text) && strings.IndexByte(" \t\f", text[pos]) >= 0 {
		pos++
	}
	if pos < len(text) && text[pos] == ';' && strings.TrimSpace(text[pos+1:]) == "" {
		return len(text)
	}
	if pos < len(text) && text[pos] == '\r' {
		pos++
	}
	if pos < len(text) && text[pos] == '\n' {
		pos++
	}
	return pos
}

// splitQuery finds the output format of a statement without data.
func splitQuery(text string) (Statement, error) {
	lex, s := &lexer{text: text}, Statement{SQL: text, DataAt: len(text)}
	depth, ended := 0, false
	for t := lex.next(); t.kind != tokenEnd; t = lex.next() {
		if ended && t.kind != tokenSemicolon {
			return Statement{}, errMultiple
		}
		switch {
		case t.kind == tokenOpen:
			depth++
		case t.kind == tokenClose:
			depth--
		case t.kind == tokenSemicolon:
			ended = true
		case t.kind == tokenWord && depth == 0 && strings.EqualFold(text[t.start:t.end], "FORMAT"):
			s.Format = outputFormat(*lex)
		}
	}
	return s, nil
}

// outputFormat is the name after FORMAT if the clause ends there. Otherwise `format` was a column, as in SELECT format FROM t.
func outputFormat(lex lexer) string {
	name := lex.next()
	if name.kind != tokenWord {
		return ""
	}
	after := lex.next()
	ends := after.kind == tokenEnd || after.kind == tokenSemicolon ||
		after.kind == tokenWord && strings.EqualFold(lex.text[after.start:after.end], "SETTINGS")
	if !ends {
		return ""
	}
	return lex.text[name.start:name.end]
}

package session

import "strings"

const codeNoSuchColumn = 16

// insertTarget reads the table, or table function, and the names of the columns of an INSERT. No list of columns means nil.
func insertTarget(sql string) (table string, columns []string, err error) {
	lex := &lexer{text: sql}
	t := lex.next()
	for t.kind == tokenWord && anyFold(sql[t.start:t.end], "INSERT", "INTO", "TABLE") {
		t = lex.next()
	}
	function := t.kind == tokenWord && strings.EqualFold(sql[t.start:t.end], "FUNCTION")
	if function {
		t = lex.next()
	}
	start, end := t.start, t.end
	for { // database.table
		dot := *lex
		if d := dot.next(); d.kind != tokenOther || sql[d.start:d.end] != "." {
			break
		}
		end = dot.next().end
		*lex = dot
	}
	if function {
		if open := lex.next(); open.kind == tokenOpen {
			end = closing(lex)
		}
	}
	if start == end {
		return "", nil, Refuse(CodeSyntaxError, "Syntax error: INSERT names no table")
	}
	table = sql[start:end]
	if open := lex.next(); open.kind != tokenOpen || sql[open.start] != '(' {
		return table, nil, nil
	}
	columns, err = columnList(lex)
	return table, columns, err
}

// columnList reads names up to the closing parenthesis.
func columnList(lex *lexer) ([]string, error) {
	columns, name := []string{}, ""
	for {
		t := lex.next()
		text := lex.text[t.start:t.end]
		switch {
		case t.kind == tokenClose || text == ",":
			if name == "" {
				return nil, Refuse(CodeSyntaxError, "Syntax error: a column without a name in INSERT")
			}
			columns, name = append(columns, name), ""
			if t.kind == tokenClose {
				return columns, nil
			}
		case t.kind == tokenWord || text == ".":
			name += text
		case t.kind == tokenOther && (text[0] == '`' || text[0] == '"'):
			name += unquote(text)
		default:
			return nil, Refuse(CodeNotImplemented, "the local engine's native interface takes INSERT with plain names of columns only, not %q", text)
		}
	}
}

// closing moves behind the parenthesis that closes the one just read.
func closing(lex *lexer) int {
	for depth := 1; ; {
		switch t := lex.next(); t.kind {
		case tokenOpen:
			depth++
		case tokenClose:
			if depth--; depth == 0 {
				return t.end
			}
		case tokenEnd:
			return t.end
		}
	}
}

// unquote undoes a quoted name.
func unquote(text string) string {
	quote := text[0]
	text = strings.TrimSuffix(text[1:], string(quote))
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if c := text[i]; (c == '\\' || c == quote) && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func anyFold(word string, list ...string) bool {
	for _, other := range list {
		if strings.EqualFold(word, other) {
			return true
		}
	}
	return false
}

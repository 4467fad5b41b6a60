package legacy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/weighlock/weighlock/internal/facts/input"
)

var (
	sqlKeys = setOf("sql", "statement", "statements", "sqlquery", "querysql", "sqlstatement", "sqltext")
	// sqlMaybeKeys hold SQL where their text reads like it.
	sqlMaybeKeys = setOf("query", "queries", "q", "command", "text", "input", "code")
	sqlReads     = setOf("select", "show", "describe", "desc", "explain", "with", "values", "table")
	// sqlWrites are the words that make a statement more than a read, side effects of
	// functions included. As a bare word in a literal they raise a false alarm, never the reverse.
	sqlWrites = setOf("insert", "update", "delete", "drop", "truncate", "alter", "create", "replace", "merge", "upsert", "grant",
		"revoke", "rename", "into", "copy", "call", "exec", "execute", "do", "vacuum", "reindex", "lock", "attach", "detach", "set",
		"reset", "begin", "commit", "rollback", "load", "import", "export", "outfile", "dumpfile", "load_file", "pg_read_file",
		"pg_read_binary_file", "pg_ls_dir", "pg_sleep", "pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf", "lo_import",
		"lo_export", "dblink", "dblink_exec", "setval", "nextval", "set_config", "xp_cmdshell", "sp_executesql", "handler", "kill",
		"shutdown", "optimize", "refresh", "prepare", "deallocate", "listen", "notify", "security", "for")
)

// sqlWords yields the words of a text as SQL sees them, in lower case: runs of letters,
// digits, "_" and "$".
func sqlWords(text string, yield func(string) bool) {
	start := -1
	for i, r := range text {
		inside := r == '_' || r == '$' || r >= '0' && r <= '9' || r < utf8.RuneSelf && isLetter(byte(r)) || r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
		switch {
		case inside && start < 0:
			start = i
		case !inside && start >= 0:
			if !yield(strings.ToLower(text[start:i])) {
				return
			}
			start = -1
		}
	}
	if start >= 0 {
		yield(strings.ToLower(text[start:]))
	}
}

func firstSQLWord(text string) string {
	first := ""
	sqlWords(text, func(w string) bool { first = w; return false })
	return first
}

// looksLikeSQL says that a text under a key of many uses is to be judged as SQL.
func looksLikeSQL(text string) bool {
	first := firstSQLWord(text)
	return sqlReads[first] && strings.Contains(strings.ToLower(text), "from") || sqlWrites[first] && strings.ContainsAny(text, " \t\n")
}

// sqlTexts returns the texts of the arguments that are SQL.
func sqlTexts(texts []input.Text) []string {
	var out []string
	for _, a := range texts {
		if sqlKeys[a.Key] || sqlMaybeKeys[a.Key] && looksLikeSQL(a.Value) {
			out = append(out, a.Value)
		}
	}
	return out
}

// readOnlySQL says that text is clearly one statement that only reads.
func readOnlySQL(text string) bool {
	text = strings.TrimRight(strings.TrimSpace(text), "; \t\r\n")
	if text == "" || strings.ContainsAny(text, ";\x00\\") || strings.Contains(text, "/*!") {
		return false
	}
	if lead := text[0]; lead != '(' && !isLetter(lead) {
		return false // a comment or a look-alike in front hides what it is
	}
	return sqlReads[firstSQLWord(text)] && !writesSQL(text)
}

// maxSQLWord is the length of the longest of sqlWrites.
const maxSQLWord = 20

// writesSQL says that text holds a word that writes.
func writesSQL(text string) bool {
	found := false
	sqlWords(text, func(w string) bool {
		found = len(w) <= maxSQLWord && sqlWrites[w]
		return !found
	})
	return found
}

// writesData says that a text or key anywhere in a database tool's arguments asks
// for a change, "$out" and "$merge" of document databases included.
func writesData(p *input.Arguments) bool {
	for _, a := range p.Texts {
		if writesSQL(a.Value) && strings.ContainsAny(a.Value, " \t\r\n;") {
			return true
		}
	}
	for _, key := range p.Keys {
		switch strings.ToLower(key) {
		case "$out", "$merge", "$set", "$unset", "$function", "$where", "$accumulator":
			return true
		}
	}
	return false
}

func allReadOnlySQL(texts []string) bool {
	for _, t := range texts {
		if !readOnlySQL(t) {
			return false
		}
	}
	return true
}

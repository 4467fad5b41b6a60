package sql

import (
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	pgquery "github.com/wasilibs/go-pgquery"
)

// Limits of what the parsers are given. PostgreSQL's takes stack and time for each level of its tree:
// a chain of a thousand operators keeps it busy for ever, and a hundred take half a millisecond.
const (
	maxParsedBytes  = 8 << 10
	maxParsedTokens = 1500
	maxParsedLevels = 100
)

// parse asks the parsers for the shape of each statement; ok says that one of them took the whole text.
// Where the dialect is not certain, nor how the text has to be read, no parser can settle it.
func parse(dialect, s string, tokens []token, certain bool) (shapes []shape, ok bool) {
	if !certain || len(s) > maxParsedBytes || len(tokens) > maxParsedTokens || strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) || levels(tokens) > maxParsedLevels {
		return nil, false
	}
	switch dialect {
	case postgres:
		return parsePostgres(s)
	case mysql:
		return parseMySQL(s)
	case "":
		if shapes, ok = parsePostgres(s); !ok {
			shapes, ok = parseMySQL(s)
		}
		return shapes, ok
	}
	return nil, false
}

// levels is how deep a parser's tree may become: everything that can put one node into another counts.
func levels(tokens []token) int {
	n := 0
	for _, t := range tokens {
		switch {
		case t.is(";"):
			n = 0
			continue
		case t.kind == sign && t.val != "," && t.val != ")" && t.val != ".", t.kind == word && nesting[t.val]:
			n++
		}
		if n > maxParsedLevels {
			break
		}
	}
	return n
}

var nesting = words("and or not select union intersect except join case with is in between like ilike collate at interval when over")

// postgresParser is the one instance of PostgreSQL's parser. It is compiled when first used, which takes
// seconds, and so would each further instance that parallel use would call for.
var postgresParser struct {
	sync.Mutex
	lost atomic.Bool // it panicked: its memory is not to be trusted any more
}

// Warm compiles PostgreSQL's parser, which takes a few seconds once, so that no assessment has to wait for it.
// Without it the first text that needs the parser waits.
func Warm() { parsePostgres("select 1") }

func parsePostgres(s string) (shapes []shape, ok bool) {
	tree, ok := postgresTree(s)
	if !ok {
		return nil, false
	}
	return postgresShapes(tree)
}

func postgresTree(s string) (tree string, ok bool) {
	if postgresParser.lost.Load() {
		return "", false
	}
	postgresParser.Lock()
	defer postgresParser.Unlock()
	defer func() {
		if recover() != nil {
			postgresParser.lost.Store(true)
			tree, ok = "", false
		}
	}()
	tree, err := pgquery.ParseToJSON(s)
	return tree, err == nil
}

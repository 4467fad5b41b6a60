package facts

import (
	"slices"

	"github.com/weighlock/weighlock/internal/facts/shell"
	"github.com/weighlock/weighlock/internal/facts/sql"
)

// statements are the facts of the SQL in the arguments, or of that given to a database client on a command line.
func statements(s *Set) (*sql.Facts, error) {
	i := slices.IndexFunc(s.of, func(d domain) bool { return d.name == "shell" })
	line := s.ask(i)
	if line.err != nil {
		return nil, line.err
	}
	if f, ok := line.facts.(*shell.Facts); ok && f.Found {
		return sql.OfTexts("", f.SQL), nil
	}
	return sql.Of(s.Action)
}

package routing

import (
	"sync/atomic"

	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/routes"
)

// table is who is asked and who they are: the two files belong together and change together.
type table struct {
	routes *routes.Routes
	people *people.Directory
}

// tables hands out the table in force. Open requests keep the rules they were opened under.
type tables struct{ now atomic.Pointer[table] }

func newTables(t *table) *tables {
	s := &tables{}
	s.now.Store(t)
	return s
}

func (s *tables) get() *table { return s.now.Load() }

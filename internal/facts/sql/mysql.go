package sql

import (
	"strings"
	"sync"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // the parser needs a driver for the values of literals
)

// mysqlParsers keeps parsers, which are not safe for use in parallel.
var mysqlParsers = sync.Pool{New: func() any { return parser.New() }}

func parseMySQL(s string) (shapes []shape, ok bool) {
	defer func() {
		if recover() != nil { // the parser is not put back
			shapes, ok = nil, false
		}
	}()
	p, _ := mysqlParsers.Get().(*parser.Parser)
	statements, _, err := p.ParseSQL(s)
	if err != nil {
		mysqlParsers.Put(p)
		return nil, false
	}
	for _, st := range statements {
		w := mysqlWalk{}
		st.Accept(&w)
		w.shape.read = without(w.shape.read, append(w.ctes, w.shape.written...))
		shapes = append(shapes, w.shape)
	}
	mysqlParsers.Put(p)
	return shapes, true
}

// mysqlWalk visits the nodes of one statement.
type mysqlWalk struct {
	shape shape
	ctes  []string
}

// Enter looks at a node on the way down.
func (w *mysqlWalk) Enter(n ast.Node) (ast.Node, bool) {
	s := &w.shape
	switch n := n.(type) {
	case *ast.InsertStmt:
		s.inserts = !n.IsReplace
		s.updates = s.updates || n.IsReplace || len(n.OnDuplicate) > 0
		w.targets(n.Table)
	case *ast.UpdateStmt:
		s.updates = true
		s.unfiltered = s.unfiltered || everyMySQLRow(n.Where)
		w.targets(n.TableRefs)
	case *ast.DeleteStmt:
		s.deletes = true
		s.unfiltered = s.unfiltered || everyMySQLRow(n.Where) && !joins(n.TableRefs)
		if n.Tables != nil {
			for _, t := range n.Tables.Tables {
				s.written = addName(s.written, tableName(t))
			}
		} else {
			w.targets(n.TableRefs)
		}
	case *ast.SelectStmt:
		s.locks = s.locks || n.LockInfo != nil && n.LockInfo.LockType != ast.SelectLockNone
		s.bounded = s.bounded || n.Where != nil || n.Limit != nil || n.GroupBy != nil
	case *ast.AggregateFuncExpr:
		s.bounded = true
	case *ast.CommonTableExpression:
		w.ctes = append(w.ctes, n.Name.L)
	case *ast.TableName:
		s.read = addName(s.read, tableName(n))
	}
	return n, false
}

// Leave goes on.
func (w *mysqlWalk) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// targets records the first table of a clause, which is the one that is written.
func (w *mysqlWalk) targets(refs *ast.TableRefsClause) {
	if refs == nil || refs.TableRefs == nil {
		return
	}
	var left ast.ResultSetNode = refs.TableRefs
	for {
		switch n := left.(type) {
		case *ast.Join:
			left = n.Left
			continue
		case *ast.TableSource:
			if t, ok := n.Source.(*ast.TableName); ok {
				w.shape.written = addName(w.shape.written, tableName(t))
			}
		}
		return
	}
}

func joins(refs *ast.TableRefsClause) bool {
	return refs != nil && refs.TableRefs != nil && refs.TableRefs.Right != nil
}

func tableName(t *ast.TableName) string {
	if t.Schema.L != "" {
		return t.Schema.L + "." + t.Name.L
	}
	return strings.ToLower(t.Name.O)
}

// columns sees whether an expression has a column.
type columns struct{ found bool }

// Enter looks at a node.
func (c *columns) Enter(n ast.Node) (ast.Node, bool) {
	if _, ok := n.(*ast.ColumnNameExpr); ok {
		c.found = true
	}
	return n, c.found
}

// Leave goes on.
func (c *columns) Leave(n ast.Node) (ast.Node, bool) { return n, true }

func everyMySQLRow(where ast.ExprNode) bool {
	if where == nil {
		return true
	}
	c := &columns{}
	where.Accept(c)
	return !c.found
}

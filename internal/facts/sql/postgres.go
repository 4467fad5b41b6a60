package sql

import (
	"encoding/json"
	"strings"
)

// postgresShapes reads the shape of each statement from the parser's tree.
func postgresShapes(tree string) ([]shape, bool) {
	var parsed struct {
		Stmts []struct {
			Stmt map[string]any `json:"stmt"`
		} `json:"stmts"`
	}
	if json.Unmarshal([]byte(tree), &parsed) != nil {
		return nil, false
	}
	shapes := make([]shape, 0, len(parsed.Stmts))
	for _, st := range parsed.Stmts {
		w := postgresWalk{}
		w.node(st.Stmt, 0)
		w.shape.read = without(w.shape.read, append(w.ctes, w.shape.written...))
		shapes = append(shapes, w.shape)
	}
	return shapes, true
}

// postgresWalk goes through a tree of objects with one key each, the node's type.
type postgresWalk struct {
	shape shape
	ctes  []string
}

func (w *postgresWalk) node(v any, depth int) {
	if depth > 4*maxParsedLevels+100 {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			w.node(e, depth+1)
		}
	case map[string]any:
		for key, e := range v {
			if m, ok := e.(map[string]any); ok {
				w.object(key, m)
			}
			w.node(e, depth+1)
		}
	}
}

func (w *postgresWalk) object(kind string, m map[string]any) {
	s := &w.shape
	switch kind {
	case "InsertStmt":
		s.inserts = true
		if _, upsert := m["onConflictClause"].(map[string]any); upsert && strings.Contains(textAt(m["onConflictClause"], "action"), "UPDATE") {
			s.updates = true
		}
		w.target(m)
	case "UpdateStmt":
		s.updates = true
		s.unfiltered = s.unfiltered || everyRow(m["whereClause"])
		w.target(m)
	case "DeleteStmt":
		s.deletes = true
		s.unfiltered = s.unfiltered || everyRow(m["whereClause"])
		w.target(m)
	case "MergeStmt":
		s.updates = true
		w.target(m)
	case "MergeWhenClause":
		s.deletes = s.deletes || textAt(m, "commandType") == "CMD_DELETE"
		s.inserts = s.inserts || textAt(m, "commandType") == "CMD_INSERT"
	case "intoClause":
		s.into = true
	case "LockingClause", "lockingClause":
		s.locks = true
	case "CommonTableExpr":
		w.ctes = append(w.ctes, textAt(m, "ctename"))
	case "RangeVar":
		s.read = addName(s.read, rangeName(m))
	case "SelectStmt":
		s.bounded = s.bounded || m["whereClause"] != nil || m["limitCount"] != nil || m["groupClause"] != nil
	case "FuncCall":
		s.bounded = true
	}
}

// target is the table that a statement writes, which its tree holds under "relation" without a type.
func (w *postgresWalk) target(m map[string]any) {
	if rel, ok := m["relation"].(map[string]any); ok {
		w.shape.written = addName(w.shape.written, rangeName(rel))
	}
}

func rangeName(m map[string]any) string {
	name := strings.ToLower(textAt(m, "relname"))
	if schema := textAt(m, "schemaname"); schema != "" {
		name = strings.ToLower(schema) + "." + name
	}
	return name
}

func textAt(v any, key string) string {
	m, _ := v.(map[string]any)
	s, _ := m[key].(string)
	return s
}

// everyRow says that a WHERE is missing or constant: without a column in it.
func everyRow(where any) bool {
	if where == nil {
		return true
	}
	raw, err := json.Marshal(where)
	return err == nil && !strings.Contains(string(raw), `"ColumnRef"`) && !strings.Contains(string(raw), `"CurrentOfExpr"`)
}

package rulefile

import (
	"slices"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// maxAtoms is how many different questions a formula may hold for all their answers to be
// tried; of one with more nothing is said.
const maxAtoms = 12

// Formula is a condition seen as logic: questions joined by and, or and not.
type Formula struct {
	root  node
	atoms []string
}

type node struct {
	op    string // "and", "or", "not", "atom", "true" or "false"
	atom  int
	parts []node
}

// FormulaOf returns the logic of the conditions taken together: all must hold.
func FormulaOf(conditions ...Condition) Formula {
	f := Formula{root: node{op: "and"}}
	for _, c := range conditions {
		f.root.parts = append(f.root.parts, f.read(c.ast.Expr(), c.ast.SourceInfo()))
	}
	return f
}

func (f *Formula) read(e celast.Expr, info *celast.SourceInfo) node {
	if e.Kind() == celast.LiteralKind && e.AsLiteral() == types.True {
		return node{op: "true"}
	}
	if e.Kind() == celast.LiteralKind && e.AsLiteral() == types.False {
		return node{op: "false"}
	}
	if e.Kind() == celast.CallKind {
		call := e.AsCall()
		switch call.FunctionName() {
		case operators.LogicalAnd:
			return node{op: "and", parts: f.readAll(call.Args(), info)}
		case operators.LogicalOr:
			return node{op: "or", parts: f.readAll(call.Args(), info)}
		case operators.LogicalNot:
			return node{op: "not", parts: f.readAll(call.Args(), info)}
		case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
			return f.comparison(e, info)
		}
	}
	return f.question(text(e, info))
}

func (f *Formula) readAll(es []celast.Expr, info *celast.SourceInfo) []node {
	out := make([]node, len(es))
	for i, e := range es {
		out[i] = f.read(e, info)
	}
	return out
}

// comparison reads what compares two literals by its outcome, and "a != b" as "not a == b".
func (f *Formula) comparison(e celast.Expr, info *celast.SourceInfo) node {
	call := e.AsCall()
	a, b := call.Args()[0], call.Args()[1]
	if a.Kind() == celast.LiteralKind && b.Kind() == celast.LiteralKind {
		if holds, ok := compare(call.FunctionName(), a, b); ok {
			return node{op: map[bool]string{true: "true", false: "false"}[holds]}
		}
	}
	if call.FunctionName() == operators.NotEquals {
		return node{op: "not", parts: []node{f.question(text(a, info) + " == " + text(b, info))}}
	}
	return f.question(text(e, info))
}

func compare(function string, a, b celast.Expr) (holds, ok bool) {
	equal := a.AsLiteral().Equal(b.AsLiteral()) == types.True
	switch function {
	case operators.Equals:
		return equal, true
	case operators.NotEquals:
		return !equal, true
	}
	x, isInt := a.AsLiteral().(types.Int)
	y, both := b.AsLiteral().(types.Int)
	if !isInt || !both {
		return false, false
	}
	switch function {
	case operators.Less:
		return x < y, true
	case operators.LessEquals:
		return x <= y, true
	case operators.Greater:
		return x > y, true
	}
	return x >= y, true
}

func text(e celast.Expr, info *celast.SourceInfo) string {
	s, err := parser.Unparse(e, info)
	if err != nil {
		return "" // no two of these are taken for equal
	}
	return s
}

func (f *Formula) question(text string) node {
	i := slices.Index(f.atoms, text)
	if i < 0 || text == "" {
		f.atoms = append(f.atoms, text)
		i = len(f.atoms) - 1
	}
	return node{op: "atom", atom: i}
}

// Constant says that the formula holds whatever the answers are, or never. ok is false
// where the answers matter, or are too many to try.
func (f Formula) Constant() (holds, ok bool) {
	if len(f.atoms) > maxAtoms {
		return false, false
	}
	sometimes, always := false, true
	for answers := range 1 << len(f.atoms) {
		h := f.root.holds(answers)
		sometimes, always = sometimes || h, always && h
		if sometimes && !always {
			return false, false
		}
	}
	return always, true
}

func (n node) holds(answers int) bool {
	switch n.op {
	case "true":
		return true
	case "false":
		return false
	case "atom":
		return answers&(1<<n.atom) != 0
	case "not":
		return !n.parts[0].holds(answers)
	}
	for _, part := range n.parts {
		if part.holds(answers) != (n.op == "and") {
			return n.op == "or"
		}
	}
	return n.op == "and"
}

// Text is a condition, formatted alike whatever its spaces were; "" where it cannot be written out.
func Text(c Condition) string { return text(c.ast.Expr(), c.ast.SourceInfo()) }

package rulefile

import (
	"fmt"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"
	"go.yaml.in/yaml/v3"
)

// CostLimit bounds the work of one condition, in CEL cost units (roughly one per
// step, a tenth per character looked at). A condition that outgrows it fails,
// which every caller treats as the worst case: a hostile argument cannot buy time.
const CostLimit = 100_000

// Conditions compiles conditions over one set of facts.
type Conditions struct {
	env     *cel.Env
	reserve map[string]bool
	program []cel.ProgramOption
}

// NewConditions returns the compiler for the facts that options declare.
func NewConditions(options ...cel.EnvOption) (*Conditions, error) {
	env, err := cel.NewEnv(append([]cel.EnvOption{
		cel.CrossTypeNumericComparisons(true),
		cel.EnableMacroCallTracking(), // so that conditions can be written out and compared
		cel.ParserExpressionSizeLimit(16 << 10),
		cel.ParserRecursionLimit(100),
	}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("declaring facts: %w", err)
	}
	return &Conditions{env: env}, nil
}

// Reserve keeps the names of facts for facts: no variable of exists, all and the like may take one.
func (c *Conditions) Reserve(names []string) {
	c.reserve = make(map[string]bool, len(names))
	for _, name := range names {
		c.reserve[name] = true
	}
}

// Plan adds options to every program compiled from now on.
func (c *Conditions) Plan(options ...cel.ProgramOption) { c.program = append(c.program, options...) }

// Condition is a compiled condition; it is safe for concurrent use.
type Condition struct {
	program cel.Program
	ast     *celast.AST
}

// Compile checks and compiles the condition at path of f; it must yield a bool. It returns
// [Errors] where it cannot.
func (c *Conditions) Compile(f *File, path []any, text string) (Condition, error) {
	return c.compile(f, path, text, cel.BoolType, "compare it with something")
}

// Value is a compiled expression that yields a text; it is safe for concurrent use.
type Value struct{ condition Condition }

// CompileText is [Conditions.Compile] of an expression that must yield a string.
func (c *Conditions) CompileText(f *File, path []any, text string) (Value, error) {
	condition, err := c.compile(f, path, text, cel.StringType, "make it a string, as with string(...)")
	return Value{condition}, err
}

func (c *Conditions) compile(f *File, path []any, text string, want *cel.Type, fix string) (Condition, error) {
	ast, issues := c.env.Compile(text)
	if issues.Err() != nil {
		return Condition{}, c.complaints(f, path, issues)
	}
	if ast.OutputType() != want {
		return Condition{}, Errors{f.Errorf(path, fix, "yields %s instead of a %s", ast.OutputType(), want)}
	}
	if name := c.hidden(ast.NativeRep().Expr()); name != "" {
		return Condition{}, Errors{f.Errorf(path, "choose another name for the variable", "hides the fact %s behind a variable", name)}
	}
	options := append([]cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}, c.program...)
	if !c.bounded(ast) {
		options = append(options, cel.CostLimit(CostLimit))
	}
	program, err := c.env.Program(ast, options...)
	if err != nil {
		return Condition{}, Errors{f.Errorf(path, "", "does not compile: %s", strings.TrimSpace(err.Error()))}
	}
	return Condition{program, ast.NativeRep()}, nil
}

var undeclared = regexp.MustCompile(`^undeclared reference to '([^']+)' \((?:in container ''|did you mean '([^']+)'\?)\)`)

func (c *Conditions) complaints(f *File, path []any, issues *cel.Issues) Errors {
	var all Errors
	block := f.find(path).Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
	for _, issue := range issues.Errors() {
		problem, fix := issue.Message, ""
		if m := undeclared.FindStringSubmatch(problem); m != nil {
			problem, fix = "there is no fact "+m[1], "see docs/facts.md and docs/routes.md for those there are"
			if m[2] != "" {
				fix = "did you mean " + m[2] + "?"
			}
		}
		e := f.Errorf(path, fix, "does not compile: %s", problem)
		if issue.Location.Line() > 1 || block {
			e.Line += issue.Location.Line() - 1
		}
		if block {
			e.Line++ // a block's text starts on the line after its mark
		}
		all = append(all, e)
	}
	return all
}

// hidden returns the name of a fact that a comprehension's variable takes, or "".
func (c *Conditions) hidden(root celast.Expr) (name string) {
	celast.PostOrderVisit(root, celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() != celast.ComprehensionKind {
			return
		}
		for _, v := range []string{e.AsComprehension().IterVar(), e.AsComprehension().IterVar2()} {
			if c.reserve[v] {
				name = v
			}
		}
	}))
	return name
}

// bounded says that the condition stays within the limit whatever the facts are.
// Counting while it runs costs a few hundred nanoseconds, so only the others pay.
func (c *Conditions) bounded(ast *cel.Ast) bool {
	estimate, err := c.env.EstimateCost(ast, sizes{})
	return err == nil && estimate.Max <= CostLimit
}

// Holds evaluates the condition over facts. It never panics; whatever goes wrong is an error.
func (c Condition) Holds(facts interpreter.Activation) (bool, error) {
	value, _, err := c.program.Eval(facts)
	if err != nil {
		return false, err
	}
	b, ok := value.(types.Bool)
	if !ok {
		return false, fmt.Errorf("yields %T instead of a bool", value)
	}
	return bool(b), nil
}

// Of evaluates the expression over facts. It never panics; whatever goes wrong is an error.
func (v Value) Of(facts interpreter.Activation) (string, error) {
	value, _, err := v.condition.program.Eval(facts)
	if err != nil {
		return "", err
	}
	s, ok := value.(types.String)
	if !ok {
		return "", fmt.Errorf("yields %T instead of a string", value)
	}
	return string(s), nil
}

// MaxList is the longest list that a fact may be. Whoever answers with facts fails where one is longer.
const MaxList = 4096

// sizes bounds lists and leaves every other size open: a fact's text may be as long as a message.
type sizes struct{}

func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if n.Type().Kind() == types.ListKind {
		return &cost.SizeEstimate{Max: MaxList}
	}
	return nil
}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

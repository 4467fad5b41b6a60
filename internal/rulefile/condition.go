package rulefile

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
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
type Conditions struct{ env *cel.Env }

// NewConditions returns the compiler for the facts that options declare.
func NewConditions(options ...cel.EnvOption) (*Conditions, error) {
	env, err := cel.NewEnv(append([]cel.EnvOption{
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(16 << 10),
		cel.ParserRecursionLimit(100),
	}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("declaring facts: %w", err)
	}
	return &Conditions{env}, nil
}

// Condition is a compiled condition; it is safe for concurrent use.
type Condition struct{ program cel.Program }

// Compile checks and compiles the condition at path of f; it must yield a bool.
func (c *Conditions) Compile(f *File, path []any, text string) (Condition, error) {
	ast, issues := c.env.Compile(text)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		e := f.Errorf(path, "see docs/policy.md and docs/routes.md for the facts there are", "does not compile: %s", first.Message)
		if first.Location.Line() > 1 || f.find(path).Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			e.Line += first.Location.Line() - 1
		}
		if f.find(path).Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			e.Line++ // a block's text starts on the line after its mark
		}
		return Condition{}, e
	}
	if ast.OutputType() != cel.BoolType {
		return Condition{}, f.Errorf(path, "compare it with something", "yields %s instead of a bool", ast.OutputType())
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if !c.bounded(ast) {
		options = append(options, cel.CostLimit(CostLimit))
	}
	program, err := c.env.Program(ast, options...)
	if err != nil {
		return Condition{}, f.Errorf(path, "", "does not compile: %s", strings.TrimSpace(err.Error()))
	}
	return Condition{program}, nil
}

// bounded says that the condition stays within the limit whatever the facts are.
// Counting while it runs costs a few hundred nanoseconds, so only the others pay.
func (c *Conditions) bounded(ast *cel.Ast) bool {
	estimate, err := c.env.EstimateCost(ast, unknownSizes{})
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

// unknownSizes leaves every size open: a fact's text or list may be as long as a message.
type unknownSizes struct{}

func (unknownSizes) EstimateSize(cost.AstNode) *cost.SizeEstimate { return nil }

func (unknownSizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

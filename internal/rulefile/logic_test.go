package rulefile

import (
	"testing"

	"cel.dev/cel-go/cel"
)

func compiler(t *testing.T) (*Conditions, *File) {
	t.Helper()
	c, err := NewConditions(cel.Variable("a", cel.BoolType), cel.Variable("b", cel.BoolType), cel.Variable("n", cel.IntType),
		cel.Variable("s", cel.StringType), cel.Variable("list", cel.ListType(cel.StringType)))
	if err != nil {
		t.Fatal(err)
	}
	c.Reserve([]string{"a", "list"})
	var out map[string]any
	f, err := Decode("x.yaml", []byte("when: x\n"), &out)
	if err != nil {
		t.Fatal(err)
	}
	return c, f
}

func TestFormulaKnowsWhatIsConstant(t *testing.T) {
	t.Parallel()
	c, f := compiler(t)
	for text, want := range map[string]string{
		"true": "always", "false": "never", "1 == 1": "always", "1 > 2": "never", "2 >= 2 && 1 <= 1 && 1 < 2 && 'a' != 'b'": "always",
		"a": "", "a || !a": "always", "a && !a": "never", "a && b || !a": "", "(a || b) && !a && !b": "never", "n == 1 || n != 1": "always",
		"s == 'x' && s != 'x'": "never", "list.exists(x, x == 'y') && !list.exists(x, x == 'y')": "never", "list.exists(x, x == 'y') && !list.exists(x, x == 'z')": "",
		"n > 1 || n > 2 || n > 3 || n > 4 || n > 5 || n > 6 || n > 7 || n > 8 || n > 9 || n > 10 || n > 11 || n > 12 || n > 13 || !(n > 13)": "", // too many to try
	} {
		one, err := c.Compile(f, []any{"when"}, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		got := ""
		if holds, ok := FormulaOf(one).Constant(); ok {
			got = map[bool]string{true: "always", false: "never"}[holds]
		}
		if got != want {
			t.Errorf("%s holds %q, want %q", text, got, want)
		}
	}
}

func TestFormulaOfSeveral(t *testing.T) {
	t.Parallel()
	c, f := compiler(t)
	one, err := c.Compile(f, nil, "a && b")
	if err != nil {
		t.Fatal(err)
	}
	other, err := c.Compile(f, nil, "!b")
	if err != nil {
		t.Fatal(err)
	}
	if holds, ok := FormulaOf(one, other).Constant(); holds || !ok {
		t.Error("a && b together with !b may hold")
	}
}

func TestTextIsTheSameWhateverTheSpaces(t *testing.T) {
	t.Parallel()
	c, f := compiler(t)
	one, err := c.Compile(f, nil, "a&&(list.exists(x,x=='y'))")
	if err != nil {
		t.Fatal(err)
	}
	other, err := c.Compile(f, nil, "a  &&  list.exists(x, x == \"y\")")
	if err != nil {
		t.Fatal(err)
	}
	if Text(one) != Text(other) || Text(one) == "" {
		t.Errorf("%q and %q", Text(one), Text(other))
	}
}

func TestVariablesCannotHideFacts(t *testing.T) {
	t.Parallel()
	c, f := compiler(t)
	if _, err := c.Compile(f, nil, "list.exists(a, a == 'x')"); err == nil {
		t.Error("a variable may be called like a fact")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"shell.deletes", "shell.reads", "money.amount"}
	for name, want := range map[string]string{"shell.delets": "shell.deletes", "shel.reads": "shell.reads", "money.amuont": "money.amount", "x": "", "": "", "unrelated": ""} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

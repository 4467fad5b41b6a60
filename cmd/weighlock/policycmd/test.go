package policycmd

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/policy/policytest"
)

func testCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "test [DIRECTORY]",
		Short: "Run the cases that stand beside a policy",
		Long: `Run the cases in the folder tests of a directory (default: policies) against the policy in that directory, or against --policy.
What fails is shown with its explanation.`,
		Example: "  weighlock policy test policies\n  weighlock policy test policies --policy default --policy team.yaml",
		Args:    cobra.MaximumNArgs(1),
	}
	paths := policyFlag(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		dir := "policies"
		if len(args) == 1 {
			dir = args[0]
		}
		if len(*paths) == 0 {
			*paths = []string{dir}
		}
		p, err := load(*paths)
		if err != nil {
			return err
		}
		cases, err := policytest.Load(os.DirFS(dir), dir)
		if err != nil {
			return err
		}
		failures, err := policytest.Run(p, cases)
		if err != nil {
			return err
		}
		if err := writeFailures(cmd, failures, len(cases)); err != nil {
			return err
		}
		if len(failures) > 0 {
			return fmt.Errorf("%d of %d cases fail", len(failures), len(cases))
		}
		return nil
	}
	return c
}

func writeFailures(cmd *cobra.Command, failures []policytest.Failure, cases int) error {
	w := cmd.OutOrStdout()
	if wantsJSON(cmd) {
		out := make([]map[string]any, len(failures))
		for i, f := range failures {
			out[i] = map[string]any{"case": f.Case.Name, "where": f.Case.Where(), "problems": f.Problems, "explanation": f.Got}
		}
		return printJSON(w, map[string]any{"cases": cases, "failures": out})
	}
	for _, f := range failures {
		if _, err := fmt.Fprintf(w, "%s: %s: %s\n%s\n", f.Case.Where(), f.Case.Name, strings.Join(f.Problems, "; "), indent(f.Got.Text())); err != nil {
			return err
		}
	}
	if len(failures) > 0 {
		return nil
	}
	_, err := io.WriteString(w, fmt.Sprintf("all %d cases pass\n", cases))
	return err
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}

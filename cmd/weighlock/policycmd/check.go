package policycmd

import (
	"fmt"

	"github.com/spf13/cobra"
)

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE|DIRECTORY|default]...",
		Short: "Check a policy and say everything that is wrong with it",
		Long: `Check a policy and say everything that is wrong with it, with file and line. Several files are one policy, merged in the order given;
a directory stands for its *.yaml files by name, "default" and nothing at all for the built-in ones.`,
		Example: "  weighlock policy check default team.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := load(args)
			if err != nil {
				return err
			}
			t := p.Thresholds()
			if wantsJSON(cmd) {
				return printJSON(cmd.OutOrStdout(), map[string]any{"policyVersion": p.Version(), "files": p.Files(), "rules": len(p.RuleIDs()), "thresholds": t})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d rules in %d files, medium from %d, high from %d\n%s\n", len(p.RuleIDs()), len(p.Files()), t.Medium, t.High, p.Version())
			return err
		},
	}
}

// Package policycmd is the commands for those who write policies.
package policycmd

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/policy"
)

// Command is `weighlock policy`.
func Command() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Write, test and compare risk policies"}
	c.AddCommand(checkCommand(), explainCommand(), testCommand(), diffCommand(), assessCommand(), factsCommand())
	return c
}

// policyFlag adds --policy, which may be given several times.
func policyFlag(c *cobra.Command) *[]string {
	return c.Flags().StringSlice("policy", nil, "policy `file` or directory; several are merged in the order given, and \"default\" stands for the built-in ones (default: these alone)")
}

// load compiles the policy and says which of its files cannot be used.
func load(paths []string) (*policy.Policy, error) {
	p, err := policy.Load(paths...)
	if err != nil {
		return nil, fmt.Errorf("the policy cannot be used:\n%w", err)
	}
	return p, nil
}

// wantsJSON says that the flag --json, which all commands share, is set.
func wantsJSON(c *cobra.Command) bool {
	on, err := c.Flags().GetBool("json")
	return err == nil && on
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

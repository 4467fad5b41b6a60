package main

import (
	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/demo"
)

func (c *cli) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "A morning of four agents and the people who answer for them, on a temporary pipeline",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return demo.Run(cmd.Context(), cmd.OutOrStdout()) },
	}
}

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
)

func (c *cli) auditCommand() *cobra.Command {
	command := &cobra.Command{Use: "audit", Short: "Ask ClickHouse what happened"}
	var format string
	query := &cobra.Command{
		Use:   "query SQL",
		Short: "Run one SELECT over the audit; - reads it from standard input",
		Example: `  weighlock audit query "SELECT agent, tool, level, outcome FROM action_state ORDER BY proposed_at DESC LIMIT 10"
  weighlock audit query --format CSVWithNames "SELECT * FROM decisions" > decisions.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sql := args[0]
			if sql == "-" {
				text, err := io.ReadAll(cmd.InOrStdin())
				if err != nil {
					return fmt.Errorf("reading the query: %w", err)
				}
				sql = string(text)
			}
			place, err := c.audited()
			if err != nil {
				return err
			}
			if format == "" {
				format = "PrettyCompactMonoBlock"
				if c.json {
					format = "JSON"
				}
			}
			return ask.ClickHouse(cmd.Context(), place.ClickHouseURL, sql, format, cmd.OutOrStdout())
		},
	}
	query.Flags().StringVar(&format, "format", "", "any ClickHouse output `format`: JSONEachRow, CSVWithNames, Parquet, Vertical, …")
	command.AddCommand(query, c.reportCommand(), c.exportCommand(), c.schemaCommand(), c.eraseCommand(), c.holdCommand())
	command.AddCommand(c.proofCommands()...)
	return command
}

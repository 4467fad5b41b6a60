package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/services/auditsink/schema"
)

func (c *cli) schemaCommand() *cobra.Command {
	var layout schema.Layout
	var access bool
	command := &cobra.Command{
		Use:   "schema",
		Short: "Print the statements that make the audit's tables, for a server, a cluster, or its roles",
		Long: "Print the statements that make the audit's tables. The sink makes them on a single server by itself; on a cluster an operator does, before " +
			"the sink starts and again after each upgrade.",
		Example: `  weighlock audit schema --cluster main | clickhouse-client --multiquery
  weighlock audit schema --cluster main --shards | clickhouse-client --multiquery
  weighlock audit schema --access | clickhouse-client --multiquery`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case access && (layout.Cluster != "" || layout.Sharded):
				return errors.New("--access goes alone: roles are the same on a server and on a cluster")
			case access:
				return schema.WriteAccess(cmd.OutOrStdout())
			case layout.Sharded && layout.Cluster == "":
				return errors.New("--shards needs --cluster: its name in the server's configuration")
			}
			return schema.Write(cmd.OutOrStdout(), layout)
		},
	}
	flags := command.Flags()
	flags.StringVar(&layout.Cluster, "cluster", "", "`name` of a cluster in the server's configuration: tables are replicated on it")
	flags.BoolVar(&layout.Sharded, "shards", false, "spread the events over the cluster's shards")
	flags.StringVar(&layout.Database, "database", "", "`name` of the database (default: the sink's)")
	flags.BoolVar(&access, "access", false, "print roles, row policies and limits instead")
	return command
}

package main

import (
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/topology"
	"github.com/weighlock/weighlock/pkg/events"
)

// topologyCommand serves clusters that `weighlock dev` does not run: the operator
// puts the streams in place, the services only check them.
func (c *cli) topologyCommand() *cobra.Command {
	var url, key, prefix string
	var replicas int
	var check bool
	command := &cobra.Command{
		Use:   "topology",
		Short: "Put the streams and buckets in place on a NATS server; deletes nothing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			subjects, err := events.NewSubjects(prefix)
			if err != nil {
				return err
			}
			set := topology.Default(subjects)
			set.Replicas = replicas
			if err := set.Validate(); err != nil {
				return err
			}
			nc, err := authz.Connect(cmd.Context(), url, key, authz.TheOperator())
			if err != nil {
				return err
			}
			defer nc.Close()
			js, err := jetstream.New(nc)
			if err != nil {
				return err
			}
			apply := topology.Ensure
			if check {
				apply = topology.Check
			}
			if err := apply(cmd.Context(), js, set); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "streams and buckets are in place")
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&url, "nats-url", "nats://127.0.0.1:4222", "NATS server `URL`s, separated by commas")
	flags.StringVar(&key, "key", "", "`file` with the operator's nkey seed")
	flags.StringVar(&prefix, "prefix", events.DefaultPrefix, "subject `prefix` of the pipeline")
	flags.IntVar(&replicas, "replicas", 1, "replicas of each stream; 3 in production")
	flags.BoolVar(&check, "check", false, "only say what differs")
	_ = command.MarkFlagRequired("key")
	return command
}

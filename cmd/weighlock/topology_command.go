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
	var check bool
	defaults := topology.Default(events.Subjects{})
	replicas, retention := defaults.Replicas, defaults.Retention
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
			set.Replicas, set.Retention = replicas, retention
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
			if c.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"prefix": subjects.Prefix(), "inPlace": true})
			}
			fmt.Fprintln(cmd.OutOrStdout(), "streams and buckets are in place")
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&url, "nats-url", "nats://127.0.0.1:4222", "NATS server `URL`s, separated by commas")
	flags.StringVar(&key, "key", "", "`file` with the operator's nkey seed")
	flags.StringVar(&prefix, "prefix", events.DefaultPrefix, "subject `prefix` of the pipeline")
	flags.IntVar(&replicas, "replicas", replicas, "replicas of each stream; 3 in production")
	flags.DurationVar(&retention.Actions, "retain-actions", retention.Actions, "how long actions are kept")
	flags.DurationVar(&retention.Events, "retain-events", retention.Events, "how long assessments, requests' lives and dead letters are kept")
	flags.DurationVar(&retention.Verdicts, "retain-verdicts", retention.Verdicts, "how long verdicts are kept")
	flags.DurationVar(&retention.Private, "retain-private", retention.Private, "how long private values are kept in their stream")
	flags.DurationVar(&retention.Decisions, "retain-decisions", retention.Decisions, "how long the ledger is kept; longer than any request can live")
	flags.BoolVar(&check, "check", false, "only say what differs")
	_ = command.MarkFlagRequired("key")
	return command
}

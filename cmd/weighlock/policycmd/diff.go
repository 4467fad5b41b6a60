package policycmd

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/policy/compare"
	"github.com/weighlock/weighlock/internal/policy/rows"
)

func diffCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Say what changes level between two policies, and why",
		Long: `Say of which actions two policies give another level, and why. A and B are each a file, a directory, "default", or several of them separated by commas.
The file has one action a line, each a proposed action as agents publish it or a row as ` + "`policy assess`" + ` reads it.`,
		Example: "  weighlock policy diff default default,team.yaml --actions last-week.jsonl",
		Args:    cobra.ExactArgs(2),
	}
	c.Flags().StringVar(&file, "actions", "", "`file` with the actions; - is standard input")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		var sides [2]*policy.Policy
		for i, arg := range args {
			var err error
			if sides[i], err = load(policy.Paths(arg)); err != nil {
				return fmt.Errorf("%s: %w", arg, err)
			}
		}
		data, err := read(cmd, file)
		if err != nil {
			return err
		}
		actions, err := rows.ReadActions(data)
		if err != nil {
			return err
		}
		report := compare.Policies(sides[0], sides[1], actions, time.Now())
		if wantsJSON(cmd) {
			return printJSON(cmd.OutOrStdout(), report)
		}
		return writeReport(cmd.OutOrStdout(), report)
	}
	must(c.MarkFlagRequired("actions"))
	return c
}

func writeReport(w io.Writer, r compare.Report) error {
	for _, c := range r.Changes {
		if _, err := fmt.Fprintf(w, "%s %s: %s (%d) → %s (%d)\n", strconv.Quote(c.Name), strconv.Quote(c.Tool), c.Before.Word(), c.Before.Score, c.After.Word(), c.After.Score); err != nil {
			return err
		}
		for _, why := range c.Why {
			if _, err := fmt.Fprintf(w, "    %s\n", why); err != nil {
				return err
			}
		}
	}
	raised := 0
	for i := range r.Changes {
		if r.Changes[i].Raised() {
			raised++
		}
	}
	_, err := fmt.Fprintf(w, "%d of %d actions change level: %d rise, %d sink; %d more change their score alone\n", len(r.Changes), r.Actions, raised, len(r.Changes)-raised, r.Scores)
	return err
}
